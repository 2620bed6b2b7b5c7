# Functions of the hooks for all other datastore plugins, those that implement `dokku <type>:export` and `:import`.
# Sourced, never run.
# shellcheck source=plugin/hooks/lib/service.bash
source "${BASH_SOURCE[0]%/*}/../lib/service.bash"

# Like service-find. A service whose container has another name may still report a state.
generic-find() { # <name>
  service-find "$1"
  [[ $state == stopped && -z $status ]] || return 0
  status=$(generic-dokku "$type:info" "$1" --status </dev/null 2>/dev/null) || true
  state=$(service-state "$status")
}

generic-demand-running() { # <name>
  generic-find "$1"
  service-demand-running
}

# True if the plugin implements a subcommand. Datastore plugins have a file for every subcommand, and list those that
# only print "Not yet implemented".
generic-implements() {
  declare verb="$1"
  [[ -x $PLUGIN_ENABLED_PATH/$type/subcommands/$verb ]] || return 1
  ! sed -n 's/.*PLUGIN_UNIMPLEMENTED_SUBCOMMANDS=(\(.*\)).*/\1/p' "$PLUGIN_ENABLED_PATH/$type/config" 2>/dev/null |
    tr -d "\"'" | tr ' ' '\n' | grep -qx -- "$verb"
}

# Runs dokku without the variables of the calling one, which would change what it does.
generic-dokku() {
  env -u SSH_TTY -u DOKKU_APP_NAME -u DOKKU_GLOBAL_FLAGS -u DOKKU_QUIET_OUTPUT -u DOKKU_TRACE \
    -u DOKKU_APPS_FORCE_DELETE -u SSH_ORIGINAL_COMMAND dokku "$@"
}

# Prints the size of the artifact that is being restored; 0 outside of a restore.
generic-raw-size() {
  if [[ -e $BACKUPS_ARTIFACTS ]]; then jq '.[0].raw_size // 0' "$BACKUPS_ARTIFACTS"; else echo 0; fi
}

# Fails with a warning if Docker's disk, which also holds the live data, is too full for a trial in a container.
generic-has-room() { # <bytes> <what is not done then>
  local root free
  root="$("$docker" info --format '{{.DockerRootDir}}' 2>/dev/null)" || return 0
  free="$(df --output=avail -B1 -- "$root" 2>/dev/null | tail -n 1)" || return 0
  [[ $free -lt $1 ]] || return 0
  hook-warning "$2: that takes about $(numfmt --to=iec "$1") in $root, where $(numfmt --to=iec "$free") are free"
  return 1
}

# Defaults for unknown types; known/<type>.bash redefines them.
known-failure() { echo "the data partly those of the backup, partly those from before"; }
known-keeps() { echo "whatever the backup does not hold, where $type:import does not remove it"; }
known-warnings() { :; } # <name>: prints what a backup of the running service does not contain, one line each
known-export() { generic-dokku "$type:export" "$1" </dev/null; }
known-inspector() { :; }             # prints the helper's inspector that judges whether an export is complete
known-check() { cat >/dev/null; }    # <name>, an artifact on stdin: fails if its server cannot read it
known-rehearse() { cat >/dev/null; } # <name>, the artifact on stdin: fails if its import would fail
known-undo() { :; }                  # <name>, the artifact on stdin: prints one that removes what its import would create
generic-known() {
  local known="${BASH_SOURCE[0]%/*}/known/$type.bash"
  # shellcheck source=/dev/null
  [[ ! -f $known ]] || source "$known"
}
generic-known
