#!/usr/bin/env bats
# shellcheck disable=SC2034 # set by name
# Errors of a SQLite database that only its application can explain are not damage, whatever sqlite3 reports. Damaged pages
# are always found, even among such errors.

load ../support/setup
load fake
load sqlite

setup_file() {
  NEWER=$("$SUPPORT/sqlite-newer" "${TMPDIR:-/tmp}/backups-sqlite-newer" 2>/dev/null) || NEWER=
  export NEWER
}

setup() {
  fresh_root
  DIR=$BATS_TEST_TMPDIR/app
  DB=$DIR/app.db
  mkdir "$DIR"
}

# made PYTHON: makes the file. The script has a connection `c` with a function and a collation called `mine`, and edit() to
# change the schema.
made() {
  rm -f "$DB"*
  python3 - "$DB" "$1" <<'PYTHON'
import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.create_function("mine", 1, lambda x: x, deterministic=True)
c.create_collation("mine", lambda a, b: (a > b) - (a < b))
def edit(old, new):
    c.execute("PRAGMA writable_schema = ON")
    c.execute("UPDATE sqlite_schema SET sql = replace(sql, ?, ?)", (old, new))
c.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY, text)")
c.executemany("INSERT INTO plain VALUES (?, ?)", [(n, "x" * 300) for n in range(3000)])
exec(sys.argv[2])
PYTHON
}

# sound WORDS PYTHON: expects a backup, with a warning that contains WORDS if they are given, and a restore
sound() {
  local words=$1
  made "$2"
  run -0 --separate-stderr helper create "sqlite:$DB"
  ID=$output
  [[ -z $words ]] || assert_contains "$stderr" "no page is damaged" || return 1
  assert_contains "$stderr" "$words"
  cp "$DB" "$BATS_TEST_TMPDIR/before.db"
  sqlite3 "$DB" 'DELETE FROM plain'
  run -0 --separate-stderr helper restore "$ID" --force --quiet --no-safety-backup
  assert_equal "$(sqlite3 "$DB" 'SELECT count(*) FROM plain')" 3000
}

# damaged PYTHON: overwrites pages of such a file, and expects the backup to fail
damaged() {
  made "$1"
  dd if=/dev/urandom of="$DB" bs=4096 seek=20 count=4 conv=notrunc status=none
  run -7 --separate-stderr helper create "sqlite:$DB"
  assert_contains "${stderr_lines[-1]}" "is damaged"
}

every_kind() {
  sound "$1" "c.execute('CREATE VIRTUAL TABLE d USING fts5(x, tokenize=\"unicode61\")'); c.execute('INSERT INTO d VALUES (1)'); edit('unicode61', 'snowball english')"
  sound "$2" "c.execute('CREATE VIRTUAL TABLE d USING fts4(x, tokenize=unicode61)'); c.execute('INSERT INTO d VALUES (1)'); edit('tokenize=unicode61', 'tokenize=mine')"
  sound "" "c.execute('CREATE VIRTUAL TABLE d USING fts5(x)'); edit('fts5', 'vec0')"
  sound "NULL value in t.b" "c.execute('CREATE TABLE t (a, b)'); c.executemany('INSERT INTO t VALUES (?, NULL)', [(n,) for n in range(500)]); edit('a, b', 'a, b NOT NULL')"
  sound "unknown function: mine()" "c.execute('CREATE INDEX i ON plain (mine(text))')"
  sound "no such collation sequence: mine" "c.execute('CREATE TABLE t (a COLLATE mine PRIMARY KEY, b) WITHOUT ROWID'); c.execute('INSERT INTO t VALUES (1, 2)')"
  sound "missing from index i" "c.create_function('lower', 1, lambda x: str(x) + '!', deterministic=True); c.execute('CREATE INDEX i ON plain (lower(id))')"
}

every_damage() {
  damaged "c.execute('CREATE VIRTUAL TABLE d USING fts5(x, tokenize=\"unicode61\")'); edit('unicode61', 'mine')"
  damaged "c.execute('INSERT INTO plain VALUES (-1, NULL)'); edit('text)', 'text NOT NULL)')"
  damaged "c.execute('CREATE INDEX i ON plain (mine(text))')"
  damaged "c.execute('DROP TABLE plain'); c.execute('CREATE TABLE t (a COLLATE mine PRIMARY KEY, b) WITHOUT ROWID')
c.executemany('INSERT INTO t VALUES (?, ?)', [(str(n), 'y' * 300) for n in range(3000)])"
}

@test "a tokenizer, function, collation or module of the application, NULL in a column that got NOT NULL: no damage" {
  every_kind "" ""
}

@test "the same with an sqlite3 that looks into virtual tables" {
  [[ -n $NEWER ]] || skip "no newer sqlite3 can be had here"
  PATH=$NEWER:$PATH every_kind "no such tokenizer" "unknown tokenizer"
}

@test "damaged pages are damage, whatever else cannot be judged" {
  every_damage
}

@test "the same with an sqlite3 that looks into virtual tables: damage" {
  [[ -n $NEWER ]] || skip "no newer sqlite3 can be had here"
  PATH=$NEWER:$PATH every_damage
}

@test "a path that became a link is neither read nor written over: where it leads was never named" {
  sqlite_create "$DB" 10
  sqlite_create "$BATS_TEST_TMPDIR/other.db" 20
  local digest
  digest=$(sqlite_digest "$BATS_TEST_TMPDIR/other.db")
  ID=$(helper create "sqlite:$DB" --quiet)
  rm "$DB"
  ln -s "$BATS_TEST_TMPDIR/other.db" "$DB"
  run -11 --separate-stderr helper restore "$ID" --force --no-safety-backup
  assert_contains "$stderr" "leads to $BATS_TEST_TMPDIR/other.db"
  assert_equal "$(sqlite_digest "$BATS_TEST_TMPDIR/other.db")" "$digest"
  # A path in which a directory was replaced by a link is refused, too.
  rm "$DB"
  mv "$DIR" "$DIR.moved"
  ln -s "$BATS_TEST_TMPDIR" "$DIR"
  run -11 --separate-stderr helper restore "$ID" --force --no-safety-backup
  refute_file "$BATS_TEST_TMPDIR/app.db"
}
