#!/usr/bin/env bats
# shellcheck disable=SC2034 # set by name
# Settings of the role, a database, the server or the container do not affect backups and restores.

load ../support/setup
load postgres

setup_file() {
  pg_begin postgres:15 postgres:18
  export OLD=set-old-$BATS_ROOT_PID NEW=set-new-$BATS_ROOT_PID
  export POSTGRES_CUSTOM_ENV='PGCLIENTENCODING=LATIN1;PGDATESTYLE=SQL;PGTZ=Asia/Tokyo;PG_COLOR=always'
  postgres_create "$NEW" postgres:18
  export POSTGRES_CUSTOM_ENV=
  postgres_create "$OLD" postgres:15
}

teardown_file() {
  pg_end
}

# as_set NAME DB: runs psql in a session that is not affected by the settings under test.
as_set() {
  local options='-c session_preload_libraries= -c local_preload_libraries= -c statement_timeout=0 -c role=none -c exit_on_error=off -c standard_conforming_strings=on'
  options+=' -c default_transaction_read_only=off -c default_transaction_isolation=read\ committed -c idle_session_timeout=0'
  [[ $1 == "$OLD" ]] || options+=' -c event_triggers=off -c transaction_timeout=0'
  postgres_docker container exec -i -e PGPASSWORD="$(postgres_file "$1" PASSWORD)" -e PGOPTIONS="$options" \
    -e PGCLIENTENCODING=UTF8 "dokku.postgres.$1" psql -h 127.0.0.1 -U postgres -w -qAtX \
    -v ON_ERROR_STOP=1 -d "$2" "${@:3}"
}

# back_and_forth NAME: backs up, deletes rows, restores, and backs up again
back_and_forth() {
  local name=$1 database
  database=$(postgres_file "$1" DATABASE_NAME)
  run -0 --separate-stderr helper create "postgres:$name" --quiet
  ID=$output
  as_set "$name" "$database" -c 'DELETE FROM public.word'
  run -0 --separate-stderr helper restore "postgres:$ID" --force --quiet
  assert_equal "$(as_set "$name" "$database" -c 'SELECT x FROM public.word')" "$WORD"
  run -0 --separate-stderr helper create "postgres:$name" --quiet
}

WORD="Zoë's \\ € 'words'"

words() { # NAME
  as_set "$1" "$(postgres_file "$1" DATABASE_NAME)" -v word="$WORD" <<<"CREATE TABLE IF NOT EXISTS public.word (x text);
    TRUNCATE public.word; INSERT INTO public.word VALUES (:'word');"
}

# set_for NAME SETTING...: sets them for the role and for the server, as far as PostgreSQL allows it.
set_for() {
  local name=$1
  shift
  { printf 'ALTER ROLE postgres SET %s;\n' "$@" && printf 'ALTER SYSTEM SET %s;\n' "$@" && echo 'SELECT pg_reload_conf();'; } |
    as_set "$name" template1 -v ON_ERROR_STOP=0 >"$BATS_TEST_TMPDIR/set" 2>&1
  # At least this setting can always be set.
  assert_contains "$(as_set "$name" template1 -c "SELECT rolconfig FROM pg_roles WHERE rolname = 'postgres'")" standard_conforming_strings=off
}

COMMON=("session_preload_libraries = 'nosuch'" "standard_conforming_strings = off" "quote_all_identifiers = on" "statement_timeout = 1"
  "idle_in_transaction_session_timeout = 1" "idle_session_timeout = 1" "client_encoding = 'LATIN1'" "exit_on_error = on"
  "default_transaction_isolation = serializable" "default_transaction_deferrable = on" "default_transaction_read_only = on"
  "bytea_output = escape" "datestyle = 'German'" "intervalstyle = 'iso_8601'" "search_path = nowhere" "client_min_messages = debug1"
  "lock_timeout = 1" "synchronous_standby_names = ''" "temp_file_limit = 0" "row_security = off" "xmloption = document"
  "plpgsql.extra_errors = 'all'" "plpgsql.variable_conflict = use_column" "transform_null_equals = on" "backslash_quote = off")

hostile() { # NAME SETTING...
  local name=$1 database
  database=$(postgres_file "$name" DATABASE_NAME)
  words "$name"
  as_set "$name" template1 -c 'CREATE ROLE lowly'
  set_for "$@"
  as_set "$name" template1 -c "ALTER DATABASE \"$database\" SET role = lowly" -c 'ALTER DATABASE postgres SET role = lowly' \
    -c 'ALTER DATABASE template1 SET role = lowly' -c "ALTER ROLE postgres IN DATABASE \"$database\" SET session_authorization = lowly" \
    -c "ALTER DATABASE \"$database\" SET local_preload_libraries = 'nosuch'" -c "ALTER DATABASE \"$database\" CONNECTION LIMIT 0"
  run ! postgres_psql "$name" -c 'SELECT 1'
}

@test "ALTER ROLE postgres SET …, ALTER DATABASE … SET role, ALTER SYSTEM: PostgreSQL 15" {
  hostile "$OLD" "${COMMON[@]}"
  back_and_forth "$OLD"
}

@test "ALTER ROLE postgres SET …, ALTER DATABASE … SET role, ALTER SYSTEM: PostgreSQL 18, in a container with an environment of its own" {
  hostile "$NEW" "${COMMON[@]}" "restrict_nonsystem_relation_kind = 'view, foreign-table'"
  # This is set for the role alone, because set for the server it would prevent every login.
  as_set "$NEW" template1 -c "ALTER ROLE postgres SET transaction_timeout = 1"
  back_and_forth "$NEW"
}

@test "an event trigger that lets nobody log in" {
  local database
  database=$(postgres_file "$NEW" DATABASE_NAME)
  words "$NEW"
  as_set "$NEW" "$database" <<'SQL'
CREATE FUNCTION public.keep_out() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'keep out'; END $$;
CREATE EVENT TRIGGER keep_out ON login EXECUTE FUNCTION public.keep_out();
ALTER EVENT TRIGGER keep_out ENABLE ALWAYS;
SQL
  back_and_forth "$NEW"
}

@test "a template1 that allows no connections" {
  words "$OLD"
  as_set "$OLD" postgres -c 'ALTER DATABASE template1 ALLOW_CONNECTIONS false'
  run -0 --separate-stderr helper create "postgres:$OLD" --quiet
  as_set "$OLD" postgres -c 'ALTER DATABASE template1 ALLOW_CONNECTIONS true'
}
