# shellcheck shell=bash
# Queries of Docker. Sourced, after hook.bash.

docker=${DOCKER_BIN:-docker}

# Prints the state of a container as Docker names it, or nothing if the container does not exist. Fails if Docker does not
# answer.
docker-status() { # <container>
  local names
  "$docker" container inspect --format '{{.State.Status}}' "$1" 2>/dev/null && return
  names=$("$docker" ps --all --format '{{.Names}}' 2>&1) || hook-fail 1 "Docker does not answer: ${names##*$'\n'}"
  ! grep -qxF -e "$1" <<<"$names" || hook-fail 1 "Docker cannot say in which state $1 is"
}

# Prints a path as dockerd sees it, since Dokku itself may run in a container.
docker-host-path() { # <path>
  case "$1/" in
    "$DOKKU_LIB_ROOT"/*) printf '%s' "${DOKKU_LIB_HOST_ROOT:-$DOKKU_LIB_ROOT}${1#"$DOKKU_LIB_ROOT"}" ;;
    "$DOKKU_ROOT"/*) printf '%s' "${DOKKU_HOST_ROOT:-$DOKKU_ROOT}${1#"$DOKKU_ROOT"}" ;;
    *) printf '%s' "$1" ;;
  esac
}

# A field of --mount, which is a line of CSV.
docker-field() { # <key> <value>
  printf '"%s=%s"' "$1" "${2//\"/\"\"}"
}
