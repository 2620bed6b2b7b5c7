#!/usr/bin/env bats
# Restores that replace live data through the import command of the service's own plugin: real redis and mariadb servers, and
# imports that fail after they have begun.

# shellcheck disable=SC2016,SC2154 # text for other shells; bats sets stderr_lines
load ../support/setup

setup_file() {
  export ROOT=""
  require_dokku || return 0
  require_docker redis:7.0 mariadb:10.11 || return 0
  dokku_start
  [[ ! -e $(dokku_lib)/data/backups ]] || left_out "this host has backups of its own" || return 0
  ROOT=$(dokku_lib)/data/backups
  R=$(unique cache) M=$(unique shop)
  export ROOT R M
  dokku_fixture redis
  dokku_fixture mariadb
  install_backups
  dokku redis:create "$R" >/dev/null
  dokku mariadb:create "$M" >/dev/null
}

teardown_file() {
  if [[ -n $ROOT ]]; then
    dokku redis:destroy "$R" --force >/dev/null || true
    dokku mariadb:destroy "$M" --force >/dev/null || true
  fi
  dokku_stop
  [[ -z $ROOT ]] || rm -rf "$ROOT"
}

setup() {
  skip_left_out
  dokku redis:start "$R" >/dev/null
  dokku mariadb:start "$M" >/dev/null
}

teardown() {
  import_works redis
  import_works mariadb
}

service_file() { # TYPE NAME FILE
  cat "$(dokku_lib)/services/$1/$2/$3"
}

redis() {
  docker exec -e REDISCLI_AUTH="$(service_file redis "$R" PASSWORD)" "dokku.redis.$R" redis-cli "$@"
}

sql() {
  docker exec -i -e MYSQL_PWD="$(service_file mariadb "$M" ROOTPASSWORD)" "dokku.mariadb.$M" mariadb --user=root -N "$(service_file mariadb "$M" DATABASE_NAME)"
}

backup() {
  dokku --quiet backups:create "$1"
}

# import_breaks TYPE TIMES: replaces the plugin's import with the script on stdin, for that number of calls. The script finds
# the real import in $real.
import_breaks() {
  local import
  import=$(dokku_plugins)/$1/subcommands/import
  cp -p "$import" "$import.real"
  echo "$2" >"$import.left"
  chown dokku:dokku "$import.left"
  {
    printf '#!/usr/bin/env bash\nreal=%s left=$(<%s)\n' "$import.real" "$import.left"
    printf 'if [[ $left -le 0 ]]; then exec "$real" "$@"; fi\necho $((left - 1)) >%s\n' "$import.left"
    cat
  } >"$import"
}

import_works() {
  local import
  import=$(dokku_plugins)/$1/subcommands/import
  [[ ! -e $import.real ]] || mv "$import.real" "$import"
  rm -f "$import.left"
}

# Imitates a redis:import that fails and leaves neither a container nor data.
redis_import_breaks() {
  import_breaks redis "$1" <<'BASH'
docker rm -f "dokku.redis.$2" >/dev/null
docker run --rm --entrypoint sh -v "${DOKKU_LIB_HOST_ROOT:-$DOKKU_LIB_ROOT}/services/redis/$2/data:/d" redis:7.0 -c 'rm -rf /d/*'
echo "import: Permission denied" >&2
exit 2
BASH
}

# Imitates a mariadb:import that stops before the last table of the dump.
mariadb_import_breaks() {
  import_breaks mariadb "$1" <<'BASH'
dump=$(mktemp)
cat >"$dump"
head -n "$(grep -n 'CREATE TABLE `orders`' "$dump" | cut -d: -f1)" "$dump" | sed '$d' | "$real" "$@"
rm "$dump"
echo "ERROR 2013 (HY000) at line 40: Lost connection to server during query" >&2
echo "the end" >&2
exit 2
BASH
}

@test "a redis service is restored although its data directory belongs to the server's user" {
  redis SET one before
  id=$(backup "redis:$R")
  redis SET one after
  redis SET two after
  run -0 --separate-stderr dokku backups:restore "redis:$id" --dry-run
  assert_contains "$output" "removes both first; the safety backup is then restored automatically"
  assert_equal "$(redis GET one)" after
  run -0 --separate-stderr dokku backups:restore "redis:$id" --force
  assert_equal "$(redis GET one)" before
  assert_equal "$(redis EXISTS two)" 0
}

@test "a redis:export that waits for another second than that of the last save, or for one that fails, ends" {
  redis SAVE
  run -0 --separate-stderr timeout 60 "$(command -v dokku)" backups:create "redis:$R"
  docker exec --user root "dokku.redis.$R" chmod a-w /data
  run --separate-stderr timeout 60 "$(command -v dokku)" backups:create "redis:$R"
  docker exec --user root "dokku.redis.$R" chmod ug+w /data
  assert_equal "$status" 1
  assert_contains "${stderr_lines[-1]}" "can't save its data: "
  assert_contains "${stderr_lines[-1]}" "Permission denied"
}

@test "what redis:import would fail on is found before it has removed the data" {
  local plugin id
  redis SET one before
  id=$(backup "redis:$R")
  redis CONFIG SET appendonly yes
  wait_until 10 eval '[[ $(redis INFO persistence) == *aof_rewrite_in_progress:0* ]]'
  run -11 --separate-stderr dokku backups:restore "redis:$id" --dry-run
  assert_contains "${stderr_lines[-1]}" "appendonly"
  redis CONFIG SET appendonly no
  # Header and trailer are those of a dump, so that only the server itself can detect the damage.
  plugin=$(dokku_plugins)/redis/subcommands/export
  mv "$plugin" "$plugin.real"
  printf '#!/bin/sh\nprintf "REDIS0009garbage\\377\\0\\0\\0\\0\\0\\0\\0\\0"\n' >"$plugin"
  chmod 755 "$plugin"
  id=$(backup "redis:$R") || true
  mv "$plugin.real" "$plugin"
  run ! --separate-stderr dokku backups:restore "redis:$id" --force
  assert_contains "${stderr_lines[-1]}" "cannot read this dump"
  assert_equal "$(redis GET one)" before
}

@test "adopt takes a real dump of redis, and nothing that its server can't read" {
  local dump=$BATS_TEST_TMPDIR/dump.rdb
  redis SET one adopted
  dokku redis:export "$R" >"$dump" 2>/dev/null
  redis SET one now
  run -7 --separate-stderr dokku backups:adopt "redis:$R" </etc/passwd
  assert_contains "${stderr_lines[-1]}" "cannot read this dump"
  run -7 --separate-stderr dokku backups:adopt "redis:$R" < <(head -c -9 "$dump")
  run -0 --separate-stderr dokku backups:adopt "redis:$R" <"$dump"
  run -0 --separate-stderr dokku backups:restore "redis:$output" --force
  assert_equal "$(redis GET one)" adopted
}

@test "a redis:import that fails after it removed container and data is taken back by itself" {
  redis SET one before
  id=$(backup "redis:$R")
  redis SET one now
  redis_import_breaks 1
  run -1 --separate-stderr dokku backups:restore "redis:$id" --force
  assert_contains "${stderr_lines[-1]}" "Permission denied"
  assert_contains "${stderr_lines[-1]}" "The previous data was restored from the safety backup"
  assert_contains "${stderr_lines[-1]}" "redis:$R is running"
  assert_equal "$(redis GET one)" now
  run -0 --separate-stderr dokku backups:list "redis:$R"
  refute_contains "$stderr" incomplete
}

@test "where the safety backup fails too, each command names the state and the way out until a restore succeeds" {
  redis SET one now
  id=$(backup "redis:$R")
  redis_import_breaks 2
  run -1 --separate-stderr dokku backups:restore "redis:$id" --force
  assert_contains "${stderr_lines[-1]}" "redis:$R is running"
  assert_match "${stderr_lines[-1]}" "When the cause is fixed: dokku backups:restore redis:$R-[0-9-]+$"
  safety=${stderr_lines[-1]##*redis:}
  run -0 --separate-stderr dokku backups:list "redis:$R"
  assert_contains "$stderr" "backups:restore redis:$safety"
  import_works redis
  run -0 --separate-stderr dokku backups:restore "redis:$safety" --force --no-safety-backup
  assert_equal "$(redis GET one)" now
  run -0 --separate-stderr dokku backups:list "redis:$R"
  refute_contains "$stderr" "$safety"
}

@test "a mariadb:import that breaks half-way is taken back, and the server's own words are the reason" {
  sql <<<"CREATE TABLE IF NOT EXISTS customers (id int PRIMARY KEY); CREATE TABLE IF NOT EXISTS orders (id int PRIMARY KEY);
    CREATE TABLE gone (id int); CREATE TABLE \`gone-2\` (id int); CREATE DEFINER = 'mariadb'@'%' VIEW gone_view AS SELECT * FROM gone;
    REPLACE INTO customers VALUES (1); REPLACE INTO orders VALUES (1)"
  id=$(backup "mariadb:$M")
  sql <<<"DELETE FROM customers; INSERT INTO customers VALUES (7), (8);
    DROP VIEW gone_view; DROP TABLE gone, \`gone-2\`; CREATE TABLE \`new\` (id int)"
  mariadb_import_breaks 1
  run -1 --separate-stderr dokku backups:restore "mariadb:$id" --force
  assert_contains "${stderr_lines[-1]}" "ERROR 2013 (HY000) at line 40: Lost connection to server during query"
  assert_contains "${stderr_lines[-1]}" "mariadb:$M is running"
  assert_equal "$(sql <<<'SELECT group_concat(id ORDER BY id) FROM customers; SELECT group_concat(id) FROM orders' | paste -sd' ')" "7,8 1"
  # The server used for the trial import and the tables created by the failed import are removed, too.
  assert_equal "$(docker ps --all --quiet --filter label=backups.run --filter ancestor=mariadb:10.11)" ""
  assert_equal "$(sql <<<'SHOW TABLES' | paste -sd' ')" "customers new orders"
  sql <<<'DROP TABLE `new`'
}

@test "a dump that mariadb:import would stop at is refused before a table is touched" {
  sql <<<"CREATE TABLE IF NOT EXISTS customers (id int PRIMARY KEY); REPLACE INTO customers VALUES (1)"
  local id
  id=$({ echo 'DROP TABLE IF EXISTS customers;' && echo 'CREATE TABLE t (id int) ENGINE=nothing_of_the_kind;' && echo 'INSERT INTO nowhere VALUES (1);' && echo '-- Dump completed on 2026-11-29  1:02:03'; } |
    dokku backups:adopt "mariadb:$M" --quiet)
  run -11 --separate-stderr dokku backups:restore "mariadb:$id" --force
  assert_contains "${stderr_lines[-1]}" "would fail half-way"
  assert_contains "${stderr_lines[-1]}" "nothing_of_the_kind"
  assert_equal "$(sql <<<'SELECT count(*) > 0 FROM customers')" 1
}

@test "an exporter's own exit code is not ours: a broken view in MariaDB is a failure, with the server's words" {
  sql <<<"CREATE TABLE IF NOT EXISTS gone (id int); CREATE OR REPLACE VIEW broken AS SELECT * FROM gone; DROP TABLE gone"
  run -1 --separate-stderr dokku backups:create "mariadb:$M"
  assert_contains "${stderr_lines[-1]}" "broken"
  sql <<<"DROP VIEW broken"
}

@test "what a backup of MariaDB will not hold is said at create, in info and in the preview" {
  run -0 --separate-stderr dokku backups:create "mariadb:$M"
  refute_contains "$stderr" "not in a backup"
  sql <<<"CREATE PROCEDURE p() SELECT 1; CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO SELECT 1; CREATE DATABASE IF NOT EXISTS other"
  run -0 --separate-stderr dokku backups:create "mariadb:$M"
  assert_contains "$stderr" "stored routines of $M (1) are not in a backup"
  assert_contains "$stderr" "the events of $M (1) are not in a backup"
  assert_contains "$stderr" "other (mariadb:export"
  run -0 dokku backups:info "$output"
  assert_contains "$output" "stored routines of $M (1)"
  run -0 --separate-stderr dokku backups:restore "mariadb:$M@latest" --dry-run
  assert_contains "$output" "stored routines of $M (1)"
  assert_contains "$output" "mariadb:import removes none"
  sql <<<"DROP PROCEDURE p; DROP EVENT e; DROP DATABASE other"
}

# Otherwise the restore would fail halfway, and its safety backup could not be restored for the same reason.
@test "views that mariadb:import cannot restore are said at create, and stop the restore before a table is touched" {
  sql <<<"CREATE VIEW owned AS SELECT 1 AS one"
  run -0 --separate-stderr dokku backups:create "mariadb:$M"
  assert_contains "$stderr" "1 views or triggers of $M were defined by another user than mariadb, as which mariadb:import runs"
  run -11 --separate-stderr dokku backups:restore "mariadb:$output" --dry-run
  sql <<<"DROP VIEW owned"
}

@test "a container that restarts in a loop, or never started, is called what it is, with the end of its log" {
  local conf
  conf=$(dokku_lib)/services/redis/$R/config/redis.conf
  cp "$conf" "$BATS_TEST_TMPDIR/redis.conf"
  echo "no-such-setting 1" >>"$conf"
  docker restart "dokku.redis.$R" >/dev/null || true
  wait_until 20 eval '[[ $(docker inspect -f "{{.State.Status}}" "dokku.redis.$R") == restarting ]]'
  # Between two restarts the container runs for a moment.
  for _ in {1..20}; do
    run --separate-stderr dokku backups:create "redis:$R"
    [[ $stderr != *"keeps failing to start"* ]] || break
  done
  assert_equal "$status" 5
  assert_match "${stderr_lines[-1]}" "redis:$R keeps failing to start: its container keeps exiting( with exit code 1)?\. Its log ends:"
  assert_contains "${stderr_lines[-1]}" "no-such-setting"
  cat "$BATS_TEST_TMPDIR/redis.conf" >"$conf"
  docker rm -f "dokku.redis.$R" >/dev/null
  docker create --name "dokku.redis.$R" redis:7.0 >/dev/null
  run -5 --separate-stderr dokku backups:create "redis:$R"
  assert_contains "${stderr_lines[-1]}" "redis:$R was created, but never started"
  docker rm -f "dokku.redis.$R" >/dev/null
  dokku redis:start "$R" >/dev/null
  docker pause "dokku.redis.$R" >/dev/null
  run -6 --separate-stderr dokku backups:create "redis:$R"
  assert_contains "${stderr_lines[-1]}" "docker unpause dokku.redis.$R"
  docker unpause "dokku.redis.$R" >/dev/null
}

@test "a bare name looks into the services' directories, and asks only plugins that have none" {
  local plugin
  plugin=$(dokku_plugins)/redis/service-list
  mv "$plugin" "$plugin.real"
  printf '#!/bin/sh\ntouch %s\n' "$BATS_TEST_TMPDIR/asked" >"$plugin"
  chmod 755 "$plugin"
  run --separate-stderr dokku backups:create "$R"
  mv "$plugin.real" "$plugin"
  assert_equal "$status" 0
  refute_file "$BATS_TEST_TMPDIR/asked"
}
