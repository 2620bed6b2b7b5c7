# shellcheck shell=bash
# The state of a service's container, for hooks that ask Docker. Sourced.

# Prints Docker's word for the state of a container; nothing where there is none. A Docker that does not answer is a failure.
container-status() { # <container>
  local docker="${DOCKER_BIN:-docker}" names
  "$docker" container inspect --format '{{.State.Status}}' "$1" 2>/dev/null && return
  names="$("$docker" ps --all --format '{{.Names}}' 2>&1)" || hook-fail 1 "Docker does not answer: ${names##*$'\n'}"
  ! grep -qxF -e "$1" <<<"$names" || hook-fail 1 "Docker cannot say in which state $1 is"
}

# The word that `describe` uses for Docker's. Dokku's `pause` leaves a container that has exited, its `stop` none.
container-state() { # <Docker's word>
  case "$1" in
    running | created | restarting | dead) echo "$1" ;;
    removing) echo dead ;;
    exited | paused) echo paused ;;
    *) echo stopped ;;
  esac
}

# Why a container that is there does not run and what to do: the end of a sentence that says in which state it is. Nothing
# where starting it is all there is to do.
container-reason() { # <container> <Docker's word> <type> <name>
  local docker="${DOCKER_BIN:-docker}" facts code oom error log
  facts="$("$docker" container inspect --format '{{.State.ExitCode}}|{{.State.OOMKilled}}|{{.State.Error}}' "$1" 2>/dev/null)" || return 0
  IFS='|' read -r code oom error <<<"$facts"
  case "$2" in
    paused) echo "its container is frozen; go on with it with \`docker unpause $1\`" && return ;;
    created) echo "start it with \`dokku $3:start $4\`${error:+. Docker said: $error}" && return ;;
    dead | removing) echo "Docker could not remove its container${error:+ ($error)}; remove it with \`docker rm -f $1\`, then \`dokku $3:start $4\`" && return ;;
    exited) [[ ! $code =~ ^(0|130|137|143)$ || $oom == true ]] || return 0 ;;
    restarting) ;;
    *) return 0 ;;
  esac
  log="$("$docker" container logs --tail 3 "$1" 2>&1 </dev/null | tr -s '[:cntrl:]' ' ' | cut -c1-600)" || true
  if [[ $code == 0 ]]; then
    printf 'its container ends again and again'
  else
    printf 'its container ended with exit code %s%s' "$code" "$([[ $oom != true ]] || echo ', out of memory')"
  fi
  # shellcheck disable=SC2016 # backticks of a sentence
  printf '%s; see `dokku %s:logs %s`\n' "${log:+. Its log ends: ${log% }}" "$3" "$4"
}
