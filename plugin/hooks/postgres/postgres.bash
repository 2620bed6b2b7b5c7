# shellcheck shell=bash
# What the PostgreSQL hooks share: finding the service, talking to it, and a container of its image beside it.
# shellcheck disable=SC2034 # not every hook uses every variable
# shellcheck source=plugin/hooks/hook.bash
source "${BASH_SOURCE[0]%/*}/../hook.bash"

: "${DOCKER_BIN:=docker}" "${DOKKU_LIB_ROOT:=/var/lib/dokku}" "${BACKUPS_TYPE:=postgres}"
session=backups-${BACKUPS_RUN_ID:?}

# TLS, a fifth of the work of a dump, is only for a server that insists: both ends are in one network namespace. What somebody
# has set for the role or the database must not get in the way.
session_options="-c search_path=pg_catalog -c default_transaction_read_only=off -c statement_timeout=0 -c client_min_messages=warning"
settings=(-e PGHOST=127.0.0.1 -e PGUSER=postgres -e PGDATABASE=template1 -e PGSSLMODE=allow -e PGCONNECT_TIMEOUT=10
  -e LC_ALL=C -e "PGOPTIONS=$session_options -c lock_timeout=60s")

# One call of docker for all there is to know, since each takes 30 ms and more.
postgres-find() { # <name>: sets name service state default, and if there is a container: container image image_id volumes
  local found facts="{{.State.Status}}{{println}}{{.Id}}{{println}}{{.Config.Image}}{{println}}{{.Image}}"
  facts+="{{range \$path, \$_ := .Config.Volumes}}{{println}}{{\$path}}{{end}}"
  name=$1 service=$DOKKU_LIB_ROOT/services/$BACKUPS_TYPE/$1 state=missing
  [[ -d $service ]] || return 0
  default=${name//[.-]/_}
  [[ ! -s $service/DATABASE_NAME ]] || default=$(<"$service/DATABASE_NAME")
  work=$(mktemp -d "$BACKUPS_RUN_DIR/postgres.XXXXXX")
  trap postgres-clean EXIT
  trap 'exit 143' TERM INT HUP
  if ! found=$("$DOCKER_BIN" container inspect "dokku.$BACKUPS_TYPE.$name" --format "$facts" 2>"$work/log"); then
    grep -qi 'no such' "$work/log" || hook-fail 1 "$(<"$work/log")"
    state=stopped
    return
  fi
  mapfile -t volumes <<<"$found"
  state=${volumes[0]} container=${volumes[1]} image=${volumes[2]} image_id=${volumes[3]} volumes=("${volumes[@]:4}")
  case $state in
    running) ;;
    exited | paused) state=paused ;;
    *) hook-warning "the container of $name is $state" && state=paused ;;
  esac
}

postgres-need() { # <name>: a service that runs, or the end
  postgres-find "$1"
  case $state in
    missing) hook-fail 3 "there is no $BACKUPS_TYPE service $name" ;;
    stopped) hook-fail 5 "the $BACKUPS_TYPE service $name is stopped; start it with: dokku $BACKUPS_TYPE:start $name" ;;
    paused) hook-fail 6 "the $BACKUPS_TYPE service $name is paused; start it with: dokku $BACKUPS_TYPE:start $name" ;;
  esac
}

postgres-clean() {
  local try
  # Twice: docker may have been about to make it.
  for try in ${sidecar:+1 2}; do
    "$DOCKER_BIN" rm -f "$sidecar" >/dev/null 2>&1 || true
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
  { awk 'NR == 1' "$service/PASSWORD" && cat; } |
    "$DOCKER_BIN" exec -i "${settings[@]}" -e "PGAPPNAME=$session" "$container" \
      sh -c 'IFS= read -r PGPASSWORD && export PGPASSWORD && exec "$@"' sh "$@" ||
    return "${PIPESTATUS[1]}" # not that of cat, which nobody may have wanted to the end
}

postgres-psql() { # <option…>, SQL on stdin
  local code=0
  postgres-exec env PGCLIENTENCODING=UTF8 psql -XqAtw -v ON_ERROR_STOP=1 "$@" || code=$?
  [[ $code -ne 2 ]] || hook-fail 1 "the server of $name refused or lost the connection; postgres needs the password in $service/PASSWORD"
  [[ $code -lt 125 ]] || hook-fail 1 "the container of $name went away"
  [[ $code -eq 0 ]] # psql's own codes mean something else to the helper
}

postgres-host-path() { # <path>: as dockerd knows it
  if [[ -n $DOKKU_LIB_HOST_ROOT && $1 == "$DOKKU_LIB_ROOT"/* ]]; then
    printf '%s' "$DOKKU_LIB_HOST_ROOT${1#"$DOKKU_LIB_ROOT"}"
  else
    printf '%s' "$1"
  fi
}

# For long streams: a container of the service's own image in its network namespace, which sees $work as /b.
postgres-start() { # <docker option…> -- <program> <argument…>: in the background
  local path options=()
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  for path in "${volumes[@]}"; do options+=(--tmpfs "$path"); done
  (umask 077 && awk 'NR == 1 { gsub(/[\\:]/, "\\\\&"); print "*:*:*:*:" $0 }' "$service/PASSWORD" >"$work/pgpass")
  sidecar=backups-$BACKUPS_RUN_ID-${work##*.}
  "$DOCKER_BIN" run --rm --init --pull never --log-driver none --name "$sidecar" --label "backups.run=$BACKUPS_RUN_ID" \
    --cidfile "$(hook-cidfile)" --network "container:$container" --user "$(id -u):$(id -g)" --userns=host --cap-drop ALL \
    --security-opt no-new-privileges --read-only --memory 1g --mount "type=bind,source=$(postgres-host-path "$work"),target=/b,readonly" \
    "${settings[@]}" -e "PGAPPNAME=$session" -e PGPASSFILE=/b/pgpass "${options[@]}" --entrypoint "$2" "$image_id" "${@:3}" \
    >&2 2>"$work/log" 3>&- &
  client=$!
}

postgres-finish() { # the sidecar's exit status: the only sign that a stream was whole
  local code=0
  wait "$client" || code=$?
  sidecar=''
  cat "$work/log" >&2
  return "$code"
}

postgres-unmountable() { # did the sidecar fail since it couldn't see $work?
  grep -Eq '^docker: .*(mount|bind)|could not open (input|output) file "/(b/)?f"|no password supplied' "$work/log"
}
