# Replaces the contents of the live database by a checked one. Sourced by commit and import.
#
# shellcheck disable=SC2034,SC2154 # said is for them; sqlite.bash sets file, directory, as and lock_wait_ms

# Copies the database `new` over the live one in one transaction of SQLite, and sets said and status. Connections of other
# processes see all of it or nothing, and the next one to open the file rolls it back if this process dies. A rename would
# leave them with the old file, and lose their writes.
sqlite-overwrite() {
  declare new="$1"
  local was
  was="$(sqlite-byte "$file" 18)"
  set +e
  said="$(
    set -e
    sqlite-room "$new"
    sqlite-match-page-size "$new"
    sqlite-run "$file" ".timeout $lock_wait_ms" 'PRAGMA synchronous=EXTRA' \
      ".restore main $(sqlite-word "$(sqlite-uri "$new")")" 2>&1
  )"
  status=$?
  set -e
  if ((status == 0)) && [[ $was == 2 ]]; then
    sqlite-run "$file" '.timeout 1000' 'PRAGMA journal_mode=WAL' 'PRAGMA wal_checkpoint(TRUNCATE)' &>/dev/null || true
  fi
}

# A rollback journal needs the size of the old database, and a WAL that of the new one, after which the file grows.
sqlite-room() {
  declare new="$1"
  local old_bytes new_bytes free need
  old_bytes="$(stat -c %s -- "$file")"
  new_bytes="$("${as[@]}" stat -c %s -- "$new")"
  free="$(df --output=avail -B1 -- "$directory" | tail -n 1)"
  need="$((old_bytes > new_bytes ? old_bytes : 2 * new_bytes - old_bytes))"
  ((free > need)) ||
    hook-fail 14 "$directory has $free bytes free, but overwriting $file temporarily needs $need" 2>&1
}

# A database in WAL mode cannot change its page size.
sqlite-match-page-size() {
  declare new="$1"
  local answer
  [[ $(sqlite-byte "$file" 18) == 2 ]] || return 0
  [[ $(sqlite-page-size "$file") != "$(sqlite-page-size "$new")" ]] || return 0
  answer="$(sqlite-run "$file" ".timeout 5000" 'PRAGMA journal_mode=DELETE' 2>&1 || true)"
  # Of a file that is no database any more, these bytes say nothing: the overwriting itself finds that out.
  [[ $answer == *delete* || $answer == *"not a database"* || $answer == *malformed* ]] ||
    hook-fail 4 "$file: the backup has another page size, and that cannot change while the database is open:" \
      "stop what uses it" 2>&1
}

# Waits here until no other process locks the live file, since a person can still cancel now, but not during the swap.
sqlite-wait-for-lock() {
  local said
  said="$(sqlite-run "$file" ".timeout $lock_wait_ms" 'BEGIN EXCLUSIVE' 'ROLLBACK' 2>&1)" && return 0
  [[ $said != *locked* ]] || sqlite-fail "$said"
}
