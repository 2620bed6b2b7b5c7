#!/usr/bin/env bats
# Restores into a PostgreSQL service that is in use, restores that fail, and restores that are undone.

load ../support/setup
load postgres

setup_file() {
  pg_begin postgres:15 postgres:18
  export POSTGRES_CONFIG_OPTIONS='-c max_prepared_transactions=5'
  make_service 15 3>&- &
  make_service 18 3>&-
  wait $!
  # The restore for the last test waits for half a minute, so that it is started here.
  export STUCK=stuck-$BATS_ROOT_PID STUCK_ROOT=$DOKKU_LIB_ROOT/data/stuck
  stuck >"$BATS_FILE_TMPDIR/stuck" 2>&1 </dev/null 3>&- &
  wait_until 240 pg_sees "$STUCK" "application_name ~ '-swap$' AND wait_event_type = 'Lock'" 2>/dev/null
}

teardown_file() {
  pg_end
}

# While the comment on template1 is "bomb", the rows of `second` cannot be restored. With "second bomb", they cannot be
# restored in place; with "backup bomb", those of the backup cannot, but the live ones can.
make_service() {
  local name=back$1-$BATS_ROOT_PID
  postgres_create "$name" "postgres:$1"
  postgres_fill "$name" 300
  pg_sql "$name" template1 -c 'CREATE ROLE clerk CREATEDB' -c 'CREATE ROLE team' -c 'GRANT team TO clerk' -c 'CREATE DATABASE second OWNER clerk' \
    -c 'ALTER DATABASE second SET work_mem = '\''9MB'\'
  pg_sql "$name" second <<'SQL'
CREATE FUNCTION sound(i int, t text) RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN IF EXISTS (SELECT FROM pg_shdescription WHERE description = 'bomb' OR current_database() ~ '_inplace_new_'
    AND (description = 'second bomb' OR description = 'backup bomb' AND i < 10 AND t <> 'live')) THEN RAISE 'the bomb went off'; END IF;
  RETURN true; END $$;
CREATE TABLE thing (i int PRIMARY KEY, t text, CHECK (sound(i, t)));
INSERT INTO thing SELECT n, md5(n::text) FROM generate_series(1, 300) n;
CREATE TABLE hit (n serial, client text, at timestamptz DEFAULT clock_timestamp());
SQL
  pg_digests "$name" >"$BATS_FILE_TMPDIR/backed.$1"
  helper create "postgres:$name" --quiet >"$BATS_FILE_TMPDIR/id.$1"
}

# use MAJOR: sets name, ID, backed (the digests of the backup) and live (those of the current contents, which differ)
use() {
  name=back$1-$BATS_ROOT_PID ID=$(cat "$BATS_FILE_TMPDIR/id.$1") backed=$(cat "$BATS_FILE_TMPDIR/backed.$1")
  bomb ''
  postgres_psql "$name" -c "UPDATE customer SET name = 'live $RANDOM$RANDOM' WHERE id = 7"
  pg_sql "$name" second -c "UPDATE thing SET t = 'live' WHERE i < 10" -c 'DELETE FROM hit'
  live=$(pg_digests "$name")
  [[ $live != "$backed" ]]
}

# Restores into a service in which another session keeps a lock on a database itself.
stuck() {
  local code=0 ROOT=$STUCK_ROOT
  install -d -m 700 -o "$(stat -c %U "$DOKKU_LIB_ROOT")" "$ROOT"
  postgres_create "$STUCK" postgres:15
  postgres_fill "$STUCK" 10
  pg_sql "$STUCK" template1 -c 'CREATE DATABASE second'
  pg_backup "$STUCK"
  postgres_psql "$STUCK" -c "UPDATE customer SET name = 'live'"
  pg_digests "$STUCK" >"$BATS_FILE_TMPDIR/stuck.live"
  pg_hold "$STUCK" postgres "BEGIN; COMMENT ON DATABASE second IS 'mine, all mine';"
  helper restore "postgres:$ID" --force --no-safety-backup || code=$?
  echo "$ID" >"$BATS_FILE_TMPDIR/stuck.id"
  echo "$code" >"$BATS_FILE_TMPDIR/stuck.code"
}

bomb() {
  pg_sql "$name" template1 -c "COMMENT ON DATABASE template1 IS '$1'"
}

restore() {
  helper restore "postgres:$ID" --force "$@"
}

ids() {
  helper list "postgres:$name" --all --limit 1000 --format json | jq -r '.backups[].id'
}

# Starts clients in the container: two that connect for every row, and one that stays connected. They end when clients_end
# removes a file.
clients() {
  pg_sql "$name" second -c 'SELECT 1' >/dev/null
  postgres_docker container exec -i -e PGPASSWORD="$(postgres_file "$name" PASSWORD)" -e PGHOST=127.0.0.1 -e PGUSER=postgres \
    "dokku.postgres.$name" bash -s >"$BATS_TEST_TMPDIR/clients" 3>&- <<'SH' &
touch /tmp/busy
for client in a b; do
  while [[ -e /tmp/busy ]]; do
    psql -XqAt -d second -c "INSERT INTO hit (client) VALUES ('$client')" 2>/dev/null && echo "$EPOCHREALTIME"
    sleep 0.02
  done &
done
while [[ -e /tmp/busy ]]; do
  while [[ -e /tmp/busy ]]; do echo "INSERT INTO hit (client) VALUES ('steady');"; sleep 0.02; done |
    psql -XqAt -v ON_ERROR_STOP=1 -d second 2>/dev/null
  echo "cut $EPOCHREALTIME"
done &
wait
SH
  CLIENTS=$!
  wait_until 20 grep -q . "$BATS_TEST_TMPDIR/clients"
}

clients_end() {
  postgres_docker container exec "dokku.postgres.$name" rm /tmp/busy
  wait "$CLIENTS"
}

all_insert() {
  [[ $(pg_sql "$name" second -c 'SELECT count(DISTINCT client) FROM hit') == 3 ]]
}

in_use() {
  local gap
  use "$1"
  clients
  # These locks are not released before the restore ends the session.
  pg_hold "$name" "$(postgres_file "$name" DATABASE_NAME)" 'BEGIN; LOCK TABLE customer; INSERT INTO customer (name) VALUES (1);'
  run -0 --separate-stderr restore --no-safety-backup
  wait_until 20 all_insert
  clients_end
  gap=$(grep -v cut "$BATS_TEST_TMPDIR/clients" | sort -n | awk 'NR > 1 && $1 - last > gap { gap = $1 - last } { last = $1 } END { print int(gap * 1000) }')
  echo "# PostgreSQL $1: the longest time without a new connection was $gap ms" >&3
  [[ $gap -lt 5000 ]]
  grep -q cut "$BATS_TEST_TMPDIR/clients"
  # All of them continued in the restored database, in which their earlier rows do not exist.
  run -0 pg_sql "$name" second -c 'SELECT count(DISTINCT client), min(n) FROM hit'
  assert_equal "$output" "3|1"
  pg_sql "$name" second -c 'DELETE FROM hit' -c "ALTER SEQUENCE hit_n_seq RESTART"
  assert_equal "$(pg_digests "$name")" "$backed"
  pg_clean "$name"
}

@test "15: clients, writers and somebody idle in a transaction are cut for a moment, and go on in what was restored" {
  in_use 15
}

@test "18: clients, writers and somebody idle in a transaction are cut for a moment, and go on in what was restored" {
  in_use 18
}

@test "what was made since, and depends on what is restored, is no hindrance; databases that are not in the backup stay" {
  use 15
  pg_sql "$name" second -c 'CREATE VIEW later AS SELECT * FROM thing' -c 'CREATE TABLE child (i int REFERENCES thing)' -c 'INSERT INTO child VALUES (3)'
  pg_sql "$name" template1 -c 'CREATE DATABASE "since then"'
  pg_sql "$name" "since then" -c 'CREATE TABLE t AS SELECT 5 AS five'
  others=$(pg_digest "$name" "since then")
  oid=$(pg_sql "$name" "since then" -c "SELECT oid FROM pg_database WHERE datname = 'since then'")
  run -0 restore --no-safety-backup
  assert_equal "$(pg_digest "$name" "since then")" "$others"
  run -0 pg_sql "$name" "since then" -c "SELECT oid FROM pg_database WHERE datname = 'since then'"
  assert_equal "$output" "$oid"
  pg_sql "$name" template1 -c 'DROP DATABASE "since then"'
  assert_equal "$(pg_digests "$name")" "$backed"
  pg_clean "$name"
}

@test "one damaged artifact of several: nothing is swapped in" {
  use 18
  file=$(pg_artifact "postgres:$ID" second)
  cp -p "$file" "$BATS_TEST_TMPDIR/whole"
  turn_bit "$file"
  run -7 --separate-stderr restore
  assert_contains "${stderr_lines[-1]}" "second"
  truncate -s -100 "$file"
  run -7 restore
  assert_equal "$(pg_digests "$name")" "$live"
  cat "$BATS_TEST_TMPDIR/whole" >"$file"
  pg_clean "$name"
  run -0 helper verify "postgres:$ID"
}

failing_import() {
  use "$1"
  bomb bomb
  run -1 --separate-stderr restore --no-safety-backup
  assert_contains "${stderr_lines[-1]}" "second could not be restored"
  run -0 helper logs "postgres:$ID"
  assert_contains "$output" "the bomb went off"
  assert_equal "$(pg_digests "$name")" "$live"
  pg_clean "$name"
  bomb ''
}

@test "15: the import of the second database fails: none is swapped in" {
  failing_import 15
}

@test "18: the import of the second database fails: none is swapped in" {
  failing_import 18
}

@test "a safety backup is taken first, and takes the restore back" {
  use 18
  run -0 --separate-stderr restore --format json
  assert_equal "$(pg_digests "$name")" "$backed"
  safety=$(jq -r .safety_backup <<<"$output")
  assert_contains "$stderr" "$safety"
  run -0 helper info "postgres:$safety" --format json
  assert_json .trigger safety
  # @latest never means a safety backup.
  run -0 helper info "postgres:$name@latest" --format json
  assert_json .id "$ID"
  run -0 helper restore "postgres:$safety" --force --no-safety-backup
  assert_equal "$(pg_digests "$name")" "$live"
}

@test "--no-safety-backup takes none, --dry-run changes nothing, without --force nobody is there to confirm" {
  use 18
  before=$(ids)
  run -0 --separate-stderr restore --dry-run --format json
  assert_json .status dry-run
  assert_json_true '.target_contents | any(contains("second"))'
  run -11 --separate-stderr helper restore "postgres:$ID" </dev/null
  assert_contains "${stderr_lines[-1]}" "--force"
  assert_equal "$(pg_digests "$name")" "$live"
  run -0 --separate-stderr restore --no-safety-backup --format json
  assert_json .safety_backup null
  assert_equal "$(pg_digests "$name")" "$backed"
  assert_equal "$(ids)" "$before"
}

@test "--in-place replaces the live data, unless the rehearsal fails" {
  use 15
  run -0 --separate-stderr restore --in-place --no-safety-backup
  assert_equal "$(pg_digests "$name")" "$backed"
  pg_clean "$name"
  use 15
  bomb bomb
  run -1 --separate-stderr restore --in-place
  assert_contains "$stderr" "the bomb went off"
  assert_equal "$(pg_digests "$name")" "$live"
  pg_clean "$name"
}

@test "--in-place that fails after a rehearsal puts the safety backup back by itself" {
  use 15
  bomb 'backup bomb'
  run -1 --separate-stderr restore --in-place
  assert_contains "$stderr" "The previous data was restored from the safety backup"
  assert_equal "$(pg_digests "$name")" "$live"
  pg_clean "$name"
}

@test "--in-place that fails, as does the safety backup: the state is named, and the way back is one for when the cause is mended" {
  use 15
  bomb 'second bomb'
  run -1 --separate-stderr restore --in-place
  assert_contains "$stderr" "could not be restored either"
  safety=$(grep -oE "postgres:$name-[0-9-]+" <<<"${stderr_lines[-1]}" | tail -n 1)
  # The incomplete database is not left under its name.
  refute_contains "$(pg_databases "$name")" second
  run -0 --separate-stderr helper list
  assert_contains "$stderr" "$safety"
  bomb ''
  run -0 helper restore "$safety" --force --no-safety-backup
  assert_equal "$(pg_digests "$name")" "$live"
  pg_clean "$name"
}

@test "roles: those that are there stay as they are, those that are gone come back with their memberships" {
  use 15
  pg_sql "$name" template1 -c 'ALTER ROLE team CREATEROLE' -c "ALTER ROLE clerk PASSWORD 'kept'"
  secret=$(pg_sql "$name" template1 -c "SELECT string_agg(rolpassword, ' ' ORDER BY rolname) FROM pg_authid WHERE rolname IN ('postgres', 'clerk')")
  run -0 restore --no-safety-backup
  run -0 pg_sql "$name" template1 -c "SELECT string_agg(rolpassword, ' ' ORDER BY rolname) FROM pg_authid WHERE rolname IN ('postgres', 'clerk')"
  assert_equal "$output" "$secret"
  run -0 pg_sql "$name" template1 -c "SELECT rolcreaterole FROM pg_roles WHERE rolname = 'team'"
  assert_equal "$output" t
  pg_sql "$name" second -c 'REASSIGN OWNED BY clerk TO postgres' -c 'DROP ROLE clerk'
  run -0 restore --no-safety-backup
  run -0 pg_sql "$name" template1 -c "SELECT rolcreatedb, pg_has_role('clerk', 'team', 'member'),
    (SELECT datdba::regrole FROM pg_database WHERE datname = 'second') FROM pg_roles WHERE rolname = 'clerk'"
  assert_equal "$output" "t|t|clerk"
  pg_clean "$name"
}

@test "a prepared transaction, which nobody can end for its owner, is a refusal before anything is done" {
  use 18
  pg_sql "$name" second -c 'BEGIN' -c "UPDATE thing SET t = 'p' WHERE i = 99" -c "PREPARE TRANSACTION 'p'"
  run -11 --separate-stderr restore --no-safety-backup
  assert_contains "${stderr_lines[-1]}" "prepared transactions"
  pg_sql "$name" second -c "COMMIT PREPARED 'p'"
  run -0 pg_sql "$name" second -c "SELECT t FROM thing WHERE i = 99"
  assert_equal "$output" p
  pg_clean "$name"
}

@test "a restore waits for nobody for ever, and says for whom it waited" {
  ROOT=$STUCK_ROOT
  wait_until 120 test -s "$BATS_FILE_TMPDIR/stuck.code" || fail "$(cat "$BATS_FILE_TMPDIR/stuck")"
  assert_equal "$(cat "$BATS_FILE_TMPDIR/stuck.code")" 1
  run -0 helper logs "postgres:$(cat "$BATS_FILE_TMPDIR/stuck.id")"
  assert_contains "$output" "mine, all mine"
  assert_equal "$(pg_digests "$STUCK")" "$(cat "$BATS_FILE_TMPDIR/stuck.live")"
  # A client that outlived its parent process would be logged by the server as an untracked child.
  refute_contains "$(postgres_docker container logs "dokku.postgres.$STUCK" 2>&1)" "untracked child process"
  pg_release "$STUCK"
  pg_clean "$STUCK"
}
