# shellcheck shell=bash
# The ways of a database's archive, and of the roles, to our stdout. Sourced by export.
#
# A container beside the service takes 0.3 s to start, and then moves ten times as much in a second as `docker exec`,
# outlives nobody and has memory of its own. So a small database goes through `docker exec`, and so does everything
# where a container cannot see the state directory.
# shellcheck source=plugin/hooks/postgres/postgres.bash
source "${BASH_SOURCE[0]%/*}/postgres.bash"

dump_small=20971520 # bytes in the server

# Runs in the container. The archive has the encoding of the database, whatever the session's would be. pg_dump fails
# when an object is dropped before it has locked it, which happens often on a busy schema: it is retried until it holds
# all its locks, and before that it writes nothing.
# shellcheck disable=SC2016 # for that shell
dump='
database=$1 try=0 && export PGCLIENTENCODING="$2" && shift 2 && exec 3>&1
while code=0; said=$(pg_dump -w -Fc -Z0 --no-sync -d "$database" "$@" 2>&1 >&3) || code=$?
  [ -z "$said" ] || printf "%s\n" "$said" >&2
  [ "$code" -ne 0 ] && [ "$((try += 1))" -lt 30 ]; do
  case $said in
    *COPY* | *FETCH* | *"contents of"* | *" lo_"*) break ;;
    *"does not exist"* | *"could not open relation"* | *"cache lookup failed"*) ;;
    *) break ;;
  esac
done
exit "$code"'

# What describe has seen of a database: sets hex (its name), encoding, size, and database (how to connect to it).
dump-facts() { # <database, or nothing for the first>
  hex=''
  [[ -z $1 ]] || hex="$(printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n') "
  read -r hex encoding size < <(grep -m 1 "^$hex" "$BACKUPS_RUN_DIR/databases") || return
  # shellcheck disable=SC2001 # "&" is for newer shells
  database=postgresql:///$(sed 's/../%&/g' <<<"$hex")
}

# In the container: how many lines the roles take, these, and the archive.
# shellcheck disable=SC2016 # for that shell
dump_both='roles=$(pg_dumpall -w --globals-only --no-role-passwords && echo .) || exit
roles=${roles%.}; printf "%s" "$roles" | wc -l && printf "%s" "$roles" && '$dump

# Each call of docker takes as long as the dump of an empty database: the first small one comes with the roles, and
# waits for its own export.
dump-globals() {
  local lines
  if dump-facts '' && [[ $size -le $dump_small ]] && dump-to-file both "$dump_both"; then
    { read -r lines && head -n "$lines" && cat >"$BACKUPS_RUN_DIR/dump.$hex"; } <"$work/both"
    return
  fi
  postgres-exec pg_dumpall -w --globals-only --no-role-passwords </dev/null >"$work/globals" ||
    postgres-failed "the roles of $name could not be read"
  cat "$work/globals"
}

dump-to-file() { # <file> <command line in the container>: of something small, that nobody holds a lock on
  (ulimit -f 65536 && postgres-exec sh -c "ulimit -v 1048576; $2" sh "$database" "$encoding" \
    --lock-wait-timeout=200 </dev/null >"$work/$1" 2>"$work/log") || return
  cat "$work/log" >&2
}

# Nothing is sent before all is there, so that whatever goes wrong the other way is still open: somebody holds a lock,
# the database is more than it was.
dump-small() {
  [[ $size -le $dump_small ]] || return
  mv "$BACKUPS_RUN_DIR/dump.$hex" "$work/small" 2>/dev/null || dump-to-file small "$dump" || return
  cat "$work/small" || hook-fail 1 'the dump could not be handed over'
}

dump-sidecar() { # hands the FIFO to the container itself, which saves a copy of every byte
  local stdout
  stdout=$(readlink "/proc/$$/fd/1")
  [[ -p $stdout && $stdout == "$BACKUPS_RUN_DIR"/* ]] || hook-fail 1 'the helper gives an export a FIFO to write to'
  postgres-start --mount "type=bind,$(docker-field source "$(docker-host-path "$stdout")"),target=/f" -- \
    sh -c "$dump" sh "$database" "$encoding" -f /f
  postgres-finish
}

dump-exec() {
  postgres-warn-of-exec
  trap 'dump-end-exec || true; postgres-clean' EXIT
  postgres-exec sh -c "$dump" sh "$database" "$encoding" </dev/null || return
  trap postgres-clean EXIT
}

dump-end-exec() { # docker leaves running what it was asked to exec
  postgres-psql -v session="$session" <<'SQL'
SELECT pg_terminate_backend(pid) AS _ FROM pg_stat_activity
  WHERE application_name = :'session' AND pid <> pg_backend_pid() \gset
SQL
}
