#!/usr/bin/env bats
# How `dokku` passes arguments to the commands: help, its own flags, missing or wrong arguments, paths, the calling user, and
# a plugin without its helper.

load ../support/setup
load dokku

@test "dokku help has one line for the plugin, help --all one for each of its commands" {
  local file verb
  run -0 --separate-stderr dokku help
  assert_contains "$output" "    backups     Back up databases and restore them"
  assert_contains "$output" "    apps "
  assert_contains "$output" "    fakestore "
  assert_equal "$(grep -c backups: <<<"$output")" 0
  run -0 --separate-stderr dokku help --all
  assert_contains "$output" "    apps:list"
  for file in "$(dokku_plugins)"/backups/subcommands/*; do
    verb=${file##*/}
    [[ $verb == default ]] || assert_match "$output" "    backups:${verb}[ <[]"
  done
  assert_equal "$(grep -c '^    backups:' <<<"$output")" "$(find "$(dokku_plugins)/backups/subcommands" -type f ! -name default | wc -l)"
}

@test "dokku backups and backups:help list the commands, backups:help and --help explain one" {
  local overview
  shown 0 dokku backups
  overview=$output
  run -0 --separate-stderr dokku backups:help
  assert_equal "$output" "$overview"
  for words in "backups:help create" "backups:help backups:create" "backups:create --help"; do
    # shellcheck disable=SC2086 # words
    run -0 --separate-stderr dokku $words
    assert_contains "$output" "Usage: dokku backups:create <source>...|--all [--target NAME]... [--label TEXT]"
  done
  shown 2 dokku backups:help nothing
  shown 0 dokku backups:restore --force --help
  assert_snapshot
}

@test "a command that no plugin has is refused by Dokku as before" {
  for command in backups:nothing fakestore:nothing nothing:here backups: backups:subcommands/create; do
    run -1 dokku "$command"
    assert_contains "$output" "is not a dokku command"
  done
  run -0 dokku apps:list
  run -0 dokku fakestore:list
}

@test "version is that of the plugin" {
  run -0 --separate-stderr dokku backups:version
  assert_equal "$output" "backups $(sed -n 's/^version *= *"\(.*\)"/\1/p' "$REPO/plugin.toml")"
  run -0 --separate-stderr dokku backups:version --format json
  assert_json .version "$(sed -n 's/^version *= *"\(.*\)"/\1/p' "$REPO/plugin.toml")"
  run -2 --separate-stderr dokku backups:version now
}

@test "no missing or empty word, and no wildcard, ever means all" {
  local before verb
  backup "$STORE"
  before=$(everything)
  for verb in create info logs restore verify download adopt delete pin unpin cancel set; do
    run -2 --separate-stderr dokku "backups:$verb" </dev/null
    run -2 --separate-stderr dokku "backups:$verb" "" </dev/null
    run -2 --separate-stderr dokku --app web "backups:$verb" </dev/null
    run -2 --separate-stderr dokku "backups:$verb" '*' </dev/null
    run -2 --separate-stderr dokku --force "backups:$verb" </dev/null
  done
  for verb in create adopt delete restore; do
    run ! --separate-stderr dokku "backups:$verb" all </dev/null
    run ! --separate-stderr dokku "backups:$verb" fakestore: </dev/null
    run ! --separate-stderr dokku "backups:$verb" fakestore:* </dev/null
    run ! --separate-stderr dokku "backups:$verb" @latest </dev/null
  done
  run -2 --separate-stderr dokku backups:create --all "$STORE"
  run -2 --separate-stderr dokku backups:list ""
  assert_equal "$(everything)" "$before"
}

@test "every bad word is named, with exit code 2, and nothing is done" {
  local before
  export DOKKU_LIB
  DOKKU_LIB=$(dokku_lib)
  before=$(everything)
  while read -r words; do
    # shellcheck disable=SC2086 # words
    shown 2 dokku backups:$words </dev/null
    assert_equal "$output" ""
  done <<END
create $STORE --colour
create $STORE -x
list -n
list --format xml
create $STORE --label
create $STORE --label a --label b
create $STORE --all=yes
list $STORE $STORE
info x
list --root /tmp
create $STORE --hooks=/tmp
create $STORE --app web
END
  assert_snapshot
  assert_equal "$(everything)" "$before"
}

@test "Dokku's own flags do the same before and after the command" {
  local password id
  run -0 --separate-stderr dokku --quiet backups:create "$STORE"
  assert_equal "$stderr" ""
  id=$output
  run -0 --separate-stderr dokku backups:create "$STORE" --quiet
  assert_equal "$stderr" ""
  run -0 --separate-stderr dokku --app web backups:create "$STORE"
  dokku backups:download "$output" | cmp - "$(content "$STORE")"
  run -0 --separate-stderr dokku --force backups:restore "$id"
  run -0 --separate-stderr dokku --force --quiet --app web backups:restore "$id" --no-safety-backup
  run -0 --separate-stderr dokku --force backups:delete "$id"
  # A trace shows the commands, but no password.
  password=$(pg file "$PG" PASSWORD)
  for words in "--trace backups:create $PG" "backups:create $PG --trace"; do
    # shellcheck disable=SC2086 # words
    run -0 --separate-stderr dokku $words
    assert_match "$output" "^$PG-[0-9-]+$"
    assert_contains "$stderr" "+ "
    refute_contains "$stderr" "$password"
    refute_contains "$(dokku backups:logs "$output")" "$password"
  done
}

@test "words in the environment of the caller don't reach the datastore's plugin" {
  SSH_TTY=/dev/pts/0 DOKKU_APP_NAME=web DOKKU_APPS_FORCE_DELETE=1 run -0 --separate-stderr dokku backups:create "$STORE"
  dokku backups:download "$output" | cmp - "$(content "$STORE")"
  cd "$(mktemp -d "$BATS_TEST_TMPDIR/closed.XXXXXX")"
  chmod 700 .
  run -0 --separate-stderr dokku backups:list "$STORE"
}

@test "what is no command can't be reached by a path" {
  local before plugin command
  plugin=$(dokku_plugins)/backups
  before=$(everything && ls -lR "$plugin")
  for command in ../bin/backups-helper ../hooks/postgres/export ../hooks/lib/default/list ../hooks/postgres/describe \
    ../hooks/sqlite/export ../hooks/generic/export ../hooks/generic/list ../hooks/authorize ../packages; do
    run ! --separate-stderr dokku "backups:$command" "$PG" "$(pg file "$PG" DATABASE_NAME)" </dev/null
    assert_equal "$output" ""
    run ! --separate-stderr dokku "backups:$command" list </dev/null
    assert_equal "$output" ""
  done
  run ! --separate-stderr dokku backups:../hooks/sqlite/export /etc/passwd data
  assert_equal "$output" ""
  # Those that Dokku itself runs as root do nothing for anybody else.
  for command in ../install ../update ../uninstall; do
    run --separate-stderr dokku "backups:$command" backups </dev/null
    assert_equal "$output" ""
  done
  assert_equal "$(everything && ls -lR "$plugin")" "$before"
}

@test "everything in the state directory belongs to user dokku, and to nobody else" {
  assert_mode "$ROOT" 700
  assert_equal "$(find "$ROOT" ! -user dokku)" ""
  assert_equal "$(find "$ROOT" -type f -perm /077)" ""
  assert_equal "$(find "$ROOT" -type d -perm /077)" ""
}

@test "what root made in the state directory before plugin:install is its owner's after it, and no link is followed" {
  mkdir "$ROOT/logs/left" && touch "$ROOT/logs/left/file"
  touch "$BATS_TEST_TMPDIR/elsewhere" && ln -s "$BATS_TEST_TMPDIR/elsewhere" "$ROOT/logs/left/link"
  dokku plugin:install >/dev/null
  assert_equal "$(find "$ROOT" ! -user dokku)" ""
  assert_equal "$(stat -c %U "$BATS_TEST_TMPDIR/elsewhere")" root
  rm -r "$ROOT/logs/left"
}

@test "root, user dokku and a person at a shell see the same backups" {
  local as_root
  as_root=$(dokku backups:list "$STORE" --format json)
  assert_equal "$(dokku_as admin backups:list "$STORE" --format json </dev/null)" "$as_root"
  assert_equal "$("$(dokku_plugins)/backups/bin/backups-helper" list "fakestore:$STORE" --format json --root "$ROOT")" "$as_root"
  assert_equal "$(find "$ROOT" ! -user dokku)" ""
}

@test "without its helper every command says in one line what is missing, and dokku help is whole" {
  local helper verb
  helper=$(dokku_plugins)/backups/bin/backups-helper
  mv "$helper" "$helper.away"
  for verb in create list info logs restore verify download adopt delete pin unpin cancel set version help default; do
    run -1 --separate-stderr dokku "backups:$verb" "$STORE" </dev/null
    assert_equal "$output" ""
    assert_equal "${#stderr_lines[@]}" 1
    assert_match "$stderr" "backups cannot work yet: .*as root: dokku plugin:install"
  done
  run -1 --separate-stderr dokku backups
  for words in "help" "help --all"; do
    # shellcheck disable=SC2086 # words
    run -0 --separate-stderr dokku $words
    assert_contains "$output" "    apps"
    assert_contains "$output" "    fakestore"
    assert_match "$output" "    backups .*not built"
  done
  run -0 dokku apps:list
  mv "$helper.away" "$helper"
  run -0 dokku backups:version
}
