# shellcheck shell=bash
# shellcheck disable=SC2034,SC2153 # variables for whoever loads this, and from setup
# shellcheck disable=SC2016,SC2034,SC2153 # for the shell inside; for who sources this; from setup.bash
# Helpers that the postgres*.bats share. Load after ../support/setup.
#
#   pg_begin IMAGE...           in setup_file: sets DOKKU_LIB_ROOT and ROOT to new directories, or skips
#   needs_full                  skips a test that only `tests/run full` has time for
#   pg_end                      in teardown_file: removes the services and directories of this file, and nothing else
#   pg_sql NAME DB [ARG...]     runs psql in one database, which may have any name
#   pg_databases NAME           prints the databases that are backed up, one per line
#   pg_fingerprint NAME         prints catalog and rows of the whole service as text, except for the tables of pg_writer
#   pg_digest NAME DB           prints a line that changes if any row does
#   pg_digests NAME             prints a line for each database: its name and the digest of its rows
#   pg_writer NAME DB, pg_writer_stop NAME    writes pairs of rows into live_a and live_b until stopped
#   pg_pairs NAME DB            prints the number of pairs; -1 if one is incomplete or missing
#   pg_backup NAME              takes a backup; sets ID
#   pg_background VERB WORD...  starts the helper in the background: sets PG_PID; its output goes to PG_OUT
#   pg_clean NAME               fails if an interrupted command left traces in the state directory, Docker or the service
#   pg_artifact ID DB           prints the path of the artifact of a database

needs_full() {
  [[ -n ${BACKUPS_TESTS_FULL:-} ]] || skip 'takes tests/run full'
}

pg_begin() {
  require_docker "$@"
  unset DOKKU_LIB_HOST_ROOT
  DOKKU_LIB_ROOT=$(mktemp -d "${TMPDIR:-/tmp}/backups-pg.XXXXXX")
  export DOKKU_LIB_ROOT ROOT=$DOKKU_LIB_ROOT/data/backups
  mkdir -p "$ROOT"
  chmod 755 "$DOKKU_LIB_ROOT"
  chmod 700 "$ROOT"
  # As on a real host, if there is a user dokku who may use this tree: the helper becomes the owner of its directory.
  if setpriv --reuid dokku --regid dokku --init-groups sh -c "'$BACKUPS_HELPER' version && '${DOCKER_BIN:-docker}' info" >/dev/null 2>&1; then
    chown -R dokku:dokku "$DOKKU_LIB_ROOT"
  fi
}

pg_end() {
  [[ -n ${DOKKU_LIB_ROOT:-} ]] || return 0
  postgres_destroy_all
  rm -rf "$DOKKU_LIB_ROOT"
}

pg_conninfo() {
  local quoted=${1//\\/\\\\}
  printf "dbname='%s'" "${quoted//\'/\\\'}"
}

pg_sql() {
  local name=$1 database=$2
  shift 2
  postgres_psql "$name" -d "$(pg_conninfo "$database")" "$@"
}

pg_databases() {
  postgres_psql "$1" -d template1 -c 'SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1'
}

pg_each_database() { # <name> <command…>
  local name=$1 database
  shift
  pg_databases "$name" | while IFS= read -r database; do
    "$@" "$name" "$database" </dev/null | database=$database awk '{ print ENVIRON["database"] ": " $0 }' || exit 1
  done
}

pg_digests() {
  pg_each_database "$1" pg_digest
}

pg_digest() {
  postgres_digest "$1" "$(pg_conninfo "$2")"
}

pg_fingerprint() {
  (set -o pipefail && { pg_cluster_facts "$1" && pg_each_database "$1" pg_database_facts; } | LC_ALL=C sort)
}

PG_ACL="CREATE FUNCTION pg_temp.acl(acl aclitem[], kind text, owner oid) RETURNS text LANGUAGE sql AS
  \$\$ SELECT string_agg(format('%s=%s%s/%s', nullif(grantee, 0)::regrole, privilege_type, CASE WHEN is_grantable THEN '*' END,
    grantor::regrole), ' ' ORDER BY grantee::regrole::text, privilege_type, grantor::regrole::text)
    FROM aclexplode(coalesce(acl, acldefault(kind::\"char\", owner))) WHERE privilege_type <> 'MAINTAIN' \$\$;"

pg_cluster_facts() {
  postgres_psql "$1" -d template1 <<SQL
$PG_ACL
SELECT 'role', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit,
  rolvaliduntil AT TIME ZONE 'UTC', rolconfig, to_json(shobj_description(oid, 'pg_authid')) FROM pg_roles WHERE rolname !~ '^pg_';
SELECT 'member', roleid::regrole, member::regrole, bool_or(admin_option) FROM pg_auth_members WHERE member >= 16384 GROUP BY 2, 3;
SELECT 'database', datname, datdba::regrole, pg_encoding_to_char(encoding), datcollate, datctype, datconnlimit,
  to_json(shobj_description(oid, 'pg_database')), pg_temp.acl(datacl, 'd', datdba) FROM pg_database WHERE datallowconn AND NOT datistemplate;
SELECT 'setting', datname, rolname, setconfig FROM pg_db_role_setting
  LEFT JOIN pg_database d ON d.oid = setdatabase LEFT JOIN pg_roles r ON r.oid = setrole;
SQL
}

pg_database_facts() {
  pg_sql "$1" "$2" <<SQL
SET default_transaction_read_only = off;
SET search_path = '';
SET client_encoding = 'UTF8';
$PG_ACL
CREATE TEMP VIEW place AS SELECT oid AS place FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)';
CREATE TEMP VIEW own AS SELECT c.*, c.oid AS id, c.oid::regclass::text AS name FROM pg_class c WHERE relnamespace IN (TABLE pg_temp.place);
CREATE TEMP VIEW part AS SELECT classid, objid FROM pg_depend WHERE deptype = 'e';
SELECT 'schema', nspname, nspowner::regrole, pg_temp.acl(nspacl, 'n', nspowner) FROM pg_namespace WHERE oid IN (TABLE pg_temp.place);
SELECT 'relation', name, relkind, relpersistence, relowner::regrole, reloptions, relrowsecurity, relforcerowsecurity, relreplident,
  relispopulated, pg_get_expr(relpartbound, id), CASE relkind WHEN 'p' THEN pg_get_partkeydef(id) END, CASE WHEN relkind NOT IN ('i', 'I', 'c')
  THEN pg_temp.acl(relacl, CASE relkind WHEN 'S' THEN 's' ELSE 'r' END, relowner) END FROM pg_temp.own;
SELECT 'view', name, to_json(pg_get_viewdef(id)) FROM pg_temp.own WHERE relkind IN ('v', 'm');
SELECT 'column', name, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attstorage, attcollation::regcollation,
  attacl, pg_get_expr(adbin, adrelid), row_number() OVER (PARTITION BY attrelid ORDER BY attnum) FROM pg_temp.own JOIN pg_attribute ON attrelid = id
  LEFT JOIN pg_attrdef ON adrelid = id AND adnum = attnum WHERE attnum > 0 AND NOT attisdropped;
SELECT 'constraint', name, conname, convalidated, pg_get_constraintdef(k.oid) FROM pg_temp.own JOIN pg_constraint k ON conrelid = id WHERE contype <> 'n';
SELECT 'index', pg_get_indexdef(indexrelid), indisclustered, indisvalid FROM pg_temp.own JOIN pg_index ON indrelid = id;
SELECT 'trigger', pg_get_triggerdef(t.oid), tgenabled FROM pg_temp.own JOIN pg_trigger t ON tgrelid = id WHERE NOT tgisinternal;
SELECT 'rule', to_json(pg_get_ruledef(r.oid)) FROM pg_temp.own JOIN pg_rewrite r ON ev_class = id WHERE rulename <> '_RETURN';
SELECT 'policy', schemaname, tablename, policyname, permissive, (SELECT array_agg(r ORDER BY r) FROM unnest(roles) r), cmd, qual, with_check FROM pg_policies;
SELECT 'function', oid::regprocedure, prokind, proowner::regrole, pg_temp.acl(proacl, 'f', proowner),
  to_json(CASE WHEN prokind <> 'a' THEN pg_get_functiondef(oid) END) FROM pg_proc WHERE pronamespace IN (TABLE pg_temp.place) AND oid NOT IN (SELECT objid FROM pg_temp.part);
SELECT 'type', oid::regtype, typtype, typowner::regrole, pg_temp.acl(typacl, 'T', typowner), typdefault, format_type(typbasetype, typtypmod),
  (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid) FROM pg_type t
  WHERE typnamespace IN (TABLE pg_temp.place) AND typcategory <> 'A' AND oid NOT IN (SELECT objid FROM pg_temp.part);
SELECT 'sequence', s.* FROM pg_sequences s;
SELECT 'large object', m.oid, lomowner::regrole, pg_temp.acl(lomacl, 'L', lomowner), md5(lo_get(m.oid)) FROM pg_largeobject_metadata m;
SELECT 'extension', extname, extnamespace::regnamespace FROM pg_extension;
SELECT 'default acl', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl FROM pg_default_acl;
SELECT 'event trigger', evtname, evtevent, evtenabled, evtfoid::regproc FROM pg_event_trigger;
SELECT 'publication', p.* FROM pg_publication_tables p;
SELECT 'statistics', pg_get_statisticsobjdef(oid) FROM pg_statistic_ext;
SELECT 'server', srvname, srvowner::regrole, srvoptions FROM pg_foreign_server;
SELECT 'mapping', srvname, usename, (SELECT array_agg(o ORDER BY o) FROM unnest(umoptions) o) FROM pg_user_mappings;
SELECT 'comment', pg_describe_object(classoid, objoid, objsubid), to_json(description) FROM pg_description WHERE objoid >= 16384
  AND (classoid, objoid) NOT IN (TABLE pg_temp.part);
SELECT format('SELECT ''rows'', %1\$L, count(*), md5(coalesce(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C"), '''')) FROM ONLY %1\$s t', name)
  FROM pg_temp.own WHERE (relkind = 'r' OR relkind = 'm' AND relispopulated) AND relname !~ '^live_' \gexec
SQL
}

pg_writer() {
  local name=$1 database=$2 go=$DOKKU_LIB_ROOT/writing.$1
  pg_sql "$name" "$database" -c 'SET default_transaction_read_only = off' -c 'CREATE TABLE live_a (n integer PRIMARY KEY, t text)' \
    -c 'CREATE TABLE live_b (n integer PRIMARY KEY REFERENCES live_a, t text)'
  touch "$go"
  {
    echo "SET default_transaction_read_only = off;"
    while [[ -e $go ]]; do
      echo "WITH a AS (INSERT INTO live_a SELECT coalesce(max(n), 0) + 1, repeat(md5(random()::text), 30) FROM live_a RETURNING *)
        INSERT INTO live_b SELECT * FROM a;"
      sleep 0.02
    done
  } 3>&- | pg_sql "$name" "$database" >>"$DOKKU_LIB_ROOT/writers.log" 2>&1 3>&- &
  PG_WRITERS+=" $!"
}

pg_writer_stop() {
  rm -f "$DOKKU_LIB_ROOT/writing.$1"
  # shellcheck disable=SC2086 # several
  wait $PG_WRITERS
  PG_WRITERS=
}

pg_pairs() {
  pg_sql "$1" "$2" -c 'SELECT CASE WHEN count(b.n) = count(*) AND count(*) = max(a.n) AND count(*) = (SELECT count(*) FROM live_b)
    THEN count(*) ELSE -1 END FROM live_a a LEFT JOIN live_b b USING (n, t)'
}

pg_backup() {
  ID=$(helper create "postgres:$1" --quiet)
  [[ -n $ID ]]
}

pg_background() {
  local verb=$1
  shift
  PG_OUT=$DOKKU_LIB_ROOT/background
  (exec "$BACKUPS_HELPER" "$verb" --root "$ROOT" --hooks "$HOOKS" "$@") >"$PG_OUT" 2>&1 </dev/null 3>&- &
  PG_PID=$!
}

pg_clean() {
  local left
  assert_nothing_left || return 1
  # A session that was starting while its client was killed ends by itself.
  wait_until 20 pg_has_no_session "$1" || true
  left=$(postgres_psql "$1" -d template1 -c "SELECT 'database ' || datname FROM pg_database WHERE datname ~ '^backups_'
    UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolconfig::text ~ 'backups'
    UNION ALL SELECT 'setting ' || setconfig::text FROM pg_db_role_setting WHERE setconfig::text ~ 'backups'
    UNION ALL SELECT 'session ' || query FROM pg_stat_activity WHERE application_name ~ '^backups'")
  [[ -z $left ]] || fail "left in the service:" "$left"
}

pg_has_no_session() {
  ! pg_sees "$1" "application_name ~ '^backups'"
}

pg_artifact() {
  local directory
  directory=$(helper info "$1" --format json | jq -r .directory)
  helper info "$1" --format json | jq -r --arg name "$2" --arg directory "$directory" \
    '.manifest.artifacts[] | select(.name == $name) | "\($directory)/\(.file)"'
}

# The following helpers interrupt commands:
#
#   pg_hold NAME DB SQL         starts a session that runs SQL and then keeps its locks until pg_release NAME
#   pg_sees NAME CONDITION      succeeds if there is a session for which CONDITION holds
#   pg_kill NAME VICTIM         kills the helper, hook, client, sidecar or backend (SIGKILL; after that of a backend,
#                               the server recovers), terminates the session, stops the service (stop, which removes its
#                               container), kills its container (die) or runs `cancel`
#   pg_sidecars                 prints the containers of running commands
#   pg_up NAME                  starts the service if it does not run, and waits until it answers
#   pg_join                     waits until the command of pg_background has ended: sets PG_CODE
#   pg_mend NAME                after a test that failed: ends its command and cleans up for the next test

pg_hold() {
  # shellcheck disable=SC2016 # for that shell
  postgres_docker container exec -d -e PGPASSWORD="$(postgres_file "$1" PASSWORD)" -e PGAPPNAME=hold "dokku.postgres.$1" \
    sh -c '{ echo "$1"; sleep 600; } | psql -XqAt -h 127.0.0.1 -U postgres -d "$0"' "$2" "$3"
  wait_until 60 pg_sees "$1" "application_name = 'hold' AND state ~ '^idle' AND query <> ''"
}

pg_release() {
  postgres_psql "$1" -d template1 -c "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'hold'" >/dev/null
}

pg_sees() {
  [[ -n $(postgres_psql "$1" -d template1 -c "SELECT pid FROM pg_stat_activity WHERE $2 LIMIT 1") ]]
}

pg_kill() {
  local hooks pids
  # Before the first hook, and between two of them, there is no child process.
  until hooks=$(pgrep -P "$PG_PID") || pg_over; do sleep 0.01; done
  case "$2" in
    helper) kill -KILL "$PG_PID" ;;
    hook) xargs -r kill -KILL <<<"$hooks" || true ;;
    client) pgrep -g "${hooks//$'\n'/,}" -x docker | xargs kill -KILL ;;
    sidecar) pg_sidecars | xargs "${DOCKER_BIN:-docker}" kill >/dev/null ;;
    backend)
      pids=$(postgres_psql "$1" -d template1 -c "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE application_name ~ '^backups'")
      postgres_docker container exec -u root "dokku.postgres.$1" sh -c "kill -KILL $pids"
      ;;
    session) postgres_psql "$1" -d template1 -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ '^backups'" ;;
    stop) postgres_stop "$1" ;;
    die) postgres_docker container kill "dokku.postgres.$1" ;;
    cancel) helper cancel "postgres:$1" ;;
  esac >&2
}

pg_sidecars() {
  local run
  for run in "$ROOT"/run/*; do
    postgres_docker ps -q --filter "label=backups.run=${run##*/}"
  done
}

pg_up() {
  postgres_start "$1"
  postgres_wait "$1"
}

pg_join() {
  if ! wait_until 100 pg_over; then
    kill -KILL "$PG_PID"
    fail "the command does not end:" "$(cat "$PG_OUT")"
  fi
  PG_CODE=0
  wait "$PG_PID" || PG_CODE=$?
}

pg_mend() {
  pg_up "$1"
  [[ -z ${PG_PID:-} ]] || pg_over || kill -KILL "$PG_PID"
  pg_release "$1"
  helper tick || true
}

pg_over() {
  ! kill -0 "$PG_PID" 2>/dev/null
}
