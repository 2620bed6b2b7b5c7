#!/usr/bin/env bats
# Large PostgreSQL services.

load ../support/setup
load postgres

setup_file() {
  pg_begin postgres:15 postgres:18
  export POSTGRES_CONFIG_OPTIONS='-c fsync=off -c full_page_writes=off -c autovacuum=off'
}

teardown_file() {
  pg_end
}

teardown() {
  postgres_destroy_all
}

# moved FROM TO MAJOR: backs FROM up, destroys it, and restores the backup into the new service TO
moved() {
  local before from=$1-$BATS_ROOT_PID to=$2-$BATS_ROOT_PID
  before=$(postgres_digest "$from")
  pg_backup "$from"
  postgres_destroy "$from"
  postgres_create "$to" "postgres:$3"
  run -0 --separate-stderr helper restore "postgres:$ID" --into "postgres:$to" --force --no-safety-backup
  assert_equal "$(postgres_digest "$to")" "$before"
  pg_clean "$to"
}

@test "5,000 tables" {
  postgres_create "tables-$BATS_ROOT_PID" postgres:15
  postgres_psql "tables-$BATS_ROOT_PID" <<'SQL'
DO $$ BEGIN
  FOR n IN 1..5000 LOOP
    EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, n int)', n);
    EXECUTE format('INSERT INTO t%s VALUES (%1$s, 7)', n);
    IF n % 200 = 0 THEN COMMIT; END IF;
  END LOOP;
END $$;
SQL
  moved tables again 15
  run -0 postgres_psql "again-$BATS_ROOT_PID" -c "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^t[0-9]'"
  assert_equal "$output" 5000
}

large_objects() { # <major>
  local name=objects-$BATS_ROOT_PID facts="SELECT count(*), sum((lomowner = 'keeper'::regrole)::int), count(lomacl) FROM pg_largeobject_metadata"
  postgres_create "$name" "postgres:$1"
  postgres_psql "$name" <<'SQL' >/dev/null
CREATE ROLE keeper;
DO $$ BEGIN
  FOR n IN 1..50000 LOOP
    PERFORM lo_from_bytea(100000 + n, convert_to(md5(n::text), 'UTF8'));
    IF n % 10 = 0 THEN EXECUTE format('ALTER LARGE OBJECT %s OWNER TO keeper', 100000 + n); END IF;
    IF n % 100 = 0 THEN EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO PUBLIC', 100000 + n); COMMIT; END IF;
  END LOOP;
END $$;
SQL
  assert_equal "$(postgres_psql "$name" -c "$facts")" "50000|5000|500"
  moved objects again "$1"
  assert_equal "$(postgres_psql "again-$BATS_ROOT_PID" -c "$facts")" "50000|5000|500"
}

@test "15: 50,000 large objects, with owners and grants" {
  large_objects 15
}

@test "18: 50,000 large objects, with owners and grants" {
  large_objects 18
}

# Prints the peak memory of the helper itself, in KiB, without its child processes.
peak() {
  local now peak=0
  while now=$(awk '/^VmHWM/ { print $2 }' "/proc/$PG_PID/status" 2>/dev/null) && [[ -n $now ]]; do
    peak=$now
    sleep 0.1
  done
  pg_join
  [[ $PG_CODE == 0 ]] || fail "$(cat "$PG_OUT")"
  echo "# $1: $peak KiB" >&3
  [[ $peak -gt 2000 && $peak -le 65536 ]]
}

# The server itself refuses to send values much larger than this.
@test "a row of 300 MB" {
  needs_full
  local name=wide-$BATS_ROOT_PID
  postgres_create "$name" postgres:15
  postgres_psql "$name" -c 'CREATE TABLE wide (b bytea)' -c 'ALTER TABLE wide ALTER b SET STORAGE EXTERNAL' \
    -c "INSERT INTO wide VALUES (convert_to(repeat('0123456789', 30000000), 'UTF8'))"
  moved wide again 15
}

@test "1 GiB: the helper stays below 64 MiB, in create and in restore" {
  local name=gib-$BATS_ROOT_PID
  postgres_create "$name" postgres:18
  postgres_psql "$name" -c 'CREATE TABLE wide (n int, t text)' \
    -c "INSERT INTO wide SELECT n, repeat(md5(n::text), 50) FROM generate_series(1, 680000) n"
  pg_background create "postgres:$name"
  peak create
  ID=$(tail -n 1 "$PG_OUT")
  run -0 helper info "postgres:$ID" --format json
  assert_json_true '.raw_size > 1073741824'
  postgres_psql "$name" -c 'TRUNCATE wide'
  pg_background restore "postgres:$ID" --force --no-safety-backup
  peak restore
  run -0 postgres_psql "$name" -c "SELECT count(*), bool_and(t = repeat(md5(n::text), 50)) FROM wide"
  assert_equal "$output" "680000|t"
}
