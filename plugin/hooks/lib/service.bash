# shellcheck shell=bash
# Services of Dokku's datastore plugins, which live in services/<type>/<name> and in a container. Sourced.
# shellcheck disable=SC2034 # not every hook uses every variable
# shellcheck source=plugin/hooks/lib/hook.bash
source "${BASH_SOURCE[0]%/*}/hook.bash"
# shellcheck source=plugin/hooks/lib/docker.bash
source "${BASH_SOURCE[0]%/*}/docker.bash"
# shellcheck source=plugin/hooks/lib/container.bash
source "${BASH_SOURCE[0]%/*}/container.bash"

: "${DOKKU_LIB_ROOT:=/var/lib/dokku}"
type=$BACKUPS_TYPE

# Queries everything about a container in one call of Docker, since each takes 30 ms or more. Prints lines, or nothing.
service-inspect() { # <name>
  # shellcheck disable=SC2016 # a template of Go's
  "$docker" container inspect "dokku.$type.$1" --format '{{.State.Status}}
{{.Id}}
{{.Config.Image}}
{{.Image}}
{{- range $path, $_ := .Config.Volumes}}{{println}}{{$path}}{{end}}' 2>/dev/null || true
}

# Sets name, service_root, container, status (Docker's word) and state; and where there is a container: container_id,
# image, image_id and volumes (the paths that its image keeps in volumes).
service-find() { # <name> [<what service-inspect printed>]
  local facts
  [[ $1 =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]*$ ]] || hook-fail 2 "'$1' is not the name of a service"
  name=$1 container=dokku.$type.$1 service_root=$DOKKU_LIB_ROOT/services/$type/$1 state=missing status=''
  container_id='' image='' image_id='' volumes=()
  [[ -d $service_root ]] || return 0
  facts=${2-$(service-inspect "$1")}
  if [[ -n $facts ]]; then
    mapfile -t volumes <<<"$facts"
    status=${volumes[0]} container_id=${volumes[1]} image=${volumes[2]} image_id=${volumes[3]}
    volumes=("${volumes[@]:4}")
  else
    status=$(docker-status "$container")
  fi
  state=$(service-state "$status")
}

# Translates Docker's status into a state for `describe`. Dokku's `pause` leaves an exited container, its `stop` none.
service-state() { # <Docker's word>
  case "$1" in
    running | created | restarting | dead) echo "$1" ;;
    removing) echo dead ;;
    exited | paused) echo paused ;;
    *) echo stopped ;;
  esac
}

service-demand-running() {
  local reason
  [[ $state != running ]] || return 0
  reason=$(service-reason)
  case $state in
    missing) hook-fail 3 "the $type service $name does not exist" ;;
    paused) hook-fail 6 "the $type service $name is paused: ${reason:-start it with \`dokku $type:start $name\`}" ;;
    *) hook-fail 5 "the $type service $name is $state: ${reason:-start it with \`dokku $type:start $name\`}" ;;
  esac
}

# After a failed command in the container: fails with its state if it no longer runs, or if it keeps restarting and ran only
# for a moment.
service-still-runs() {
  local restarts begun
  status=$(docker-status "$container")
  if [[ $status == running ]]; then
    read -r restarts begun < \
      <("$docker" container inspect --format '{{.RestartCount}} {{.State.StartedAt}}' "$container")
    [[ ${restarts:-0} == 0 || $(($(date +%s) - $(date -d "$begun" +%s))) -gt 60 ]] || status=restarting
  fi
  state=$(service-state "$status")
  service-demand-running
}

# Prints why an existing container does not run and what to do, as the end of a sentence about its state. Prints nothing if
# starting it is enough.
service-reason() {
  local facts code oom error log
  [[ ! $state =~ ^(running|missing|stopped)$ ]] || return 0
  facts=$("$docker" container inspect --format '{{.State.ExitCode}}|{{.State.OOMKilled}}|{{.State.Error}}' \
    "$container" 2>/dev/null) || return 0
  IFS='|' read -r code oom error <<<"$facts"
  case $status in
    paused) echo "its container is frozen; resume it with \`docker unpause $container\`" && return ;;
    created) echo "start it with \`dokku $type:start $name\`${error:+. Docker said: $error}" && return ;;
    dead | removing)
      echo "Docker could not remove its container${error:+ ($error)};" \
        "remove it with \`docker rm -f $container\`, then \`dokku $type:start $name\`"
      return
      ;;
    exited) [[ ! $code =~ ^(0|130|137|143)$ || $oom == true ]] || return 0 ;;
    restarting) ;;
    *) return 0 ;;
  esac
  log=$("$docker" container logs --tail 3 "$container" 2>&1 </dev/null | tr -s '[:cntrl:]' ' ' | cut -c1-600) || true
  # While it runs for a moment between two tries, its exit code is 0.
  [[ $code != 0 || $oom == true ]] || code=
  printf 'its container %s%s%s' "$([[ $status == restarting ]] && echo 'keeps exiting' || echo ended)" \
    "${code:+ with exit code $code}" "$([[ $oom != true ]] || echo ', out of memory')"
  # shellcheck disable=SC2016 # backticks of a sentence
  printf '%s; see `dokku %s:logs %s`\n' "${log:+. Its log ends: ${log% }}" "$type" "$name"
}
