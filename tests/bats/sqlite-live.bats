#!/usr/bin/env bats
# SQLite databases in use: other processes read and write all the time. Every transaction keeps two tables and a count
# consistent, so that a backup or restore that falls into a transaction would be noticed.

load ../support/setup
load fake
load sqlite

setup() {
  require_tool python3 || return 0
  fresh_root
  DIR=$BATS_TEST_TMPDIR/app
  DB=$DIR/app.db
  mkdir "$DIR"
}

teardown() {
  [[ -z ${WRITING:-} ]] || rm -f "$WRITING"
}

# backups_under_writers COUNT: takes backups while the writers work. Each is consistent, and has at least as many pairs as
# the one before.
backups_under_writers() {
  local count=$1 id seen last=0 first
  first=$(sqlite3 -cmd '.timeout 60000' "$DB" 'SELECT n FROM total')
  for (( ; count > 0; --count)); do
    id=$(helper create "sqlite:$DB" --quiet)
    seen=$(pairs "$(restored_by_hand "$id")") || fail "a backup is $seen" || return 1
    [[ $seen =~ ^[0-9]+$ && $seen -ge $last ]] || fail "a backup has $seen, the one before $last" || return 1
    last=$seen
  done
  # The writers continued to work during the backups.
  [[ $last -gt $((first + 10)) ]] || fail "the writers only got from $first to $last"
}

@test "WAL: backups under a writer with one connection and one with many" {
  pairs_create "$DB" wal 3000
  python_writer "$DB"
  shell_writer "$DB"
  backups_under_writers 8
  writers_stop
  assert_match "$(pairs "$DB")" '^[0-9]+$'
  assert_sound
}

@test "rollback journal: backups under a writer with one connection and one with many" {
  pairs_create "$DB" delete 3000
  python_writer "$DB"
  shell_writer "$DB"
  backups_under_writers 8
  writers_stop
  assert_match "$(pairs "$DB")" '^[0-9]+$'
  assert_alone "$DB"
  assert_sound
}

@test "WAL: a transaction that is open does not hold a backup up, and is not in it" {
  pairs_create "$DB" wal 100
  coproc sqlite3 -batch "$DB" 3>&-
  # shellcheck disable=SC2153 # of coproc
  printf '%s\n' 'BEGIN IMMEDIATE;' 'UPDATE one SET text = 0;' "SELECT 'open';" >&"${COPROC[1]}"
  read -r -u "${COPROC[0]}" answer
  assert_equal "$answer" open
  run -0 --separate-stderr timeout 20 "$BACKUPS_HELPER" create "sqlite:$DB" --quiet --root "$ROOT" --hooks "$HOOKS"
  assert_equal "$(pairs "$(restored_by_hand "$output")")" 100
  printf '%s\n' 'ROLLBACK;' '.quit' >&"${COPROC[1]}"
  wait "$COPROC_PID" || true
}

@test "rollback journal: a backup waits for a writer that has the file locked for a while" {
  local id
  pairs_create "$DB" delete 100
  coproc sqlite3 -batch "$DB" 3>&-
  printf '%s\n' 'BEGIN EXCLUSIVE;' "${PAIR#BEGIN IMMEDIATE;}" >&"${COPROC[1]}"
  printf '%s\n' 'BEGIN EXCLUSIVE;' "SELECT 'locked';" >&"${COPROC[1]}"
  read -r -u "${COPROC[0]}" answer
  assert_equal "$answer" locked
  background create "sqlite:$DB" --quiet
  sleep 1
  kill -0 "$PID"
  printf '%s\n' 'COMMIT;' '.quit' >&"${COPROC[1]}"
  assert_ends 0
  assert_equal "$(pairs "$(restored_by_hand "$(<"$OUT")")")" 101
}

@test "a restore that waits for a writer can be stopped at once, and leaves the file as it was" {
  local id
  pairs_create "$DB" delete 100
  id=$(helper create "sqlite:$DB" --quiet)
  coproc sqlite3 -batch "$DB" 3>&-
  printf '%s\n' "$PAIR" 'BEGIN EXCLUSIVE;' "SELECT 'locked';" >&"${COPROC[1]}"
  read -r -u "${COPROC[0]}" answer
  assert_equal "$answer" locked
  background restore "$id" --force --no-safety-backup
  wait_until 30 pgrep -f "$DB .timeout 60000 BEGIN EXCLUSIVE ROLLBACK"
  kill -INT "$PID"
  assert_ends 12
  printf '%s\n' 'ROLLBACK;' '.quit' >&"${COPROC[1]}"
  wait "$COPROC_PID" || true
  assert_equal "$(pairs "$DB")" 101
  assert_alone "$DB"
  assert_sound
}

@test "WAL: restores under writers and a reader: nobody sees half of one, nobody's writes are lost" {
  restores_under_writers wal
}

@test "rollback journal: restores under writers and a reader: nobody sees half of one, nobody's writes are lost" {
  restores_under_writers delete
}

restores_under_writers() {
  local id round
  pairs_create "$DB" "$1" 1000
  id=$(helper create "sqlite:$DB" --quiet)
  python_writer "$DB"
  shell_writer "$DB"
  python_reader "$DB"
  for round in 1 2 3; do
    wait_until 30 wrote_more_than 1020
    sqlite3 -cmd '.timeout 60000' "$DB" "PRAGMA user_version = $round"
    helper restore "$id" --force --quiet >/dev/null
    # The restored database has no such version, and the old connections of the writers continue in it.
    assert_equal "$(sqlite3 -cmd '.timeout 60000' "$DB" 'PRAGMA user_version')" 0
  done
  wait_until 30 wrote_more_than 1020
  writers_stop
  assert_match "$(pairs "$DB")" '^[0-9]+$'
  for id in $(catalog "SELECT id FROM backups WHERE trigger = 'safety'"); do
    assert_match "$(pairs "$(restored_by_hand "$id")")" '^[1-9][0-9]{3,}$'
  done
  assert_equal "$(sqlite3 "$DB" 'PRAGMA journal_mode')" "$1"
  assert_alone "$DB"
  assert_sound
}

wrote_more_than() {
  [[ $(sqlite3 -cmd '.timeout 60000' "$DB" 'SELECT n FROM total') -gt $1 ]]
}

@test "a reader in the middle of a transaction keeps what it sees" {
  local id
  pairs_create "$DB" wal 100
  id=$(helper create "sqlite:$DB" --quiet)
  sqlite3 "$DB" "$PAIR"
  coproc sqlite3 -batch "$DB" 3>&-
  printf '%s\n' 'BEGIN;' 'SELECT n FROM total;' >&"${COPROC[1]}"
  read -r -u "${COPROC[0]}" answer
  assert_equal "$answer" 101
  helper restore "$id" --force --quiet >/dev/null
  # bash unsets COPROC as soon as the process has ended, so that its output is duplicated first.
  exec {answers_fd}<&"${COPROC[0]}"
  printf '%s\n' 'SELECT n FROM total;' 'COMMIT;' 'SELECT n FROM total;' '.quit' >&"${COPROC[1]}"
  mapfile -t -u "$answers_fd" answers
  exec {answers_fd}<&-
  assert_equal "${answers[*]}" "101 100"
  assert_equal "$(pairs "$DB")" 100
}

@test "1 GiB: create, verify and restore take at most 64 MiB in the helper" {
  local peak=0 most=0 verb
  [[ $(df --output=avail -B1 "$BATS_TEST_TMPDIR" | tail -n 1) -gt 6000000000 ]] || skip "needs 6 GB of disk"
  sqlite3 "$DB" 'PRAGMA page_size=65536; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; CREATE TABLE big(n INTEGER PRIMARY KEY, data BLOB);
    WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 1030)
    INSERT INTO big SELECT n, CAST(zeroblob(900000) || randomblob(100000) AS BLOB) FROM i;' >/dev/null
  [[ $(stat -c %s "$DB") -gt 1000000000 ]]
  sqlite3 "$DB" 'PRAGMA journal_mode=WAL' >/dev/null
  for verb in "create sqlite:$DB" "verify sqlite:$DB@latest" "restore sqlite:$DB@latest --force --no-safety-backup"; do
    # shellcheck disable=SC2086 # words
    background $verb --quiet
    # VmHWM is the helper's alone. `time` would include its children, and sqlite3 maps the whole file.
    while peak=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$PID/status" 2>/dev/null) && [[ -n $peak ]]; do
      most=$((peak > most ? peak : most))
      sleep 0.05
    done
    assert_ends 0
  done
  echo "# the helper's peak: $((most / 1024)) MiB" >&3
  [[ $most -gt 1000 && $most -le 65536 ]] || fail "the helper took $most KiB"
  assert_equal "$(sqlite3 "$DB" 'SELECT count(*), sum(length(data)) FROM big')" "1030|1030000000"
}
