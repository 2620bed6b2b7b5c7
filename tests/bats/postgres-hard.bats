#!/usr/bin/env bats
# Databases as they exist in production: they work, their archives are complete, and yet a plain pg_restore fails.

load ../support/setup
load postgres
load terminal

setup_file() {
  pg_begin postgres:15 postgres:18 postgres:15-extended || return 0
  make_zoo 15 3>&- &
  make_zoo 18 3>&-
  wait $!
  make_extended 3>&-
}

teardown_file() {
  pg_end
}

setup() {
  skip_left_out
}

teardown() {
  [[ -z ${mounted:-} ]] || { postgres_stop "$name" && umount "$mounted"; }
  [[ -n ${BATS_TEST_COMPLETED:-} || -z ${PG_PID:-} ]] || pg_mend "$name"
}

make_zoo() {
  local name=zoo$1-$BATS_ROOT_PID
  postgres_create "$name" "postgres:$1"
  pg_sql "$name" template1 -c 'CREATE DATABASE zoo'
  pg_sql "$name" zoo <"$SUPPORT/zoo/postgres.sql"
  pg_sql "$name" template1 -c 'CREATE DATABASE contrib'
  pg_sql "$name" contrib <<'SQL'
SELECT format('CREATE EXTENSION IF NOT EXISTS %I CASCADE', name) FROM pg_available_extensions ORDER BY name
\set ON_ERROR_STOP off
\gexec
SQL
}

make_extended() { # [<major>]
  local name=ext${1:-}-$BATS_ROOT_PID
  POSTGRES_CONFIG_OPTIONS="-c shared_preload_libraries=pg_cron -c cron.database_name=${name//-/_}" postgres_create "$name" "postgres:${1:-15}-extended"
  postgres_psql "$name" <<'SQL'
CREATE EXTENSION pg_cron;
SELECT cron.schedule('nightly', '0 3 * * *', 'SELECT 1') \g /dev/null
CREATE ROLE planner;
GRANT USAGE ON SCHEMA cron TO planner;
CREATE VIEW jobs AS SELECT jobname, schedule FROM cron.job;
CREATE TABLE plain AS SELECT generate_series(1, 10) AS n;
SQL
  pg_sql "$name" postgres <<'SQL'
CREATE EXTENSION postgis;
CREATE EXTENSION postgis_topology;
SELECT topology.CreateTopology('roads'), topology.CreateTopology('rivers') \g /dev/null
CREATE EXTENSION postgis_tiger_geocoder CASCADE;
CREATE TABLE place (id int PRIMARY KEY, g geometry(Point, 4326));
INSERT INTO place SELECT n, ST_SetSRID(ST_MakePoint(n, n), 4326) FROM generate_series(1, 50) n;
CREATE INDEX ON place USING gist (ST_Transform(g, 3857));
CREATE MATERIALIZED VIEW there AS SELECT id, ST_Transform(g, 3857) AS g FROM place;
SQL
}

# database NAME OPTION...: empties the service except for a new database, in which psql runs with the options; sets name
database() {
  local database=$1
  shift
  name=zoo${MAJOR:-15}-$BATS_ROOT_PID
  pg_sql "$name" template1 -c "DROP DATABASE IF EXISTS zoo WITH (FORCE)" \
    -c "DROP DATABASE IF EXISTS contrib WITH (FORCE)" -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" -c "CREATE DATABASE $database" </dev/null 2>/dev/null
  pg_sql "$name" "$database" "$@"
}

lost() { # <names of what postgres-lost.sql has>
  local what options=()
  for what; do options+=(-v "$what=1"); done
  database lossy "${options[@]}" <"$SUPPORT/zoo/postgres-lost.sql"
  pg_backup "$name"
  digest=$(pg_digest "$name" lossy)
  pg_sql "$name" lossy -c 'CREATE TABLE live (i int)'
}

restore() {
  helper restore "postgres:$ID" --force --no-safety-backup --format json "$@"
}

zoo() {
  local name=zoo$1-$BATS_ROOT_PID before
  before=$(pg_fingerprint "$name")
  [[ $(grep -c '^contrib: extension' <<<"$before") -gt 40 ]]
  pg_backup "$name"
  pg_sql "$name" zoo -c 'DELETE FROM person' -c 'ALTER EVENT TRIGGER closed DISABLE' -c 'DROP TABLE secret'
  pg_sql "$name" contrib -c 'DROP EXTENSION hstore CASCADE'
  run -0 --separate-stderr helper restore "postgres:$ID" --force --no-safety-backup --format json
  assert_json '.not_restored | length' 0
  [[ $(pg_fingerprint "$name") == "$before" ]] || diff <(echo "$before") <(pg_fingerprint "$name")
  pg_clean "$name"
}

@test "15: the zoo, and every extension of the image, come back as they were, object by object and row by row" {
  zoo 15
}

@test "18: the zoo, and every extension of the image, come back as they were, object by object and row by row" {
  zoo 18
}

@test "a foreign key that the rows violate, a view that can't be refreshed, a grant to a role that is gone: the rows come back, what does not is named, exit 9" {
  lost fk refresh grant
  run -9 --separate-stderr restore
  assert_json '.not_restored | map(.code) | sort | join(" ")' "22012 23503 42704"
  assert_json_true '.not_restored | all(.rebuildable)'
  assert_contains "$output" purchase_customer
  assert_contains "$stderr" purchase_customer
  assert_equal "$(pg_digest "$name" lossy)" "$digest"
  run -0 helper logs "postgres:$ID"
  assert_contains "$output" "purchase_customer"
  run -0 helper info "postgres:$ID"
  assert_contains "$output" "purchase_customer"
  pg_clean "$name"
}

@test "at a terminal, what can be made again is listed and asked about before the swap" {
  require_tool script || return 0
  lost fk grant
  typed 11 "$name\\n|no\\n" restore "postgres:$ID" --no-safety-backup
  assert_match "$output" "Not restored: lossy: ALTER TABLE ONLY public.purchase ADD CONSTRAINT purchase_customer"
  assert_contains "$output" "All rows are restored, but not these objects"
  run -0 pg_sql "$name" lossy -c "SELECT count(*) FROM live"
  pg_clean "$name"
  typed 9 "$name\\n|$name\\n" restore "postgres:$ID" --no-safety-backup
  assert_contains "$output" "is restored from $ID, without 2 objects"
  assert_equal "$(pg_digest "$name" lossy)" "$digest"
  pg_clean "$name"
}

@test "a policy that a newer server does not understand, and an owner that it does not take, refuse with 11 unless that is accepted" {
  local what
  for what in policy owner; do
    MAJOR=15 lost "$what"
    name=zoo18-$BATS_ROOT_PID
    pg_sql "$name" template1 -c "DROP DATABASE IF EXISTS lossy WITH (FORCE)" -c 'CREATE DATABASE lossy' </dev/null
    pg_sql "$name" lossy -c 'CREATE TABLE live (i int)'
    run -11 --separate-stderr restore --into "postgres:$name"
    assert_contains "${stderr_lines[-1]}" "--accept-incomplete"
    assert_contains "${stderr_lines[-1]}" "lost_$what"
    run -0 pg_sql "$name" lossy -c "SELECT count(*) FROM live"
    pg_clean "$name"
    run -9 --separate-stderr restore --into "postgres:$name" --accept-incomplete
    assert_json '.not_restored | map(.rebuildable) | unique | join(" ")' false
    pg_clean "$name"
  done
  assert_equal "$(pg_sql "$name" lossy -c 'SELECT i FROM kept')" 1
}

@test "a primary key and a unique index that can't be made again refuse, unless that is accepted" {
  lost key unique
  run -11 --separate-stderr restore
  assert_contains "${stderr_lines[-1]}" "--accept-incomplete"
  assert_contains "${stderr_lines[-1]}" "keyed_key"
  assert_contains "${stderr_lines[-1]}" "mail_address"
  run -0 pg_sql "$name" lossy -c "SELECT count(*) FROM live"
  pg_clean "$name"
  run -9 --separate-stderr restore --accept-incomplete
  assert_json '.not_restored | map("\(.code) \(.rebuildable)") | join(" ")' "23505 false 23505 false"
  assert_equal "$(pg_digest "$name" lossy)" "$digest"
  pg_clean "$name"
}

# The other supported versions that are packaged in a Debian release with mirrors. No such release has 14 or 16.
@test "13 and 17: the zoo, and every extension of the image, come back as they were" {
  needs_full
  local major
  for major in 13 17; do
    require_docker "postgres:$major"
    make_zoo "$major"
    zoo "$major"
    postgres_destroy "zoo$major-$BATS_ROOT_PID"
  done
}

@test "13, 17 and 18: PostGIS and pg_cron come back beside the live data, and in place after a rehearsal" {
  needs_full
  local major
  for major in 13 17 18; do
    require_docker "postgres:$major-extended"
    make_extended "$major"
    extended "ext$major-$BATS_ROOT_PID"
    postgres_destroy "ext$major-$BATS_ROOT_PID"
  done
}

@test "PostGIS with topology and the geocoder, and a table of pg_cron's jobs, come back beside the live data, and in place after a rehearsal" {
  extended "ext-$BATS_ROOT_PID"
}

extended() {
  name=$1
  before=$(pg_fingerprint "$name")
  pg_backup "$name"
  run -0 --separate-stderr restore
  assert_json '.not_restored | length' 0
  [[ $(pg_fingerprint "$name") == "$before" ]] || diff <(echo "$before") <(pg_fingerprint "$name")
  pg_clean "$name"
  run -0 --separate-stderr helper restore "postgres:$ID" --in-place --dry-run
  assert_contains "$output" "after a full rehearsal"
  run -0 --separate-stderr restore --in-place
  [[ $(pg_fingerprint "$name") == "$before" ]] || diff <(echo "$before") <(pg_fingerprint "$name")
  pg_clean "$name"
}

@test "where there is no room for the whole, the structure is rehearsed on empty tables before the live database goes" {
  require_root || return 0
  name=tight-$BATS_ROOT_PID
  postgres_layout "$name" postgres:15
  local data before
  data=$(postgres_dir "$name")/data
  mount -t tmpfs -o size=256m tmpfs "$data"
  mounted=$data
  postgres_container "$name"
  postgres_psql "$name" -c 'CREATE EXTENSION pg_trgm' -c 'CREATE TABLE big (id int PRIMARY KEY, t text)' -c 'CREATE INDEX ON big USING gin (t gin_trgm_ops) WHERE id < 10' \
    -c "INSERT INTO big SELECT n, repeat(md5(n::text), 25) FROM generate_series(1, 30000) n"
  before=$(postgres_digest "$name")
  pg_backup "$name"
  postgres_psql "$name" -c 'DELETE FROM big WHERE id > 1' -c 'CREATE TABLE live (i int)' -c CHECKPOINT
  fallocate -l $(($(df --output=avail -B1 "$data" | tail -n 1) - 52428800)) "$data/filler"
  run -0 --separate-stderr helper restore "postgres:$ID" --in-place --dry-run
  assert_contains "$output" "after a rehearsal on empty tables, for which the rows are only read"
  run -0 postgres_psql "$name" -c 'SELECT count(*) FROM live'
  pg_clean "$name"
  # The image lacks an extension that the backup needs.
  postgres_docker exec "dokku.postgres.$name" mv /usr/share/postgresql/15/extension/pg_trgm.control /root
  run -11 --separate-stderr restore --in-place
  assert_contains "${stderr_lines[-1]}" pg_trgm
  run -0 postgres_psql "$name" -c 'SELECT count(*) FROM live'
  pg_clean "$name"
  postgres_docker exec "dokku.postgres.$name" mv /root/pg_trgm.control /usr/share/postgresql/15/extension
  run -0 --separate-stderr restore --in-place
  assert_equal "$(postgres_digest "$name")" "$before"
  pg_clean "$name"
}

test_or_over() {
  test "$@" || pg_over
}

@test "a kill between the swap and what comes after it is named as incomplete, with the way out, until that is restored" {
  name=ext-$BATS_ROOT_PID
  before=$(pg_fingerprint "$name")
  pg_backup "$name"
  local HOOKS=$DOKKU_LIB_ROOT/hooks verb
  cp -rL "$REPO/plugin/hooks" "$HOOKS"
  mv "$HOOKS/postgres/import" "$HOOKS/postgres/import-it"
  cat >"$HOOKS/postgres/import" <<HOOK
#!/usr/bin/env bash
[[ \$1 != --late ]] || { touch "$DOKKU_LIB_ROOT/late" && exec sleep 600; }
exec "\${BASH_SOURCE[0]%/*}/import-it" "\$@"
HOOK
  chmod 755 "$HOOKS/postgres/import"
  pg_background restore "postgres:$ID" --force --no-safety-backup
  wait_until 200 test_or_over -e "$DOKKU_LIB_ROOT/late" && ! pg_over || fail "$(cat "$PG_OUT")"
  pg_kill "$name" helper
  pg_join
  HOOKS=$REPO/plugin/hooks
  for verb in list tick list; do
    run -0 --separate-stderr helper "$verb"
    assert_contains "$stderr" "put the data in place, but ended before its last part was restored"
    assert_contains "$stderr" "backups-helper restore postgres:$ID"
  done
  run -0 --separate-stderr restore
  assert_json '.not_restored | length' 0
  [[ $(pg_fingerprint "$name") == "$before" ]] || diff <(echo "$before") <(pg_fingerprint "$name")
  run -0 --separate-stderr helper list
  refute_contains "$stderr" "ended before"
  pg_clean "$name"
}

@test "rows that can't be loaded end the restore with the table's name and the reason" {
  database lossy <<'SQL'
CREATE FUNCTION sound() RETURNS boolean LANGUAGE plpgsql AS
  $$ BEGIN IF current_database() ~ '_new_' THEN RAISE 'never here'; END IF; RETURN true; END $$;
CREATE TABLE first (i int CHECK (sound()));
INSERT INTO first VALUES (1);
CREATE TABLE second AS SELECT 2 AS i;
SQL
  pg_backup "$name"
  pg_sql "$name" lossy -c 'CREATE TABLE live (i int)'
  run -1 --separate-stderr restore --accept-incomplete
  assert_contains "${stderr_lines[-1]}" "TABLE DATA first"
  assert_contains "${stderr_lines[-1]}" "never here"
  assert_contains "${stderr_lines[-1]}" "backups-helper download --root $ROOT postgres:$ID --artifact lossy --raw | zstd -dc | "
  # Runs exactly that command line, with no database of that name.
  command=${stderr_lines[-1]##*--raw | }
  pg_sql "$name" template1 -c 'ALTER DATABASE lossy RENAME TO kept'
  helper download "postgres:$ID" --artifact lossy --raw | postgres_exec "$name" env PGHOST=127.0.0.1 PGUSER=postgres bash -o pipefail -c "$command"
  assert_equal "$(pg_sql "$name" lossy -c 'SELECT (SELECT count(*) FROM first), (SELECT count(*) FROM second)')" "1|1"
  pg_sql "$name" template1 -c 'DROP DATABASE lossy' -c 'ALTER DATABASE kept RENAME TO lossy'
  run -0 pg_sql "$name" lossy -c 'SELECT count(*) FROM live'
  # A restore in place is rehearsed before the live database is dropped, so that it is unchanged.
  run -1 --separate-stderr restore --in-place
  run -0 pg_sql "$name" lossy -c 'SELECT count(*) FROM live'
  pg_clean "$name"
}

@test "a server that crashes in between fails the restore, since what was not durable yet is lost" {
  database lossy <<'SQL'
CREATE FUNCTION slow() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
  WHILE current_database() ~ '_new_' AND EXISTS (SELECT FROM pg_shdescription WHERE description = 'wait') LOOP PERFORM pg_sleep(0.05); END LOOP;
  RETURN true; END $$;
CREATE TABLE first (i int CHECK (slow()));
INSERT INTO first VALUES (1);
SQL
  pg_backup "$name"
  pg_sql "$name" lossy -c 'CREATE TABLE live (i int)'
  pg_sql "$name" template1 -c "COMMENT ON DATABASE template1 IS 'wait'"
  pg_background restore "postgres:$ID" --force --no-safety-backup
  wait_until 120 pg_sees "$name" "datname ~ '^backups_.*_new_' AND wait_event = 'PgSleep'"
  pg_kill "$name" backend
  pg_up "$name"
  pg_sql "$name" template1 -c "COMMENT ON DATABASE template1 IS ''"
  pg_join
  assert_equal "$PG_CODE" 1
  run -0 pg_sql "$name" lossy -c 'SELECT count(*) FROM live'
  run -0 helper tick
  pg_clean "$name"
}

@test "a schema public that was dropped does not come back, and one that was not does" {
  database lossy -c 'DROP SCHEMA public' -c 'CREATE SCHEMA app' -c 'CREATE TABLE app.t AS SELECT 1 AS i'
  pg_backup "$name"
  run -0 restore
  assert_equal "$(pg_sql "$name" lossy -c "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^(pg_|inf)'")" app
  database lossy -c 'CREATE SCHEMA app'
  pg_backup "$name"
  run -0 restore
  assert_equal "$(pg_sql "$name" lossy -c "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^(pg_|inf)'")" "app public"
}

# Checks how failed statements are classified, for those that no server can be made to reject.
kind() { # <expected> <section> <SQLSTATE> <statement>
  assert_equal "$(BACKUPS_RUN_ID=x BACKUPS_RUN_DIR=$BATS_TEST_TMPDIR bash -c 'source "$0" && load-kind "$@"' "$HOOKS/postgres/load.bash" "${@:2}" 3>/dev/null)" "$1"
}

@test "what opens what was closed, or loses a key, is told from what can be made again, and both from the server's own failures" {
  kind guard pre-data 42501 'REVOKE ALL ON FUNCTION public.f() FROM PUBLIC;'
  kind guard pre-data 42501 'ALTER DEFAULT PRIVILEGES FOR ROLE a REVOKE ALL ON FUNCTIONS FROM PUBLIC;'
  kind guard post-data 42883 'CREATE POLICY own ON public.t USING (public.f());'
  kind guard pre-data 42P01 'ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;'
  kind guard pre-data 42704 'ALTER FUNCTION public.f() OWNER TO gone;'
  kind guard post-data 23505 'ALTER TABLE ONLY public.t ADD CONSTRAINT "a ""b" PRIMARY KEY (id);'
  kind guard post-data 23505 'ALTER TABLE ONLY public.t ADD CONSTRAINT t_u UNIQUE (id);'
  kind guard post-data 23P01 'ALTER TABLE ONLY public.t ADD CONSTRAINT t_e EXCLUDE USING gist (r WITH &&);'
  kind guard pre-data 42883 'CREATE VIEW public.v AS SELECT public.f() AS f;'
  kind guard pre-data 58P01 'CREATE FUNCTION public.f() RETURNS integer LANGUAGE c AS ...;'
  kind rebuild pre-data 42704 'REVOKE ALL ON TABLE public.t FROM gone;'
  kind rebuild pre-data 42704 'GRANT SELECT ON TABLE public.t TO "16999";'
  kind rebuild post-data 23503 'ALTER TABLE ONLY public.t ADD CONSTRAINT t_f FOREIGN KEY (a) REFERENCES public.u(id);'
  kind rebuild post-data 22012 'REFRESH MATERIALIZED VIEW public.m;'
  kind rebuild post-data 42P07 'CREATE INDEX i ON public.t USING btree (a);'
  kind rebuild post-data 42883 'CREATE TRIGGER tr BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.f();'
  kind rebuild post-data 42501 'CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION public.f();'
  kind server post-data 53100 'CREATE INDEX i ON public.t USING btree (a);'
  kind server post-data XX000 'REFRESH MATERIALIZED VIEW public.m;'
  kind server post-data 22012 'SELECT 1 / count(*) FROM backups_restore.survives;'
}
