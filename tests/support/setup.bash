#!/usr/bin/env bash
# Loaded by every bats file: `load ../support/setup`. Brings docker.bash, services.bash, dokku.bash, sshd.bash and
# snapshot.bash along.
#
# The helper under test is $BACKUPS_HELPER, else the newest build below build/.
#
#   fresh_root [DIR]        a new, empty state directory; sets ROOT
#   helper VERB [WORD...]   the helper on $ROOT with the repository's hooks: run -3 --separate-stderr helper info nope
#   at TIME COMMAND...      with the clock at TIME, as faketime reads it (release builds only)
#   catalog SQL             a query on the catalog of $ROOT
#   require_docker [IMAGE...], require_dokku, require_root, require_tool NAME...   skip with the reason. In setup_file:
#                           `require_docker || return 0`, and a setup() of your own begins with skip_left_out
#   install_backups         the plugin, assembled from this tree, into the dokku that dokku_start found
#   sqlite_create FILE [ROWS], sqlite_digest FILE
#   turn_bit FILE [AT]      flips one bit of the byte at AT (default: the middle of the file)
#   wait_until SECONDS COMMAND...
#   unique NAME             NAME with a suffix: services and containers share one namespace on a machine
#   assert_equal ACTUAL EXPECTED, assert_contains TEXT PART, refute_contains TEXT PART, assert_match TEXT REGEX
#   assert_file PATH, refute_file PATH, assert_mode PATH 600
#   assert_json FILTER EXPECTED [JSON]      jq -r of $output, or of the third word
#   assert_json_true FILTER [JSON]
#   assert_nothing_left     no run, temporary file, process or container of the helper on $ROOT remains
#
# With `run --separate-stderr` the messages are in $stderr, and the last one is ${stderr_lines[-1]}.

bats_require_minimum_version 1.7.0

SUPPORT=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
REPO=$(dirname "$(dirname "$SUPPORT")")
HOOKS=$REPO/plugin/hooks
source "$SUPPORT/docker.bash"
source "$SUPPORT/services.bash"
source "$SUPPORT/dokku.bash"
source "$SUPPORT/sshd.bash"
source "$SUPPORT/snapshot.bash"
docker_select_socket

if [[ -z ${BACKUPS_HELPER:-} ]]; then
  BACKUPS_HELPER=$(find "$REPO"/build/*/helper -maxdepth 1 -name backups-helper -printf '%T@ %p\n' 2>/dev/null |
    sort -rn | head -n 1 | cut -d' ' -f2-)
fi
export BACKUPS_HELPER

fresh_root() {
  ROOT=${1:-$(mktemp -d "$BATS_TEST_TMPDIR/root.XXXXXX")}
  mkdir -p "$ROOT"
  chmod 700 "$ROOT"
}

# bats' descriptor 3 is closed, because bats waits for every process that has it open.
helper() {
  local verb=$1
  shift
  "$BACKUPS_HELPER" "$verb" --root "$ROOT" --hooks "$HOOKS" "$@" 3>&-
}

at() {
  local time=$1
  shift
  LD_PRELOAD=$(faketime_library) FAKETIME=$time FAKETIME_DONT_FAKE_MONOTONIC=1 "$@"
}

faketime_library() {
  find /usr/lib -path '*/faketime/libfaketime.so.1' -print -quit
}

catalog() {
  sqlite3 -batch -cmd '.timeout 20000' "$ROOT/catalog.db" "$1"
}

# left_out REASON: skips. In setup_file, where the bats of Debian 12 cannot skip, it returns 1, and skip_left_out skips each
# test.
left_out() {
  [[ " ${FUNCNAME[*]} " == *' setup_file '* ]] || skip "$1"
  export BACKUPS_LEFT_OUT=$1
  return 1
}

skip_left_out() {
  [[ -z ${BACKUPS_LEFT_OUT:-} ]] || skip "$BACKUPS_LEFT_OUT"
}

setup() {
  skip_left_out
}

require_root() {
  [[ $(id -u) == 0 ]] || left_out "needs root"
}

require_tool() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || left_out "needs $tool" || return 1
  done
}

# If tests/run found no Docker, it has reported why.
require_docker() {
  local output
  [[ -z ${BACKUPS_NO_DOCKER:-} ]] || left_out "$BACKUPS_NO_DOCKER" || return 1
  docker_answers || left_out "no Docker answers (tests/run starts one)" || return 1
  output=$("$SUPPORT/images/build" "$@" 2>&1 3>&-) || left_out "images: ${output##*$'\n'}"
}

require_dokku() {
  local reason
  reason=$(dokku_possible 2>&1) || left_out "$reason"
}

install_backups() {
  local target
  target=$(dokku_plugins)/backups
  "$REPO/plugin/install-tree" "$REPO" "$BACKUPS_HELPER" "$target"
  chown -R dokku:dokku "$target"
  [[ -e $target/../../enabled/backups ]] || dokku plugin:enable backups >/dev/null
  dokku plugin:install >/dev/null
  export TEST_DOKKU_ADDED="$TEST_DOKKU_ADDED backups"
}

sqlite_create() {
  sqlite3 -batch "$1" >/dev/null <<SQL
PRAGMA journal_mode = WAL;
CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL, hash BLOB);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${2:-1000})
  INSERT INTO note SELECT i, 'Zoë ' || i, randomblob(64) FROM n;
CREATE INDEX note_text ON note (text);
CREATE VIEW short AS SELECT id, text FROM note;
SQL
}

# The digest depends on the contents of the database alone, not on the layout of the file.
sqlite_digest() {
  sqlite3 -batch "$1" .dump | sha256sum | cut -d' ' -f1
}

turn_bit() {
  local at=${2:-$(($(stat -c %s "$1") / 2))} byte
  byte=$(od -An -tu1 -j "$at" -N 1 "$1")
  # shellcheck disable=SC2059 # a byte by its number
  printf "\\x$(printf %x $((byte ^ 1)))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}

wait_until() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [[ $SECONDS -lt $end ]] || return 1
    sleep 0.1
  done
}

unique() {
  echo "$1-$$-$RANDOM"
}

fail() {
  printf '%s\n' "$@" >&2
  return 1
}

assert_equal() {
  [[ $1 == "$2" ]] || fail "expected: $2" "but got:  $1" "stderr:   ${stderr:-}"
}

assert_contains() {
  [[ $1 == *"$2"* ]] || fail "expected to contain: $2" "but it is: $1"
}

refute_contains() {
  [[ $1 != *"$2"* ]] || fail "expected not to contain: $2" "but it is: $1"
}

assert_match() {
  [[ $1 =~ $2 ]] || fail "expected to match: $2" "but it is: $1"
}

assert_file() {
  [[ -e $1 ]] || fail "expected to exist: $1"
}

refute_file() {
  [[ ! -e $1 ]] || fail "expected not to exist: $1"
}

assert_mode() {
  assert_equal "$(stat -c %a "$1")" "$2"
}

assert_json() {
  local json=${3-${output-}} actual
  actual=$(jq -r "$1" <<<"$json") || fail "not JSON that '$1' can read: $json" || return 1
  [[ $actual == "$2" ]] || fail "expected $1 to be: $2" "but it is: $actual" "of: $json"
}

assert_json_true() {
  jq -e "$1" <<<"${2-${output-}}" >/dev/null || fail "expected to hold: $1" "of: ${2-${output-}}"
}

# The helper's temporary names begin with a dot and end in .part; a run has a directory below run/ while it lasts, and its
# hooks know it.
assert_nothing_left() {
  local left
  left=$(find "$ROOT" \( -name '*.part' -o -path "$ROOT/run/*" \) -print)
  [[ -z $left ]] || fail "left behind:" "$left" || return 1
  left=$(grep -zl "^BACKUPS_RUN_DIR=$ROOT/" /proc/[0-9]*/environ 2>/dev/null || true)
  [[ -z $left ]] || fail "processes left behind:" "$left" || return 1
  command -v docker >/dev/null || return 0
  # Containers are recognized by their mounts, since other backups may be running on this machine.
  left=$("${DOCKER_BIN:-docker}" ps -aq --filter label=backups.run | xargs -r "${DOCKER_BIN:-docker}" inspect \
    --format '{{.Name}} {{json .HostConfig.Mounts}}' 2>/dev/null | grep -F "\"$ROOT/" || true)
  [[ -z $left ]] || fail "containers left behind:" "$left"
}
