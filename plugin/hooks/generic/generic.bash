# What the hooks for every other datastore plugin share: those that implement `dokku <type>:export` and `:import`.
# Sourced, never run.
#
# shellcheck disable=SC2034 # container is for the hooks
source "${BASH_SOURCE[0]%/*}/../hook.bash"

type="$BACKUPS_TYPE"
docker="${DOCKER_BIN:-docker}"

# Sets state, and container. Dokku's `stop` removes the container, its `pause` leaves one that has exited. What does not
# live in such a container may still have a state.
generic-inspect() {
  declare service="$1"
  local status
  [[ $service =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]*$ ]] || hook-fail 2 "'$service' is not the name of a service"
  container="dokku.$type.$service"
  state=missing
  [[ -d $DOKKU_LIB_ROOT/services/$type/$service ]] || return 0
  status="$("$docker" container inspect --format '{{.State.Status}}' "$container" 2>/dev/null)" ||
    status="$(generic-dokku "$type:info" "$service" --status </dev/null 2>/dev/null)" || true
  case "$status" in
    running) state=running ;;
    paused | exited) state=paused ;;
    *) state=stopped ;;
  esac
}

generic-demand-running() {
  declare service="$1"
  generic-inspect "$service"
  case "$state" in
    missing) hook-fail 3 "there is no $type service $service" ;;
    stopped) hook-fail 5 "the $type service $service is stopped: dokku $type:start $service" ;;
    paused) hook-fail 6 "the $type service $service is paused: dokku $type:start $service" ;;
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
