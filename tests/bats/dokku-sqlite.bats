#!/usr/bin/env bats
# A SQLite database in the storage of an app, by `dokku`: the file belongs to the user of the app, and the user dokku may not
# enter its directory.

load ../support/setup

APP_UID=12345

setup_file() {
  export ROOT=""
  require_dokku || return 0
  require_docker app:latest || return 0
  dokku_start
  [[ ! -e $(dokku_lib)/data/backups ]] || left_out "this host has backups of its own" || return 0
  ROOT=$(dokku_lib)/data/backups
  APP=$(unique app)
  STORAGE=$(dokku_directory)
  export APP STORAGE
  install_backups
  # The tests store very different data in one file, which must not make its backups suspect.
  dokku --quiet backups:set --global suspect-below 0%
  dokku apps:create "$APP" >/dev/null
  dokku apps:create "$APP-bare" >/dev/null
  mkdir "$STORAGE/data" "$STORAGE/outside"
  sqlite_create "$STORAGE/outside/secret.db" 10
  chmod 600 "$STORAGE/outside/secret.db"
  dokku storage:mount "$APP" "$STORAGE/data:/data" >/dev/null
}

teardown_file() {
  if [[ -n $ROOT ]]; then
    dokku apps:destroy "$APP" --force >/dev/null || true
    dokku apps:destroy "$APP-bare" --force >/dev/null || true
    rm -rf "$STORAGE"
  fi
  dokku_stop
  [[ -z $ROOT ]] || rm -rf "$ROOT"
}

setup() {
  skip_left_out
  DB=$STORAGE/data/app.db
  SOURCE=sqlite:$APP/data/app.db
  rm -rf "$STORAGE/data"/*
  sqlite_create "$DB" 2000
  chown -R "$APP_UID:$APP_UID" "$STORAGE/data"
  chmod 700 "$STORAGE/data"
  chmod 640 "$DB"
}

backup() {
  dokku --quiet backups:create "$1"
}

as_app() {
  setpriv --reuid "$APP_UID" --regid "$APP_UID" --clear-groups sqlite3 -batch -cmd '.timeout 9999' "$DB" "$@"
}

# Expects that the app can still write to the file, and that owner and mode are unchanged.
assert_app_can_write() {
  assert_equal "$(stat -c '%u:%g %a' "$DB")" "$APP_UID:$APP_UID 640"
  assert_equal "$(find "$STORAGE/data" ! -uid "$APP_UID")" ""
  as_app "INSERT INTO note (text) VALUES ('written by the app')"
}

@test "a database of another user in a storage mount is backed up, and put back as that user's" {
  local digest id
  digest=$(sqlite_digest "$DB")
  run -0 --separate-stderr dokku backups:create "$SOURCE"
  id=$output
  assert_match "$id" "^app\.db-[0-9a-f]{16}-[0-9]{4}(-[0-9]{2}){5}$"
  assert_contains "$stderr" "Backing up $SOURCE"
  as_app "DELETE FROM note WHERE id > 10"
  run -0 --separate-stderr dokku backups:restore "$SOURCE@latest" --force
  assert_equal "$(sqlite_digest "$DB")" "$digest"
  assert_app_can_write
  dokku backups:download "$id" >"$BATS_TEST_TMPDIR/copy.db"
  assert_equal "$(sqlite_digest "$BATS_TEST_TMPDIR/copy.db")" "$digest"
  assert_nothing_left
  assert_equal "$(find "$ROOT" ! -user dokku)" ""
}

@test "list, info, verify and delete take the path, the stored name and the id" {
  local first id name
  first=$(backup "$SOURCE")
  id=$(backup "$SOURCE")
  name=${id%-????-??-??-??-??-??}
  for word in "$SOURCE" "sqlite:$name" "$name"; do
    run -0 --separate-stderr dokku backups:list "$word" --limit 1 --format json
    assert_json '.backups[0].id' "$id"
    assert_json '.backups[0].address' "$APP/data/app.db"
    run -0 --separate-stderr dokku backups:verify "$word@latest"
  done
  run -0 --separate-stderr dokku backups:info "$id"
  assert_match "$output" "Source: +$SOURCE"
  run -0 --separate-stderr dokku backups:delete "$first" --force
  # No list of SQLite files is kept, so that --all does not include one without backups.
  run -0 --separate-stderr dokku backups:create --all
}

@test "a backup while the app writes is consistent, and its write-ahead log is in it" {
  local writer id
  # shellcheck disable=SC2016 # for the other shell
  setpriv --reuid "$APP_UID" --regid "$APP_UID" --clear-groups bash -c \
    'while sqlite3 -batch "$1" "PRAGMA busy_timeout=9999; INSERT INTO note (text) SELECT text FROM note LIMIT 20" >/dev/null; do :; done' \
    - "$DB" 3>&- &
  writer=$!
  wait_until 20 grown
  id=$(backup "$SOURCE")
  kill "$writer"
  wait "$writer" 2>/dev/null || true
  dokku backups:download "$id" >"$BATS_TEST_TMPDIR/copy.db"
  assert_equal "$(sqlite3 "$BATS_TEST_TMPDIR/copy.db" 'PRAGMA integrity_check')" ok
  assert_equal "$(sqlite3 "$BATS_TEST_TMPDIR/copy.db" 'SELECT count(*) % 20 FROM note')" 0
  [[ $(sqlite3 "$BATS_TEST_TMPDIR/copy.db" 'SELECT count(*) FROM note') -gt 2000 ]]
  assert_app_can_write
}

grown() {
  [[ $(as_app 'SELECT count(*) FROM note') -gt 2000 ]]
}

@test "a file that is gone is restored, in its directory" {
  local digest
  digest=$(sqlite_digest "$DB")
  backup "$SOURCE"
  rm -f "$DB"*
  run -3 --separate-stderr dokku backups:create "$SOURCE"
  run -0 --separate-stderr dokku backups:restore "$SOURCE@latest" --force --no-safety-backup
  assert_equal "$(sqlite_digest "$DB")" "$digest"
  assert_equal "$(find "$STORAGE/data" ! -uid "$APP_UID")" ""
}

@test "a link that leads out of the mount is followed neither to read nor to write" {
  local before word
  backup "$SOURCE"
  before=$(cd "$STORAGE/outside" && sha256sum ./* && stat -c '%n %u %a %y' ./*)
  ln -s "$STORAGE/outside/secret.db" "$STORAGE/data/absolute.db"
  ln -s ../outside/secret.db "$STORAGE/data/relative.db"
  ln -s "$STORAGE/outside" "$STORAGE/data/directory"
  ln -s /etc/passwd "$STORAGE/data/passwd.db"
  for word in absolute.db relative.db directory/secret.db passwd.db; do
    run ! --separate-stderr dokku backups:create "sqlite:$APP/data/$word"
    assert_equal "$output" ""
    run ! --separate-stderr dokku backups:restore "$SOURCE@latest" --into "sqlite:$APP/data/$word" --force
    refute_contains "$stderr" "is restored"
  done
  assert_equal "$(cd "$STORAGE/outside" && sha256sum ./* && stat -c '%n %u %a %y' ./*)" "$before"
  refute_contains "$(dokku backups:list --limit 0 --format json | jq -r '.backups[] | select(.status == "success").address')" secret
  assert_nothing_left
}

@test "a link within the mount is followed" {
  local digest
  digest=$(sqlite_digest "$DB")
  ln -s app.db "$STORAGE/data/current.db"
  run -0 --separate-stderr dokku backups:create "sqlite:$APP/data/current.db"
  dokku backups:download "$output" >"$BATS_TEST_TMPDIR/copy.db"
  assert_equal "$(sqlite_digest "$BATS_TEST_TMPDIR/copy.db")" "$digest"
}

@test "a path is one in a storage mount of an app that is there, or no source" {
  local word
  while read -r code word; do
    run "-$code" --separate-stderr dokku backups:create "$word"
    assert_equal "$output" ""
    assert_contains "${stderr_lines[-1]}" "!     "
  done <<END
2 sqlite:/etc/passwd
2 sqlite:$DB
2 sqlite://$DB
2 sqlite:$APP/data/../outside/secret.db
2 sqlite:$APP/../$APP/data/app.db
2 sqlite:$APP//data/app.db
2 sqlite:../$APP/data/app.db
3 sqlite:$APP-bare/data/app.db
3 sqlite:$APP/elsewhere/app.db
3 sqlite:$APP/data/nosuch.db
3 sqlite:nosuch/data/app.db
END
  assert_equal "$(dokku backups:list --all --limit 0 --format json | jq -r '[.backups[] | select(.type == "sqlite").address] | unique | map(select(. != "'"$APP/data/app.db"'" and . != "'"$APP/data/current.db"'")) | join(" ")')" ""
}

@test "what is no database is refused, and so is a restore over a directory" {
  backup "$SOURCE"
  head -c 5000 /dev/urandom >"$STORAGE/data/noise.db"
  : >"$STORAGE/data/empty.db"
  mkdir "$STORAGE/data/folder.db"
  chown -R "$APP_UID:$APP_UID" "$STORAGE/data"
  run -7 --separate-stderr dokku backups:create "sqlite:$APP/data/noise.db"
  run -7 --separate-stderr dokku backups:create "sqlite:$APP/data/empty.db"
  run ! --separate-stderr dokku backups:create "sqlite:$APP/data/folder.db"
  run ! --separate-stderr dokku backups:restore "$SOURCE@latest" --into "sqlite:$APP/data/folder.db" --force --no-safety-backup
  [[ -d $STORAGE/data/folder.db ]]
  assert_nothing_left
}

@test "the database of one app restores into that of another path" {
  local digest
  digest=$(sqlite_digest "$DB")
  backup "$SOURCE"
  run -0 --separate-stderr dokku backups:restore "$SOURCE@latest" --into "sqlite:$APP/data/copy.db" --force
  assert_equal "$(sqlite_digest "$STORAGE/data/copy.db")" "$digest"
  assert_equal "$(stat -c %u "$STORAGE/data/copy.db")" "$APP_UID"
}

@test "adopt takes a database file as it is" {
  local digest
  sqlite_create "$BATS_TEST_TMPDIR/other.db" 5
  digest=$(sqlite_digest "$BATS_TEST_TMPDIR/other.db")
  sqlite3 "$BATS_TEST_TMPDIR/other.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
  run -0 --separate-stderr dokku backups:adopt "$SOURCE" <"$BATS_TEST_TMPDIR/other.db"
  run -0 --separate-stderr dokku backups:restore "$output" --force
  assert_equal "$(sqlite_digest "$DB")" "$digest"
  run ! --separate-stderr dokku backups:adopt "$SOURCE" <<<"no database"
}
