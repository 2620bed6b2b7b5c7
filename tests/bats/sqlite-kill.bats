#!/usr/bin/env bats
# SQLite: SIGKILL of the helper, of all its children, and of the sqlite3 that writes, at any time; and disks that fail during
# a restore. The live database is completely the old or completely the new, and nothing is left next to it.

load ../support/setup
load fake
load sqlite

setup() {
  fresh_root
  DIR=$BATS_TEST_TMPDIR/app
  DB=$DIR/app.db
  OUT=$BATS_TEST_TMPDIR/out
  # The numbers of pairs in the backup, and in the live database when it is restored.
  BACKED_UP=8000 LIVE=6000
  mkdir "$DIR"
}

# descendants PID: prints the children of a process, their children, and so on.
descendants() {
  local child
  for child in $(pgrep -P "$1"); do
    echo "$child"
    descendants "$child"
  done
}

# killed_at_random MILLISECONDS helper|all VERB WORD...: kills the command at a random time within the given duration: the
# helper alone, or with all its descendants.
killed_at_random() {
  local milliseconds=$1 whom=$2
  shift 2
  background "$@"
  sleep "$(printf '0.%03d' $((RANDOM % milliseconds)))"
  if [[ $whom == all ]]; then
    # shellcheck disable=SC2046 # several
    kill -9 "$PID" $(descendants "$PID") 2>/dev/null || true
  fi
  die
}

# milliseconds_of VERB WORD...: prints how long the command takes, plus 10 %.
milliseconds_of() {
  local start=$EPOCHREALTIME end
  helper "$@" >/dev/null
  end=$EPOCHREALTIME
  echo $(((${end/./} - ${start/./}) * 11 / 10000))
}

# assert_live NUMBERS: after the next command, the live database has one of these numbers of pairs (a|b).
assert_live() {
  local before after
  assert_sound || return 1
  after=$(pairs "$DB")
  assert_match "$after" "^($1)$" || return 1
  assert_alone "$DB" || return 1
}

@test "create under a writer, killed at random times" {
  local round time whom
  pairs_create "$DB" wal "$BACKED_UP"
  time=$(milliseconds_of create "sqlite:$DB" --quiet)
  shell_writer "$DB"
  for round in {1..12}; do
    whom=$([[ $((round % 2)) == 0 ]] && echo all || echo helper)
    killed_at_random "$time" "$whom" create "sqlite:$DB" --quiet
    assert_sound || fail "round $round, $whom"
  done
  writers_stop
  assert_match "$(pairs "$DB")" '^[0-9]+$'
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE status = 'in-progress'")" 0
  assert_alone "$DB"
}

@test "restore, killed at random times: WAL" {
  restore_killed_at_random wal
}

@test "restore, killed at random times: rollback journal" {
  restore_killed_at_random delete
}

restore_killed_at_random() {
  local id time round whom
  pairs_create "$DB" "$1" "$BACKED_UP"
  id=$(helper create "sqlite:$DB" --quiet)
  make_new "$1"
  time=$(milliseconds_of restore "$id" --force --no-safety-backup --quiet)
  assert_live "$BACKED_UP"
  for round in {1..12}; do
    make_new "$1"
    whom=$([[ $((round % 2)) == 0 ]] && echo all || echo helper)
    killed_at_random "$time" "$whom" restore "$id" --force --no-safety-backup --quiet
    assert_live "$BACKED_UP|$LIVE" || fail "round $round, $whom" "$(cat "$OUT.err")"
    assert_equal "$(sqlite3 "$DB" 'PRAGMA journal_mode')" "$1"
  done
}

make_new() {
  rm -f "$DB"*
  [[ -e $BATS_TEST_TMPDIR/new.db ]] || pairs_create "$BATS_TEST_TMPDIR/new.db" "$1" "$LIVE"
  cp "$BATS_TEST_TMPDIR/new.db" "$DB"
}

# restore_with_faulty_sqlite3 CALL FAULT N: a restore in which the CALL number N of the sqlite3 that overwrites the live
# database has FAULT. It fails, and the live data are the old ones, or, where it came after the commit, the new ones.
restore_with_faulty_sqlite3() {
  local status=0 live
  mkdir -p "$BATS_TEST_TMPDIR/bin"
  cat >"$BATS_TEST_TMPDIR/bin/sqlite3" <<WRAPPER
#!/bin/bash
[[ "\$*" == *.restore* ]] || exec /usr/bin/sqlite3 "\$@"
exec strace -qq -o "$BATS_TEST_TMPDIR/trace" -e trace=$1 -e inject=$1:$2:when=$3 /usr/bin/sqlite3 "\$@"
WRAPPER
  chmod +x "$BATS_TEST_TMPDIR/bin/sqlite3"
  make_new "$JOURNAL"
  PATH=$BATS_TEST_TMPDIR/bin:$PATH helper restore "$ID" --force --no-safety-backup --quiet >"$OUT" 2>"$OUT.err" || status=$?
  if [[ $status == 0 ]]; then
    assert_live "$BACKED_UP"
    return
  fi
  [[ $status == 1 || $status == 14 ]] || fail "the exit code is $status" || return 1
  FAULTS=$((FAULTS + 1))
  # The live data is complete even before the next command.
  live=$(pairs "$DB")
  assert_live "$LIVE|$BACKED_UP" || return 1
  assert_equal "$(pairs "$DB")" "$live" || return 1
  [[ $live == "$BACKED_UP" ]] || OLD=$((OLD + 1))
}

# faulty CALL FAULT STEP: injects FAULT at every STEPth CALL of a restore, until a restore succeeds.
faulty() {
  local n before
  for ((n = 1; n < 2000; n += $3)); do
    before=$FAULTS
    restore_with_faulty_sqlite3 "$1" "$2" "$n" || fail "$JOURNAL, $1 number $n with $2" "$(cat "$OUT.err")" || return 1
    [[ $FAULTS != "$before" ]] || return 0
  done
}

faults() {
  require_tool strace
  JOURNAL=$1 FAULTS=0 OLD=0 BACKED_UP=2000 LIVE=1500
  pairs_create "$DB" "$1" "$BACKED_UP"
  ID=$(helper create "sqlite:$DB" --quiet)
  faulty pwrite64 signal=KILL 301
  faulty fdatasync signal=KILL 2
  faulty pwrite64 error=ENOSPC 401
  faulty fdatasync error=EIO 4
  [[ $FAULTS -ge 6 && $OLD -ge 4 ]] || fail "only $FAULTS faults, $OLD before the commit"
}

@test "restore: the sqlite3 that overwrites a WAL database is killed, or its disk fails" {
  faults wal
}

@test "restore: the sqlite3 that overwrites a database with a rollback journal is killed, or its disk fails" {
  faults delete
}

@test "restore over what is no database: killed at each rename" {
  require_tool strace
  local id n=0 status=137
  pairs_create "$DB" wal 100
  id=$(helper create "sqlite:$DB" --quiet)
  mkdir "$BATS_TEST_TMPDIR/bin"
  # The nth call of mv or sync by a hook, counted from the first mv, kills that hook.
  cat >"$BATS_TEST_TMPDIR/bin/mv" <<'WRAPPER'
#!/bin/bash
[[ $BACKUPS_ACTION == commit ]] || exec "/bin/${0##*/}" "$@"
echo >>"$COUNT"
[[ $(wc -l <"$COUNT") != "$KILL_AT" ]] || { kill -9 "$PPID" "$(ps -o ppid= -p "$PPID" | tr -d ' ')" && exit; }
exec "/bin/${0##*/}" "$@"
WRAPPER
  sed -i "2i COUNT=$BATS_TEST_TMPDIR/count KILL_AT=\$(<$BATS_TEST_TMPDIR/kill)" "$BATS_TEST_TMPDIR/bin/mv"
  chmod +x "$BATS_TEST_TMPDIR/bin/mv"
  ln -s mv "$BATS_TEST_TMPDIR/bin/sync"
  while [[ $status != 0 ]]; do
    n=$((n + 1)) status=0
    echo "no database" >"$DB"
    echo "its log" >"$DB-wal"
    echo "$n" >"$BATS_TEST_TMPDIR/kill"
    rm -f "$BATS_TEST_TMPDIR/count"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH helper restore "$id" --force --no-safety-backup --quiet >"$OUT" 2>"$OUT.err" || status=$?
    assert_sound
    if [[ $(<"$DB") == "no database" ]]; then
      assert_equal "$(<"$DB-wal")" "its log"
      rm -f "$DB-wal" "$DB-shm"
    else
      assert_equal "$(pairs "$DB")" 100
    fi
    assert_alone "$DB"
  done
  [[ $n -gt 4 ]]
}
