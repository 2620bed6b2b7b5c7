# shellcheck shell=bash
# What the PostgreSQL hooks share: finding the service, talking to it, and a container of its image beside it.
# shellcheck disable=SC2034 # not every hook uses every variable
# shellcheck source=plugin/hooks/lib/service.bash
source "${BASH_SOURCE[0]%/*}/../lib/service.bash"

session=backups-${BACKUPS_RUN_ID:?}

# TLS, a fifth of the work of a dump, is only for a server that insists: both ends are in one network namespace.
settings=(-e PGHOST=127.0.0.1 -e PGUSER=postgres -e PGDATABASE=template1 -e PGSSLMODE=allow -e PGCONNECT_TIMEOUT=10
  -e LC_ALL=C)

# What somebody has set for the role, a database or the server must not get in the way of a session of ours: what a
# connection asks for itself goes before that. (Libraries that are not there end a session; roles and isolation change
# what it may see; names in quotes, other words and other strings mislead who reads them; a standby that is away is
# waited for.)
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

# Begins every shell of ours in a container: what its environment says of connections is for others, and a session has
# to ask for what only newer servers know. Debian's programs are behind a wrapper in Perl, which takes longer than they
# do.
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

# As service-find; sets default (the service's own database) and work, too. An export believes the describe before it,
# an import beside the prepare before it.
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

postgres-need() { # <name>: a service that runs, or the end
  postgres-find "$1"
  service-demand-running
}

postgres-clean() {
  local try
  # Twice: docker may have been about to make it.
  for try in ${sidecar:+1 2}; do
    "$docker" rm -f "$sidecar" >/dev/null 2>&1 || true
    kill "$client" 2>/dev/null || true
    wait "$client" || true
  done
  rm -rf "$work"
}

postgres-conninfo() { # <database>: a bare name with "=" in it would be read as more than a name
  local quoted=${1//\\/\\\\}
  printf "dbname='%s'" "${quoted//\'/\\\'}"
}

# For what is short: its streams are slow, and what it started may outlive it. The password travels ahead of stdin.
postgres-exec() { # <program> <argument…>
  { awk 'NR == 1' "$service_root/PASSWORD" && cat; } |
    "$docker" exec -i "${settings[@]}" ${pgoptions:+-e "PGOPTIONS=$pgoptions"} -e "PGAPPNAME=$session" "$container_id" \
      sh -c "IFS= read -r PGPASSWORD && export PGPASSWORD && $prelude"'exec "$@"' sh "$@" ||
    return "${PIPESTATUS[1]}" # not that of cat, which nobody may have wanted to the end
}

postgres-ask() { # <program> <argument…>: one that ends as psql does
  local code=0 log
  log=$(mktemp "$work/ask.XXXXXX")
  postgres-exec env PGCLIENTENCODING=UTF8 "$@" 2>"$log" || code=$?
  cat "$log" >&2
  [[ $code -ne 0 ]] || return 0
  [[ $code -eq 3 ]] || service-still-runs
  ! grep -Eq 'password authentication failed|no password supplied' "$log" ||
    hook-fail 1 "the server of $name does not accept the password of postgres in $service_root/PASSWORD"
  [[ $code -ne 2 ]] || hook-fail 1 "the server of $name did not accept a connection, or lost it"
  return 1 # psql's own codes mean something else to the helper
}

postgres-psql() { # <option…>, SQL on stdin
  postgres-ask psql -XqAtw -v ON_ERROR_STOP=1 "$@"
}

# For long streams: a container of the service's own image in its network namespace, which sees $work as /b.
postgres-start() { # <docker option…> -- <program> <argument…>: in the background
  local path options=()
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  for path in "${volumes[@]}"; do options+=(--tmpfs "$path"); done
  (umask 077 && awk 'NR == 1 { gsub(/[\\:]/, "\\\\&"); print "*:*:*:*:" $0 }' "$service_root/PASSWORD" >"$work/pgpass")
  # What a row takes can be known to nobody before: a dump holds several copies of it, as text.
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

postgres-finish() { # the sidecar's exit status: the only sign that a stream was whole. Sets killed: why, if it was
  local code=0
  killed=''
  wait "$client" || code=$?
  cat "$work/log" >&2
  if [[ $code -eq 137 ]]; then
    killed="it was killed (signal 9), which the kernel does where a host runs out of memory"
    # Docker hears of it beside the end of the container, and may be a moment late.
    [[ -z $("$docker" events --since "$started" --until "$(date -d '+1 second' +%s.%N)" --filter "container=$sidecar" \
      --filter event=oom --format . 2>/dev/null) ]] ||
      killed="out of memory, of which it may have ${memory%m} MiB here (half of the host's)"
    [[ $killed != out* ]] || killed+='; a value takes up to six times its size'
  fi
  sidecar=''
  return "$code"
}

postgres-failed() { # <what>: with the reason, where we know it; the server's own errors are in the log
  [[ -z $killed ]] || hook-fail 1 "$1: $killed"
  service-still-runs
  hook-fail 1 "$1"
}

postgres-warn-of-exec() {
  hook-warning 'a container beside the service cannot see the state directory,' \
    'so this goes through docker exec, which is slower'
}

postgres-unmountable() { # did the sidecar fail since it couldn't see $work?
  grep -Eq '^docker: .*(mount|bind)|could not open (input|output) file "/(b/)?f"|no password supplied' "$work/log"
}
