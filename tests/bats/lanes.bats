#!/usr/bin/env bats
# A target that is slow or dead holds up nothing but itself: neither other sources, nor its own source, nor whoever looks.

load ../support/setup
load fake

setup() {
  fresh_root
  fake_hooks
  export TZ=UTC
  fake_source fake:db first
  # It takes connections, and that is all.
  python3 -c 'import socket, time; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True); time.sleep(120)' \
    >"$BATS_TEST_TMPDIR/port" 3>&- &
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

# quick COMMAND...: succeeds, within two seconds.
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
  # The next day's tick finds the lane taken, and does all the rest.
  run -0 at '2026-03-04 02:00:00' helper tick
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE schedule = 'daily' AND status = 'success'")" 4
  die
  run -0 --separate-stderr helper list --format json
  assert_json '[.backups[] | select(.status == "in-progress")] | length' 0
}

@test "whoever looks neither waits for what a dead command left, nor cleans up, nor hears of it" {
  knob import 'exec sleep 100'
  helper create fake:db --quiet
  background restore fake:db@latest --force --no-safety-backup
  wait_until 20 grep -q '^import' "$FAKE/calls"
  die
  knob_stop abandon
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
