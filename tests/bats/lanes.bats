#!/usr/bin/env bats
# A target that is slow or does not answer delays only its own copies: no other source, not its own source, and no command
# that reads.

load ../support/setup
load fake

setup() {
  fresh_root
  fake_hooks
  export TZ=UTC
  fake_source fake:db first
  # A server that accepts connections, counts them, and never answers.
  : >"$BATS_TEST_TMPDIR/connections"
  python3 -c 'import socket, sys
server, held = socket.create_server(("127.0.0.1", 0)), []
print(server.getsockname()[1], flush=True)
while True:
    held.append(server.accept())
    open(sys.argv[1], "a").write("x")' "$BATS_TEST_TMPDIR/connections" >"$BATS_TEST_TMPDIR/port" 3>&- &
  SILENT=$!
  wait_until 30 test -s "$BATS_TEST_TMPDIR/port"
  # shellcheck disable=SC2119 # its credentials
  helper target-add slow s3 --bucket bucket --endpoint "http://127.0.0.1:$(<"$BATS_TEST_TMPDIR/port")" --quiet <<<"key:secret"
}

teardown() {
  kill "$SILENT" 2>/dev/null || true
}

tick_at() {
  LD_PRELOAD=$(faketime_library) FAKETIME=$1 FAKETIME_DONT_FAKE_MONOTONIC=1 background tick
}

successes() {
  catalog "SELECT group_concat(name, ' ') FROM (SELECT DISTINCT name FROM backups WHERE status = 'success' ORDER BY name)"
}

successes_are() {
  [[ $(successes) == "$1" ]]
}

# quick COMMAND...: expects the command to succeed within two seconds.
quick() {
  timeout 2 "$@"
}

@test "a target that never answers holds up neither other sources, nor its own, nor a look at them" {
  local name
  for name in other only; do fake_source "fake:$name" x; done
  at '2026-03-02 10:00:00' helper schedule fake:db --daily 02:00 --timezone UTC --target local --target slow --quiet
  at '2026-03-02 10:00:00' helper schedule fake:only --daily 02:00 --timezone UTC --target slow --quiet
  at '2026-03-02 10:00:00' helper schedule fake:other --daily 02:00 --timezone UTC --quiet
  tick_at '@2026-03-03 02:00:00'
  wait_until 30 successes_are 'db other' || fail "$(successes): $(<"$OUT.err")"
  wait_until 30 test "$(catalog "SELECT count(*) FROM backups WHERE name = 'only' AND status = 'in-progress'")" = 1
  export -f helper at faketime_library
  export ROOT HOOKS
  quick bash -c 'helper list' >/dev/null
  quick bash -c 'helper list fake:only' >/dev/null
  # The tick of the next day finds this lane busy and does all other work.
  run -0 at '2026-03-04 02:00:00' helper tick
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE schedule = 'daily' AND status = 'success'")" 4
  die
  run -0 --separate-stderr helper list --format json
  assert_json '[.backups[] | select(.status == "in-progress")] | length' 0
}

connections() {
  stat -c %s "$BATS_TEST_TMPDIR/connections"
}

copying() {
  [[ $(catalog 2>/dev/null "SELECT count(*) FROM copies WHERE target = 'slow' AND status = 'in-progress'") == 1 && $(connections) -gt 0 ]]
}

@test "while a copy of its last backup is stuck, a source is free, and nobody takes that backup away" {
  local id next
  background create fake:db --target local --target slow --quiet
  wait_until 60 copying
  id=$(catalog "SELECT id FROM backups")
  next=$(helper create fake:db --target local --quiet)
  helper verify "$next" --quiet
  run -4 --separate-stderr helper delete "$id" --force
  assert_contains "$stderr" "$id is being copied (process $PID, since "
  run -4 --separate-stderr helper push "$id" --target slow
  assert_contains "$stderr" "backups-helper cancel fake:db"
  run -4 --separate-stderr helper target-set slow bucket other --force
  run -4 --separate-stderr helper target-remove slow
  helper set fake:db keep-manual last=1 --quiet
  run -0 --separate-stderr helper prune fake:db
  assert_contains "$stderr" "$id is kept for now: $id is being copied"
  run -0 --separate-stderr helper list fake:db --format json
  assert_json '[.backups[] | "\(.id) \(.copies[0].status)"] | join(" ")' "$next success $id success"
  helper verify "$id" --quiet
  helper cancel fake:db --quiet
  assert_ends 12
  assert_equal "$(catalog "SELECT status FROM copies WHERE target = 'slow'")" failed
  helper delete "$id" --force --quiet
  assert_sound
}

@test "what a dead run left off-site slows no command down: the tick cleans it up, and leaves a dead target alone for a while" {
  local before id
  id=$(helper create fake:db --quiet)
  fake_source fake:only x
  background create fake:only --target slow --quiet
  wait_until 60 copying
  die
  # Imitates a run that was killed after it had begun to write an artifact.
  echo "+fake/only/only-2026-01-01-00-00-00.one.dump.zst" >>"$(echo "$ROOT"/run/create-*)/written"
  before=$(connections)
  run -0 --separate-stderr helper create fake:db
  refute_contains "$stderr" slow
  run -0 --separate-stderr helper delete "$id" --force
  run -0 --separate-stderr helper create fake:only --target local
  run -0 --separate-stderr helper pin fake:only@latest
  run -4 --separate-stderr helper delete "$(catalog "SELECT id FROM backups WHERE status = 'in-progress'")" --force
  assert_contains "$stderr" "was interrupted, and its leftover files on the target are not removed yet"
  assert_equal "$(connections)" "$before"
  # From now on, nothing listens at the endpoint.
  kill "$SILENT"
  run -0 at '2030-03-03 02:00:00' helper tick
  assert_contains "$output" "Cannot clean up after create-"
  run -0 at '2030-03-03 02:14:00' helper tick
  refute_contains "$output" "clean up"
  run -0 at '2030-03-03 02:16:00' helper tick
  assert_contains "$output" "Cannot clean up after create-"
  # After the target is removed, the clean-up is not retried.
  helper target-remove slow --quiet
  helper tick
  assert_sound
}

# Makes a restore that was killed while it imported into the staging area; its clean-up hook waits until fake_go.
dead_restore() {
  knob import 'exec sleep 100'
  helper create fake:db --quiet
  background restore fake:db@latest --force --no-safety-backup
  wait_until 20 grep -q '^import' "$FAKE/calls"
  die
  knob_stop abandon
}

@test "cleaning up before a command hears Ctrl-C, and is done later" {
  dead_restore
  background create fake:db
  fake_stopped
  assert_contains "$(<"$OUT.err")" "Cleaning up after the interrupted restore of fake:db"
  kill -INT "$PID"
  assert_ends 12
  knob abandon
  knob import
  assert_sound
}

@test "whoever looks neither waits for what a dead command left, nor cleans up, nor hears of it" {
  dead_restore
  local verb
  export -f helper
  export ROOT HOOKS
  for verb in list 'list fake:db' 'info fake:db@latest' schedules target-list; do
    run -0 --separate-stderr quick bash -c "helper $verb"
    refute_contains "$stderr" clean
  done
  knob abandon
  knob import
  assert_sound
}
