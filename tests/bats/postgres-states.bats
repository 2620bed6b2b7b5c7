#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2034 # for the shell inside; set by name
# A PostgreSQL service in each of its possible states.

load ../support/setup
load postgres

setup_file() {
  pg_begin postgres:15 postgres:18
  export ONE=state.one-$BATS_ROOT_PID TWO=state-two-$BATS_ROOT_PID
  postgres_create "$ONE" postgres:15
  postgres_create "$TWO" postgres:18
  postgres_fill "$ONE" 100
}

teardown_file() {
  pg_end
}

files() {
  find "$ROOT/postgres" -type f 2>/dev/null | sort
}

backups() {
  helper list --limit 1000 --format json | jq '[.backups[] | select(.status == "success")] | length'
}

# refused CODE WORDS: expects create and restore to exit with CODE and a message that contains WORDS, and to leave no file.
refused() {
  local code=$1 words=$2 before
  before=$(files)
  run "-$code" --separate-stderr helper create "postgres:$ONE"
  assert_contains "${stderr_lines[-1]}" "$words"
  assert_equal "$output" ""
  run "-$code" --separate-stderr helper restore "postgres:$ID" --force
  assert_contains "${stderr_lines[-1]}" "$words"
  assert_equal "$(files)" "$before"
  assert_nothing_left
}

@test "a paused service is told from a stopped and from a missing one; none leaves a file" {
  pg_backup "$ONE"
  before=$(pg_digests "$ONE")
  postgres_docker pause "dokku.postgres.$ONE" >/dev/null
  refused 6 "is paused"
  postgres_docker unpause "dokku.postgres.$ONE" >/dev/null
  postgres_pause "$ONE"
  refused 6 "is paused"
  assert_contains "${stderr_lines[-1]}" "postgres:start $ONE"
  postgres_stop "$ONE"
  refused 5 "is stopped"
  assert_contains "${stderr_lines[-1]}" "postgres:start $ONE"
  run -0 --separate-stderr helper list "postgres:$ONE" --all --format json
  assert_json '[.backups[] | select(.status == "failed")] | length' 3
  mv "$(postgres_dir "$ONE")" "$DOKKU_LIB_ROOT/hidden"
  refused 3 "source postgres:$ONE not found"
  mv "$DOKKU_LIB_ROOT/hidden" "$(postgres_dir "$ONE")"
  postgres_start "$ONE"
  run -0 helper restore "postgres:$ID" --force --quiet
  assert_equal "$(pg_digests "$ONE")" "$before"
}

@test "a service that never was ends in 3 and leaves no row" {
  run -3 --separate-stderr helper create postgres:nosuch
  assert_contains "${stderr_lines[-1]}" "postgres:nosuch"
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE name = 'nosuch'")" 0
  assert_nothing_left
}

@test "a wrong password is a failure with its reason, before and during a restore, and changes nothing" {
  local good before files
  pg_backup "$ONE"
  before=$(pg_digests "$ONE") files=$(files) good=$(postgres_file "$ONE" PASSWORD)
  echo wrong >"$(postgres_dir "$ONE")/PASSWORD"
  run -1 --separate-stderr helper create "postgres:$ONE"
  assert_contains "$stderr" "password"
  run --separate-stderr helper restore "postgres:$ID" --force
  assert_equal "$status" 1
  assert_contains "$stderr" "password"
  echo "$good" >"$(postgres_dir "$ONE")/PASSWORD"
  failed=$(helper list "postgres:$ONE" --format json | jq -r '[.backups[] | select(.status == "failed")][0].id')
  run -0 helper logs "postgres:$failed"
  assert_contains "$output" "password authentication failed"
  assert_equal "$(files)" "$files"
  assert_equal "$(pg_digests "$ONE")" "$before"
  pg_clean "$ONE"
}

@test "a service with nothing but its empty database is backed up and restored" {
  pg_backup "$TWO"
  run -0 helper info "postgres:$ID" --format json
  assert_json '.manifest.artifacts | map(.name) | join(" ")' "globals $(postgres_file "$TWO" DATABASE_NAME)"
  assert_json '.manifest.engine.version' "$(postgres_psql "$TWO" -c 'SHOW server_version' | cut -d' ' -f1)"
  run -0 helper restore "postgres:$ID" --force --quiet
  assert_equal "$(pg_databases "$TWO")" "$(printf 'postgres\n%s' "$(postgres_file "$TWO" DATABASE_NAME)")"
  pg_clean "$TWO"
}

@test "two services are backed up at once, one service only once" {
  pg_hold "$ONE" "$(postgres_file "$ONE" DATABASE_NAME)" 'BEGIN; LOCK TABLE customer;'
  pg_background create "postgres:$ONE"
  wait_until 20 pg_sees "$ONE" "application_name ~ '^backups' AND wait_event_type = 'Lock'"
  run -4 --separate-stderr helper create "postgres:$ONE"
  assert_contains "${stderr_lines[-1]}" "busy"
  run -4 helper restore "postgres:$ONE@latest" --force
  run -0 helper create "postgres:$TWO" --quiet
  pg_release "$ONE"
  pg_join
  assert_equal "$PG_CODE" 0
  run -0 helper verify "postgres:$ONE@latest"
  assert_nothing_left
}

@test "--all backs up what runs and ends with the worst of the rest" {
  local before stopped=state-three-$BATS_ROOT_PID
  postgres_layout "$stopped" postgres:15
  before=$(backups)
  run -5 --separate-stderr helper create --all
  assert_equal "${#lines[@]}" 2
  assert_contains "$stderr" "postgres:$stopped"
  assert_contains "$stderr" "is stopped"
  assert_equal "$(backups)" "$((before + 2))"
  rm -rf "$(postgres_dir "$stopped")"
  run -0 --separate-stderr helper create --all --format json
  assert_json '[.backups[].status] | join(" ")' "success success"
}

@test "the tools are those of the image that runs, not of what its tag has become" {
  local name=state-tag-$BATS_ROOT_PID tag=backups-tests-tag-$BATS_ROOT_PID:15
  postgres_docker tag postgres:15 "$tag"
  postgres_create "$name" "$tag"
  postgres_docker tag postgres:18 "$tag"
  pg_backup "$name"
  # pg_restore 18 reads the archives of both versions, and prints which version made them.
  run -0 bash -c "'$BACKUPS_HELPER' download 'postgres:$ID' --root '$ROOT' --hooks '$HOOKS' |
    '${DOCKER_BIN:-docker}' exec -i 'dokku.postgres.$TWO' pg_restore -l"
  assert_contains "$output" "Dumped by pg_dump version: 15."
  run -0 helper restore "postgres:$ID" --force --quiet
  postgres_destroy "$name"
  postgres_docker rmi "$tag" >/dev/null
}

@test "databases that allow no connections are named, templates are not backed up" {
  postgres_psql "$TWO" -c 'CREATE DATABASE closed ALLOW_CONNECTIONS false' -c 'CREATE DATABASE model IS_TEMPLATE true' -c 'CREATE DATABASE plain'
  run -0 --separate-stderr helper create "postgres:$TWO"
  assert_contains "$stderr" "closed"
  run -0 helper info "postgres:$output" --format json
  assert_json '.manifest.artifacts | map(.name) | join(" ")' "globals $(postgres_file "$TWO" DATABASE_NAME) plain"
  assert_json_true '.manifest.warnings | any(contains("closed"))'
}
