# shellcheck shell=bash
# A type of source whose hooks a test can make fail, wait or misbehave. Load after ../support/setup.
#
#   fake_hooks [TYPE...]        makes a hooks directory with the type `fake` (or these) and the real ones; sets HOOKS, FAKE
#   fake_source TYPE:NAME TEXT  sets the live data: the artifacts `one` and `two`, with TEXT in both
#   fake_live TYPE:NAME         prints TEXT if the live data is complete and consistent, otherwise what it found
#   knob ACTION [CODE]          bash that the hook runs before its work (ACTION-after: after it); without CODE, removes it
#   knob_stop ACTION            makes the hook wait before its work until fake_go
#   fake_stopped, fake_go       waits until a hook waits there; lets it continue
#   background VERB [WORD...]   starts the helper in the background: sets PID; its output is in $OUT and $OUT.err
#   assert_ends CODE            waits for it and checks its exit code
#   process_gone PID            succeeds if the process has ended
#   die [PID]                   kills that process, and no other, with SIGKILL
#   assert_sound                runs a tick; then nothing is in progress, there are no leftovers, and every success verifies
#   assert_no_success           likewise, and there is no success

fake_hooks() {
  local type action
  [[ $# -gt 0 ]] || set -- fake
  FAKE=$(mktemp -d "$BATS_TEST_TMPDIR/fake.XXXXXX")
  OUT=$FAKE/out
  cp -rL "$HOOKS" "$FAKE/hooks"
  HOOKS=$FAKE/hooks
  mkdir "$FAKE/knob"
  for type in "$@"; do
    mkdir -p "$HOOKS/$type" "$FAKE/live/$type" "$FAKE/places/$type"
    echo '{"title":"Fake","address":"service","kinds":["fake-dump","<type>-export"],"promise":"beside"}' >"$HOOKS/$type/type.json"
    for action in list describe export prepare import commit abandon sweep; do
      fake_hook >"$HOOKS/$type/$action"
      chmod +x "$HOOKS/$type/$action"
    done
  done
}

fake_hook() {
  echo '#!/usr/bin/env bash'
  printf 'fake=%q\n' "$FAKE"
  cat <<'HOOK'
set -eo pipefail
action=${0##*/}
live=$fake/live/$BACKUPS_TYPE
places=$fake/places/$BACKUPS_TYPE
echo "$action $*" >>"$fake/calls"

list() {
  ls "$live"
}

describe() {
  local artifact artifacts="" state=missing
  if [[ -d $live/$1 ]]; then
    state=running
    for artifact in one two; do
      artifacts+=",{\"name\":\"$artifact\",\"kind\":\"fake-dump\",\"minimum_client\":\"1\",\"starts_with\":\"FAKE\",\"opens_with\":\"tail -c +6\"}"
    done
  fi
  printf '{"state":"%s","engine":"Fake","version":"1.0","size":%d,"place":"%s","contents":["something"],"artifacts":[%s]}\n' \
    "$state" "$(du -sbL "$live/$1" 2>/dev/null | cut -f1)" "$places" "${artifacts#,}"
}

export_() {
  cat "$live/$1/$2"
}

prepare() {
  mkdir "$places/$1.$2"
}

import() {
  if [[ $1 == --in-place ]]; then
    cat >"$live/$2/$3"
  else
    cat >"$places/$1.$3/$2"
  fi
}

# The live data is behind a symbolic link, so that one rename replaces both artifacts.
commit() {
  local old
  old=$(readlink -f "$live/$1")
  ln -s "$places/$1.$2" "$places/.$1.link"
  mv -T "$places/.$1.link" "$live/$1"
  rm -rf "$old"
}

abandon() {
  local place
  rm -f "$places/.$1.link"
  for place in "$places/$1".*; do
    [[ $place -ef $live/$1 ]] || rm -rf "$place"
  done
}

sweep() {
  true
}

# Sourced outside of functions, so that a knob sees the arguments of the hook.
[[ ! -s $fake/knob/$action ]] || source "$fake/knob/$action"
"${action/export/export_}" "$@"
[[ ! -s $fake/knob/$action-after ]] || source "$fake/knob/$action-after"
HOOK
}

fake_source() {
  local type=${1%%:*} name=${1#*:} artifact
  rm -rf "$FAKE/places/$type/$name".*
  mkdir -p "$FAKE/places/$type/$name.0"
  for artifact in one two; do
    printf 'FAKE\n%s %s\n' "$artifact" "$2" >"$FAKE/places/$type/$name.0/$artifact"
  done
  ln -sfT "$FAKE/places/$type/$name.0" "$FAKE/live/$type/$name"
}

fake_live() {
  local live=$FAKE/live/${1%%:*}/${1#*:} text
  text=$(sed -n '2s/^one //p' "$live/one")
  if [[ $(cat "$live/one" "$live/two") == $'FAKE\none '$text$'\nFAKE\ntwo '$text ]]; then
    echo "$text"
  else
    echo "torn: $(cat "$live/one" "$live/two" 2>&1)"
  fi
}

knob() {
  printf '%s\n' "${2:-}" >"$FAKE/knob/$1"
  [[ -n ${2:-} ]] || rm "$FAKE/knob/$1"
}

knob_stop() {
  rm -f "$FAKE/stopped" "$FAKE/go"
  # shellcheck disable=SC2016 # for the hook
  knob "$1" 'touch "$fake/stopped"; until [[ -e $fake/go ]]; do sleep 0.05; done'
}

fake_stopped() {
  wait_until 20 test -e "$FAKE/stopped" || fail "no hook came to its stop: $(cat "$OUT.err")"
}

fake_go() {
  touch "$FAKE/go"
}

background() {
  local verb=$1
  shift
  OUT=${OUT:-$BATS_TEST_TMPDIR/out}
  (exec "$BACKUPS_HELPER" "$verb" --root "$ROOT" --hooks "$HOOKS" "$@") >"$OUT" 2>"$OUT.err" </dev/null 3>&- &
  PID=$!
}

assert_ends() {
  local status=0
  wait "$PID" || status=$?
  [[ $status == "$1" ]] || fail "expected to end with $1, not $status" "$(cat "$OUT.err")"
}

process_gone() {
  ! kill -0 "$1" 2>/dev/null
}

die() {
  kill -9 "${1:-$PID}" 2>/dev/null || true
  wait "${1:-$PID}" 2>/dev/null || true
}

assert_sound() {
  local id list left files=""
  helper tick &>/dev/null || fail "nothing cleans up" || return 1
  list=$(helper list --limit 0 --format json) || fail "list does not work any more" || return 1
  assert_json '.backups | map(select(.status == "in-progress")) | length' 0 "$list" || return 1
  left=$(find "$ROOT" \( -name '*.part' -o -path "$ROOT/run/*" \) -print)
  [[ -z $left ]] || fail "left behind:" "$left" || return 1
  [[ -z ${FAKE:-} ]] || left=$(find "$FAKE"/places -mindepth 2 -maxdepth 2 | while read -r place; do
    find "$FAKE"/live/*/ -type l -exec test {} -ef "$place" \; -print | grep -q . || echo "$place"
  done)
  [[ -z $left ]] || fail "left beside the live data:" "$left" || return 1
  for id in $(jq -r '.backups[] | select(.status == "success") | "\(.type):\(.id)"' <<<"$list"); do
    helper verify "$id" --quiet || fail "$id is called a success and does not verify" || return 1
    files+=$(helper info "$id" --format json | jq -r '"\(.directory)/\(.id).json", "\(.directory)/\(.manifest.artifacts[].file)"')$'\n'
  done
  left=$(find "$ROOT" -mindepth 3 -type f -not -path "$ROOT/logs/*" | grep -vxF "${files:-none}" || true)
  [[ -z $left ]] || fail "files of no backup:" "$left"
}

assert_no_success() {
  assert_sound || return 1
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE status = 'success' AND deleted_at IS NULL")" 0
}
