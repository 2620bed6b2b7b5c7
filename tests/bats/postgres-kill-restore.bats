#!/usr/bin/env bats
# Restores into a PostgreSQL service of which each part is killed at each stage: both databases contain either the previous
# data or that of the backup, and after the next command nothing else is left.

load ../support/setup
load postgres

setup_file() {
  pg_begin postgres:15 postgres:18
  make_service 15 3>&- &
  make_service 18 3>&-
  wait $!
}

teardown_file() {
  pg_end
}

# While the comment on template1 is "wait" (or "wait in place"), restoring (or rehearsing) the rows of `zweite` blocks; with
# "small", that of the service's own database does, which is small enough to be restored in one session.
make_service() {
  local name=swap$1-$BATS_ROOT_PID database
  postgres_create "$name" "postgres:$1"
  pg_sql "$name" template1 -c 'CREATE DATABASE zweite' -c 'CREATE ROLE lost' -c 'GRANT CREATE ON DATABASE zweite TO lost'
  for database in "$(postgres_file "$name" DATABASE_NAME)" zweite; do
    pg_sql "$name" "$database" <<'SQL'
CREATE FUNCTION gate(word text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
  WHILE EXISTS (SELECT FROM pg_shdescription WHERE description = word AND current_database() ~ '_new_'
    OR description = word || ' in place' AND current_database() ~ '_inplace_new_') LOOP PERFORM pg_sleep(0.05); END LOOP;
  RETURN true; END $$;
CREATE TABLE marker (v text); INSERT INTO marker VALUES ('backup');
SQL
  done
  pg_sql "$name" zweite -c "CREATE TABLE gated (i int, CHECK (gate('wait')))" -c 'INSERT INTO gated SELECT generate_series(1, 2000)' \
    -c 'CREATE TABLE wide AS SELECT repeat(md5(n::text), 60) FROM generate_series(1, 1000) n'
  postgres_psql "$name" -c "CREATE TABLE gated (i int, CHECK (gate('small')))" -c 'INSERT INTO gated VALUES (1), (2)'
  helper create "postgres:$name" --quiet >"$BATS_FILE_TMPDIR/id.$1"
}

gate() {
  pg_sql "$NAME" template1 -c "COMMENT ON DATABASE template1 IS '$1'"
}

# Prints the databases, whether the role exists that only the backup has, and the contents of both databases.
contents() {
  pg_sql "$NAME" template1 <<SQL
SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1;
SELECT 'lost', count(*) FROM pg_roles WHERE rolname = 'lost';
\connect $(postgres_file "$NAME" DATABASE_NAME)
SELECT v, count(*) OVER () FROM marker;
\connect zweite
SELECT v, count(*) OVER (), (SELECT count(*) FROM gated) FROM marker;
SQL
}

contents_with() { # <value> <how many roles>
  printf '%s\n' postgres "$(postgres_file "$NAME" DATABASE_NAME)" zweite "lost|$2" "$1|1" "$1|1|2000"
}

teardown() {
  [[ -z ${BATS_TEST_COMPLETED:-} ]] || return 0
  gate ''
  pg_mend "$NAME"
}

# until_moment MOMENT: starts a restore and waits until it has reached that stage
until_moment() {
  local seen
  case "$1" in
    making) # the first staging database is about to be created
      pg_hold "$NAME" postgres "BEGIN; COMMENT ON DATABASE template0 IS 'held';"
      seen="application_name ~ '^backups' AND query ~ 'CREATE DATABASE' AND wait_event_type = 'Lock'"
      ;;
    filling) # the first is complete, the second partially filled
      gate wait
      seen="datname ~ '^backups_.*_new_' AND wait_event = 'PgSleep'"
      ;;
    small) # the first is partially filled, in a single session
      gate small
      seen="datname ~ '^backups_.*_new_' AND wait_event = 'PgSleep'"
      ;;
    swapping) # one of two databases is renamed in a transaction that is still open
      pg_hold "$NAME" postgres "BEGIN; COMMENT ON DATABASE zweite IS 'held';"
      seen="application_name ~ '-swap$' AND wait_event_type = 'Lock'"
      ;;
    swapped) # committed, and the replaced databases still exist
      pg_hold "$NAME" template1 "SELECT pg_advisory_lock(0);"
      seen="application_name ~ '-swap$' AND wait_event = 'advisory'"
      ;;
  esac
  pg_background restore "postgres:$ID" --force --no-safety-backup
  wait_until 90 pg_sees "$NAME" "$seen" || fail "$1 was not seen:" "$(cat "$PG_OUT")"
}

let_go() {
  pg_release "$NAME"
  gate ''
}

# use MAJOR: sets NAME, ID, old (the current contents) and new (the contents of the backup)
use() {
  local value=live$RANDOM
  NAME=swap$1-$BATS_ROOT_PID ID=$(cat "$BATS_FILE_TMPDIR/id.$1")
  pg_sql "$NAME" zweite <<SQL
DO \$\$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'lost') THEN DROP OWNED BY lost; DROP ROLE lost; END IF; END \$\$;
UPDATE marker SET v = '$value';
\connect $(postgres_file "$NAME" DATABASE_NAME)
UPDATE marker SET v = '$value';
SQL
  old=$(contents_with "$value" 0) new=$(contents_with backup 1)
  assert_equal "$(contents)" "$old"
}

# Sets STATE to old or new; fails if the contents are neither.
judge() {
  local now
  now=$(contents 2>&1) || true
  case "$now" in
    "$old") STATE=old ;;
    "$new") STATE=new ;;
    *) fail "neither as it was nor as it is in the backup:" "$now" ;;
  esac
  [[ $PG_CODE != 0 ]] || assert_equal "$STATE" new
  ! grep -q 'is unchanged; the partial restore was removed$' "$PG_OUT" || assert_equal "$STATE" old
  pg_clean "$NAME"
}

# interrupted MAJOR MOMENT VICTIM [late]: kills a part of a restore. With late, blocked sessions that are left in the server
# continue only after the next command.
interrupted() {
  use "$1"
  until_moment "$2"
  pg_kill "$NAME" "$3"
  [[ $3 != stop && $3 != die ]] || ! pg_over || run -0 helper tick
  [[ $3 == helper || $3 == hook || $3 == client || $3 == sidecar || $3 == cancel ]] || pg_up "$NAME"
  [[ ${4:-} == late ]] || let_go
  pg_join
  echo "exit code $PG_CODE: $(tail -n 2 "$PG_OUT")"
  run -0 helper tick
  said=$output
  assert_nothing_left
  [[ ${4:-} != late ]] || let_go
  judge
  ! grep -q 'had put the restored data in place' <<<"$said" || assert_equal "$STATE" new
  ! grep -q 'was interrupted: the data is unchanged$' <<<"$said" || assert_equal "$STATE" old
}

nothing_done() {
  interrupted "$@"
  [[ $PG_CODE != 0 ]]
  assert_equal "$STATE" old
}

@test "making a database: kill -9 of the helper" {
  nothing_done 15 making helper
}

@test "making a database: kill -9 of the hook" {
  nothing_done 15 making hook
}

@test "making a database: kill -9 of the server's process" {
  nothing_done 15 making backend
}

@test "making a database: the container of the service goes" {
  nothing_done 15 making stop
}

@test "filling: kill -9 of the helper" {
  nothing_done 15 filling helper
  assert_contains "$said" "was interrupted: the data is unchanged"
}

@test "filling: kill -9 of the helper, and the server goes on until the next command" {
  nothing_done 18 filling helper late
}

@test "filling: kill -9 of the hook" {
  nothing_done 15 filling hook
}

@test "filling: kill -9 of the client of docker" {
  nothing_done 15 filling client
}

@test "filling: the container of pg_restore is killed" {
  nothing_done 15 filling sidecar
}

@test "filling: kill -9 of the server's process" {
  nothing_done 18 filling backend
}

@test "filling: the container of the service goes" {
  nothing_done 15 filling stop
}

@test "filling: backups:cancel" {
  nothing_done 18 filling cancel
  assert_equal "$PG_CODE" 12
}

@test "filling a small one: kill -9 of the helper, and the server goes on until the next command" {
  nothing_done 15 small helper late
}

@test "filling a small one: kill -9 of the hook" {
  nothing_done 18 small hook
}

@test "filling a small one: kill -9 of the client of docker" {
  nothing_done 15 small client
}

@test "filling a small one: kill -9 of the server's process, after which nothing begins anew" {
  nothing_done 15 small backend
}

@test "filling a small one: the session is terminated" {
  nothing_done 18 small session
}

@test "filling a small one: the container of the service goes" {
  nothing_done 15 small stop
}

@test "swapping: kill -9 of the helper" {
  interrupted 15 swapping helper
}

@test "swapping: kill -9 of the helper, and the server goes on until the next command" {
  interrupted 18 swapping helper late
}

@test "swapping: kill -9 of the hook" {
  interrupted 15 swapping hook
}

@test "swapping: kill -9 of the clients of docker" {
  interrupted 15 swapping client
}

@test "swapping: kill -9 of the server's process" {
  nothing_done 15 swapping backend
}

@test "swapping: the session is terminated" {
  nothing_done 18 swapping session
}

@test "swapping: the container of the service goes" {
  nothing_done 18 swapping stop
}

@test "swapping: the container of the service is killed" {
  nothing_done 15 swapping die
}

@test "swapped: kill -9 of the helper" {
  interrupted 15 swapped helper
  assert_equal "$STATE" new
  assert_contains "$said" "had put the restored data in place before it was interrupted"
}

@test "swapped: kill -9 of the hook" {
  interrupted 18 swapped hook
  assert_equal "$STATE" new
}

@test "swapped: the container of the service goes" {
  interrupted 15 swapped stop
  assert_equal "$STATE" new
}

@test "swapped: the server's process is killed" {
  interrupted 18 swapped backend
  assert_equal "$STATE" new
}

@test "swapped: the connection is lost after the commit, which is reported as the restore that it is" {
  interrupted 15 swapped session
  assert_equal "$STATE" new
  assert_equal "$PG_CODE" 0
  assert_contains "$(cat "$PG_OUT")" "is restored from"
}

@test "swapped, and the server does not come back: what happened is called unknown, and the next command finds out" {
  use 15
  until_moment swapped
  pg_kill "$NAME" stop
  pg_join
  assert_equal "$PG_CODE" 1
  assert_contains "$(tail -n 1 "$PG_OUT")" "it is unknown whether the restored databases were put in place"
  refute_contains "$(cat "$PG_OUT")" "is unchanged"
  pg_up "$NAME"
  run -0 helper tick
  assert_contains "$output" "had put the restored data in place before it was interrupted"
  judge
  assert_equal "$STATE" new
}

@test "kill -9 of the helper, and of everything it has started, at moments spread over a whole restore" {
  local begin length part moment all
  use 15
  begin=${EPOCHREALTIME/./}
  helper restore "postgres:$ID" --force --no-safety-backup --quiet >/dev/null
  length=$((${EPOCHREALTIME/./} - begin))
  for part in 1 2 3 4 5; do
    use 15
    pg_background restore "postgres:$ID" --force --no-safety-backup
    moment=$((length * part / 6))
    sleep "$((moment / 1000000)).$(printf %06d $((moment % 1000000)))"
    all=$(pgrep -P "$PG_PID" | paste -sd, || true)
    kill -KILL "$PG_PID" || true
    [[ $((part % 2)) == 0 || -z $all ]] || pgrep -g "$all" | xargs -r kill -KILL || true
    pg_join
    run -0 helper tick
    judge
  done
}

@test "--in-place, filling: kill -9 of the helper leaves a state that every command names, with the way out" {
  local safety
  use 15
  gate 'wait in place'
  pg_background restore "postgres:$ID" --force --in-place
  wait_until 200 pg_sees "$NAME" "datname ~ '^backups_inplace_new_' AND wait_event = 'PgSleep'" || fail "$(cat "$PG_OUT")"
  pg_kill "$NAME" helper
  pg_join
  gate ''
  for _ in 1 2; do
    run -0 --separate-stderr helper list
    assert_contains "$stderr" "ended while it was replacing the data"
    safety=$(grep -oE "postgres:$NAME-[0-9-]+" <<<"$stderr" | tail -n 1)
  done
  run -0 --separate-stderr helper restore "$safety" --force --no-safety-backup
  # The role created by the restore is not removed; it has no password.
  assert_equal "$(contents | grep -v '^lost')" "$(grep -v '^lost' <<<"$old")"
  run -0 --separate-stderr helper list
  refute_contains "$stderr" "ended while"
  pg_clean "$NAME"
}
