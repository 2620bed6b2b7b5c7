# shellcheck shell=bash
# Encodes arbitrary values as JSON. Sourced.

# Control characters become blanks.
json-string() { # <text>
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "${text//[[:cntrl:]]/ }"
}

# <key>=<text> for a string, <key>:=<JSON> for any other value.
json-object() {
  local word key members=''
  for word; do
    key=${word%%[:=]*}
    if [[ ${word:${#key}:2} == := ]]; then
      members+=",\"$key\":${word#*:=}"
    else
      members+=",\"$key\":$(json-string "${word#*=}")"
    fi
  done
  printf '{%s}\n' "${members#,}"
}

json-array() { # <JSON…>
  local IFS=,
  printf '[%s]\n' "$*"
}

# An array of the lines on stdin, as strings.
json-lines() {
  local line items=()
  while IFS= read -r line; do items+=("$(json-string "$line")"); done
  json-array "${items[@]}"
}
