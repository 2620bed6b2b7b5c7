#!/usr/bin/env bats
# Commands that ask a person, and output that must not go to a terminal. The terminal is script(1).

load ../support/setup
load fake
load terminal

setup() {
  require_tool script || return 0
  fresh_root
  fake_hooks fake
  fake_source fake:db first
  export TZ=UTC0
  ID=$(at '2026-04-08 14:30:00' helper create fake:db --quiet)
  fake_source fake:db second
}

@test "restore shows what it will do, and goes on when the name is typed" {
  at '2026-04-08 15:00:00' typed 0 'db\n' restore "$ID"
  shown_text "$output"
  assert_snapshot
  assert_equal "$(fake_live fake:db)" first
  assert_sound
}

@test "restore: another word, nothing at all, or an interrupt changes nothing" {
  local answer before
  before=$(catalog "SELECT count(*) FROM backups")
  for answer in 'no\n' 'yes\n' '\n' 'DB\n' 'db2\n' '\004'; do
    typed 11 "$answer" restore "$ID"
    assert_contains "$output" " !     not confirmed: nothing was changed"
  done
  typed 12 '\003' restore "$ID"
  assert_equal "$(fake_live fake:db)" second
  assert_equal "$(catalog "SELECT count(*) FROM backups")" "$before"
  refute_contains "$(<"$FAKE/calls")" prepare
  assert_sound
}

@test "restore without a terminal takes a piped answer, says how, and with --force does not ask" {
  shown 11 at '2026-04-08 15:00:00' helper restore "$ID" </dev/null
  assert_snapshot
  assert_equal "$(fake_live fake:db)" second
  run -11 --separate-stderr helper restore "$ID" <<<no
  assert_equal "$(fake_live fake:db)" second
  run -0 --separate-stderr helper restore fake:db@latest <<<db
  assert_equal "$(fake_live fake:db)" first
  fake_source fake:db second
  run -0 --separate-stderr helper restore "$ID" --force </dev/null
  refute_contains "$stderr" WARNING
  assert_equal "$(fake_live fake:db)" first
  fake_source fake:db second
  DOKKU_APPS_FORCE_DELETE=1 run -0 --separate-stderr helper restore "$ID" </dev/null
  assert_equal "$(fake_live fake:db)" first
}

@test "restore --dry-run neither asks nor changes anything, and reads every byte" {
  typed 0 "" restore "$ID" --dry-run
  assert_contains "$output" "=====> Dry run succeeded; nothing was changed"
  refute_contains "$output" WARNING
  assert_equal "$(fake_live fake:db)" second
  refute_contains "$(<"$FAKE/calls")" prepare
  turn_bit "$ROOT/fake/db/$ID.two.dump.zst"
  run -7 --separate-stderr helper restore "$ID" --dry-run </dev/null
  assert_contains "${stderr_lines[-1]}" "$ID.two.dump.zst is damaged"
}

@test "restore --into asks for the name of what is replaced" {
  fake_source fake:other third
  typed 11 'db\n' restore "$ID" --into fake:other
  typed 0 'other\n' restore "$ID" --into fake:other
  assert_equal "$(fake_live fake:other)" first
  assert_equal "$(fake_live fake:db)" second
}

@test "delete of the only good backup asks even with --force, and goes when its id is typed" {
  typed 11 'db\n' delete "$ID" --force
  assert_contains "$output" "This deletes the only good backup of fake:db, $ID"
  helper verify "$ID" --quiet
  typed 0 "$ID\\n" delete "$ID" --force
  assert_contains "$output" "=====> Backup $ID is deleted"
  run -3 --separate-stderr helper verify "$ID"
  assert_equal "$(find "$ROOT/fake" -type f)" ""
}

@test "delete of the only good backup without a terminal takes its id on stdin, and does not advise --force to who gave it" {
  shown 11 helper delete "$ID" --force </dev/null
  assert_snapshot
  run -11 --separate-stderr helper delete "$ID" --force <<<db
  helper verify "$ID" --quiet
  run -0 --separate-stderr helper delete "$ID" <<<"$ID"
  run -3 --separate-stderr helper verify "$ID"
}

@test "delete of one of several asks, unless --force" {
  helper create fake:db --quiet >/dev/null
  typed 11 'no\n' delete "$ID"
  helper verify "$ID" --quiet
  typed 0 "$ID\\n" delete "$ID"
  run -3 --separate-stderr helper verify "$ID"
}

@test "download refuses a terminal, adopt refuses to read from one" {
  typed 2 "" download "$ID" --artifact one
  assert_contains "$output" " !     stdout is a terminal: redirect it to a file"
  refute_contains "$output" FAKE
  typed 2 "" adopt fake:db --artifact one
  assert_contains "$output" " !     the dump is read from stdin: backups-helper adopt fake:db < dump"
}
