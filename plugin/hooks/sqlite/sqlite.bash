# Functions of the hooks for SQLite. Sourced, never run. A name is an absolute path, or app/path/in/container.
#
# A file belongs to its owner, and so must the files that SQLite creates next to it: a -wal of another user locks the
# application out. So the hooks work as the owner. Root becomes the owner; any other user runs the same hook again as
# root of a container that sees only the storage mount (storage.bash).
# shellcheck disable=SC2034 # beside and mode are for the hooks
# shellcheck source=plugin/hooks/lib/hook.bash
source "${BASH_SOURCE[0]%/*}/../lib/hook.bash"
source "${BASH_SOURCE[0]%/*}/check.bash"

lock_wait_ms=60000
stage="$BACKUPS_RUN_DIR/stage"

# Finds the file. If that requires a container, runs the same hook in it and sets done_elsewhere.
sqlite-locate() {
  declare name="$1" arguments=("${@:2}")
  done_elsewhere=""
  if [[ -z $BACKUPS_IN_CONTAINER ]]; then
    mkdir -p "$stage"
    chmod 0777 "$stage"
    source "${BASH_SOURCE[0]%/*}/storage.bash"
    if sqlite-needs-container "$name"; then
      done_elsewhere=1
    fi
  fi
  if [[ -n $done_elsewhere ]]; then
    sqlite-in-container "$name" "${arguments[@]}"
  else
    sqlite-find-file "$name"
  fi
}

# Sets file and directory; owner and mode, which the file has or will have; and as, the command prefix to become its
# user. If the file's owner may not write to the directory, the directory's owner is used.
sqlite-find-file() {
  file="$(realpath -m -- "$1")"
  [[ -n $BACKUPS_IN_CONTAINER ]] || sqlite-no-link "$1" "$file"
  directory="$(dirname -- "$file")"
  [[ $BACKUPS_ACTION == abandon ]] || sqlite-fits
  as=()
  [[ -d $directory ]] || return 0
  if [[ -e $file ]]; then
    [[ -f $file ]] || hook-fail 2 "$file is not a file"
    owner="$(stat -c '%u:%g' -- "$file")"
    mode="$(stat -c '%a' -- "$file")"
  else
    owner="$(stat -c '%u:%g' -- "$directory")"
    printf -v mode '%o' "$((0$(stat -c '%a' -- "$directory") & 0666))"
  fi
  ((EUID == 0)) || return 0
  sqlite-become "$owner"
  "${as[@]}" test -w "$directory" || sqlite-become "$(stat -c '%u:%g' -- "$directory")"
}

# The address of a path source was resolved when a person typed it. A link that is put there later must not choose which
# file root reads or overwrites.
sqlite-no-link() { # <name> <where it leads>
  [[ $1 == "$2" ]] || hook-fail 11 "$1 is a link now, or in a directory that is one, and leads to $2:" \
    "name sqlite:$2 if that is meant"
}

sqlite-become() {
  declare user="${1%:*}" group="${1#*:}"
  as=()
  [[ $user != 0 ]] || return 0
  as=(setpriv --reuid "$user" --regid "$group" --clear-groups)
  # Outside of a container, that user cannot enter the directories above the stage.
  [[ -n $BACKUPS_IN_CONTAINER ]] || as+=(--inh-caps +dac_read_search --ambient-caps +dac_read_search)
}

# Sets beside: the staging file next to the live one, whose name contains the staging id. The name of the live file is
# not part of it, since it may already have the maximal length.
sqlite-beside() {
  declare where="$1"
  hook-check-where "$where"
  beside="$directory/.backups.$where"
}

# SQLite opens paths of at most 504 bytes (MAX_PATHNAME in os_unix.c, less 8) and appends `-journal` to file names,
# which have at most 255 bytes. A file that could not be restored is not backed up either.
sqlite-fits() {
  local name="${file##*/}" longest="$directory/.backups.0123456789abcdef.part"
  ((${#longest} > ${#file})) || longest="$file"
  ((${#name} <= 247)) || hook-fail 2 "the file name $name is too long:" \
    "SQLite adds -journal to it, and file names have at most 255 bytes"
  ((${#longest} <= 504)) || hook-fail 2 "the path $file is too long:" \
    "SQLite opens paths of at most 504 bytes, and a restore needs ${#longest}"
}

# Prints the schema version. `commit` notes it for `abandon` before it changes anything, because SQLite increments it in
# the transaction that copies a database over another.
sqlite-version() {
  sqlite-run "$file" ".timeout $lock_wait_ms" 'PRAGMA schema_version' 2>/dev/null
}

# Excludes other restores, and hooks that outlived their helper, from the directory.
sqlite-lock() {
  local lock
  exec {lock}<"$directory"
  flock --timeout "$((lock_wait_ms / 1000))" "$lock" || hook-fail 4 "another restore is running in $directory"
}

sqlite-run() { # <file> <SQL…>
  local nofollow=()
  [[ $1 != "$file" ]] || nofollow=(-nofollow)
  "${as[@]}" sqlite3 -batch -bail -init /dev/null "${nofollow[@]}" "$@"
}

# Quote a name as an argument of a dot-command, and as the URI of a file that nobody writes to.
sqlite-word() {
  declare name="${1//\\/\\\\}"
  printf '"%s"' "${name//\"/\\\"}"
}

sqlite-uri() {
  declare name="${1//%/%25}"
  name="${name//\?/%3f}"
  printf 'file:%s?immutable=1' "${name//#/%23}"
}

# Prints a byte of the header, or nothing if the file is shorter. Byte 18 is 2 in WAL mode; 16 and 17 are the page size.
sqlite-byte() {
  "${as[@]}" od -An -tu1 -j "$2" -N 1 -- "$1" 2>/dev/null | tr -d ' ' || true
}

sqlite-page-size() {
  local size
  size="$(($(sqlite-byte "$1" 16) * 256 + $(sqlite-byte "$1" 17)))"
  echo "$((size == 1 ? 65536 : size))"
}

sqlite-fail() {
  declare words="${1//$'\n'/; }"
  case "$words" in
    *locked* | *busy*) hook-fail 4 "$file: another process keeps it locked ($words)" ;;
    *"not a database"* | *malformed*) hook-fail 7 "$file: $words" ;;
    *) hook-fail 1 "$file: $words" ;;
  esac
}
