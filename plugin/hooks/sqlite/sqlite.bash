# What the hooks of SQLite share. Sourced, never run. A name is an absolute path, or app/path/in/container.
#
# A file belongs to its owner, and so does what SQLite puts beside it: a -wal of somebody else locks the application
# out. So the work is done as the owner. Root becomes the owner; anybody else runs the same hook once more, as root of
# a container that sees nothing but the storage mount (storage.bash).
#
# shellcheck disable=SC2034 # beside and mode are for the hooks
# shellcheck source=plugin/hooks/lib/hook.bash
source "${BASH_SOURCE[0]%/*}/../lib/hook.bash"
source "${BASH_SOURCE[0]%/*}/check.bash"

lock_wait_ms=60000
stage="$BACKUPS_RUN_DIR/stage"

# Finds the file; or, where it takes a container, has the same hook do the work there and sets done_elsewhere.
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

# Sets file, directory, and owner, mode, as: whom the file belongs to (or will), and how to become them. Where the
# file's owner may not write beside it, the directory's owner does the work.
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

# A path is named by where it leads when it is named. Who puts a link there later must not choose what root reads, or
# writes over.
sqlite-no-link() { # <name> <where it leads>
  [[ $1 == "$2" ]] || hook-fail 11 "$1 is a link now, or in a directory that is one, and leads to $2:" \
    "name sqlite:$2 if that is meant"
}

sqlite-become() {
  declare user="${1%:*}" group="${1#*:}"
  as=()
  [[ $user != 0 ]] || return 0
  as=(setpriv --reuid "$user" --regid "$group" --clear-groups)
  # Outside of a container, the directories above the stage are closed to that user.
  [[ -n $BACKUPS_IN_CONTAINER ]] || as+=(--inh-caps +dac_read_search --ambient-caps +dac_read_search)
}

# The file beside the live one, for the restore called `where`, which no other restore is. The live one's name is not in
# it: that may leave no byte for more.
sqlite-beside() {
  declare where="$1"
  hook-check-where "$where"
  beside="$directory/.backups.$where"
}

# SQLite opens no path above 504 bytes (MAX_PATHNAME in its os_unix.c, less 8), and adds `-journal` to a name, of which
# 255 are the most. What could not be restored is not backed up either.
sqlite-fits() {
  local name="${file##*/}" longest="$directory/.backups.0123456789abcdef.part"
  ((${#longest} > ${#file})) || longest="$file"
  ((${#name} <= 247)) || hook-fail 2 "the file name $name is too long:" \
    "SQLite adds -journal to it, and file names have at most 255 bytes"
  ((${#longest} <= 504)) || hook-fail 2 "the path $file is too long:" \
    "SQLite opens paths of at most 504 bytes, and a restore needs ${#longest}"
}

# What `commit` finds before it changes anything, for `abandon`: the schema's version, which SQLite counts up by one
# when it copies a database over another, in the same transaction.
sqlite-version() {
  sqlite-run "$file" ".timeout $lock_wait_ms" 'PRAGMA schema_version' 2>/dev/null
}

# No other restore, and no hook that outlived its helper, works beside the file meanwhile.
sqlite-lock() {
  local lock
  exec {lock}<"$directory"
  flock --timeout "$((lock_wait_ms / 1000))" "$lock" || hook-fail 4 "another restore is at work in $directory"
}

sqlite-run() { # <file> <SQL…>
  local nofollow=()
  [[ $1 != "$file" ]] || nofollow=(-nofollow)
  "${as[@]}" sqlite3 -batch -bail -init /dev/null "${nofollow[@]}" "$@"
}

# A name as a word of a dot-command, and as the URI of a file that nobody writes.
sqlite-word() {
  declare name="${1//\\/\\\\}"
  printf '"%s"' "${name//\"/\\\"}"
}

sqlite-uri() {
  declare name="${1//%/%25}"
  name="${name//\?/%3f}"
  printf 'file:%s?immutable=1' "${name//#/%23}"
}

# A byte of the header, nothing where the file is shorter. 18 is 2 in WAL mode; 16 and 17 are the page size.
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
