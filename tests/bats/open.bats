#!/usr/bin/env bats
# Recovery without this program: the commands that `info` prints open each kind of artifact with standard tools, on a machine
# where the plugin is not installed. PostgreSQL's are tested in postgres-disaster.bats, SQLite's in sqlite.bats.
#
# shellcheck disable=SC2016 # commands for the shell in a box

load ../support/setup
load fake

golden=$BATS_TEST_DIRNAME/../helper/golden/dumps

setup() {
  fresh_root
}

teardown() {
  [[ -z ${BOX:-} ]] || "${DOCKER_BIN:-docker}" rm -f "$BOX" &>/dev/null || true
}

# hooks_of TYPE DUMP INSPECTOR: adds a source TYPE:db whose export is the file DUMP, as the plugin of that type prints it.
hooks_of() {
  fake_hooks "$1"
  cp "$2" "$FAKE/dump"
  cat >"$HOOKS/$1/describe" <<HOOK
#!/usr/bin/env bash
echo '{"state":"running","engine":"$1","artifacts":[{"name":"data","kind":"$1-export","inspector":"$3"}]}'
HOOK
  printf '#!/usr/bin/env bash\ncat %q\n' "$FAKE/dump" >"$HOOKS/$1/export"
}

# Prints the two commands of `info`: one for the file, one for a download of the stored bytes.
commands_of() { # <backup>
  helper info "$1" | sed -n 's/^ *Open with: *//p; s/^ *Or with: *//p'
}

# box IMAGE [DOCKER OPTION...]: starts a container without a network.
box() {
  BOX=$(unique open)
  "${DOCKER_BIN:-docker}" run -d --init --network none --name "$BOX" "${@:2}" "$1" >/dev/null
}

in_box() {
  "${DOCKER_BIN:-docker}" exec -i -w /srv "$BOX" bash -o pipefail -c "$1"
}

# opens COMMAND TYPE: runs the command in the box. Of a download, only the part after the pipe; the host runs the first part.
opens() {
  case "$1" in
    "backups-helper download "*" --raw | "*)
      helper download "$2:db@latest" --raw | in_box "${BEFORE:-}${1#* --raw | }${AFTER:-}"
      ;;
    *)
      "${DOCKER_BIN:-docker}" cp "$ROOT/$2/db/." "$BOX:/srv" >/dev/null
      in_box "${BEFORE:-}$1${AFTER:-}"
      ;;
  esac
}

mariadb_answers() {
  in_box 'mariadb -e "SELECT 1"' &>/dev/null
}

@test "what dokku mysql:export and mariadb:export print opens into a database of its own" {
  require_docker mariadb:10.11 || return 0
  local type command commands opened=0
  for type in mariadb mysql; do
    hooks_of "$type" "$golden/maria.sql" sql-dump
    helper create "$type:db" --quiet
    mapfile -t commands < <(commands_of "$type:db@latest")
    for command in "${commands[@]}"; do
      box mariadb:10.11 -e MARIADB_ROOT_PASSWORD=x -e MYSQL_PWD=x
      wait_until 60 mariadb_answers
      opens "$command" "$type"
      assert_equal "$(in_box 'mariadb -N restored -e "SELECT count(*) FROM t"')" 2
      "${DOCKER_BIN:-docker}" rm -f "$BOX" >/dev/null
      opened=$((opened + 1))
    done
  done
  assert_equal "$opened" 4
}

@test "what dokku redis:export prints opens as a server that has its keys" {
  require_docker redis:7.0 || return 0
  local command commands opened=0
  hooks_of redis "$golden/redis7.rdb" rdb
  helper create redis:db --quiet
  mapfile -t commands < <(commands_of redis:db@latest)
  for command in "${commands[@]}"; do
    box redis:7.0
    # The printed command runs redis-server in the foreground.
    BEFORE='{ ' AFTER='; } <&0 &>/dev/null & until redis-cli -p 6380 ping &>/dev/null; do sleep 0.1; done' opens "$command" redis
    assert_equal "$(in_box 'redis-cli -p 6380 mget a b | tr "\n" " "')" "1 2 "
    "${DOCKER_BIN:-docker}" rm -f "$BOX" >/dev/null
    opened=$((opened + 1))
  done
  assert_equal "$opened" 2
}

@test "what dokku mongo:export prints goes to mongorestore as it was packed (a stand-in: there is none to be had)" {
  local command opened=0
  gzip -c "$golden/maria.sql" >"$BATS_TEST_TMPDIR/archive"
  hooks_of mongo "$BATS_TEST_TMPDIR/archive" ""
  mkdir "$BATS_TEST_TMPDIR/bin"
  printf '#!/bin/sh\necho "$@" >"%s/words" && cat >"%s/got"\n' "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/bin/mongorestore"
  printf '#!/bin/sh\nexec "%s" "$@"\n' "$BACKUPS_HELPER" >"$BATS_TEST_TMPDIR/bin/backups-helper"
  chmod +x "$BATS_TEST_TMPDIR"/bin/*
  helper create mongo:db --quiet
  while IFS= read -r command; do
    (cd "$ROOT/mongo/db" && PATH=$BATS_TEST_TMPDIR/bin:$PATH bash -o pipefail -c "$command")
    assert_equal "$(<"$BATS_TEST_TMPDIR/words")" "--gzip --archive"
    cmp "$BATS_TEST_TMPDIR/archive" "$BATS_TEST_TMPDIR/got"
    rm "$BATS_TEST_TMPDIR/got"
    opened=$((opened + 1))
  done < <(commands_of mongo:db@latest)
  assert_equal "$opened" 2
}

@test "what no version of ours knows becomes a file" {
  hooks_of couchdb "$golden/maria.sql" ""
  helper create couchdb:db --quiet
  (cd "$ROOT/couchdb/db" && bash -o pipefail -c "$(commands_of couchdb:db@latest | head -n 1)")
  cmp "$golden/maria.sql" "$ROOT/couchdb/db/restored.dump"
}

@test "no exporter that exits 0 makes a backup of half a dump, or of its error message" {
  local half
  for half in "head -c 2000 '$golden/maria.sql'" "head -n 40 '$golden/maria.sql'" \
    "echo 'mysqldump: Got error: 1045: Access denied for user'" "echo 'Error response from daemon: not running'" \
    "head -c 1500 '$golden/maria.sql'; cat '$golden/maria.sql'" "cat '$golden/maria.sql'; echo 'command terminated'"; do
    hooks_of mariadb "$golden/maria.sql" sql-dump
    printf '#!/usr/bin/env bash\n%s\n' "$half" >"$HOOKS/mariadb/export"
    run -1 --separate-stderr helper create mariadb:db
    assert_contains "${stderr_lines[-1]}" "the dump of data is incomplete: "
  done
  hooks_of redis "$golden/redis7.rdb" rdb
  printf '#!/usr/bin/env bash\nhead -c 100 %q\n' "$golden/redis7.rdb" >"$HOOKS/redis/export"
  run -1 --separate-stderr helper create redis:db
  assert_contains "${stderr_lines[-1]}" "the checksum at its end"
  run -0 --separate-stderr helper list --format json
  assert_json '[.backups[] | select(.status == "success")] | length' 0
}
