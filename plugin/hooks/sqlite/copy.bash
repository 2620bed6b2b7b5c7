# A copy of the live database, for export. Sourced.
#
# shellcheck disable=SC2154 # sqlite.bash sets file, directory, as, owner, mode and lock_wait_ms; export sets copy

# One read transaction around .backup: without it, every write of another process makes .backup start again. Pages are
# copied as they are, so nothing is lost that only the application understands.
make-copy() {
  local said rows begun=${EPOCHREALTIME/./}
  [[ -e $file ]] || hook-fail 3 "$file does not exist"
  [[ -s $file ]] || hook-fail 7 "$file is empty: it contains no database"
  umask 022
  if ! said="$(sqlite-run "$file" ".timeout $lock_wait_ms" 'BEGIN' 'PRAGMA schema_version' \
    ".backup --async main $(sqlite-word "$copy")" 'COMMIT' 2>&1)"; then
    [[ $said =~ readonly|"unable to open database file" ]] || sqlite-fail "$said"
    copy-closed "$said"
  fi
  say-waited "$(((${EPOCHREALTIME/./} - begun) / 1000000))"
  sqlite-check "$copy" "$file"
  rows=$(count-rows)
  hook-detail "$(json-object path="$file" owner="$owner" mode="$mode" page_size:="$(sqlite-page-size "$copy")" \
    journal_mode="$([[ $(sqlite-byte "$copy" 18) == 2 ]] && echo wal || echo rollback)" ${rows:+rows:="$rows"})"
}

# With a rollback journal, a reader blocks writers; with a write-ahead log it does not.
say-waited() { # <seconds>
  [[ $1 -lt 2 || $(sqlite-byte "$file" 18) == 2 ]] ||
    hook-warning "$file could not be written to for $1 s while it was copied;" \
      "PRAGMA journal_mode=WAL avoids that"
}

# Counts the rows of all tables, since a file does not shrink when rows are deleted. Tables that cannot be read (of a module
# that is not available) are skipped.
count-rows() {
  local counts sum
  counts="$(sqlite-run "$copy" "SELECT group_concat(printf('(SELECT count(*) FROM \"%w\")', name), ' + ')
    FROM sqlite_schema
    WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite\_%' ESCAPE '\'" 2>/dev/null)" || return 0
  sum="$(sqlite-run "$copy" "SELECT ${counts:-0}" 2>/dev/null)" || return 0
  [[ ! $sum =~ ^[0-9]+$ ]] || echo "$sum"
}

# Without write access, SQLite cannot open a database in WAL mode or with a journal to roll back. If no other process has it
# open, copying its files together is consistent.
copy-closed() {
  declare said="$1"
  local before part
  [[ ! -e $file-shm ]] || sqlite-fail "$said"
  before="$(fingerprint)"
  for part in "" -wal -journal; do
    [[ ! -e $file$part ]] || "${as[@]}" cp -P -- "$file$part" "$copy$part"
  done
  [[ $(fingerprint) == "$before" ]] || hook-fail 4 "$file keeps changing and cannot be opened here: $said"
  sqlite-run "$copy" 'PRAGMA schema_version' >/dev/null
}

fingerprint() {
  stat -c '%n %i %s %y' -- "$file" "$file-wal" "$file-journal" 2>/dev/null || true
}
