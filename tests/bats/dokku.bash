# shellcheck shell=bash
# shellcheck disable=SC2034 # S is used by the tests
# A Dokku with a PostgreSQL service, and with datastores that only their own plugin can export and import. Load after
# ../support/setup.

setup_file() {
  export ROOT=""
  require_dokku || return 0
  require_docker postgres:15 app:latest || return 0
  dokku_start
  [[ ! -e $(dokku_lib)/data/backups ]] || left_out "this host has backups of its own" || return 0
  ROOT=$(dokku_lib)/data/backups
  PG=$(unique pg)
  STORE=$(unique store)
  export ROOT PG STORE
  dokku_fixture postgres
  dokku_fixture fakestore
  install_backups
  dokku postgres:create "$PG" --image-version 15 >/dev/null
  pg fill "$PG" 300
  store_create "$STORE"
}

teardown_file() {
  services_stop
}

# Removes the services, Dokku and the state directory.
services_stop() {
  if [[ -n $ROOT ]]; then
    dokku postgres:destroy "$PG" --force >/dev/null || true
    destroy_stores
  fi
  dokku_stop
  [[ -z $ROOT ]] || rm -rf "$ROOT"
}

setup() {
  skip_left_out
  S=$(unique store)
}

pg() {
  DOKKU_LIB_ROOT=$(dokku_lib) "postgres_$1" "${@:2}"
}

# store_create NAME: creates a service of the type fakestore with random content. content NAME prints the path of that
# content.
store_create() {
  dokku fakestore:create "$1" >/dev/null
  { echo "content of $1" && head -c 100000 /dev/urandom; } | dokku fakestore:import "$1" >/dev/null
}

content() {
  echo "$(dokku_lib)/services/fakestore/$1/data/content"
}

store_digest() {
  sha256sum <"$(content "$1")"
}

destroy_stores() {
  local directory
  for directory in "$(dokku_lib)"/services/fakestore/*/; do
    [[ ! -d $directory ]] || dokku fakestore:destroy "$(basename "$directory")" --force >/dev/null || true
  done
}

backup() {
  dokku --quiet backups:create "$1"
}

# Prints everything that a command could have changed.
everything() {
  dokku backups:list --all --limit 0 --format json
  cat "$ROOT/settings.json" 2>/dev/null || true
  find "$ROOT" -path "$ROOT/locks" -prune -o -type f ! -name 'catalog.db*' -print | sort
}

status_of() {
  dokku backups:list "$1" --limit 1 --format json | jq -r '.backups[0].status'
}

has_status() {
  [[ $(status_of "$1") == "$2" ]]
}
