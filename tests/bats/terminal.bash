# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153 # output is used by the files that load this; ROOT and HOOKS are from setup
# A terminal, by script(1), for tests of commands that ask a person. Load after ../support/setup.
#
#   typed CODE ANSWERS VERB WORD...   runs the helper there and expects CODE. Of the answers, separated by |, each is
#                                     typed at the next prompt. Sets output

typed() {
  local code=$1 answers=$2 asked=0 answer status=0 shown=$BATS_TEST_TMPDIR/shown keyboard
  shift 2
  mapfile -d '|' -t answers <<<"$answers"
  [[ -p $BATS_TEST_TMPDIR/keys ]] || mkfifo "$BATS_TEST_TMPDIR/keys"
  : >"$shown"
  SHELL=/bin/bash script -qefc "$(printf '%q ' "$BACKUPS_HELPER" "$1" --root "$ROOT" --hooks "$HOOKS" "${@:2}")" /dev/null \
    <"$BATS_TEST_TMPDIR/keys" >"$shown" 2>&1 3>&- &
  PID=$!
  exec {keyboard}>"$BATS_TEST_TMPDIR/keys"
  for answer in "${answers[@]%$'\n'}"; do
    asked=$((asked + 1))
    if wait_until 120 asked_or_over "$shown" "$asked" && asked "$shown" "$asked"; then
      printf %b "$answer" >&"$keyboard"
    fi
  done
  wait "$PID" || status=$?
  exec {keyboard}>&-
  output=$(tr -d '\r' <"$shown")
  [[ $status == "$code" ]] || fail "expected to end with $code, not $status" "$output"
}

asked() { # <what was shown> <how often>
  [[ $(grep -c '^> ' "$1") -ge $2 ]]
}

asked_or_over() {
  asked "$@" || ! kill -0 "$PID" 2>/dev/null
}
