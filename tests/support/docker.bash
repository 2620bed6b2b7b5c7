#!/usr/bin/env bash
# A Docker for tests: the one that answers, otherwise a daemon of our own that disturbs no other.
#
#   docker_start   starts one if `docker info` fails; returns 1, with the reason on stderr, if that is not possible
#   docker_stop    ends the daemon that docker_start of this shell (or its parent) started, and no other
#
# BACKUPS_DOCKER_DIR     state, images and log of our own daemon; kept, so that images are built only once
# BACKUPS_DOCKER_SOCKET  its socket. If that is not the usual one, DOCKER_HOST and DOCKER_BIN (hooks get no
#                        DOCKER_HOST) are exported, and only that socket is used.

export BACKUPS_DOCKER_DIR=${BACKUPS_DOCKER_DIR:-/var/lib/backups-tests/docker}

docker_start() {
  docker_select_socket
  docker_answers && return 0
  docker_possible || return 1
  mkdir -p "$BACKUPS_DOCKER_DIR"
  docker_bridge_up || return 1
  docker_spawn
  if docker_wait; then
    # Containers of a crashed run with --restart=always have just been restarted.
    docker ps -aq | xargs -r docker rm -fv >/dev/null 2>&1
    return 0
  fi
  docker_say "dockerd did not come up: $(tail -n 1 "$BACKUPS_DOCKER_DIR/dockerd.log")"
  docker_stop
  return 1
}

docker_stop() {
  local pid=${BACKUPS_DOCKER_PID:-}
  [[ -n $pid ]] || return 0
  unset BACKUPS_DOCKER_PID
  kill "$pid" 2>/dev/null || true
  docker_gone "$pid" || kill -KILL "$pid" 2>/dev/null || true
  # A daemon that failed to start leaves this file behind.
  umount "$BACKUPS_DOCKER_DIR/data" 2>/dev/null || true
  docker_bridge_down
}

docker_say() {
  echo "docker: $*" >&2
}

docker_answers() {
  timeout 60 docker info >/dev/null 2>&1
}

docker_socket() {
  echo "${BACKUPS_DOCKER_SOCKET:-/var/run/docker.sock}"
}

docker_select_socket() {
  [[ -n ${BACKUPS_DOCKER_SOCKET:-} ]] || return 0
  mkdir -p "$BACKUPS_DOCKER_DIR"
  export DOCKER_HOST=unix://$BACKUPS_DOCKER_SOCKET
  export DOCKER_BIN=$BACKUPS_DOCKER_DIR/docker
  printf '#!/bin/sh\nexec %s --host %s "$@"\n' "$(type -P docker)" "$DOCKER_HOST" >"$DOCKER_BIN"
  chmod 755 "$BACKUPS_DOCKER_DIR" "$DOCKER_BIN"
}

docker_possible() {
  local tool
  if [[ $(id -u) != 0 ]]; then
    docker_say "no daemon answers, and only root can start one"
    return 1
  fi
  for tool in docker dockerd ip iptables; do
    command -v "$tool" >/dev/null && continue
    docker_say "$tool is not installed"
    return 1
  done
}

# Our own bridge, subnet and two rules. A second daemon on docker0, or one that rewrites the shared iptables chains,
# would disconnect the containers of the first one.
docker_bridge_up() {
  local number bridge
  docker_bridge_down
  for number in {0..31}; do
    bridge=bktest$number
    ip route show table all | grep -qF "10.209.$number." && continue
    ip link add "$bridge" type bridge 2>/dev/null || continue
    echo "$number" >"$BACKUPS_DOCKER_DIR/bridge"
    ip addr add "10.209.$number.1/24" dev "$bridge"
    ip link set "$bridge" up
    docker_rules "$number" insert || docker_say "iptables failed: containers have no way out, images can't be built"
    return 0
  done
  docker_say "no network bridge can be made on this machine"
  return 1
}

docker_bridge_down() {
  local number
  number=$(cat "$BACKUPS_DOCKER_DIR/bridge" 2>/dev/null) || return 0
  docker_rules "$number" delete 2>/dev/null || true
  ip link delete "bktest$number" 2>/dev/null || true
  rm -f "$BACKUPS_DOCKER_DIR/bridge"
}

docker_rules() {
  local bridge=bktest$1 verb=--$2
  iptables -w "$verb" FORWARD -i "$bridge" -j ACCEPT &&
    iptables -w "$verb" FORWARD -o "$bridge" -j ACCEPT &&
    iptables -w -t nat "$verb" POSTROUTING -s "10.209.$1.0/24" ! -o "$bridge" -j MASQUERADE
}

docker_spawn() {
  local dir=$BACKUPS_DOCKER_DIR number
  number=$(cat "$dir/bridge")
  rm -f "$dir/dockerd.pid"
  echo '{}' >"$dir/daemon.json"
  getent group docker >/dev/null || groupadd --system docker
  # bats waits until every process has closed its file descriptor 3.
  setsid dockerd --config-file "$dir/daemon.json" --host "unix://$(docker_socket)" --group docker \
    --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/dockerd.pid" \
    --bridge "bktest$number" --iptables=false --ip-masq=false \
    --default-address-pool "base=10.210.$number.0/24,size=28" \
    </dev/null >"$dir/dockerd.log" 2>&1 3>&- &
  export BACKUPS_DOCKER_PID=$!
}

docker_wait() {
  local _
  for _ in {1..300}; do
    docker_answers && return 0
    kill -0 "$BACKUPS_DOCKER_PID" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

docker_gone() {
  local _
  for _ in {1..300}; do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.1
  done
  return 1
}
