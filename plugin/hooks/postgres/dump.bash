# shellcheck shell=bash
# The ways of a database's archive to our stdout. Sourced by export.
#
# A container beside the service takes 0.3 s to start, and then moves ten times as much in a second as `docker exec`,
# outlives nobody and has memory of its own. So a small database goes through `docker exec`, and so does everything
# where a container cannot see the state directory.
# shellcheck disable=SC2154 # export sets database
# shellcheck source=plugin/hooks/postgres/postgres.bash
source "${BASH_SOURCE[0]%/*}/postgres.bash"

# Runs in the container. The archive has the encoding of the database, whatever the session's would be. pg_dump fails
# when an object is dropped before it has locked it, which happens often on a busy schema: it is retried until it holds
# all its locks, and before that it writes nothing.
# shellcheck disable=SC2016 # for that shell
dump='
facts=$(psql -XAtqw -d "$1" -c "SELECT getdatabaseencoding(), pg_database_size(current_database()) > 20971520") || exit
[ "$2" != small ] || [ "${facts#*|}" = f ] || exit 77
export PGCLIENTENCODING="${facts%|*}"
database=$1 try=0 && shift 2 && exec 3>&1
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

# Nothing is sent before all is there, so that whatever goes wrong the other way is still open: somebody holds a lock,
# the database is more than it seems.
dump-small() {
  (ulimit -f 65536 && postgres-exec sh -c "ulimit -v 1048576; $dump" sh "$database" small --lock-wait-timeout=200 \
    </dev/null >"$work/small" 2>"$work/log") || return
  cat "$work/log" >&2
  cat "$work/small" || hook-fail 1 'the dump could not be handed over'
}

dump-sidecar() { # hands the FIFO to the container itself, which saves a copy of every byte
  local stdout
  stdout=$(readlink "/proc/$$/fd/1")
  [[ -p $stdout && $stdout == "$BACKUPS_RUN_DIR"/* ]] || hook-fail 1 'the helper gives an export a FIFO to write to'
  postgres-start --mount "type=bind,$(docker-field source "$(docker-host-path "$stdout")"),target=/f" -- \
    sh -c "$dump" sh "$database" large -f /f
  postgres-finish
}

dump-exec() {
  postgres-warn-of-exec
  trap 'dump-end-exec || true; postgres-clean' EXIT
  postgres-exec sh -c "$dump" sh "$database" large </dev/null || return
  trap postgres-clean EXIT
}

dump-end-exec() { # docker leaves running what it was asked to exec
  postgres-psql -v session="$session" <<'SQL'
SELECT pg_terminate_backend(pid) AS _ FROM pg_stat_activity
  WHERE application_name = :'session' AND pid <> pg_backend_pid() \gset
SQL
}
