#!/usr/bin/env bash
# Installs the plugin from this checkout, or tries it out. `./install.sh --help` says how.
set -eo pipefail

checkout="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
helper="$checkout/build/release/helper/backups-helper"
# As dokku itself finds its plugins.
# shellcheck source=/dev/null
[[ ! -r /etc/default/dokku ]] || source /etc/default/dokku
plugins="${PLUGIN_PATH:-${DOKKU_LIB_PATH:-/var/lib/dokku}/plugins}"
available="${PLUGIN_AVAILABLE_PATH:-$plugins/available}/backups"
enabled="${PLUGIN_ENABLED_PATH:-$plugins/enabled}/backups"

usage() {
  cat <<'END'
usage: ./install.sh [--try | --uninstall | --help]      as root, on Debian

  (nothing)    on a Dokku host: installs the packages for building with apt, builds, and installs or upgrades the plugin
  --try        without Dokku and Docker: builds, backs up a SQLite database that is being written, damages and restores it;
               leaves nothing outside of this directory, except packages
  --uninstall  removes the plugin, never the backups
END
}

fail() {
  echo " !     $1" >&2
  exit 1
}

build() {
  cd "$checkout"
  mkdir -p build
  echo "-----> Installing the packages for building ($(plugin/packages --missing build | wc -l) packages)"
  plugin/with-progress build/apt.log plugin/packages --install build || fail "apt could not install all packages: see build/apt.log"
  echo "-----> Building the helper (one to two minutes on a small server)"
  plugin/with-progress build/build.log plugin/build || fail "the build failed: see build/build.log"
}

install_plugin() {
  type -P dokku >/dev/null || fail "Dokku is not installed on this machine: ./install.sh --try shows what the plugin does"
  [[ ! -d $available/.git ]] || fail "the plugin was installed from git; to upgrade it: dokku plugin:update backups"
  build
  echo "-----> Installing into $available"
  plugin/install-tree . "$helper" "$available"
  [[ -e $enabled ]] || dokku plugin:enable backups
  dokku plugin:install
  dokku backups:version
}

# Shows a command, then runs it.
show() {
  printf '\n$ %s\n' "$*"
  bash -c "$*"
}

write_orders() {
  while sqlite3 shop.db 'PRAGMA busy_timeout = 9999; INSERT INTO orders (customer, total) SELECT id, id * 3 FROM customers LIMIT 5' >/dev/null; do
    sleep 0.02
  done
}

# All that there was before the backup, as one digest.
first_orders() {
  sqlite3 shop.db 'SELECT * FROM orders WHERE id <= 50000 ORDER BY id' | sha256sum | cut -c 1-16
}

try() {
  local before
  build
  rm -rf build/try
  mkdir build/try
  plugin/install-tree . "$helper" build/try/plugin
  cd build/try
  export PATH="$PWD/plugin/bin:$PATH"
  sqlite3 shop.db >/dev/null <<'END'
PRAGMA journal_mode = WAL;
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers, total INTEGER, note TEXT DEFAULT 'new');
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO customers SELECT i, 'customer ' || i FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
  INSERT INTO orders SELECT i, i % 500 + 1, abs(random() % 10000), hex(randomblob(40)) FROM n;
END
  before="$(first_orders)"
  write_orders &
  trap 'kill %1 2>/dev/null || true' EXIT
  printf '\n=====> %s\n' "shop.db has 50000 orders (SHA-256 ${before}…), and new ones every moment"
  show "backups-helper create sqlite:$PWD/shop.db --root $PWD/backups"
  kill %1
  wait %1 2>/dev/null || true
  show "backups-helper list --root $PWD/backups"
  show "backups-helper verify sqlite:$PWD/shop.db@latest --root $PWD/backups"
  printf '\n=====> %s\n' "Damaging the database"
  show "dd if=/dev/urandom of=shop.db bs=4096 count=100 conv=notrunc status=none"
  show "sqlite3 shop.db 'SELECT count(*) FROM orders' || true"
  printf '\n=====> %s\n' "Restoring it (without a safety backup, since the database is unreadable)"
  show "backups-helper restore sqlite:$PWD/shop.db@latest --force --no-safety-backup --root $PWD/backups"
  show "sqlite3 shop.db 'PRAGMA integrity_check' 'SELECT count(*) FROM orders'"
  [[ $(first_orders) == "$before" ]] || fail "the restored orders differ from the original ones: SHA-256 $(first_orders)…"
  printf '\n=====> %s\n' "The 50000 orders are intact (SHA-256 $(first_orders)…). All files are in build/try"
  if type -P dokku >/dev/null; then
    echo "=====> This machine has Dokku: ./install.sh installs the plugin"
  fi
}

case "$#$1" in
  1--help | 1-h)
    usage
    exit 0
    ;;
  0 | 1--try | 1--uninstall) ;;
  *)
    usage >&2
    exit 2
    ;;
esac
((EUID == 0)) || fail "only root can install packages and plugins: sudo ./install.sh $*"
type -P apt-get >/dev/null || fail "apt-get not found: Debian is required"
case "$1" in
  --try) try ;;
  --uninstall) dokku plugin:uninstall backups ;;
  *) install_plugin ;;
esac
