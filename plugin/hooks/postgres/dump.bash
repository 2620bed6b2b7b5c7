# shellcheck shell=bash
# Writes the archive of a database, or the roles, to stdout. Sourced by export.
#
# A sidecar container takes 0.3 s to start, but then transfers ten times as much per second as `docker exec`, outlives
# nobody, and has memory of its own. So `docker exec` is used for small databases, and where a container cannot see the
# state directory.
# shellcheck source=plugin/hooks/postgres/postgres.bash
source "${BASH_SOURCE[0]%/*}/postgres.bash"

dump_small=20971520 # bytes of the database in the server

# Runs in the container. The archive has the encoding of the database, whatever that of the session is. pg_dump fails if
# an object is dropped before it was locked, which happens often in a busy schema. It is retried until it holds all its
# locks; before that it writes nothing.
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

# Reads what describe found of a database: sets hex (its name), encoding, size, and database (a connection string).
dump-facts() { # <database, or nothing for the first>
  hex=''
  [[ -z $1 ]] || hex="$(printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n') "
  read -r hex encoding size < <(grep -m 1 "^$hex" "$BACKUPS_RUN_DIR/databases") || return
  # shellcheck disable=SC2001 # "&" is for newer shells
  database=postgresql:///$(sed 's/../%&/g' <<<"$hex")
}

# Runs in the container: prints the number of lines of the roles, the roles, and the archive.
# shellcheck disable=SC2016 # for that shell
dump_both='roles=$(pg_dumpall -w --globals-only --no-role-passwords && echo .) || exit
roles=${roles%.}; printf "%s" "$roles" | wc -l && printf "%s" "$roles" && '$dump

# Each call of docker takes as long as the dump of an empty database. So the first small database is dumped together
# with the roles, and its archive kept for its own export.
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

dump-to-file() { # <file> <command line in the container>: for small databases that nobody has locked
  (ulimit -f 65536 && postgres-exec sh -c "ulimit -v 1048576; $2" sh "$database" "$encoding" \
    --lock-wait-timeout=200 </dev/null >"$work/$1" 2>"$work/log") || return
  cat "$work/log" >&2
}

# Sends nothing before the archive is complete, so that the sidecar can still be used if something fails: an object is
# locked, or the database has grown.
dump-small() {
  [[ $size -le $dump_small ]] || return
  mv "$BACKUPS_RUN_DIR/dump.$hex" "$work/small" 2>/dev/null || dump-to-file small "$dump" || return
  cat "$work/small" || hook-fail 1 'the dump could not be handed over'
}

dump-sidecar() { # passes the FIFO to the container, which saves copying every byte
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

dump-end-exec() { # killing docker exec does not end the program in the container
  postgres-psql -v session="$session" <<'SQL'
SELECT pg_terminate_backend(pid) AS _ FROM pg_stat_activity
  WHERE application_name = :'session' AND pid <> pg_backend_pid() \gset
SQL
}
