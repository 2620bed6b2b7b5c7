#!/usr/bin/env bash
# Installs the plugin from this checkout, or tries it out. `./install.sh --help` says how.
set -eo pipefail

checkout="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
helper="$checkout/build/release/helper/backups-helper"
place='' tarball=''
# The directories of plugins, as dokku determines them.
# shellcheck source=/dev/null
[[ ! -r /etc/default/dokku ]] || source /etc/default/dokku
plugins="${PLUGIN_PATH:-${DOKKU_LIB_PATH:-/var/lib/dokku}/plugins}"
available="${PLUGIN_AVAILABLE_PATH:-$plugins/available}/backups"
enabled="${PLUGIN_ENABLED_PATH:-$plugins/enabled}/backups"

usage() {
  cat <<'END'
usage: ./install.sh [--try] [--from PLACE]      as root, on Debian
       ./install.sh --uninstall | --help

  (nothing)     on a Dokku host: installs the packages for building with apt, compiles for some minutes, and installs or
                upgrades the plugin
  --from PLACE  takes the release tarball for this distribution and architecture from PLACE, a directory or an https:// URL,
                which needs seconds; compiles if PLACE has none
  --try         without Dokku and Docker: backs up a SQLite database that is being written, damages and restores it; leaves
                nothing outside of this directory, except packages
  --uninstall   removes the plugin, never the backups
END
}

fail() { # TEXT [CODE]
  echo " !     $1" >&2
  exit "${2:-1}"
}

# fetch NAME: copies a file from the place to build/from
fetch() {
  case "$place" in
    https://*) curl --fail --silent --show-error --location --proto =https --output "build/from/$1" "$place/$1" ;;
    *) cp -- "$place/$1" "build/from/$1" ;;
  esac
}

# Sets tarball to the newest release for this host, or fails if there is none. The list of the place is not trusted:
# only names of releases are taken from it.
find_tarball() {
  local platform releases name
  rm -rf build/from
  mkdir -p build/from
  platform="$(plugin/platform)"
  fetch SHA256SUMS || fail "no releases were found at $place: its list SHA256SUMS could not be read"
  releases="$(grep -oE '  backups-[0-9.]+-[a-z0-9.]+-[a-z0-9]+\.tar\.gz$' build/from/SHA256SUMS | tr -d ' ' | sort -V || true)"
  name="$(grep -E -- "^backups-[0-9.]+-$platform\.tar\.gz$" <<<"$releases" | tail -n 1 || true)"
  if [[ -z $name ]]; then
    echo " !     $place has no release for $platform (it has: ${releases//$'\n'/, }): compiling instead" >&2
    return 1
  fi
  echo "-----> Fetching $name"
  fetch "$name" || fail "$name could not be read from $place"
  (cd build/from && grep -F "  $name" SHA256SUMS | sha256sum --check --status) || fail "the SHA-256 of $name is not the one in SHA256SUMS: it is damaged"
  tarball="$checkout/build/from/$name"
}

build() {
  local jobs
  jobs="$(plugin/build --jobs)"
  echo "-----> Installing the packages for building ($(plugin/packages --missing build | wc -l) packages)"
  plugin/with-progress build/apt.log plugin/packages --install build || fail "apt could not install all packages: see build/apt.log"
  echo "-----> Compiling the helper, which takes about $((4 / jobs + 1)) minutes on $jobs processors"
  plugin/with-progress build/build.log plugin/build || fail "the build failed: see build/build.log"
}

find_or_build() {
  cd "$checkout"
  mkdir -p build
  if [[ -z $place ]] || ! find_tarball; then build; fi
}

# Replaces the installed plugin with that from the tarball. If this fails, the installed one is kept.
unpack_plugin() {
  local work
  work="$(mktemp -d "$plugins/.backups.XXXXXX")"
  if tar --extract --no-same-owner --file "$tarball" --directory "$work" && [[ -x $work/backups/install ]]; then
    [[ ! -e $available ]] || mv -T "$available" "$work/old"
    mv -T "$work/backups" "$available"
    rm -rf "$work"
  else
    rm -rf "$work"
    fail "$tarball could not be unpacked"
  fi
}

install_plugin() {
  type -P dokku >/dev/null || fail "Dokku is not installed on this machine: ./install.sh --try shows what the plugin does"
  [[ ! -d $available/.git ]] || fail "the plugin was installed from git; to upgrade it: dokku plugin:update backups"
  find_or_build
  echo "-----> Installing into $available"
  if [[ -n $tarball ]]; then
    unpack_plugin
  else
    plugin/install-tree . "$helper" "$available"
  fi
  [[ -e $enabled ]] || dokku plugin:enable backups
  dokku plugin:install
  dokku backups:version
}

uninstall() {
  dokku plugin:uninstall backups
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

# Prints a digest of all orders from before the backup.
first_orders() {
  sqlite3 shop.db 'SELECT * FROM orders WHERE id <= 50000 ORDER BY id' | sha256sum | cut -c 1-16
}

# Puts the plugin into build/try/plugin.
unpack_for_try() {
  rm -rf build/try
  mkdir -p build/try
  if [[ -z $tarball ]]; then
    plugin/install-tree . "$helper" build/try/plugin
    return
  fi
  tar --extract --no-same-owner --file "$tarball" --directory build/try
  mv build/try/backups build/try/plugin
  echo "-----> Installing the packages that it needs"
  # shellcheck disable=SC2046 # names of packages
  plugin/with-progress build/apt.log plugin/packages --install packages $(<build/try/plugin/bin/packages) || fail "apt could not install all packages: see build/apt.log"
}

try() {
  local before
  find_or_build
  unpack_for_try
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

wrong_usage() {
  usage >&2
  exit 2
}

action='' arguments=("$@")
while (($# > 0)); do
  case "$1" in
    --help | -h | --try | --uninstall)
      [[ -z $action ]] || wrong_usage
      action="$1"
      ;;
    --from)
      place="${2%/}"
      [[ $place == https://* || -d $place ]] || fail "--from takes a directory or an https:// URL, not '$place'" 2
      [[ $place == https://* ]] || place="$(realpath "$place")"
      shift
      ;;
    *) wrong_usage ;;
  esac
  shift
done
case "$action" in
  --help | -h)
    usage
    exit 0
    ;;
  --try) action=try ;;
  --uninstall) action=uninstall ;;
  *) action=install_plugin ;;
esac
((EUID == 0)) || fail "only root can install packages and plugins: sudo ./install.sh ${arguments[*]}"
type -P apt-get >/dev/null || fail "apt-get not found: Debian is required"
"$action"
