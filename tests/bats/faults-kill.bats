#!/usr/bin/env bats
# SIGKILL of the helper at every stage of its work. After the next command, every success verifies and there are no
# leftovers. After a restore, the live data is completely the old or completely the new.
#
# shellcheck disable=SC2016 # knobs are code for the hook

load ../support/setup
load fake

setup() {
  require_tool strace || return 0
  fresh_root
  fake_hooks
  fake_source fake:db old
  helper create fake:db --quiet >/dev/null
  KILLS=0
}

# killed_at_every CALLS CHECK VERB WORD...: kills VERB before its first CALL, then before its second and so on, until it
# completes. CALL/7 means every seventh call. CHECK gets the exit code.
killed_at_every() {
  local calls=$1 check=$2 call step n status
  shift 2
  for call in $calls; do
    step=1
    [[ $call != */* ]] || step=${call#*/}
    for ((n = 1, status = 137; status != 0; n += step)); do
      status=0
      strace -qq -E ASAN_OPTIONS=detect_leaks=0 -o "$FAKE/trace" -e "trace=${call%/*}" -e "inject=${call%/*}:signal=KILL:when=$n" "$BACKUPS_HELPER" "$1" \
        --root "$ROOT" --hooks "$HOOKS" "${@:2}" </dev/null >"$OUT" 2>"$OUT.err" 3>&- || status=$?
      "$check" "$status" || fail "killed before ${call%/*} number $n of $1" || return 1
      [[ $status == 0 || $status == 137 ]] || fail "$1 ended with $status at ${call%/*} number $n: $(cat "$OUT.err")" || return 1
      KILLS=$((KILLS + 1))
    done
  done
}

# The system calls that change something on disk.
ALL_CALLS="mkdir fsync fdatasync rename unlink unlinkat ftruncate write/3 pwrite64/11"

successes() {
  catalog "SELECT count(*) FROM backups WHERE status = 'success' AND deleted_at IS NULL"
}

@test "create, killed at each of its calls" {
  killed_at_every "$ALL_CALLS" check_create create fake:db --quiet
  [[ $KILLS -gt 35 ]]
}

check_create() {
  assert_sound || return 1
  [[ $1 != 0 ]] || assert_contains "$(helper info "$(<"$OUT")" --format json | jq -r .status)" success || return 1
  # assert_sound verifies every backup, so that few must exist.
  [[ $(successes) -le 2 ]] || helper delete fake:db@latest --force --quiet
}

@test "create, killed while a hook works and when it is done" {
  local stage
  for stage in describe describe-after export export-after; do
    knob_stop "$stage"
    background create fake:db
    fake_stopped
    die
    run -0 --separate-stderr helper list fake:db --format json
    assert_json '.backups[0] | "\(.status) (\(.error))"' "failed (interrupted)"
    assert_equal "$stderr" ""
    run -0 --separate-stderr helper list
    assert_contains "$output" "interrupted"
    run -0 --separate-stderr helper tick
    assert_contains "$stderr" "was interrupted"
    knob "$stage"
    assert_sound
    assert_equal "$(successes)" 1
  done
}

@test "a hook dies with its helper, and what it started dies with an exporter that is stopped" {
  knob export 'echo $$ >"$fake/pid"; sleep 600'
  background create fake:db
  wait_until 20 test -s "$FAKE/pid"
  die
  wait_until 30 process_gone "$(<"$FAKE/pid")"
  assert_sound
  knob export 'sleep 600 & echo $! >"$fake/pid"; wait'
  rm "$FAKE/pid"
  background create fake:db
  wait_until 20 test -s "$FAKE/pid"
  kill "$PID"
  assert_ends 12
  wait_until 30 process_gone "$(<"$FAKE/pid")"
  assert_sound
}

@test "restore, killed at each of its calls" {
  fake_source fake:db new
  killed_at_every "$ALL_CALLS" check_restore restore fake:db@latest --force --no-safety-backup --quiet
  [[ $KILLS -gt 35 ]]
}

# Also checks the live data before the next command is run.
check_restore() {
  local live
  live=$(fake_live fake:db)
  assert_match "$live" '^(old|new)$' || return 1
  assert_sound || return 1
  assert_equal "$(fake_live fake:db)" "$live" || return 1
  [[ $1 != 0 ]] || assert_equal "$live" old || return 1
  [[ $live == new ]] || fake_source fake:db new
}

@test "restore, killed while a hook works and when it is done" {
  local stage live
  for stage in describe describe-after prepare prepare-after import import-after commit commit-after; do
    fake_source fake:db new
    live=new
    [[ $stage != commit-after ]] || live=old
    knob_stop "$stage"
    background restore fake:db@latest --force --no-safety-backup
    fake_stopped
    die
    knob "$stage"
    assert_equal "$(fake_live fake:db)" "$live"
    assert_sound
    assert_equal "$(fake_live fake:db)" "$live"
  done
}

@test "restore, killed in the middle of its safety backup" {
  fake_source fake:db new
  knob_stop export
  background restore fake:db@latest --force
  fake_stopped
  die
  knob export
  assert_sound
  assert_equal "$(fake_live fake:db)" new
  assert_equal "$(catalog "SELECT trigger || ' ' || status || ' ' || error FROM backups ORDER BY key DESC LIMIT 1")" "safety failed interrupted"
}

@test "restore, killed while it throws away what it could not finish" {
  local stage
  for stage in sweep abandon abandon-after; do
    fake_source fake:db new
    knob import 'head -c 5 >"$places/$1.$3/$2"; exit 1'
    knob_stop "$stage"
    background restore fake:db@latest --force --no-safety-backup
    fake_stopped
    die
    knob "$stage"
    assert_sound
    assert_equal "$(fake_live fake:db)" new
  done
}

@test "restore: an importer that fails, or is killed, leaves the old data and nothing beside it" {
  local how action
  fake_source fake:db new
  for how in 'exit 1' 'kill -9 $$'; do
    for action in prepare import commit; do
      knob "$action" "$how"
      run -1 --separate-stderr helper restore fake:db@latest --force --no-safety-backup
      knob "$action"
      assert_equal "$(fake_live fake:db)" new
      assert_sound
    done
    knob import "[[ \$2 == one ]] || $how"
    run -1 --separate-stderr helper restore fake:db@latest --force --no-safety-backup
    assert_contains "${stderr_lines[-1]}" "the import of two into fake:db"
    knob import
    assert_equal "$(fake_live fake:db)" new
    assert_sound
  done
}

@test "what cannot be thrown away now is said, kept in mind and thrown away later" {
  fake_source fake:db new
  knob import 'exit 1'
  knob abandon 'echo "not now" >&2; exit 1'
  run -1 --separate-stderr helper restore fake:db@latest --force --no-safety-backup
  assert_contains "$stderr" "could not be removed (the clean-up of the restore into fake:db"
  run -0 --separate-stderr helper tick
  assert_contains "$stderr" "not now. It is tried again later"
  knob abandon
  knob import
  assert_sound
  assert_equal "$(fake_live fake:db)" new
}

@test "delete, killed at each of its calls" {
  helper create fake:db --quiet >/dev/null
  killed_at_every "fsync fdatasync unlink write/2 pwrite64/5" check_delete delete fake:db@latest --force --quiet
  [[ $KILLS -gt 12 ]]
}

# The backup made by the setup is kept, so that the deleted one is never the last good one.
check_delete() {
  assert_sound || return 1
  [[ $(successes) -gt 1 ]] || helper create fake:db --quiet >/dev/null
}

@test "the cleaning up after a kill, killed at each of its calls" {
  make_a_mess
  killed_at_every "fsync fdatasync rename unlink unlinkat pwrite64/4" check_cleanup list --quiet
  [[ $KILLS -gt 15 ]]
}

make_a_mess() {
  fake_source fake:db new
  knob_stop export-after
  background create fake:db
  fake_stopped
  die
  knob export-after
  knob_stop import-after
  background restore fake:db@latest --force --no-safety-backup
  fake_stopped
  die
  knob import-after
}

check_cleanup() {
  assert_sound || return 1
  assert_equal "$(fake_live fake:db)" new || return 1
  make_a_mess
}
