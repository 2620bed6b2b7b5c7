#!/usr/bin/env bash
# A `dokku` to test against, for bats files that must pass with the stand-in and on a real host alike.
#
#   dokku_start                     in setup_file: the dokku on PATH, else the stand-in in a directory of its own
#   dokku_stop                      in teardown_file: ends the stand-in; takes back on a host what was added here
#   dokku_plugin_add DIR [NAME]     copies a plugin's directory, enables it and runs its install
#   dokku_plugin_remove NAME        plugin:uninstall
#   dokku_fixture postgres|fakestore|acl    one of the plugins here; on a host with its own `postgres`, that one
#   dokku_as KEY WORD...            what an SSH key of that name gets: the words go through two shells and xargs
#   dokku_lib, dokku_plugins        DOKKU_LIB_ROOT; the directory of a plugin: $(dokku_plugins)/NAME
#   dokku_logs                      DOKKU_LOGS_DIR
#   dokku_directory                 a new directory that user dokku may write (bats' own may not even be entered)
#   acl_allow KEY [TYPE:NAME|app:NAME...], acl_clear KEY    with the fixture acl
#
# Sets TEST_DOKKU_REAL to 1 or nothing. Needs root, as `dokku plugin:install` does.

TEST_DOKKU_SUPPORT=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/dokku
export TEST_DOKKU_SUPPORT

# Returns 0, or 1 and prints why no dokku is available.
dokku_possible() {
  local tool
  if [[ $(id -u) != 0 ]]; then
    echo "dokku needs root" >&2
    return 1
  fi
  command -v dokku >/dev/null && return 0
  for tool in sudo git curl jq column; do
    command -v "$tool" >/dev/null && continue
    echo "the stand-in for dokku needs $tool" >&2
    return 1
  done
}

dokku_start() {
  dokku_possible || return 1
  export TEST_DOKKU_ADDED=
  if command -v dokku >/dev/null; then
    export TEST_DOKKU_REAL=1 TEST_DOKKU_DEFAULTS=/etc/default/dokku
    return 0
  fi
  TEST_DOKKU_TREE=$(mktemp -d "${TMPDIR:-/tmp}/backups-dokku.XXXXXX")
  export TEST_DOKKU_REAL="" TEST_DOKKU_TREE TEST_DOKKU_DEFAULTS=$TEST_DOKKU_TREE/defaults PATH=$TEST_DOKKU_TREE/bin:$PATH
  env -u DOKKU_ROOT -u DOKKU_LIB_ROOT -u DOKKU_LOGS_DIR "$TEST_DOKKU_SUPPORT/install" "$TEST_DOKKU_TREE" >"$TEST_DOKKU_TREE.log" 2>&1 ||
    { cat "$TEST_DOKKU_TREE.log" >&2 && return 1; }
  rm "$TEST_DOKKU_TREE.log"
}

dokku_stop() {
  local name
  [[ -n ${TEST_DOKKU_DEFAULTS:-} ]] || return 0
  # The stand-in's are uninstalled, too, since a plugin may have put files outside its directory.
  for name in $TEST_DOKKU_ADDED; do
    dokku plugin:uninstall "$name" >/dev/null || true
  done
  if [[ -z $TEST_DOKKU_REAL ]]; then
    dokku_remove_containers
    crontab -u dokku -r 2>/dev/null || true
    rm -rf "${TEST_DOKKU_TREE:?}"
  fi
  unset TEST_DOKKU_DEFAULTS
}

# Removes the containers of services whose data is below the stand-in's directory.
dokku_remove_containers() {
  local docker=${DOCKER_BIN:-docker} container
  for container in $("$docker" ps -aq --no-trunc --filter label=dokku=service 2>/dev/null); do
    if grep -qsF "$container" "$(dokku_lib)"/services/*/*/ID; then
      "$docker" rm -fv "$container" >/dev/null
    fi
  done
}

# dokku_setting DOKKU_LIB_PATH /var/lib/dokku: a setting, read as dokku itself does
dokku_setting() {
  (
    unset "$1"
    # shellcheck source=/dev/null
    [[ ! -r $TEST_DOKKU_DEFAULTS ]] || source "$TEST_DOKKU_DEFAULTS"
    echo "${!1:-$2}"
  )
}

dokku_lib() {
  dokku_setting DOKKU_LIB_PATH /var/lib/dokku
}

dokku_logs() {
  dokku_setting DOKKU_LOGS_DIR /var/log/dokku
}

dokku_home() {
  dokku_setting DOKKU_ROOT ~dokku
}

dokku_plugins() {
  echo "$(dokku_setting PLUGIN_PATH "$(dokku_lib)/plugins")/available"
}

dokku_plugin_add() {
  local directory=$1 name=${2:-$(basename "$1")} target
  target=$(dokku_plugins)/$name
  "$TEST_DOKKU_SUPPORT/copy" "$directory" "$target"
  chown -R dokku:dokku "$target"
  dokku plugin:enable "$name" >/dev/null
  [[ ! -e $target/install ]] || dokku plugin:install >/dev/null
  export TEST_DOKKU_ADDED="$TEST_DOKKU_ADDED $name"
}

dokku_plugin_remove() {
  dokku plugin:uninstall "$1" >/dev/null
  export TEST_DOKKU_ADDED="${TEST_DOKKU_ADDED/ $1/}"
}

dokku_fixture() {
  [[ ! -d $(dokku_plugins)/$1 ]] || return 0
  dokku_plugin_add "$TEST_DOKKU_SUPPORT/plugins/$1"
}

# The forced command of an authorized key, without sshd; sshd.bash has the real one.
dokku_as() {
  local key=$1 command home
  shift
  command=$(cat "$(dokku_home)/.sshcommand")
  home=$(getent passwd dokku | cut -d: -f6)
  (
    cd "$home" || exit
    exec setpriv --reuid dokku --regid dokku --init-groups env -i HOME="$home" USER=dokku LOGNAME=dokku SHELL=/bin/bash \
      PATH=/usr/local/bin:/usr/bin:/bin:/usr/games SSH_CLIENT="127.0.0.1 1 22" SSH_CONNECTION="127.0.0.1 1 127.0.0.1 22" \
      SSH_ORIGINAL_COMMAND="$*" bash -c "FINGERPRINT=none NAME=\"$key\" $command \$SSH_ORIGINAL_COMMAND"
  )
}

dokku_directory() {
  local directory
  directory=$(mktemp -d "${TEST_DOKKU_TREE:-/tmp}/directory.XXXXXX")
  chown dokku:dokku "$directory"
  chmod 755 "$directory"
  echo "$directory"
}

acl_allow() {
  dokku acl:allow "$@"
}

acl_clear() {
  dokku acl:clear "$@"
}
