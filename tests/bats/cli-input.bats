#!/usr/bin/env bats
# What is typed wrongly: exit 2, one line that names the word, and nothing has changed. Help and version.

load ../support/setup
load fake

setup() {
  fresh_root
  fake_hooks fake other
  fake_source fake:db something
  ID=$(helper create fake:db --quiet)
  state >"$BATS_TEST_TMPDIR/before"
}

teardown() {
  state | diff "$BATS_TEST_TMPDIR/before" -
}

# Everything that a command could have changed.
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

# wrong CODE TEXT VERB WORD...
wrong() {
  local code=$1 text=$2
  shift 2
  run "-$code" --separate-stderr helper "$@" </dev/null
  assert_equal "$output" "" || return 1
  assert_equal "${#stderr_lines[@]}" 1 || return 1
  assert_contains "$stderr" "$text"
}

@test "a command that does not exist" {
  wrong 2 "unknown command 'nope'" nope
  wrong 2 "unknown command 'Create'" Create fake:db
  wrong 2 "unknown command '-x'" -x
  run -2 --separate-stderr "$BACKUPS_HELPER" help nope
  assert_contains "$stderr" "unknown command 'nope': see backups-helper help"
}

@test "an option that does not exist, for every verb" {
  local verb
  for verb in create list info logs restore verify download adopt delete pin unpin cancel set version; do
    wrong 2 "unknown option '--nope'" "$verb" --nope
    wrong 2 "unknown option '-n'" "$verb" -n 3
    wrong 2 "unknown option '--form'" "$verb" --form json
    [[ $verb == version ]] || wrong 2 "--format takes text or json, not 'xml'" "$verb" x --format xml
  done
}

@test "a missing word never means all" {
  local verb
  wrong 2 "specify a source or --all" create
  for verb in info logs restore verify download adopt delete pin unpin cancel set; do
    wrong 2 "missing argument" "$verb"
    wrong 2 "empty argument" "$verb" ""
  done
  wrong 2 "empty argument" create ""
  wrong 2 "empty argument" list ""
  wrong 2 "missing argument <key>" set fake:db
  wrong 2 "empty argument" set --global ""
}

@test "a word too many" {
  local verb
  wrong 2 "specify either sources or --all, not both" create fake:db --all
  wrong 2 "unexpected argument 'b'" list a b
  wrong 2 "unexpected argument 'b'" version b
  for verb in info logs restore verify download adopt delete pin unpin cancel; do
    wrong 2 "unexpected argument 'b'" "$verb" "$ID" b
  done
  wrong 2 "unexpected argument 'b'" set fake:db compression none b
  wrong 2 "unexpected argument 'none'" set --global fake:db compression none
}

@test "an option twice, without its value, or with one too many" {
  wrong 2 "--label is given twice" create fake:db --label a --label b
  wrong 2 "--quiet is given twice" create fake:db --quiet --quiet
  wrong 2 "--limit is given twice" list --limit 1 --limit=2
  wrong 2 "--format is given twice" info "$ID" --format json --format json
  wrong 2 "--label needs a value" create fake:db --label
  wrong 2 "--into needs a value" restore "$ID" --into
  wrong 2 "--force takes no value" restore "$ID" --force=yes
  wrong 2 "--root is given twice" list --root "$ROOT"
}

@test "sources that are none" {
  local word
  for word in 'fa ke:db' ':db' 'fake:' 'fake:..' 'fake:.db' 'fake:a b' 'FAKE:db' 'fake:a;b' "fake:$(printf 'x%.0s' {1..101})" '../db' 'a b' '@latest'; do
    wrong 2 "'$word'" create "$word"
  done
  wrong 2 "'fake:-x'" create fake:-x
  wrong 2 "is not a source: use <type>:<name>, for example postgres:my-db" create 'fake:a b'
  wrong 2 "'a?[2Jb'" create $'a\e[2Jb'
  wrong 3 "source 'nothing' not found" create --quiet nothing
  wrong 3 "source 'nothing' not found" list nothing
  wrong 3 "source 'fake:nothing' not found" cancel fake:nothing
  wrong 3 "source 'fake:nothing' not found" set fake:nothing compression none
}

@test "backups that are none" {
  local verb
  for verb in info logs restore verify download delete pin unpin; do
    wrong 2 "'db' is neither the id of a backup" "$verb" db
    wrong 2 "'db@newest' is neither the id" "$verb" db@newest
    wrong 2 "'../$ID' is neither the id" "$verb" "../$ID"
    wrong 2 "'db-2026-13-08-14-30-00' is neither the id" "$verb" db-2026-13-08-14-30-00
    wrong 3 "backup 'db-2020-01-01-00-00-00' not found (see " "$verb" db-2020-01-01-00-00-00
    wrong 3 "backup 'other:$ID' not found (see " "$verb" "other:$ID"
    wrong 3 "other:db has no successful backup" "$verb" other:db@latest
  done
}

@test "numbers, labels and artifacts" {
  wrong 2 "not 'x'" list --limit x
  wrong 2 "not '-1'" list --limit -1
  wrong 2 "not '1.5'" list --limit 1.5
  wrong 2 "not '99999999999999999999'" list --limit 99999999999999999999
  wrong 2 "a label is one line of at most 200 bytes, not 'two?lines'" create fake:db --quiet --label $'two\nlines'
  wrong 2 "a label is one line" create fake:db --quiet --label "$(printf 'x%.0s' {1..201})"
  wrong 2 "has no artifact 'three'" download "$ID" --artifact three
  wrong 2 "several artifacts (one, two)" download "$ID"
}

@test "properties" {
  wrong 2 "Invalid property 'nope' specified, valid properties include: before-deploy" set fake:db nope 1
  wrong 2 "not 'bzip2'" set fake:db compression bzip2
  wrong 2 "not 'zstd:99'" set fake:db compression zstd:99
  wrong 2 "not 'gzip:0'" set --global compression gzip:0
  wrong 2 "not '0s'" set fake:db start-timeout 0s
  wrong 2 "not '8d'" set fake:db silence-timeout 8d
  wrong 2 "not 'soon'" set --global silence-timeout soon
  wrong 2 "not '95%'" set --global disk-reserve 95%
  wrong 2 "not 'lots'" set --global disk-reserve lots
  wrong 3 "app web not found" set app:web before-deploy true
}

@test "--root and --hooks are for a shell only, not for those who come through dokku" {
  PLUGIN_PATH=/var/lib/dokku/plugins run -2 --separate-stderr helper list
  assert_contains "$stderr" "--root is only allowed at a shell on the host"
  PLUGIN_PATH=/var/lib/dokku/plugins run -2 --separate-stderr "$BACKUPS_HELPER" list --hooks "$HOOKS"
  assert_contains "$stderr" "--hooks is only allowed at a shell on the host"
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
  wrong 2 "unknown command 'creat': did you mean create? See backups-helper help" creat fake:db
  run -2 --separate-stderr "$BACKUPS_HELPER" help shedule
  assert_contains "$stderr" "did you mean schedule? See backups-helper help"
  wrong 2 "unknown option '--taget': did you mean --target? Usage: backups-helper create " create fake:db --taget offsite
}

@test "called by Dokku, messages and help name dokku backups:" {
  PLUGIN_PATH=/var/lib/dokku/plugins run -0 --separate-stderr "$BACKUPS_HELPER" help
  assert_contains "${lines[0]}" "Usage: dokku backups:<command>"
  PLUGIN_PATH=/var/lib/dokku/plugins run -2 --separate-stderr "$BACKUPS_HELPER" create --nope
  assert_contains "$stderr" "unknown option '--nope'. Usage: dokku backups:create <source>"
  PLUGIN_PATH=/var/lib/dokku/plugins run -0 --separate-stderr "$BACKUPS_HELPER" help tick
  assert_contains "${lines[0]}" "Usage: backups-helper tick"
}

@test "version" {
  run -0 --separate-stderr "$BACKUPS_HELPER" version
  assert_match "$output" '^backups [0-9]+\.[0-9]+\.[0-9]+'
  assert_equal "$("$BACKUPS_HELPER" --version)" "$output"
  run -0 --separate-stderr "$BACKUPS_HELPER" version --format json
  assert_json_true 'keys == ["version"]'
}
