#!/usr/bin/env bats
# A message about something that is refused or omitted contains a command that works in that situation. A wrong name does not
# affect the others.

load ../support/setup
load fake

setup() {
  fresh_root
  fake_hooks
  fake_source fake:db first
}

# name_targets LIST: sets the property to unknown targets, as if they had been removed since.
name_targets() {
  helper set --global targets local --quiet
  jq --arg targets "$1" '.properties["--global"].targets = $targets' "$ROOT/settings.json" >"$ROOT/new"
  mv "$ROOT/new" "$ROOT/settings.json"
}

copies() {
  helper list fake:db --format json | jq -r '.backups[0].copies | map("\(.target) \(.status)") | join(", ")'
}

@test "targets that do not exist are refused when they are set" {
  shown 3 helper set --global targets local,offsite
  assert_snapshot
  run -0 --separate-stderr helper report --global --backups-global-targets
  assert_equal "$output" ""
  helper set --global targets local --quiet
}

@test "a target that is missing fails its copy, never the local backup" {
  at '2026-03-02 12:00:00' helper schedule fake:db --daily 02:00 --timezone UTC --quiet
  name_targets local,offsite
  run -9 --separate-stderr helper create fake:db
  assert_match "$output" '^db-[0-9-]+$'
  assert_contains "$stderr" "the copy to offsite failed: unknown target. Add it with backups-helper target-add"
  refute_contains "$stderr" backups:push
  assert_equal "$(copies)" "local success, offsite failed"
  run -0 helper tick
  assert_equal "$(copies)" "local success, offsite failed"
  run -0 --separate-stderr helper schedules
  assert_contains "${lines[1]}" local,offsite
  assert_sound
}

@test "where none of the targets exists, the backup is made locally" {
  name_targets offsite,elsewhere
  run -9 --separate-stderr helper create fake:db
  assert_equal "$(copies)" "elsewhere failed, local success, offsite failed"
  assert_sound
}

@test "a target without credentials is not added, and the advice is the same command with them" {
  AWS_EC2_METADATA_DISABLED=true HOME=$BATS_TEST_TMPDIR shown 8 helper target-add offsite s3 --bucket my-bucket </dev/null
  assert_snapshot
  assert_equal "$(helper target-list --format json | jq -c .targets)" '[]'
}

@test "what works at a shell only comes with the command that does" {
  PLUGIN_PATH=/nowhere DOKKU_LIB_ROOT="$ROOT" shown 2 "$BACKUPS_HELPER" target-add offsite s3 --bucket my-bucket --profile 'my profile' </dev/null
  assert_snapshot
}

@test "adopt of nothing leaves no failed row" {
  run -2 --separate-stderr helper adopt fake:db --artifact one </dev/null
  assert_contains "${stderr_lines[-1]}" "no dump was given on stdin"
  false | (run -2 --separate-stderr helper adopt fake:db --artifact one)
  assert_equal "$(catalog "SELECT count(*) FROM backups")" 0
  run -0 --separate-stderr helper adopt fake:db --artifact one <"$FAKE/live/fake/db/one"
  assert_sound
}

@test "create --all has SQLite files from schedules and from history, leaves out what is gone, and fails where there is nothing" {
  local app=$BATS_TEST_TMPDIR/app.db cache=$BATS_TEST_TMPDIR/cache.db gone=$BATS_TEST_TMPDIR/gone.db
  sqlite_create "$app" 10
  sqlite_create "$cache" 10
  sqlite_create "$gone" 10
  helper create "sqlite:$app" --quiet
  helper create "sqlite:$gone" --quiet
  helper schedule "sqlite:$cache" --daily 02:00 --quiet
  rm "$gone"
  run -0 --separate-stderr helper create --all --format json
  assert_json '[.backups[].source | sub("-[0-9a-f]+$"; "")] | sort | join(" ")' "fake:db sqlite:app.db sqlite:cache.db"
  assert_contains "$stderr" "sqlite:$gone is skipped: it no longer exists"
  rm "$cache"
  run -3 --separate-stderr helper create --all
  assert_contains "$stderr" "sqlite:$cache"
}

@test "create --all of nothing at all is a failure" {
  rm "$FAKE"/live/fake/*
  run -3 --separate-stderr helper create --all
  assert_contains "${stderr_lines[-1]}" "nothing to back up"
}

@test "set of a name that only an app has says how an app is named" {
  export DOKKU_ROOT=$BATS_TEST_TMPDIR/dokku
  mkdir -p "$DOKKU_ROOT/web"
  run -3 --separate-stderr helper set web before-deploy true
  assert_contains "$stderr" "no source is called 'web', but an app is: for its properties, specify app:web"
  run -3 --separate-stderr helper set wbe before-deploy true
  assert_contains "$stderr" "source 'wbe' not found"
  run -0 --separate-stderr helper set app:web before-deploy true
}

@test "report of a source shows its own settings, what holds and where it comes from" {
  helper set fake:db compression none --quiet
  helper set --global keep-manual last=4 --quiet
  run -0 --separate-stderr helper report fake:db
  assert_contains "$output" "=====> fake:db backups information"
  assert_match "$output" 'Backups compression: +none'
  assert_match "$output" 'Backups computed keep manual: +last=4'
  assert_match "$output" 'Backups computed disk reserve: +[0-9.]+ [GM]i?B'
  refute_contains "$output" "before deploy"
  assert_equal "$(helper report db)" "$output"
  run -0 --separate-stderr helper report db --backups-computed-compression
  assert_equal "$output" none
  local id
  id=$(helper create fake:db --quiet)
  run -0 --separate-stderr helper report fake:db --format json
  assert_json '[.compression, ."global-compression", ."keep-manual", ."global-keep-manual"] | join(",")' "none,,,last=4"
  assert_json '."last-backup" | split(" ")[0]' "fake:$id"
}

@test "report of a name that an app and a source have is refused with both" {
  export DOKKU_ROOT=$BATS_TEST_TMPDIR/dokku
  mkdir -p "$DOKKU_ROOT/db" "$DOKKU_ROOT/web"
  run -2 --separate-stderr helper report db
  assert_contains "$stderr" "'db' is ambiguous, it may be app:db, fake:db: specify one of them"
  run -0 --separate-stderr helper report app:db
  assert_contains "$output" "=====> db backups information"
  assert_contains "$output" "before deploy"
  run -0 --separate-stderr helper report web
  assert_contains "$output" "=====> web backups information"
  run -3 --separate-stderr helper report wbe
  assert_contains "$stderr" "no app and no source is called 'wbe'"
  run -3 --separate-stderr helper report fake:nothing
  assert_contains "$stderr" "source 'fake:nothing' not found"
}

@test "a source that is misspelt comes with the nearest one" {
  fake_source fake:shopdb first
  run -3 --separate-stderr helper create shopd
  assert_contains "$stderr" "source 'shopd' not found: did you mean fake:shopdb?"
  run -3 --separate-stderr helper report fake:shopd
  assert_contains "$stderr" "source 'fake:shopd' not found: did you mean fake:shopdb?"
  run -3 --separate-stderr helper create elsewhere
  assert_contains "$stderr" "source 'elsewhere' not found; use <type>:<name>"
}

@test "a source where a backup is wanted comes with how its latest backup is named" {
  run -2 --separate-stderr helper restore db
  assert_contains "$stderr" "'db' is a source: for its latest backup, specify db@latest"
  run -2 --separate-stderr helper info fake:db
  assert_contains "$stderr" "'fake:db' is a source: for its latest backup, specify fake:db@latest"
  run -2 --separate-stderr helper restore nothing
  assert_contains "$stderr" "'nothing' is neither the id of a backup nor <source>@latest"
}

@test "set without what it is for says so, and never prints the value" {
  run -2 --separate-stderr helper set notify-mail ann@example.com
  assert_contains "$stderr" "notify-mail is a property of the whole host: backups-helper set --global notify-mail <value>"
  run -2 --separate-stderr helper set notify-webhook https://example.com/secret
  refute_contains "$stderr" secret
  run -2 --separate-stderr helper set compression none
  assert_contains "$stderr" "compression is a property, not a source: backups-helper set <source> compression <value>, or backups-helper set --global compression <value>"
  run -2 --separate-stderr helper set before-deploy true
  assert_contains "$stderr" "backups-helper set app:<app> before-deploy <value>"
}
