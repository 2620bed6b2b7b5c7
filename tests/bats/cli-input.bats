#!/usr/bin/env bats
# Wrong input: exit 2, one line that names the wrong argument, and no change. Also help and version.

load ../support/setup
load fake

setup() {
  fresh_root
  fake_hooks fake other
  fake_source fake:db something
  ID=$(TZ=UTC0 at '2026-04-08 14:30:00' helper create fake:db --quiet)
  state >"$BATS_TEST_TMPDIR/before"
}

teardown() {
  state | diff "$BATS_TEST_TMPDIR/before" -
}

# Prints everything that a command could have changed.
state() {
  (
    cd "$ROOT" || exit
    find . -type f ! -name 'catalog.db*' ! -path './locks/*' -exec sha256sum {} + | sort -k2
    find . -type d | sort
    sqlite3 catalog.db .dump
  )
  grep -v -e '^list' -e '^describe' "$FAKE/calls"
  ls -lR "$FAKE/live" "$FAKE/places"
}

# wrong CODE VERB WORD...: expects CODE, no output, and one line on stderr, which the snapshot of this test records
wrong() {
  shown "$1" helper "${@:2}" </dev/null || return 1
  assert_equal "$output" "" || return 1
  assert_equal "${#stderr_lines[@]}" 1
}

@test "a command that does not exist" {
  wrong 2 nope
  wrong 2 Create fake:db
  wrong 2 -x
  shown 2 "$BACKUPS_HELPER" help nope
  assert_snapshot
}

@test "an option that does not exist, for every verb" {
  local verb
  for verb in create list info logs restore verify download adopt delete pin unpin cancel set version; do
    wrong 2 "$verb" --nope
    wrong 2 "$verb" -n 3
    wrong 2 "$verb" --form json
    [[ $verb == version ]] || wrong 2 "$verb" x --format xml
  done
  assert_snapshot
}

@test "a missing word never means all" {
  local verb
  wrong 2 create
  for verb in info logs restore verify download adopt delete pin unpin cancel set; do
    wrong 2 "$verb"
    wrong 2 "$verb" ""
  done
  wrong 2 create ""
  wrong 2 list ""
  wrong 2 set fake:db
  wrong 2 set --global ""
  assert_snapshot
}

@test "a word too many" {
  local verb
  wrong 2 create fake:db --all
  wrong 2 list a b
  wrong 2 version b
  for verb in info logs restore verify download adopt delete pin unpin cancel; do
    wrong 2 "$verb" "$ID" b
  done
  wrong 2 set fake:db compression none b
  wrong 2 set --global fake:db compression none
  assert_snapshot
}

@test "an option twice, without its value, or with one too many" {
  wrong 2 create fake:db --label a --label b
  wrong 2 create fake:db --quiet --quiet
  wrong 2 list --limit 1 --limit=2
  wrong 2 info "$ID" --format json --format json
  wrong 2 create fake:db --label
  wrong 2 restore "$ID" --into
  wrong 2 restore "$ID" --force=yes
  wrong 2 list --root "$ROOT"
  assert_snapshot
}

@test "sources that are none" {
  local word
  for word in 'fa ke:db' ':db' 'fake:' 'fake:..' 'fake:.db' 'fake:a b' 'FAKE:db' 'fake:a;b' "fake:$(printf 'x%.0s' {1..101})" '../db' 'a b' '@latest'; do
    wrong 2 create "$word"
  done
  wrong 2 create fake:-x
  wrong 2 create 'fake:a b'
  wrong 2 create $'a\e[2Jb'
  wrong 3 create --quiet nothing
  wrong 3 list nothing
  wrong 3 cancel fake:nothing
  wrong 3 set fake:nothing compression none
  assert_snapshot
}

@test "backups that are none" {
  local verb
  for verb in info logs restore verify download delete pin unpin; do
    wrong 2 "$verb" db
    wrong 2 "$verb" db@newest
    wrong 2 "$verb" "../$ID"
    wrong 2 "$verb" db-2026-13-08-14-30-00
    wrong 3 "$verb" db-2020-01-01-00-00-00
    wrong 3 "$verb" "other:$ID"
    wrong 3 "$verb" other:db@latest
  done
  assert_snapshot
}

@test "numbers, labels and artifacts" {
  wrong 2 list --limit x
  wrong 2 list --limit -1
  wrong 2 list --limit 1.5
  wrong 2 list --limit 99999999999999999999
  wrong 2 create fake:db --quiet --label $'two\nlines'
  wrong 2 create fake:db --quiet --label "$(printf 'x%.0s' {1..201})"
  wrong 2 download "$ID" --artifact three
  wrong 2 download "$ID"
  assert_snapshot
}

@test "properties" {
  wrong 2 set fake:db nope 1
  wrong 2 set fake:db compression bzip2
  wrong 2 set fake:db compression zstd:99
  wrong 2 set --global compression gzip:0
  wrong 2 set fake:db start-timeout 0s
  wrong 2 set fake:db silence-timeout 8d
  wrong 2 set --global silence-timeout soon
  wrong 2 set --global disk-reserve 95%
  wrong 2 set --global disk-reserve lots
  wrong 3 set app:web before-deploy true
  assert_snapshot
}

@test "--root and --hooks are for a shell only, not for those who come through dokku" {
  export PLUGIN_PATH=/var/lib/dokku/plugins
  shown 2 helper list
  shown 2 "$BACKUPS_HELPER" list --hooks "$HOOKS"
  assert_snapshot
}

@test "help lists every command, and each has its own" {
  local verb
  run -0 --separate-stderr "$BACKUPS_HELPER" help
  assert_equal "$stderr" ""
  for verb in create list info logs restore verify download adopt delete pin unpin cancel set version help; do
    assert_match "$output" "    $verb  +[a-z]"
  done
  for verb in create list info logs restore verify download adopt delete pin unpin cancel set; do
    run -0 "$BACKUPS_HELPER" help "$verb"
    assert_contains "${lines[0]}" "Usage: backups-helper $verb"
    assert_equal "$(helper "$verb" --help)" "$output"
    assert_equal "$("$BACKUPS_HELPER" help "backups:$verb")" "$output"
  done
  assert_equal "$("$BACKUPS_HELPER")" "$("$BACKUPS_HELPER" --help)"
  for verb in help version; do
    run -0 "$BACKUPS_HELPER" "$verb" --help
    assert_contains "${lines[0]}" "Usage: backups-helper $verb"
  done
  refute_file "$ROOT/help"
}

@test "a mistyped command or option names the nearest one" {
  wrong 2 creat fake:db
  shown 2 "$BACKUPS_HELPER" help shedule
  wrong 2 create fake:db --taget offsite
  assert_snapshot
}

@test "called by Dokku, messages and help name dokku backups:" {
  export PLUGIN_PATH=/var/lib/dokku/plugins
  shown 0 "$BACKUPS_HELPER" help
  shown 2 "$BACKUPS_HELPER" create --nope
  shown 0 "$BACKUPS_HELPER" help create
  shown 0 "$BACKUPS_HELPER" help tick
  assert_snapshot
}

@test "version" {
  run -0 --separate-stderr "$BACKUPS_HELPER" version
  assert_match "$output" '^backups [0-9]+\.[0-9]+\.[0-9]+'
  assert_equal "$("$BACKUPS_HELPER" --version)" "$output"
  run -0 --separate-stderr "$BACKUPS_HELPER" version --format json
  assert_json_true 'keys == ["version"]'
}
