# shellcheck shell=bash disable=SC2154 # docker.bash sets docker
# Containers that a hook starts: throwaway ones, and sidecars of a service. Sourced, after docker.bash.

# Sets container_options, with which each of them begins: the label by which `sweep` finds it, nothing pulled, nothing
# logged. The file for --cidfile is empty from before dockerd is asked until its client has heard of the container.
container-options() {
  # shellcheck disable=SC2034 # for whoever calls
  container_options=(--pull never --log-driver none --label "backups.run=$BACKUPS_RUN_ID"
    --cidfile "$(mktemp -u "$BACKUPS_RUN_DIR/container.XXXXXX")")
}

# Removes the containers of a run that died. dockerd may be about to remove one itself, and then refuses to; or be about
# to make one for a client that is dead: for that there are ten looks. A Docker that does not answer has not said that
# nothing is left; it need not, where the run has never asked it for a container.
container-sweep() { # <run id>
  local directory=${BACKUPS_RUN_DIR%/*}/$1 found left=() looks=10
  for _ in {1..50}; do
    if ! found=$("$docker" ps --all --quiet --filter "label=backups.run=$1" 2>&1); then
      if [[ -d $directory ]] && ! compgen -G "$directory/container.*" >/dev/null; then return 0; fi
      hook-fail 1 "Docker does not answer, so that containers of $1 may be left: $found"
    fi
    mapfile -t left < <(printf '%s' "${found:+$found$'\n'}")
    if [[ ${#left[@]} -gt 0 ]]; then
      "$docker" rm --force --volumes "${left[@]}" >/dev/null 2>&1 && continue
    elif [[ $((looks--)) -le 0 || -z $(find "$directory" -name 'container.*' -empty 2>/dev/null) ]]; then
      return 0
    fi
    sleep 0.2
  done
  hook-fail 1 "these containers of $1 cannot be removed: ${left[*]}"
}
