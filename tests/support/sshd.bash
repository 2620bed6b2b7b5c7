#!/usr/bin/env bash
# A real sshd on the loopback, whose keys run `dokku` as sshcommand has them do. Needs dokku.bash and dokku_start before.
#
#   sshd_start           in setup_file or in a test: sets SSHD_PORT and makes the keys `admin` and `mallory`
#   sshd_stop            in teardown_file: ends it and takes the keys back
#   sshd_key NAME        one more key, which Dokku knows as tests-NAME: a host may have its own `admin`
#   ssh_as KEY WORD...   as `ssh dokku@host WORD...` with that key; SSH_OPTIONS=(-tt) for more
#
# Keys are added with `dokku ssh-keys:add`, which writes the forced command.

sshd_start() {
  local key
  sshd_possible || return 1
  SSHD_DIR=$(mktemp -d "${TMPDIR:-/tmp}/backups-sshd.XXXXXX")
  SSHD_PORT=$(sshd_free_port)
  export SSHD_DIR SSHD_PORT
  ssh-keygen -q -t ed25519 -N '' -f "$SSHD_DIR/host"
  sshd_config >"$SSHD_DIR/config"
  mkdir -p /run/sshd
  /usr/sbin/sshd -D -e -f "$SSHD_DIR/config" </dev/null >"$SSHD_DIR/log" 2>&1 3>&- &
  export SSHD_PID=$!
  # sshd_stop may run in another shell, which does not have these variables.
  echo "$SSHD_PID $SSHD_DIR" >"$(sshd_record)"
  for key in admin mallory; do sshd_key "$key"; done
  sshd_wait
}

sshd_record() {
  echo "${BATS_FILE_TMPDIR:-$SSHD_DIR}/sshd.running"
}

sshd_possible() {
  local tool
  for tool in /usr/sbin/sshd ssh ssh-keygen; do
    command -v "$tool" >/dev/null && continue
    echo "sshd: $tool is not installed" >&2
    return 1
  done
}

# The stand-in's authorized_keys is below a world-writable directory, which StrictModes would refuse.
sshd_config() {
  cat <<CONFIG
Port $SSHD_PORT
ListenAddress 127.0.0.1
HostKey $SSHD_DIR/host
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM $(sshd_pam)
StrictModes no
AcceptEnv LANG LC_*
AuthorizedKeysFile $(dokku_home)/.ssh/authorized_keys
CONFIG
}

# The account of a real Dokku is locked, and sshd without PAM refuses locked accounts.
sshd_pam() {
  if [[ $(getent shadow dokku) == 'dokku:!'* ]]; then
    echo yes
  else
    echo no
  fi
}

sshd_free_port() {
  local port
  for port in $(shuf -i 20000-30000 -n 50); do
    # The port is free if nothing accepts a connection.
    (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
    echo "$port"
    return 0
  done
  return 1
}

sshd_wait() {
  local _
  for _ in {1..100}; do
    (exec 9<>"/dev/tcp/127.0.0.1/$SSHD_PORT") 2>/dev/null && return 0
    sleep 0.1
  done
  cat "$SSHD_DIR/log" >&2
  return 1
}

sshd_key() {
  ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$SSHD_DIR/$1"
  # Through a pipe: a file redirected to stdin is refused.
  # shellcheck disable=SC2002
  cat "$SSHD_DIR/$1.pub" | dokku ssh-keys:add "tests-$1" >/dev/null
}

ssh_as() {
  local key=$1
  shift
  ssh -F none -i "$SSHD_DIR/$key" -p "$SSHD_PORT" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no \
    -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "${SSH_OPTIONS[@]}" dokku@127.0.0.1 "$@"
}

sshd_stop() {
  local key pid directory
  read -r pid directory 2>/dev/null <"$(sshd_record)" || return 0
  rm "$(sshd_record)"
  for key in "$directory"/*.pub; do
    [[ $key == */host.pub ]] || dokku ssh-keys:remove "tests-$(basename "$key" .pub)" >/dev/null
  done
  kill "$pid" 2>/dev/null || true
  rm -rf "${directory:?}"
}
