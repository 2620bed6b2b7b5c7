# What the hooks for every other datastore plugin share: those that implement `dokku <type>:export` and `:import`.
# Sourced, never run.
#
# shellcheck disable=SC2034 # container, status and service_root are for the hooks
source "${BASH_SOURCE[0]%/*}/../hook.bash"
source "${BASH_SOURCE[0]%/*}/../container.bash"

type="$BACKUPS_TYPE"
docker="${DOCKER_BIN:-docker}"

# Sets state, status (Docker's word), container and service_root. What does not live in such a container may still have a
# state.
generic-inspect() {
  declare service="$1"
  [[ $service =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]*$ ]] || hook-fail 2 "'$service' is not the name of a service"
  container="dokku.$type.$service" service_root="$DOKKU_LIB_ROOT/services/$type/$service"
  state=missing status=
  [[ -d $service_root ]] || return 0
  status="$(container-status "$container")"
  [[ -n $status ]] || status="$(generic-dokku "$type:info" "$service" --status </dev/null 2>/dev/null)" || true
  state="$(container-state "$status")"
}

generic-reason() {
  declare service="$1"
  case "$state" in
    running | missing | stopped) ;;
    *) container-reason "$container" "$status" "$type" "$service" ;;
  esac
}

generic-demand-running() {
  declare service="$1"
  local reason start="start it with \`dokku $type:start $service\`"
  generic-inspect "$service"
  reason="$(generic-reason "$service")"
  case "$state" in
    running) ;;
    missing) hook-fail 3 "there is no $type service $service" ;;
    paused) hook-fail 6 "the $type service $service is paused: ${reason:-$start}" ;;
    *) hook-fail 5 "the $type service $service is $state: ${reason:-$start}" ;;
  esac
}

# Datastore plugins ship every subcommand, and list those that only say "Not yet implemented".
generic-implements() {
  declare verb="$1"
  [[ -x $PLUGIN_ENABLED_PATH/$type/subcommands/$verb ]] || return 1
  ! sed -n 's/.*PLUGIN_UNIMPLEMENTED_SUBCOMMANDS=(\(.*\)).*/\1/p' "$PLUGIN_ENABLED_PATH/$type/config" 2>/dev/null |
    tr -d "\"'" | tr ' ' '\n' | grep -qx -- "$verb"
}

# A nested dokku acts on what an outer one left in the environment.
generic-dokku() {
  env -u SSH_TTY -u DOKKU_APP_NAME -u DOKKU_GLOBAL_FLAGS -u DOKKU_QUIET_OUTPUT -u DOKKU_TRACE -u DOKKU_APPS_FORCE_DELETE \
    -u SSH_ORIGINAL_COMMAND dokku "$@"
}

# How many bytes the artifact that is restored has; 0 where nothing is restored.
generic-raw-size() {
  local size=""
  [[ ! -e $BACKUPS_ARTIFACTS ]] || size="$(sed -n 's/.*"raw_size":\([0-9]*\).*/\1/p' "$BACKUPS_ARTIFACTS" | head -n 1)"
  echo "${size:-0}"
}

# Fails, and warns, where Docker's disk, which the live data are on, has no room to try something in a container.
generic-has-room() { # <bytes> <what is not done then>
  local root free
  root="$("$docker" info --format '{{.DockerRootDir}}' 2>/dev/null)" && free="$(df --output=avail -B1 -- "$root" 2>/dev/null | tail -n 1)" || return 0
  [[ $free -lt $1 ]] || return 0
  hook-warning "$2: that takes about $(numfmt --to=iec "$1") in $root, where $(numfmt --to=iec "$free") are free"
  return 1
}

# What is known of a type beyond what every plugin has: known/<type>.bash redefines these.
known-failure() { echo "the data partly those of the backup, partly those from before"; }
known-keeps() { echo "whatever the backup does not hold, where $type:import does not remove it"; }
known-warnings() { :; }              # <name>: what a backup of the running service will not hold, one a line
known-inspector() { :; }             # what of the helper's tells whether the export is complete
known-check() { cat >/dev/null; }    # <name>, an artifact on stdin: fails where its server can't read it
known-rehearse() { cat >/dev/null; } # <name>, the artifact on stdin: fails where import would
known-undo() { :; }                  # <name>, the artifact on stdin: an artifact that removes what its import would make newly
generic-known() {
  local known="${BASH_SOURCE[0]%/*}/known/$type.bash"
  # shellcheck source=/dev/null
  [[ ! -f $known ]] || source "$known"
}
generic-known
