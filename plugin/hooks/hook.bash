# shellcheck shell=bash
# Sourced by every hook. What a hook says beside its bytes goes to fd 3, one JSON object per line.
set -eo pipefail

# Exit codes mean something to the helper (helper/README.md). One of a program that a hook runs means something else, so that
# a code counts only where hook-fail has announced it, in a subshell too.
hook-fail() { # <exit code> <text…>
  local text="${*:2}"
  printf '%s\n' "${text//$'\n'/ }" >&2
  hook-announce "$1"
  exit "$1"
}

hook-announce() { # <exit code>
  { printf '{"exit":%d}\n' "$1" >&3; } 2>/dev/null || true
}

hook-untouched() { # true | false: whether the live data are as they were, should this hook fail from here on
  printf '{"untouched":%s}\n' "$1" >&3
}

hook-json() { # <text>: as a JSON string
  local text=${1//\\/\\\\}
  text=${text//\"/\\\"}
  printf '"%s"' "${text//[[:cntrl:]]/ }"
}

hook-warning() { # <text…>
  printf '{"warning":%s}\n' "$(hook-json "$*")" >&3
}

hook-detail() { # <JSON object>: becomes part of the manifest's detail
  printf '{"detail":%s}\n' "$1" >&3
}

hook-progress() { # <JSON object>
  printf '{"progress":%s}\n' "$1" >&3
}

# Something that a restore could not put back. <kind>: rebuild (it can be made again from what is there) or guard (without it
# something is open or wrong that was not).
hook-failure() { # <artifact> <kind> <code> <object> <message>
  printf '{"failure":{"artifact":%s,"kind":"%s","code":"%s","object":%s,"message":%s}}\n' \
    "$(hook-json "$1")" "$2" "$3" "$(hook-json "$4")" "$(hook-json "$5")" >&3
}

# import wants to be called once more with the same bytes: `again` at once with --again, `late` with --late after the swap.
# by-hand: its failure is about the data themselves, and should name the command with which a person can load the rest.
hook-request() { # again | late | by-hand
  printf '{"request":"%s"}\n' "$1" >&3
}

# A file for `docker run --cidfile`: from before dockerd is asked until its client has heard of the container, it is empty.
hook-cidfile() {
  mktemp -u "$BACKUPS_RUN_DIR/container.XXXXXX"
}

# Removes the containers of a run that died. dockerd may be about to remove one itself, and then refuses to; or be about to
# make one for a client that is dead: for that there are ten looks. A Docker that does not answer has not said that nothing
# is left; it need not, where the run has never asked it for a container.
hook-remove-containers() { # <run id>
  local docker=${DOCKER_BIN:-docker} directory=${BACKUPS_RUN_DIR%/*}/$1 found left=() looks=10
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

# Dokku lets anybody with an SSH key name any executable of a plugin, but never its environment.
if [[ -z $BACKUPS_RUN_DIR || ! -d $BACKUPS_RUN_DIR ]]; then
  hook-fail 1 'only backups-helper runs hooks'
fi
hook-announce 1
