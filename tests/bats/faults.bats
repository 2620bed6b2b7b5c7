#!/usr/bin/env bats
# Exporters that misbehave: the backup is `failed`, its log contains the exporter's own message, and no file is left.
#
# shellcheck disable=SC2016 # knobs are code for the hook

load ../support/setup
load fake

setup() {
  fresh_root
  fake_hooks
  fake_source fake:db something
}

# assert_create_fails CODE TEXT: expects `create` to exit with CODE, to print TEXT in its last line on stderr, and to leave
# nothing but a row in the catalog and a log.
assert_create_fails() {
  local code=$1 text=$2
  run "-$code" --separate-stderr helper create fake:db
  assert_equal "$output" ""
  assert_contains "${stderr_lines[-1]}" "$text"
  [[ ${stderr_lines[-1]} == ' !     '* ]]
  assert_failed "$text"
}

assert_failed() {
  assert_no_success
  refute_file "$ROOT/fake/db/"*
  run -0 --separate-stderr helper list fake:db --format json
  assert_json '.backups[0].status' failed
  assert_contains "$(jq -r '.backups[0].error' <<<"$output")" "$1"
  assert_json_true '.backups[0] | .raw_size == null and (.copies | map(.status) == ["failed"]) and .finished_at != null'
  ID=$(jq -r '.backups[0].id' <<<"$output")
  run -0 --separate-stderr helper logs "$ID"
  assert_contains "${lines[-1]}" "failed: "
}

@test "half a dump, then exit 1" {
  knob export 'echo "the server went away" >&2; head -c 5 "$live/$1/$2"; exit 1'
  assert_create_fails 1 "the export of one from fake:db failed with exit code 1: the server went away"
  assert_contains "$output" "| the server went away"
}

@test "half a dump of the last artifact, after a whole one" {
  knob export '[[ $2 == one ]] || { head -c 5 "$live/$1/$2"; exit 9; }'
  assert_create_fails 1 "the export of two from fake:db failed with exit code 9"
}

@test "no byte at all, and exit 0" {
  knob export 'exit 0'
  assert_create_fails 1 "the dump of one is empty"
}

@test "a hang before the first byte" {
  helper set fake:db start-timeout 1s --quiet
  knob export 'echo "waiting for a lock" >&2; exec sleep 600'
  SECONDS=0
  assert_create_fails 1 "timeout: the export of one from fake:db sent nothing for 1 s"
  [[ $SECONDS -lt 30 ]]
  assert_contains "$output" "| waiting for a lock"
}

@test "silence in the middle" {
  helper set fake:db silence-timeout 1s --quiet
  knob export 'head -c 5 "$live/$1/$2"; exec sleep 600'
  SECONDS=0
  assert_create_fails 1 "timeout: the export of one from fake:db sent nothing for 1 s"
  [[ $SECONDS -lt 30 ]]
}

@test "an exporter that takes its time within its time-outs is none of these" {
  helper set --global start-timeout 20s --quiet
  helper set fake:db silence-timeout 20s --quiet
  knob export 'sleep 1; head -c 5 "$live/$1/$2"; sleep 1; tail -c +6 "$live/$1/$2"; exit 0'
  run -0 --separate-stderr helper create fake:db
  assert_sound
  run -0 --separate-stderr helper download "$output" --artifact one
  assert_equal "$output" $'FAKE\none something'
}

@test "stdout is closed, but the exporter never ends" {
  helper set fake:db silence-timeout 1s --quiet
  knob export 'cat "$live/$1/$2"; exec sleep 600 >&-'
  assert_create_fails 1 "timeout: the export of one from fake:db did not exit"
}

@test "the exporter ends, and something it started keeps its stdout" {
  helper set fake:db silence-timeout 1s --quiet
  knob export 'cat "$live/$1/$2"; sleep 600 & echo $! >"$fake/pid"; exit 0'
  assert_create_fails 1 "timeout: the export of one from fake:db sent nothing for 1 s"
  wait_until 30 process_gone "$(<"$FAKE/pid")"
}

@test "bytes that are no dump of its kind" {
  knob export 'echo "ERROR: no such table"; exit 0'
  assert_create_fails 1 "the dump of one does not begin with the signature of the format fake-dump"
  knob export 'printf FAK; exit 0'
  assert_create_fails 1 "the dump of one does not begin with the signature of the format fake-dump"
}

@test "killed by a signal, by somebody else" {
  knob export 'head -c 5 "$live/$1/$2"; kill -9 $$'
  assert_create_fails 1 "the export of one from fake:db was killed by signal 9"
  knob export 'head -c 5 "$live/$1/$2"; kill -SEGV $$'
  assert_create_fails 1 "was killed by signal 11"
}

@test "ten megabytes on stderr: the log keeps the first of it, the message is the last" {
  knob export 'head -c 10000000 /dev/zero | tr "\0" "n" | fold -w 100 >&2; printf "\nthe end of it\n" >&2; exit 1'
  assert_create_fails 1 "failed with exit code 1: the end of it"
  assert_contains "$output" "| nnnnnnnn"
  [[ $(stat -c %s "$ROOT/logs/fake/db/$ID.log") -lt 1100000 ]]
}

@test "ten megabytes on stderr do no harm to a good one" {
  knob export 'head -c 10000000 /dev/zero | tr "\0" "x" >&2'
  run -0 --separate-stderr helper create fake:db
  assert_sound
}

@test "exit codes that mean something are passed on, with the hook's last words" {
  local code
  local -A advice=([14]=". Free space on that disk, for instance with backups-helper prune --all or backups-helper delete <backup>")
  for code in 2 3 4 5 6 7 11 14 20; do
    knob export "echo 'words of $code' >&2; exit $code"
    run "-$code" --separate-stderr helper create fake:db
    assert_equal "${stderr_lines[-1]}" " !     words of $code${advice[$code]:-}"
  done
  for code in 8 10 12 127; do
    knob export "exit $code"
    run -1 --separate-stderr helper create fake:db
    assert_equal "${stderr_lines[-1]}" " !     the export of one from fake:db failed with exit code $code"
  done
  assert_no_success
}

@test "a describe that fails or talks nonsense" {
  knob describe 'echo "no such host" >&2; exit 1'
  assert_create_fails 1 "the inspection of fake:db failed with exit code 1: no such host"
  knob describe 'echo "{\"state\": \"running\""; exit 0'
  assert_create_fails 1 "the inspection of fake:db returned an invalid answer"
  knob describe 'echo "{\"state\": \"fine\"}"; exit 0'
  assert_create_fails 1 "unknown state 'fine'"
  knob describe 'exec sleep 600 >&-'
  rm "$FAKE/calls"
  background create fake:db
  wait_until 30 grep -qs describe "$FAKE/calls"
  kill -INT "$PID"
  assert_ends 12
  assert_failed cancelled
}

@test "info of a kind that only the hook knows asks it once, and for some seconds only where Docker hangs" {
  local id
  id=$(helper create fake:db --quiet)
  rm "$FAKE/calls"
  run -0 --separate-stderr helper info "$id"
  assert_equal "$stderr" ""
  assert_equal "$(grep -c 'tail -c +6' <<<"$output")" 4
  assert_equal "$(grep -c describe "$FAKE/calls")" 1
  rm "$FAKE/calls"
  knob describe 'exec sleep 600'
  SECONDS=0
  run -0 --separate-stderr helper info "$id"
  [[ $SECONDS -lt 60 ]]
  assert_equal "$(grep -c describe "$FAKE/calls")" 1
  assert_equal "${#stderr_lines[@]}" 1
  assert_contains "$stderr" "It is unknown which client opens the dumps of fake:db"
  assert_contains "$stderr" "timeout: the inspection of fake:db sent nothing for 5 s"
  assert_equal "$(grep -c 'restored.dump' <<<"$output")" 4
}

@test "a source that is stopped, paused or not there" {
  knob describe 'echo "{\"state\": \"stopped\"}"; exit 0'
  assert_create_fails 5 "fake:db is stopped"
  knob describe 'echo "{\"state\": \"paused\"}"; exit 0'
  assert_create_fails 6 "fake:db is paused"
  knob describe
  run -3 --separate-stderr helper create fake:nothing
  assert_equal "${stderr_lines[-1]}" " !     source fake:nothing not found"
  run -0 --separate-stderr helper list --format json
  assert_json '.backups | map(select(.name == "nothing")) | length' 0
  refute_file "$ROOT/fake/nothing"
  refute_file "$ROOT/logs/fake/nothing"
}

@test "one of several sources fails: the others are backed up, and the exit code is the worst" {
  fake_source fake:two more
  knob export '[[ $1 != db ]] || { echo "out of order" >&2; exit 14; }'
  run -14 --separate-stderr helper create fake:db fake:two
  assert_match "$output" '^two-[0-9-]{19}$'
  assert_contains "$stderr" " !     fake:db: out of order"
  assert_sound
  run -14 --separate-stderr helper create --all --format json
  assert_json '[.backups[] | "\(.source) \(.status) \(.error)"] | sort | join(", ")' \
    "fake:db failed out of order, fake:two success null"
}

@test "secrets in what the exporter says are masked" {
  knob export 'echo "cannot log in: password=hunter2 at postgres://me:hunter3@host/db" >&2; exit 1'
  assert_create_fails 1 "cannot log in"
  refute_contains "$output" hunter
  refute_contains "$(helper list --format json)" hunter
}

@test "a hook is given a clean environment, a directory of its own and no terminal" {
  knob export 'env | cut -d= -f1 | sort >"$fake/environment"; { pwd; stat -c %a "$BACKUPS_RUN_DIR"; ps -o pgid= -p $$; ls /proc/$$/fd; wc -c; } >"$fake/where"'
  SECRET_TOKEN=1 SSH_TTY=/dev/pts/9 DOKKU_APP_NAME=x run -0 --separate-stderr helper create fake:db <<<"not for the hook"
  run -0 cat "$FAKE/environment"
  refute_contains "$output" SECRET_TOKEN
  refute_contains "$output" SSH_TTY
  refute_contains "$output" DOKKU_APP_NAME
  assert_contains "$output" BACKUPS_RUN_ID
  run -0 cat "$FAKE/where"
  assert_equal "${lines[0]}" /
  assert_equal "${lines[1]}" 700
  assert_equal "${lines[-1]}" 0
}

# damaged_restore COMMAND...: damages one of the artifacts, $FILE, with the command. Expects verify and restore to reject it,
# and no hook to be called that could change the live data.
damaged_restore() {
  run -0 "$@"
  : >"$FAKE/calls"
  run -7 --separate-stderr helper verify "$ID"
  assert_contains "${stderr_lines[-1]}" "$(basename "$FILE")"
  run -7 --separate-stderr helper restore "$ID" --force --no-safety-backup
  run ! grep -E '^(prepare|import|commit)' "$FAKE/calls"
  assert_equal "$(fake_live fake:db)" something
  cp "$BATS_TEST_TMPDIR/good" "$FILE"
}

@test "a backup whose bytes are not those of its manifest is never put back" {
  local codec other
  for codec in none gzip zstd; do
    helper set fake:db compression "$codec" --quiet
    fake_source fake:db else
    other=$(helper create fake:db --quiet)
    fake_source fake:db something
    ID=$(helper create fake:db --quiet)
    FILE=$(find "$ROOT/fake/db" -name "$ID.two.dump*")
    cp "$FILE" "$BATS_TEST_TMPDIR/good"
    damaged_restore turn_bit "$FILE" 12
    damaged_restore truncate -s -1 "$FILE"
    damaged_restore truncate -s +1 "$FILE"
    damaged_restore cp "${FILE/"$ID"/"$other"}" "$FILE"
    damaged_restore rm "$FILE"
    run -0 --separate-stderr helper restore "$ID" --force --no-safety-backup
  done
}
