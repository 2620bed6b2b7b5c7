#!/usr/bin/env bats
# The helper as a process: its name in lists of processes, who may inspect it, that it can always be stopped, and that it
# never stops another process.
#
# shellcheck disable=SC2016 # knobs are code for the hook

load ../support/setup
load fake

setup() {
  fresh_root
  fake_hooks
  fake_source fake:db first
}

# opens PID FILE: waits until that process has FILE open.
opens() {
  wait_until 20 bash -c "ls -l /proc/$1/fd | grep -qF '$2'"
}

@test "its name in ps is its own, also of those that it starts, and no core dump holds its secrets" {
  fake_source fake:two first
  helper set --global max-parallel 2 --quiet
  at '2026-03-02 12:00:00' helper schedule fake:db --daily 02:00 --timezone UTC --quiet
  at '2026-03-02 12:00:00' helper schedule fake:two --daily 02:00 --timezone UTC --quiet
  knob_stop export
  background tick
  fake_stopped
  wait_until 20 pgrep -P "$PID" -x backups-helper
  assert_equal "$(<"/proc/$PID/comm")" backups-helper
  refute_contains "$(ps -o args= --ppid "$PID")" /proc/self/exe
  assert_match "$(grep 'Max core file size' "/proc/$PID/limits")" 'size +0 +0'
  fake_go
  assert_ends 0
  assert_nothing_left
}

@test "cancel never signals a process that only has the number of the one that it means" {
  local other record
  sleep 600 3>&- &
  other=$!
  knob_stop export
  background create fake:db
  fake_stopped
  record=$(echo "$ROOT"/run/create-*/run.json)
  # The start times differ by one, since the kernel may have started both processes in the same clock tick.
  jq -c --argjson pid "$other" '.pid = $pid | .process_start += 1' "$record" >"$record.new"
  mv "$record.new" "$record"
  run -1 --separate-stderr helper cancel fake:db
  assert_contains "${stderr_lines[-1]}" "process $other, which is not visible from here"
  kill -0 "$other"
  fake_go
  assert_ends 0
  kill "$other"
}

@test "whoever waits for the settings, or for the catalog, can be stopped at once" {
  local holder
  helper create fake:db --quiet
  flock "$ROOT/locks/settings" sleep 600 3>&- &
  holder=$!
  wait_until 20 bash -c "! flock -n '$ROOT/locks/settings' true"
  background set --global compression none
  opens "$PID" "$ROOT/locks/settings"
  kill -INT "$PID"
  SECONDS=0
  assert_ends 12
  [[ $SECONDS -le 2 ]]
  pkill -P "$holder" sleep || kill "$holder"
  mkfifo "$BATS_TEST_TMPDIR/sql"
  sqlite3 -batch "$ROOT/catalog.db" <"$BATS_TEST_TMPDIR/sql" >"$BATS_TEST_TMPDIR/says" 3>&- &
  exec {holder}>"$BATS_TEST_TMPDIR/sql"
  echo "BEGIN IMMEDIATE; SELECT 'held';" >&"$holder"
  wait_until 20 test -s "$BATS_TEST_TMPDIR/says"
  background create fake:db
  opens "$PID" "$ROOT/catalog.db"
  kill -INT "$PID"
  SECONDS=0
  assert_ends 12
  [[ $SECONDS -le 2 ]]
  echo "ROLLBACK;" >&"$holder"
  exec {holder}>&-
  assert_sound
}

@test "a download whose reader has stopped reading can be stopped" {
  local reader
  fake_source fake:db "$(head -c 2000000 /dev/urandom | base64 -w 0)"
  helper create fake:db --quiet
  mkfifo "$BATS_TEST_TMPDIR/pipe"
  (exec "$BACKUPS_HELPER" download fake:db@latest --artifact one --root "$ROOT" --hooks "$HOOKS" >"$BATS_TEST_TMPDIR/pipe" 2>/dev/null 3>&-) &
  PID=$!
  exec {reader}<"$BATS_TEST_TMPDIR/pipe"
  opens "$PID" dump.zst
  kill -INT "$PID"
  SECONDS=0
  OUT=$BATS_TEST_TMPDIR/none assert_ends 12
  [[ $SECONDS -le 2 ]]
  exec {reader}<&-
}

@test "closed standard streams hang no command, and no file is taken for them" {
  local verb
  helper create fake:db --quiet
  for verb in list "create fake:db" "restore fake:db@latest --force" "adopt fake:db"; do
    # shellcheck disable=SC2016,SC2086 # for that shell; words
    run timeout 20 bash -c 'exec "$0" "$@" <&- >&- 2>&- 3>&-' "$BACKUPS_HELPER" $verb --root "$ROOT" --hooks "$HOOKS"
    [[ $status != 124 ]] || fail "$verb hangs"
  done
  run -0 timeout 20 "$BACKUPS_HELPER" list --root "$ROOT" --hooks "$HOOKS" 3>&-
  run grep -rl -e '----->' "$ROOT/locks"
  assert_equal "$output" ""
}

@test "words and paths that are not UTF-8 are refused by name, not by a library" {
  local word=$'caf\xe9' link=$BATS_TEST_TMPDIR/link.db
  run -2 --separate-stderr helper create "sqlite:/srv/$word.db"
  assert_contains "${stderr_lines[-1]}" "'sqlite:/srv/caf?.db' is not valid UTF-8: nothing with such a name can be backed up"
  run -2 --separate-stderr helper create fake:db --label "$word"
  sqlite_create "$BATS_TEST_TMPDIR/$word.db" 10
  ln -s "$BATS_TEST_TMPDIR/$word.db" "$link"
  run -2 --separate-stderr helper create "sqlite:$link"
  assert_contains "${stderr_lines[-1]}" "is not valid UTF-8"
  refute_contains "$stderr" json
  assert_equal "$(catalog "SELECT count(*) FROM backups" 2>/dev/null || echo 0)" 0
}

@test "what root makes in a directory of somebody else is theirs, before the state directory is there" {
  require_root
  local parent
  parent=$(mktemp -d /tmp/backups-owned.XXXXXX)
  chmod 755 "$parent"
  mkdir "$parent/data"
  chown nobody "$parent/data"
  ROOT=$parent/data/backups
  cp -r "$HOOKS" "$parent/hooks" && chmod -R a+rX "$parent/hooks"
  run -0 --separate-stderr "$BACKUPS_HELPER" list --root "$ROOT" --hooks "$parent/hooks"
  assert_equal "$(find "$ROOT" ! -user nobody)" ""
  rm -rf "$parent"
}
