#!/usr/bin/env bats
# Commands that run at the same time, and commands that are stopped: by `cancel`, by a signal, by a client that disconnects.
#
# shellcheck disable=SC2016 # knobs are code for the hook

load ../support/setup
load fake

setup() {
  fresh_root
  fake_hooks fake
  fake_source fake:db first
  ID=$(helper create fake:db --quiet)
}

@test "cancel stops a running backup: exit 12 there, and nothing of it is left" {
  knob_stop export-after
  background create fake:db
  fake_stopped
  run -0 --separate-stderr helper cancel fake:db
  assert_equal "$stderr" "-----> Stopping the backup of fake:db"$'\n'"=====> Asked the backup of fake:db to stop, and it has ended"
  assert_ends 12
  assert_equal "$(tail -n 1 "$OUT.err")" " !     cancelled"
  assert_equal "$(<"$OUT")" ""
  knob export-after
  assert_equal "$(catalog "SELECT status || ' ' || error FROM backups ORDER BY key DESC LIMIT 1")" "failed cancelled"
  assert_sound
  run -3 --separate-stderr helper cancel fake:db
  assert_contains "$stderr" "no operation is running for fake:db"
}

@test "cancel while a copy waits for a server that does not answer: the backup is there, and its id is printed" {
  local sink=$BATS_TEST_TMPDIR/sink server id
  mkdir "$sink"
  echo hang >"$sink/answer"
  "$SUPPORT/http-sink" "$sink" 3>&- >/dev/null 2>&1 &
  server=$!
  wait_until 10 test -s "$sink/port"
  helper target-add offsite s3 --bucket bucket --endpoint "http://127.0.0.1:$(<"$sink/port")" --quiet <<<KEY:SECRET
  background create fake:db --target local,offsite
  wait_until 20 test -e "$sink/1"
  helper cancel fake:db --quiet
  assert_ends 12
  id=$(<"$OUT")
  assert_contains "$(<"$OUT.err")" "the backup $id was made, but its copy to offsite was cancelled. The tick makes it later; to make it now: backups-helper push fake:$id --target offsite"
  helper verify "$id" --quiet
  kill "$server"
}

@test "cancel stops a hook that does not want to end" {
  knob export 'trap "" TERM; echo $$ >"$fake/pid"; while :; do sleep 0.1; done'
  background create fake:db
  wait_until 20 test -s "$FAKE/pid"
  SECONDS=0
  run -0 --separate-stderr helper cancel fake:db
  [[ $SECONDS -ge 8 && $SECONDS -lt 30 ]]
  assert_ends 12
  run -1 kill -0 "$(<"$FAKE/pid")"
  assert_sound
}

@test "cancel stops a restore before it is swapped in, and leaves the old data" {
  fake_source fake:db second
  knob_stop import-after
  background restore "$ID" --force
  fake_stopped
  run -0 --separate-stderr helper cancel fake:db
  assert_contains "$stderr" "=====> Asked the restore of fake:db to stop, and it has ended"
  assert_ends 12
  assert_equal "$(fake_live fake:db)" second
  assert_sound
}

@test "a restore that is being swapped in is not stopped half-way" {
  fake_source fake:db second
  knob_stop commit
  background restore "$ID" --force --no-safety-backup
  fake_stopped
  kill "$PID"
  said "To stop it all the same, stop it once more"
  fake_go
  assert_ends 0
  assert_equal "$(tail -n 1 "$OUT.err")" "=====> fake:db is restored from $ID"
  assert_equal "$(fake_live fake:db)" first
  assert_sound
}

said() { # <text>: waits until the helper has written it to stderr
  wait_until 20 grep -qF -e "$1" "$OUT.err" || fail "it did not say: $1" "$(<"$OUT.err")"
}

@test "a swap that never ends is noted once, and stopped by the second cancel: the last line says that the data is unchanged" {
  local canceller
  fake_source fake:db second
  knob_stop commit
  background restore "$ID" --force --no-safety-backup
  fake_stopped
  helper cancel fake:db --quiet 3>&- &
  canceller=$!
  said "is being replaced now"
  run -0 --separate-stderr helper cancel fake:db
  wait "$canceller"
  assert_ends 12
  assert_equal "$(tail -n 1 "$OUT.err")" " !     cancelled. fake:db is unchanged; the partial restore was removed"
  assert_equal "$(fake_live fake:db)" second
  knob commit
  assert_sound
}

@test "a swap that was done when it was stopped: the last line says that it is restored" {
  fake_source fake:db second
  knob_stop commit-after
  # Like the hooks of the supported types, abandon reports whether the restore had been committed.
  knob abandon-after '[[ ! -e $places/swapped ]] || echo restored'
  knob commit 'touch "$places/swapped"'
  background restore "$ID" --force --no-safety-backup
  fake_stopped
  kill "$PID"
  said "is being replaced now"
  helper cancel fake:db --quiet
  assert_ends 0
  assert_equal "$(tail -n 1 "$OUT.err")" "=====> fake:db is restored from $ID"
  assert_equal "$(fake_live fake:db)" first
  rm "$FAKE/places/fake/swapped"
  knob abandon-after
  assert_sound
}

@test "cleaning up after a stopped swap that never ends either is stopped by the next signal, and the next command says which data it finds" {
  fake_source fake:db second
  knob commit 'touch "$fake/committing"; sleep 600'
  knob_stop abandon
  background restore "$ID" --force --no-safety-backup
  wait_until 20 test -e "$FAKE/committing"
  kill -INT "$PID"
  said "is being replaced now"
  helper cancel fake:db --quiet 3>&- &
  fake_stopped
  helper cancel fake:db --quiet
  assert_ends 12
  assert_match "$(tail -n 1 "$OUT.err")" 'cancelled.* could not be removed \(.*\): the next command that changes fake:db removes it and reports which data is in place$'
  knob commit
  knob abandon-after 'echo unchanged'
  knob abandon
  run -0 --separate-stderr helper tick
  assert_contains "$stderr" "was interrupted: the data is unchanged"
  knob abandon-after
  assert_equal "$(fake_live fake:db)" second
  assert_sound
}

@test "SIGINT and SIGTERM stop a backup, SIGHUP and a terminal that goes away don't" {
  local signal
  for signal in INT TERM; do
    knob_stop export
    (
      # bash starts background processes with SIGINT ignored, which is undone here.
      trap - INT
      exec "$BACKUPS_HELPER" create fake:db --root "$ROOT" --hooks "$HOOKS"
    ) >"$OUT" 2>"$OUT.err" </dev/null 3>&- &
    PID=$!
    fake_stopped
    kill "-$signal" "$PID"
    assert_ends 12
    assert_sound
  done
  knob_stop export
  background create fake:db --quiet
  fake_stopped
  kill -HUP "$PID"
  fake_go
  assert_ends 0
  assert_match "$(<"$OUT")" '^db-'
  assert_sound
}

@test "a client that vanishes: stderr and stdout closed in the middle, the backup is made all the same" {
  local before pid
  before=$(catalog "SELECT count(*) FROM backups WHERE status = 'success'")
  knob_stop export
  "$BACKUPS_HELPER" create fake:db --root "$ROOT" --hooks "$HOOKS" > >(true) 2>&1 3>&- </dev/null &
  pid=$!
  fake_stopped
  sleep 0.2
  fake_go
  wait_until 20 successes_are $((before + 1))
  knob export
  wait "$pid" || true
  assert_sound
}

successes_are() {
  [[ $(catalog "SELECT count(*) FROM backups WHERE status = 'success'") == "$1" ]]
}

@test "one at a time for each source: the second is told who holds it" {
  local verb
  helper create fake:db --quiet >/dev/null
  knob_stop export
  background create fake:db
  fake_stopped
  for verb in "create fake:db" "restore $ID --force" "delete $ID --force" "adopt fake:db --artifact one"; do
    # shellcheck disable=SC2086 # words
    run -4 --separate-stderr helper $verb <<<FAKE
    assert_match "${stderr_lines[-1]}" "fake:db is busy: create \(process $PID, since 20[0-9T:-]+Z\)\. Wait for it, or stop it with backups-helper cancel fake:db"
  done
  # Commands that only read, and commands for other sources, are not blocked.
  run -0 --separate-stderr helper list
  assert_match "${lines[1]}" "in-progress"
  run -4 --separate-stderr helper delete "$(catalog "SELECT id FROM backups WHERE status = 'in-progress'")" --force
  assert_contains "$stderr" "is still running; to stop it: backups-helper cancel fake:db"
  helper verify "$ID" --quiet
  helper pin "$ID" --quiet
  fake_source fake:other x
  knob export
  helper create fake:other --quiet >/dev/null
  fake_go
  assert_ends 0
  helper create fake:db --quiet >/dev/null
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE status <> 'success'")" 0
  assert_sound
}

@test "restore --into holds both sources" {
  fake_source fake:other x
  helper create fake:other --quiet >/dev/null
  knob_stop import
  background restore "$ID" --into fake:other --force
  fake_stopped
  run -4 --separate-stderr helper create fake:db
  assert_contains "${stderr_lines[-1]}" "fake:db is busy: restore (process $PID"
  run -4 --separate-stderr helper create fake:other
  assert_contains "${stderr_lines[-1]}" "fake:other is busy: restore (process $PID"
  fake_go
  assert_ends 0
  assert_equal "$(fake_live fake:other)" first
  assert_sound
}

@test "twenty at once on one source: some are busy, and all that say so are" {
  local i pids=() good=0 busy=0 status ids
  for i in {1..20}; do
    "$BACKUPS_HELPER" create fake:db --quiet --root "$ROOT" --hooks "$HOOKS" >"$FAKE/id.$i" 2>/dev/null 3>&- &
    pids+=("$!")
  done
  for i in "${pids[@]}"; do
    status=0
    wait "$i" || status=$?
    case $status in
      0) good=$((good + 1)) ;;
      4) busy=$((busy + 1)) ;;
      *) fail "one ended with $status" ;;
    esac
  done
  [[ $good -ge 1 && $((good + busy)) == 20 ]]
  ids=$(cat "$FAKE"/id.* | sort -u | wc -l)
  assert_equal "$ids" "$good"
  assert_equal "$(catalog "SELECT count(*) FROM backups")" $((good + 1))
  assert_sound
}

@test "twenty at once on twenty sources" {
  local i pids=()
  for i in {1..20}; do
    fake_source "fake:db$i" "text $i"
  done
  for i in {1..20}; do
    "$BACKUPS_HELPER" create "fake:db$i" --quiet --root "$ROOT" --hooks "$HOOKS" >"$FAKE/id.$i" 2>"$FAKE/err.$i" 3>&- &
    pids+=("$!")
  done
  # A bare `wait` would also wait for bats' own watchdog.
  wait "${pids[@]}"
  assert_equal "$(cat "$FAKE"/err.*)" ""
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE status = 'success'")" 21
  assert_sound
}
