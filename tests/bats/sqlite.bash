# shellcheck shell=bash
# Helpers that the sqlite*.bats share. Load after ../support/setup.
#
#   pairs_create FILE wal|delete [ROWS]   makes the tables `one` and `two`, and `total` with their
#                            count; each transaction writes all three
#   pairs FILE               prints the number of pairs if the file is undamaged and the tables agree, otherwise the fault
#   shell_writer FILE, python_writer FILE   start a process that writes pairs until writers_stop, and reports its failures
#   python_reader FILE       starts a process that reads over one connection until writers_stop, and reports what is torn
#   writers_stop             ends these processes; fails if one has reported anything
#   restored_by_hand ID      opens the artifact with standard tools, by the command in its manifest; prints its path
#   assert_alone FILE        fails if there is anything next to the database

PAIR="BEGIN IMMEDIATE; INSERT INTO one SELECT coalesce(max(n), 0) + 1, hex(randomblob(100)) FROM one;
  INSERT INTO two SELECT n, text FROM one ORDER BY n DESC LIMIT 1; UPDATE total SET n = n + 1; COMMIT;"

pairs_create() {
  sqlite3 -batch "$1" >/dev/null <<SQL
PRAGMA journal_mode = $2;
CREATE TABLE one (n INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE two (n INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE total (n INTEGER NOT NULL);
WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < ${3:-100})
  INSERT INTO one SELECT n, hex(randomblob(100)) FROM i;
INSERT INTO two SELECT * FROM one;
INSERT INTO total SELECT count(*) FROM one;
SQL
}

PAIRS_CHECK="SELECT CASE WHEN (SELECT count(*) FROM one) = (SELECT n FROM total) AND (SELECT max(n) FROM one) = (SELECT n FROM total)
  AND (SELECT count(*) FROM one JOIN two USING (n, text)) = (SELECT n FROM total) AND (SELECT count(*) FROM two) = (SELECT n FROM total)
  THEN (SELECT n FROM total) ELSE 'torn: ' || (SELECT count(*) FROM one) || ' ' || (SELECT count(*) FROM two) || ' ' || (SELECT n FROM total) END"

pairs() {
  local whole
  whole=$(sqlite3 -batch -cmd '.timeout 20000' "$1" 'PRAGMA integrity_check' 2>&1) || true
  if [[ $whole != ok ]]; then
    echo "damaged: $whole"
    return 1
  fi
  sqlite3 -batch -cmd '.timeout 20000' "$1" "$PAIRS_CHECK"
}

writer_begin() {
  WRITING=${WRITING:-$BATS_TEST_TMPDIR/writing}
  touch "$WRITING" "$WRITING.said"
}

# A new process, and so a new connection, for every transaction.
shell_writer() {
  writer_begin
  while [[ -e $WRITING ]]; do
    sqlite3 -batch -bail -cmd '.timeout 60000' "$1" "$PAIR" || echo "shell writer: $?"
  done >>"$WRITING.said" 2>&1 3>&- &
  WRITERS+=("$!")
}

# Uses one connection, which remains open.
python_writer() {
  writer_begin
  python3 - "$1" "$WRITING" "$PAIR" >>"$WRITING.said" 2>&1 3>&- <<'PYTHON' &
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
while os.path.exists(sys.argv[2]):
    db.executescript(sys.argv[3])
    time.sleep(0.002)
PYTHON
  WRITERS+=("$!")
}

python_reader() {
  writer_begin
  python3 - "$1" "$WRITING" "$PAIRS_CHECK" >>"$WRITING.said" 2>&1 3>&- <<'PYTHON' &
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], timeout=60)
while os.path.exists(sys.argv[2]):
    seen = db.execute(sys.argv[3]).fetchone()[0]
    if not isinstance(seen, int):
        print("a reader saw", seen)
    time.sleep(0.01)
PYTHON
  WRITERS+=("$!")
}

writers_stop() {
  rm -f "$WRITING"
  wait "${WRITERS[@]}" || true
  WRITERS=()
  [[ ! -s $WRITING.said ]] || fail "$(cat "$WRITING.said")"
}

restored_by_hand() {
  local info directory
  info=$(helper info "$1" --format json)
  directory=$(jq -r .directory <<<"$info")
  rm -f "$directory/restored.db"
  (cd "$directory" && env -i PATH=/usr/bin:/bin sh -c "$(jq -r '.manifest.artifacts[0].open_command' <<<"$info")" >/dev/null) || return 1
  mv "$directory/restored.db" "$BATS_TEST_TMPDIR/restored.db"
  echo "$BATS_TEST_TMPDIR/restored.db"
}

# There is no -wal, -shm, -journal or copy next to the database.
assert_alone() {
  assert_equal "$(find "$(dirname "$1")" -mindepth 1 -printf '%f\n')" "$(basename "$1")"
}
