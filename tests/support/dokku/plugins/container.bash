#!/usr/bin/env bash
# Functions that stand-ins for datastore plugins with real containers share; copied into each of them as `container`. The
# file `functions` of the plugin defines container_options, which sets the array `options` to the arguments of `docker
# container create` (options, image, arguments), and container_answers NAME.

container_docker() {
  "${DOCKER_BIN:-docker}" "$@"
}

# Prints the directory as the Docker host sees it, for `docker run --volume`.
container_host() { # NAME
  echo "${DOKKU_LIB_HOST_ROOT:-$DOKKU_LIB_ROOT}/services/$DATASTORE/$1"
}

# container_layout NAME IMAGE:TAG [OPTION...]: makes the directory of a service.
container_layout() {
  local directory=$DATASTORE_ROOT/$1
  mkdir -p "$directory/data" "$directory/config"
  touch "$directory/LINKS" "$directory/ENV" "$directory/CONFIG_OPTIONS"
  openssl rand -hex 16 >"$directory/PASSWORD"
  chmod 640 "$directory/PASSWORD"
  echo "${2%:*}" >"$directory/IMAGE"
  echo "${2##*:}" >"$directory/IMAGE_VERSION"
  tr .- _ <<<"$1" >"$directory/DATABASE_NAME"
}

container_image() { # NAME
  echo "$(<"$DATASTORE_ROOT/$1/IMAGE"):$(<"$DATASTORE_ROOT/$1/IMAGE_VERSION")"
}

datastore_make_container() {
  local directory=$DATASTORE_ROOT/$1 options
  container_options "$1"
  rm -f "$directory/ID"
  container_docker container create --cidfile="$directory/ID" --env-file="$directory/ENV" --hostname="dokku.$DATASTORE.$1" \
    --label="dokku.service=$DATASTORE" --label=dokku=service --name="dokku.$DATASTORE.$1" --restart=always "${options[@]}" >/dev/null
  container_docker container start "$(<"$directory/ID")" >/dev/null
  container_wait "$1"
}

container_wait() {
  local _
  for _ in {1..300}; do
    ! container_answers "$1" &>/dev/null || return 0
    sleep 0.1
  done
  container_docker container logs --tail 20 "dokku.$DATASTORE.$1" >&2
  dokku_log_fail "$DATASTORE service $1 does not answer"
}

datastore_status() {
  container_docker container inspect -f '{{.State.Status}}' "dokku.$DATASTORE.$1" 2>/dev/null || echo missing
}

# Like the real plugins, starts a container only if it has exited, and creates one only if there is none.
datastore_start() {
  case "$(datastore_status "$1")" in
    running) ;;
    exited) container_docker container start "dokku.$DATASTORE.$1" >/dev/null && container_wait "$1" ;;
    *) datastore_make_container "$1" ;;
  esac
}

datastore_pause() {
  container_docker container stop "dokku.$DATASTORE.$1" >/dev/null
}

datastore_stop() {
  container_docker container rm --force --volumes "dokku.$DATASTORE.$1" &>/dev/null || true
}

# The data belongs to a user of the container, so that only a container can make it removable.
datastore_remove() {
  datastore_stop "$1"
  container_docker container run --rm --entrypoint chmod --volume "$(container_host "$1")/data:/d" "$(container_image "$1")" -R 777 /d
  rm -rf "${DATASTORE_ROOT:?}/$1"
}
