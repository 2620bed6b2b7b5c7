# shellcheck shell=bash
# Sourced by every hook. What a hook says beside its bytes goes to fd 3, one JSON object per line.
set -eo pipefail

hook-fail() { # <exit code> <text…>
  printf '%s\n' "${*:2}" >&2
  exit "$1"
}

hook-json() { # <text>: as a JSON string
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "${text//[[:cntrl:]]/ }"
}

hook-warning() { # <text…>
  printf '{"warning":%s}\n' "$(hook-json "$*")" >&3
}

hook-detail() { # <JSON object>: becomes part of the manifest's detail
  printf '{"detail":%s}\n' "$1" >&3
}

hook-progress() { # <JSON object>
  printf '{"progress":%s}\n' "$1" >&3
}

# Dokku lets anybody with an SSH key name any executable of a plugin, but never its environment.
if [[ -z $BACKUPS_RUN_DIR || ! -d $BACKUPS_RUN_DIR ]]; then
  hook-fail 1 'only backups-helper runs hooks'
fi
