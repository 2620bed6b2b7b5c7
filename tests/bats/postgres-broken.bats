#!/usr/bin/env bats
# shellcheck disable=SC2034 # set by name
# If a PostgreSQL service cannot be backed up, the message has the cause as its server, its container or Docker reports it.

load ../support/setup
load postgres

setup_file() {
  pg_begin postgres:15
  export NAME=broken-$BATS_ROOT_PID
  postgres_create "$NAME" postgres:15
  postgres_fill "$NAME" 100
}

teardown_file() {
  pg_end
}

# container_of NAME OPTION...: makes a service whose container is created with these options and arguments, but not started
container_of() {
  postgres_layout "$1" postgres:15
  postgres_docker create --name "dokku.postgres.$1" --restart=always "${@:2}" >/dev/null
}

@test "a container that starts over and over is not called paused: its state and the end of its log are told" {
  local name=loop-$BATS_ROOT_PID
  container_of "$name" --entrypoint sh postgres:15 -c 'echo "FATAL:  no room in the cellar" >&2; exit 3'
  postgres_docker start "dokku.postgres.$name"
  wait_until 30 eval "[[ \$(postgres_status $name) == restarting ]]"
  run -5 --separate-stderr helper create "postgres:$name"
  assert_match "${stderr_lines[-1]}" "keeps failing to start|is restarting"
  assert_contains "${stderr_lines[-1]}" "no room in the cellar"
  refute_contains "$stderr" "paused"
  assert_contains "$(catalog "SELECT error FROM backups ORDER BY key DESC LIMIT 1")" "no room in the cellar"
  postgres_destroy "$name"
}

@test "a container that was never started, or has crashed, is told from one that was paused" {
  local name=never-$BATS_ROOT_PID
  container_of "$name" --entrypoint sh postgres:15 -c 'echo "out of luck" >&2; exit 1'
  run -5 --separate-stderr helper create "postgres:$name"
  assert_contains "${stderr_lines[-1]}" "started"
  postgres_docker update --restart=no "dokku.postgres.$name"
  postgres_docker start --attach "dokku.postgres.$name" || true
  run -6 --separate-stderr helper create "postgres:$name"
  assert_contains "${stderr_lines[-1]}" "ended with exit code 1. Its log ends: out of luck"
  postgres_destroy "$name"
}

@test "all connections used: the server's own words are the message, and the password is not blamed" {
  pg_sql "$NAME" template1 -c 'ALTER SYSTEM SET max_connections = 5' -c 'ALTER SYSTEM SET superuser_reserved_connections = 0' \
    -c 'ALTER SYSTEM SET max_wal_senders = 0'
  postgres_docker restart "dokku.postgres.$NAME"
  postgres_wait "$NAME"
  # shellcheck disable=SC2016 # for that shell
  postgres_docker exec -d -e PGPASSWORD="$(postgres_file "$NAME" PASSWORD)" "dokku.postgres.$NAME" \
    sh -c 'for i in 1 2 3 4 5; do (sleep 60 | psql -h 127.0.0.1 -U postgres -d template1) & done; wait'
  all_used() { ! postgres_psql "$NAME" -d template1 -c '' 2>/dev/null; }
  wait_until 20 all_used
  run -1 --separate-stderr helper create "postgres:$NAME"
  assert_contains "${stderr_lines[-1]}" "FATAL:  sorry, too many clients already"
  refute_contains "${stderr_lines[-1]}" "password"
  postgres_docker restart "dokku.postgres.$NAME"
  postgres_wait "$NAME"
}

@test "a table that cannot be read: the server's error is the message of the backup and of its alert" {
  pg_sql "$NAME" "$(postgres_file "$NAME" DATABASE_NAME)" -c 'CREATE TABLE torn AS SELECT 1 AS x' -c 'CHECKPOINT' \
    -c "SELECT pg_relation_filepath('torn')" | tail -n 1 >"$BATS_TEST_TMPDIR/path"
  postgres_docker exec "dokku.postgres.$NAME" sh -c "rm \"\$PGDATA/$(<"$BATS_TEST_TMPDIR/path")\""
  postgres_docker restart "dokku.postgres.$NAME"
  postgres_wait "$NAME"
  run -1 --separate-stderr helper create "postgres:$NAME"
  assert_match "${stderr_lines[-1]}" 'the dump of .* failed.*ERROR:  could not open file'
  pg_sql "$NAME" "$(postgres_file "$NAME" DATABASE_NAME)" -c 'DROP TABLE torn'
  run -0 helper create "postgres:$NAME" --quiet
}

@test "a table that is dropped between two looks of pg_dump does not fail the backup" {
  local database
  database=$(postgres_file "$NAME" DATABASE_NAME)
  pg_sql "$NAME" "$database" -c 'CREATE TABLE going (i int)'
  pg_hold "$NAME" "$database" 'SELECT pg_advisory_lock(7);'
  # shellcheck disable=SC2016 # for that shell
  postgres_docker exec -d -e PGPASSWORD="$(postgres_file "$NAME" PASSWORD)" -e PGAPPNAME=dropper "dokku.postgres.$NAME" \
    sh -c 'echo "BEGIN; DROP TABLE going; SELECT pg_advisory_lock(7); COMMIT;" | psql -h 127.0.0.1 -U postgres -d "$0"' "$database"
  wait_until 60 pg_sees "$NAME" "application_name = 'dropper' AND wait_event = 'advisory'"
  pg_background create "postgres:$NAME"
  # The first query, which soon gives up if there is a lock, is not meant: only a longer one is pg_dump's.
  wait_until 60 pg_sees "$NAME" "application_name ~ '^backups' AND wait_event = 'relation' AND now() - query_start > '1 s'" || fail "$(<"$PG_OUT")"
  pg_release "$NAME"
  pg_join
  assert_equal "$PG_CODE" 0
  refute_contains "$(<"$PG_OUT")" "once more"
  assert_contains "$(helper logs "postgres:$NAME@latest")" 'relation "public.going" does not exist'
}

# with_docker CODE: replaces docker by a script that runs CODE before the real one.
with_docker() {
  printf '#!/bin/bash\n%s\nexec "%s" "$@"\n' "$1" "${DOCKER_BIN:-docker}" >"$DOKKU_LIB_ROOT/docker"
  chmod 755 "$DOKKU_LIB_ROOT/docker"
  export DOCKER_BIN=$DOKKU_LIB_ROOT/docker
}

@test "a value that takes more memory than its container may have: create and restore say that it was that" {
  pg_sql "$NAME" template1 -c 'CREATE DATABASE wide'
  pg_sql "$NAME" wide -c 'CREATE TABLE wide (b bytea)' -c 'ALTER TABLE wide ALTER b SET STORAGE EXTERNAL' \
    -c "INSERT INTO wide VALUES (convert_to(repeat('0123456789', 3500000), 'UTF8'))"
  run -0 --separate-stderr helper create "postgres:$NAME" --quiet
  ID=$output
  # A container with very little memory imitates a host that has too little.
  # shellcheck disable=SC2016 # for that shell
  with_docker 'for i; do [[ $previous != --memory ]] || i=16m; words+=("$i") previous=$i; done; set -- "${words[@]}"'
  run -1 --separate-stderr helper create "postgres:$NAME"
  assert_contains "${stderr_lines[-1]}" "the dump of wide failed: out of memory"
  run -1 --separate-stderr helper restore "postgres:$ID" --force --no-safety-backup
  assert_contains "${stderr_lines[-1]}" "wide could not be restored (status 137): out of memory"
  run -0 pg_sql "$NAME" wide -c 'SELECT length(b) FROM wide'
  pg_clean "$NAME"
  pg_sql "$NAME" template1 -c 'DROP DATABASE wide'
}

@test "what a dead run left is not taken for gone while Docker does not answer" {
  with_docker "if [[ -e $DOKKU_LIB_ROOT/deaf && \$1 == ps ]]; then echo 'Cannot connect to the Docker daemon' >&2; exit 1; fi"
  pg_sql "$NAME" template1 -c 'CREATE DATABASE held'
  pg_sql "$NAME" held -c "CREATE TABLE big AS SELECT n, repeat(md5(n::text), 50) t FROM generate_series(1, 20000) n"
  pg_hold "$NAME" held 'BEGIN; LOCK TABLE big;'
  pg_background create "postgres:$NAME"
  has_sidecar() { [[ -n $(pg_sidecars) ]]; }
  wait_until 30 has_sidecar
  sidecar=$(pg_sidecars)
  touch "$DOKKU_LIB_ROOT/deaf"
  pg_kill "$NAME" helper
  pg_join
  run --separate-stderr helper tick
  assert_contains "$stderr" "Docker does not answer"
  [[ $(postgres_docker inspect -f '{{.State.Status}}' "$sidecar") == running ]]
  rm "$DOKKU_LIB_ROOT/deaf"
  pg_release "$NAME"
  run -0 --separate-stderr helper tick
  assert_nothing_left
  pg_clean "$NAME"
}
