#!/usr/bin/env bats
# SQLite databases that are not in use: backups, restores, and what is refused.

load ../support/setup
load fake
load sqlite

setup() {
  fresh_root
  DIR=$BATS_TEST_TMPDIR/app
  DB=$DIR/app.db
  mkdir "$DIR"
}

back_up() {
  ID=$(helper create "sqlite:$DB" --quiet)
}

restore() {
  helper restore "sqlite:$DB@latest" --force --quiet "$@"
}

@test "what is in it comes back: rows, indexes, views, settings of the file" {
  local digest
  sqlite3 "$DB" 'PRAGMA page_size=8192; PRAGMA auto_vacuum=1; PRAGMA application_id=77; PRAGMA user_version=42;
    CREATE VIRTUAL TABLE words USING fts5(text); INSERT INTO words VALUES (1), (2);
    CREATE TABLE "with ""quotes""" (x BLOB, y REAL, z); INSERT INTO "with ""quotes""" VALUES (zeroblob(100000), 1e300, NULL);
    CREATE TRIGGER t AFTER INSERT ON "with ""quotes""" BEGIN SELECT 1; END;' >/dev/null
  digest=$(sqlite_digest "$DB")
  back_up
  sqlite3 "$DB" 'DROP TABLE words; DELETE FROM "with ""quotes"""; PRAGMA user_version=43'
  [[ $(sqlite_digest "$DB") != "$digest" ]]
  restore
  assert_equal "$(sqlite_digest "$DB")" "$digest"
  assert_equal "$(sqlite3 "$DB" 'PRAGMA page_size; PRAGMA application_id; PRAGMA user_version; PRAGMA auto_vacuum' | tr '\n' ' ')" "8192 77 42 1 "
  assert_alone "$DB"
  assert_sound
}

@test "the manifest says what it was, and opens it with standard tools only" {
  sqlite_create "$DB" 500
  back_up
  run -0 --separate-stderr helper info "$ID" --format json
  assert_json .manifest.engine.name SQLite
  assert_json .manifest.engine.version "$(sqlite3 --version | cut -d' ' -f1)"
  assert_json .manifest.source.address "$DB"
  assert_json .manifest.detail.journal_mode wal
  assert_json .manifest.detail.path "$DB"
  assert_json '.manifest.artifacts | length' 1
  assert_json '.manifest.artifacts[0].kind' sqlite-database
  assert_json '.manifest.artifacts[0].raw_size' "$(stat -c %s "$DB")"
  assert_equal "$(sqlite_digest "$(restored_by_hand "$ID")")" "$(sqlite_digest "$DB")"
  # The command for a download of the stored bytes works exactly as it is printed.
  rm "$BATS_TEST_TMPDIR/restored.db"
  mkdir "$BATS_TEST_TMPDIR/bin"
  ln -s "$BACKUPS_HELPER" "$BATS_TEST_TMPDIR/bin/backups-helper"
  (cd "$BATS_TEST_TMPDIR" && PATH=$PWD/bin:$PATH bash -o pipefail -c "$(helper info "$ID" | sed -n 's/^ *Or with: *//p')")
  assert_equal "$(sqlite_digest "$BATS_TEST_TMPDIR/restored.db")" "$(sqlite_digest "$DB")"
}

@test "what a killed application left in its -wal or its -journal is in the backup" {
  local journal
  for journal in wal delete; do
    rm -f "$DB"*
    pairs_create "$DB" "$journal" 100
    # The files are copied while a connection has them open, as a crash would leave them.
    mkdir "$BATS_TEST_TMPDIR/$journal"
    if [[ $journal == wal ]]; then
      printf '%s\n' "$PAIR" ".shell cp $DB* $BATS_TEST_TMPDIR/$journal/" | sqlite3 -batch "$DB"
    else
      printf '%s\n' 'PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN; UPDATE one SET text = 0; UPDATE two SET text = n;' \
        ".shell cp $DB* $BATS_TEST_TMPDIR/$journal/" 'ROLLBACK;' | sqlite3 -batch "$DB"
      assert_file "$BATS_TEST_TMPDIR/delete/app.db-journal"
    fi
    rm -f "$DB"*
    cp "$BATS_TEST_TMPDIR/$journal"/* "$DIR/"
    back_up
    assert_equal "$(pairs "$(restored_by_hand "$ID")")" "$([[ $journal == wal ]] && echo 101 || echo 100)"
  done
}

@test "a restore over what a killed application left: nothing of the old -wal or -journal gets into it" {
  pairs_create "$DB" wal 100
  back_up
  mkdir "$BATS_TEST_TMPDIR/crash"
  printf '%s\n' 'UPDATE one SET text = n; DELETE FROM two;' ".shell cp $DB* $BATS_TEST_TMPDIR/crash/" | sqlite3 -batch "$DB"
  rm -f "$DB"*
  cp "$BATS_TEST_TMPDIR/crash"/* "$DIR/"
  assert_file "$DB-wal"
  restore --no-safety-backup
  assert_equal "$(pairs "$DB")" 100
  assert_alone "$DB"
  assert_equal "$(sqlite3 "$DB" 'PRAGMA journal_mode')" wal
}

@test "a file that is missing is not backed up, and is restored into its directory" {
  sqlite_create "$DB" 10
  local digest
  digest=$(sqlite_digest "$DB")
  run -3 --separate-stderr helper create "sqlite:$DIR/other.db"
  assert_contains "${stderr_lines[-1]}" "source sqlite:$DIR/other.db not found"
  run -3 --separate-stderr helper create "sqlite:$DIR/nowhere/other.db"
  back_up
  rm "$DB"
  run -3 --separate-stderr helper create "sqlite:$DB"
  run -0 --separate-stderr helper restore "$ID" --force
  assert_equal "$(sqlite_digest "$DB")" "$digest"
  assert_alone "$DB"
  # There is no safety backup, since there was no live database.
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE trigger = 'safety'")" 0
  rm -r "$DIR"
  run -3 --separate-stderr helper restore "$ID" --force
  refute_file "$DIR"
}

@test "what is no database, an empty file, a directory or a damaged database is refused" {
  echo "just some text, longer than a header" >"$DB"
  run -7 --separate-stderr helper create "sqlite:$DB"
  assert_match "${stderr_lines[-1]}" "$DB.*not a database"
  : >"$DB"
  run -7 --separate-stderr helper create "sqlite:$DB"
  assert_contains "${stderr_lines[-1]}" "is empty"
  run -2 --separate-stderr helper create "sqlite:$DIR"
  assert_contains "${stderr_lines[-1]}" "is not a file"
  rm "$DB"
  wreck
  run -7 --separate-stderr helper create "sqlite:$DB"
  assert_match "${stderr_lines[-1]}" "$DB"
  assert_no_success
}

# Makes a database that can be opened, but has overwritten table pages.
wreck() {
  sqlite_create "$DB" 3000
  sqlite3 "$DB" 'PRAGMA journal_mode=DELETE' >/dev/null
  dd if=/dev/urandom of="$DB" bs=4096 seek=5 count=20 conv=notrunc status=none
}

@test "a database that is damaged, or none, is never put in the place of a good one" {
  local digest name
  sqlite_create "$DIR/good.db" 10
  digest=$(sqlite_digest "$DIR/good.db")
  wreck
  mv "$DB" "$BATS_TEST_TMPDIR/damaged"
  { head -c 16 "$BATS_TEST_TMPDIR/damaged" && head -c 5000 /dev/urandom; } >"$BATS_TEST_TMPDIR/junk"
  for name in damaged junk; do
    run -7 --separate-stderr helper adopt "sqlite:$DIR/good.db" <"$BATS_TEST_TMPDIR/$name"
    run -0 --separate-stderr helper list "sqlite:$DIR/good.db"
    assert_equal "$output" ""
  done
  # With hooks that check nothing, a damaged backup is made, as if it had been damaged later.
  cp -rL "$HOOKS" "$BATS_TEST_TMPDIR/hooks"
  HOOKS=$BATS_TEST_TMPDIR/hooks
  rm "$HOOKS/sqlite/check"
  sed -i 's/ inspector=sqlite//' "$HOOKS/sqlite/describe"
  for name in damaged junk; do
    helper adopt "sqlite:$DIR/good.db" --quiet <"$BATS_TEST_TMPDIR/$name" >/dev/null
    run -7 --separate-stderr helper restore "sqlite:$DIR/good.db@latest" --force --no-safety-backup
    assert_contains "${stderr_lines[-1]}" "what is to be restored is"
    assert_equal "$(sqlite_digest "$DIR/good.db")" "$digest"
    run -7 --separate-stderr helper restore "sqlite:$DIR/good.db@latest" --force --no-safety-backup --in-place
    assert_equal "$(sqlite_digest "$DIR/good.db")" "$digest"
    assert_alone "$DIR/good.db"
  done
  assert_sound
}

@test "a live file that is wrecked is replaced, with its -wal, once no safety backup is asked for" {
  local digest
  sqlite_create "$DB" 100
  digest=$(sqlite_digest "$DB")
  back_up
  echo "this was a database once" >"$DB"
  echo "and this a log" >"$DB-wal"
  run -7 --separate-stderr helper restore "$ID" --force
  assert_contains "${stderr_lines[-1]}" "nothing was restored, because the safety backup failed"
  assert_contains "${stderr_lines[-1]}" "--no-safety-backup"
  assert_equal "$(<"$DB")" "this was a database once"
  run -0 --separate-stderr helper restore "$ID" --force --no-safety-backup
  assert_contains "$stderr" "was no longer a database and was replaced"
  assert_equal "$(sqlite_digest "$DB")" "$digest"
  assert_alone "$DB"
  # In a header, these bytes would mean WAL mode and another page size.
  { printf 'sixteen of junk.\2\0\2\2' && head -c 8192 /dev/zero; } >"$DB"
  run -0 --separate-stderr helper restore "$ID" --force --no-safety-backup
  assert_equal "$(sqlite_digest "$DB")" "$digest"
}

@test "a live file that was cut to a few bytes, or to none, is replaced" {
  local digest
  sqlite_create "$DB" 100
  digest=$(sqlite_digest "$DB")
  back_up
  for text in junk ""; do
    printf %s "$text" >"$DB"
    run -7 --separate-stderr helper restore "$ID" --force
    run -0 --separate-stderr helper restore "$ID" --force --no-safety-backup
    assert_equal "$(sqlite_digest "$DB")" "$digest"
    assert_alone "$DB"
  done
}

@test "owner and mode stay those of the file, whoever restores, and a new file gets the directory's" {
  require_root
  chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
  sqlite_create "$DB" 100
  chown -R 4242:4343 "$DIR"
  chmod 640 "$DB"
  back_up
  assert_equal "$(find "$DIR" ! -uid 4242)" ""
  restore
  assert_equal "$(stat -c '%u:%g %a' "$DB")" "4242:4343 640"
  assert_equal "$(find "$DIR" ! -uid 4242)" ""
  rm "$DB"
  restore --no-safety-backup
  assert_equal "$(stat -c '%u:%g' "$DB")" 4242:4343
  echo junk >"$DB"
  chown 4242:4343 "$DB"
  chmod 660 "$DB"
  restore --no-safety-backup
  assert_equal "$(stat -c '%u:%g %a' "$DB")" "4242:4343 660"
  assert_alone "$DB"
}

@test "names that a shell, SQL or a URI would trip over" {
  local name
  # shellcheck disable=SC2016 # no expansion is the point
  for name in "with space.db" "it's \"quoted\".db" 'back\slash.db' 'percent%41?x=1#y.db' '$(touch pwned).db' '-dash.db' 'Zoë.db'; do
    DB=$DIR/$name
    sqlite_create "$DIR/plain" 20
    mv "$DIR/plain" "$DB"
    back_up
    sqlite3 "file:$(jq -rn --arg x "$DB" '$x | @uri')" 'DELETE FROM note'
    restore
    cp "$DB" "$BATS_TEST_TMPDIR/copy.db"
    assert_equal "$(sqlite3 "$BATS_TEST_TMPDIR/copy.db" 'SELECT count(*) FROM note')" 20
    assert_equal "$(sqlite3 "$(restored_by_hand "$ID")" 'SELECT count(*) FROM note')" 20
    assert_alone "$DB"
    rm "$DB"
  done
}

@test "a file name or a path as long as SQLite takes them is restored, over the live file and over a wreck; a longer one is refused" {
  local long name deep
  name=$(printf 'n%.0s' {1..247})
  deep=$(printf '/d%.0s' {1..240})
  deep=${deep:0:504-${#DIR}-31}
  [[ $deep == *d ]] || deep=${deep%/}d
  for long in "/$name /${name}n" "$deep/x ${deep}d/x"; do
    DB=$DIR${long% *}
    mkdir -p "${DB%/*}"
    sqlite_create "$DB" 20
    back_up
    sqlite3 "$DB" 'DELETE FROM note'
    restore
    assert_equal "$(sqlite3 "$DB" 'SELECT count(*) FROM note')" 20
    echo wrecked >"$DB"
    echo wrecked >"$DB-journal"
    restore --no-safety-backup
    assert_equal "$(sqlite3 "$DB" 'SELECT count(*) FROM note')" 20
    assert_alone "$DB"
    long=$DIR${long#* }
    mkdir -p "${long%/*}"
    mv "$DB" "$long"
    run -2 --separate-stderr helper create "sqlite:$long"
    assert_contains "$stderr" "is too long: SQLite"
    run -2 --separate-stderr helper adopt "sqlite:$long" <"$long"
    run -2 --separate-stderr helper restore "$ID" --into "sqlite:$long" --dry-run
    assert_equal "$(catalog "SELECT count(*) FROM backups WHERE address = '$long'")" 0
    rm "$long"
  done
  assert_sound
}

@test "two databases of one directory are restored at once" {
  local pids=() name
  for name in one two; do
    sqlite_create "$DIR/$name" 300
    helper create "sqlite:$DIR/$name" --quiet
    sqlite3 "$DIR/$name" "UPDATE note SET id = id + 1000"
  done
  for name in one two; do
    helper restore "sqlite:$DIR/$name@latest" --force --quiet 3>&- &
    pids+=("$!")
  done
  for name in "${pids[@]}"; do wait "$name"; done
  for name in one two; do assert_equal "$(sqlite3 "$DIR/$name" 'SELECT count(*), max(id) FROM note')" '300|300'; done
  assert_equal "$(find "$DIR" -mindepth 1 -printf '%f\n' | sort | xargs)" 'one two'
}

@test "a link is the file it leads to, and stays a link" {
  sqlite_create "$DB" 10
  ln -s app/app.db "$BATS_TEST_TMPDIR/link.db"
  run -0 --separate-stderr helper create "sqlite:$BATS_TEST_TMPDIR/link.db" --format json
  assert_json '.backups[0].source' "$(helper list --format json | jq -r '.backups[0].source')"
  helper restore "sqlite:$BATS_TEST_TMPDIR/link.db@latest" --force --quiet
  [[ -L $BATS_TEST_TMPDIR/link.db && -f $DB && ! -L $DB ]]
  # A relative path names the same source.
  cd "$DIR"
  run -0 --separate-stderr helper list sqlite:./app.db --format json
  assert_json '.backups | map(.address) | unique | join(" ")' "$DB"
}

@test "--into: another file, of another page size, that is there or not" {
  local digest
  sqlite_create "$DB" 300
  digest=$(sqlite_digest "$DB")
  back_up
  restore --into "sqlite:$DIR/new.db"
  assert_equal "$(sqlite_digest "$DIR/new.db")" "$digest"
  sqlite3 "$DIR/small.db" 'PRAGMA page_size=1024; PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)' >/dev/null
  restore --into "sqlite:$DIR/small.db"
  assert_equal "$(sqlite_digest "$DIR/small.db")" "$digest"
  assert_equal "$(helper list "sqlite:$DIR/small.db" --format json | jq -r '.backups[0].trigger')" safety
  helper restore "sqlite:$DIR/small.db@latest" --force --quiet && fail "@latest is no safety backup"
  run -0 helper restore "$(helper list "sqlite:$DIR/small.db" --format json | jq -r '.backups[0].id')" --force --quiet
  assert_equal "$(sqlite3 "$DIR/small.db" 'SELECT x FROM t')" 1
  assert_equal "$(sqlite_digest "$DB")" "$digest"
}

@test "--in-place" {
  local digest
  sqlite_create "$DB" 300
  digest=$(sqlite_digest "$DB")
  back_up
  sqlite3 "$DB" 'DELETE FROM note'
  restore --in-place
  assert_equal "$(sqlite_digest "$DB")" "$digest"
  assert_alone "$DB"
  rm "$DB"
  run -11 --separate-stderr helper restore "$ID" --force --in-place
  assert_contains "${stderr_lines[-1]}" "without --in-place"
}
