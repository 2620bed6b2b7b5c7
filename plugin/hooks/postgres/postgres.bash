# shellcheck shell=bash
# Functions of the PostgreSQL hooks: find the service, query its server, and start a container of its image next to it.
# shellcheck disable=SC2034 # not every hook uses every variable
# shellcheck source=plugin/hooks/lib/service.bash
source "${BASH_SOURCE[0]%/*}/../lib/service.bash"

session=backups-${BACKUPS_RUN_ID:?}

# TLS takes a fifth of the time of a dump. It is used only if the server insists, since both ends are in one network
# namespace.
settings=(-e PGHOST=127.0.0.1 -e PGUSER=postgres -e PGDATABASE=template1 -e PGSSLMODE=allow -e PGCONNECT_TIMEOUT=10
  -e LC_ALL=C)

# Settings of the role, the database or the server must not affect our sessions; those that a connection requests take
# precedence. Examples: a missing library ends a session; a role or an isolation level changes what it sees; quoting and
# languages change its output; a missing standby makes it wait.
session_options="-c role=none -c session_preload_libraries= -c local_preload_libraries="
session_options+=" -c standard_conforming_strings=on"
session_options+=" -c default_transaction_read_only=off -c default_transaction_isolation=read\\ committed"
session_options+=" -c default_transaction_deferrable=off -c statement_timeout=0"
session_options+=" -c idle_in_transaction_session_timeout=0"
session_options+=" -c synchronous_commit=local -c row_security=on -c quote_all_identifiers=off"
session_options+=" -c exit_on_error=off -c lc_messages=C"
session_options+=" -c client_min_messages=warning -c temp_file_limit=-1 -c max_parallel_workers_per_gather=0"
session_options+=" -c DateStyle=ISO"
session_options+=" -c IntervalStyle=postgres -c bytea_output=hex -c plpgsql.extra_errors=none"
session_options+=" -c plpgsql.variable_conflict=error"
settings+=(-e "PGOPTIONS=$session_options -c search_path=pg_catalog -c lock_timeout=60s")

# Begins every shell command in a container. Variables for connections are removed from the environment, and settings
# that only newer servers know are added. Debian's programs are called directly, because their wrapper in Perl takes
# longer than they do.
# shellcheck disable=SC2016 # for that shell
prelude='unset PGHOSTADDR PGSERVICE PGSERVICEFILE PGSYSCONFDIR PGREQUIREAUTH PGCHANNELBINDING PGTARGETSESSIONATTRS \
  PGGSSENCMODE PGSSLNEGOTIATION PGSSLCERTMODE PGREQUIREPEER PGLOADBALANCEHOSTS PGDATESTYLE PGTZ PGGEQO PG_COLOR
if [ -x "/usr/lib/postgresql/$PG_MAJOR/bin/psql" ]; then
  PATH=/usr/lib/postgresql/$PG_MAJOR/bin:$PATH major=$PG_MAJOR
else
  major=$(psql -V) && major=${major#*) }
fi
major=${major%%[!0-9]*}
[ "${major:-0}" -lt 14 ] || PGOPTIONS="$PGOPTIONS -c idle_session_timeout=0"
[ "${major:-0}" -lt 17 ] || PGOPTIONS="$PGOPTIONS -c transaction_timeout=0 -c event_triggers=off"
'

# Like service-find. Also sets default (the service's own database) and work. An export uses the results of the
# preceding describe, and an import into staging those of the preceding prepare.
postgres-find() { # <name>
  local facts before=''
  case $BACKUPS_ACTION in
    export) before=describe ;;
    import) [[ ${where:-} == inplace ]] || before=prepare ;;
  esac
  if [[ -s $BACKUPS_RUN_DIR/found.$before ]]; then
    facts=$(<"$BACKUPS_RUN_DIR/found.$before")
  else
    facts=$(service-inspect "$1")
    printf '%s' "$facts" >"$BACKUPS_RUN_DIR/found.$BACKUPS_ACTION"
  fi
  service-find "$1" "$facts"
  [[ $state != missing ]] || return 0
  default=${name//[.-]/_}
  [[ ! -s $service_root/DATABASE_NAME ]] || default=$(<"$service_root/DATABASE_NAME")
  work=$(mktemp -d "$BACKUPS_RUN_DIR/postgres.XXXXXX")
  trap postgres-clean EXIT
  trap 'exit 143' TERM INT HUP
}

postgres-need() { # <name>: fails unless the service runs
  postgres-find "$1"
  service-demand-running
}

postgres-clean() {
  local try
  # Removed twice, because docker may have been about to create it.
  for try in ${sidecar:+1 2}; do
    "$docker" rm -f "$sidecar" >/dev/null 2>&1 || true
    kill "$client" 2>/dev/null || true
    wait "$client" || true
  done
  rm -rf "$work"
}

postgres-conninfo() { # <database>: as a URI, since a bare name with "=" in it would be parsed
  local quoted=${1//\\/\\\\}
  printf "dbname='%s'" "${quoted//\'/\\\'}"
}

# Runs a short command with docker exec. Its streams are slow, and processes that it starts may outlive it. The password
# is the first line of stdin.
postgres-exec() { # <program> <argument…>
  { awk 'NR == 1' "$service_root/PASSWORD" && cat; } |
    "$docker" exec -i "${settings[@]}" ${pgoptions:+-e "PGOPTIONS=$pgoptions"} -e "PGAPPNAME=$session" "$container_id" \
      sh -c "IFS= read -r PGPASSWORD && export PGPASSWORD && $prelude"'exec "$@"' sh "$@" ||
    return "${PIPESTATUS[1]}" # not that of cat, whose output need not be read to the end
}

postgres-ask() { # <program> <argument…>: a program with the exit codes of psql
  local code=0 log
  log=$(mktemp "$work/ask.XXXXXX")
  postgres-exec env PGCLIENTENCODING=UTF8 "$@" 2>"$log" || code=$?
  cat "$log" >&2
  [[ $code -ne 0 ]] || return 0
  [[ $code -eq 3 ]] || service-still-runs
  ! grep -Eq 'password authentication failed|no password supplied' "$log" ||
    hook-fail 1 "the server of $name does not accept the password of postgres in $service_root/PASSWORD"
  [[ $code -ne 2 ]] || hook-fail 1 "the server of $name did not accept a connection, or lost it"
  return 1 # the exit codes of psql have another meaning for the helper
}

postgres-psql() { # <option…>, SQL on stdin
  postgres-ask psql -XqAtw -v ON_ERROR_STOP=1 "$@"
}

# Starts a sidecar for long streams: a container of the service's own image in its network namespace, which sees $work
# as /b.
postgres-start() { # <docker option…> -- <program> <argument…>: in the background
  local path options=()
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  for path in "${volumes[@]}"; do options+=(--tmpfs "$path"); done
  (umask 077 && awk 'NR == 1 { gsub(/[\\:]/, "\\\\&"); print "*:*:*:*:" $0 }' "$service_root/PASSWORD" >"$work/pgpass")
  # The memory for a row is not known before: a dump holds several copies of it, as text.
  memory=$(awk '/^MemTotal:/ { half = int($2 / 2048); print (half < 1024 ? 1024 : half) "m" }' /proc/meminfo)
  sidecar=backups-$BACKUPS_RUN_ID-${work##*.} started=$(date +%s)
  container-options
  "$docker" run "${container_options[@]}" --rm --init --name "$sidecar" --network "container:$container_id" \
    --user "$(id -u):$(id -g)" --userns=host --cap-drop ALL --security-opt no-new-privileges --read-only \
    --memory "$memory" --mount "type=bind,$(docker-field source "$(docker-host-path "$work")"),target=/b,readonly" \
    "${settings[@]}" -e "PGAPPNAME=$session" -e PGPASSFILE=/b/pgpass "${options[@]}" --entrypoint sh "$image_id" \
    -c "$prelude"'exec "$@"' sh "${@:2}" >&2 2>"$work/log" 3>&- &
  client=$!
}

postgres-finish() { # returns the exit status of the sidecar, the only proof of a complete stream. Sets killed: why, if it was
  local code=0
  killed=''
  wait "$client" || code=$?
  cat "$work/log" >&2
  if [[ $code -eq 137 ]]; then
    killed="it was killed (signal 9), which the kernel does where a host runs out of memory"
    # Docker is told of this separately from the end of the container, and may learn it a moment later.
    [[ -z $("$docker" events --since "$started" --until "$(date -d '+1 second' +%s.%N)" --filter "container=$sidecar" \
      --filter event=oom --format . 2>/dev/null) ]] ||
      killed="out of memory, of which it may have ${memory%m} MiB here (half of the host's)"
    [[ $killed != out* ]] || killed+='; a value takes up to six times its size'
  fi
  sidecar=''
  return "$code"
}

postgres-failed() { # <what>: adds the reason if it is known; the server's own errors are in the log
  [[ -z $killed ]] || hook-fail 1 "$1: $killed"
  service-still-runs
  hook-fail 1 "$1"
}

postgres-warn-of-exec() {
  hook-warning 'a container beside the service cannot see the state directory,' \
    'so this goes through docker exec, which is slower'
}

postgres-unmountable() { # true if the sidecar failed because it could not mount $work
  grep -Eq '^docker: .*(mount|bind)|could not open (input|output) file "/(b/)?f"|no password supplied' "$work/log"
}
