# shellcheck shell=bash
# shellcheck disable=SC2034 # output and stderr are for the tests
# Whole outputs, as a person sees them: tests/snapshots/FILE.txt has a section for each test of FILE.bats that compares some.
# Loaded by setup.bash. BACKUPS_UPDATE_SNAPSHOTS=1 bats FILE records what is printed now; then read the diff.
#
#   shown CODE COMMAND...   runs it, and adds to the session what is typed and printed (stdout behind `| `). Sets output, lines,
#                           stderr and stderr_lines. Times in it must be fixed, with `at`
#   shown_text TEXT         adds it
#   assert_snapshot         fails if the session of this test differs from its section

shown() {
  local code=$1 status=0 out=$BATS_TEST_TMPDIR/shown.out err=$BATS_TEST_TMPDIR/shown.err
  shift
  "$@" >"$out" 2>"$err" || status=$?
  output=$(<"$out") stderr=$(<"$err")
  mapfile -t lines <"$out"
  mapfile -t stderr_lines <"$err"
  shown_text "$(
    printf '$ %s\n' "$(snapshot_typed "$@")"
    cat "$err"
    sed 's/^/| /' "$out"
    [[ $status == 0 ]] || echo "[exit code $status]"
  )"
  [[ $status == "$code" ]] || fail "expected to end with $code, not $status" "$output" "$stderr"
}

# Prints the command as a person would type it, without the wrappers of the tests.
snapshot_typed() {
  [[ $1 != at ]] || shift 2
  if [[ $1 == helper || $1 == "$BACKUPS_HELPER" ]]; then set -- backups-helper "${@:2}"; fi
  echo "${*@Q}" | sed -E "s/(^| )'([A-Za-z0-9@%+=:,.\/_-]+)'/\1\2/g"
}

# Adds the text, with names for what differs from run to run, and without the progress on a terminal.
shown_text() {
  local text=$1 name value
  for name in HOOKS ROOT DOKKU_LIB STORE PG BATS_TEST_TMPDIR BACKUPS_HELPER REPO; do
    value=${!name:-}
    [[ -z $value ]] || text=${text//"$value"/"<${name,,}>"}
  done
  sed -E 's/^.*\x1b\[K//; s/[0-9.]+ [KMGT]iB free/<size> free/; s/( Host: +)[^ ]+/\1<host>/; s/^(\| )?backups [0-9]+\.[0-9.]*[0-9]/\1backups <version>/; s/^\| $/|/' \
    <<<"$text" >>"$BATS_TEST_TMPDIR/session"
}

snapshot_section() {
  awk -v heading="## $2" '/^## / { here = $0 == heading; next } here' "$1" 2>/dev/null
}

# Prints the file with the section of this test replaced by its session, or appended if there is none.
snapshot_update() {
  awk -v heading="## $2" -v session="$3" '
    function put() { print heading; while ((getline line < session) > 0) print line; done = 1 }
    /^## / { skip = $0 == heading; if (skip) put() }
    !skip
    END { if (!done) put() }' "$1" >"$1.next"
  mv "$1.next" "$1"
}

assert_snapshot() {
  local file=$REPO/tests/snapshots/${BATS_TEST_FILENAME##*/} session=$BATS_TEST_TMPDIR/session
  file=${file%.bats}.txt
  if [[ -n ${BACKUPS_UPDATE_SNAPSHOTS:-} ]]; then
    touch "$file"
    snapshot_update "$file" "$BATS_TEST_DESCRIPTION" "$session"
  fi
  diff -u --label expected --label printed <(snapshot_section "$file" "$BATS_TEST_DESCRIPTION") "$session" ||
    fail "it is no longer what $file has; if it should be so: BACKUPS_UPDATE_SNAPSHOTS=1 bats $BATS_TEST_FILENAME"
}
