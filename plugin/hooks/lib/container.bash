# shellcheck shell=bash disable=SC2154 # docker.bash sets docker
# Containers that a hook starts: throwaway ones, and sidecars of a service. Sourced, after docker.bash.

# Sets container_options for `docker run`: a label, by which `sweep` finds the container, no pull and no log. The file for
# --cidfile exists from before dockerd is asked, and is empty until the client has received the container's id.
container-options() {
  # shellcheck disable=SC2034 # for whoever calls
  container_options=(--pull never --log-driver none --label "backups.run=$BACKUPS_RUN_ID"
    --cidfile "$(mktemp -u "$BACKUPS_RUN_DIR/container.XXXXXX")")
}

# Removes the containers of a run that died. It tries ten times: dockerd refuses while it removes a container itself, and may
# still create one for a client that has died. Fails if Docker does not answer, unless the run never asked for a container.
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
