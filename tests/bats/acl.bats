#!/usr/bin/env bats
# An SSH key that access rules of Dokku limit to some services and apps: `mallory` can see and change these and no others.
# The rules are enforced by the plugin acl, through the triggers user-auth-service and user-auth-app.

load ../support/setup

setup_file() {
  export ROOT=""
  require_dokku || return 0
  require_docker app:latest || return 0
  dokku_start
  [[ ! -e $(dokku_lib)/data/backups ]] || left_out "this host has backups of its own" || return 0
  ROOT=$(dokku_lib)/data/backups
  HERS=$(unique hers)
  OTHERS=$(unique others)
  APP=$(unique app)
  STORAGE=$(dokku_directory)
  export ROOT HERS OTHERS APP STORAGE
  dokku_fixture fakestore
  dokku_fixture acl
  # A second type, with a service of the same name.
  "$TEST_DOKKU_SUPPORT/copy" "$TEST_DOKKU_SUPPORT/plugins/fakestore" "$BATS_FILE_TMPDIR/otherstore"
  sed -i 's/dokku\.fakestore/dokku.otherstore/' "$BATS_FILE_TMPDIR/otherstore/functions"
  dokku_plugin_add "$BATS_FILE_TMPDIR/otherstore"
  install_backups
  for service in "$HERS" "$OTHERS"; do
    dokku fakestore:create "$service" >/dev/null
    content_is "$service" first
    dokku backups:create "fakestore:$service" --label one
    dokku backups:create "fakestore:$service" --label two
  done
  dokku otherstore:create "$HERS" >/dev/null
  for app in "$APP" "$APP-other"; do
    dokku apps:create "$app" >/dev/null
    mkdir "$STORAGE/$app"
    sqlite_create "$STORAGE/$app/app.db" 10
    dokku storage:mount "$app" "$STORAGE/$app:/data" >/dev/null
    dokku backups:create "sqlite:$app/data/app.db"
  done
  chown -R 12345:12345 "$STORAGE"/*
  acl_allow mallory "fakestore:$HERS" "app:$APP"
}

teardown_file() {
  if [[ -n $ROOT ]]; then
    acl_clear mallory
    dokku fakestore:destroy "$HERS" --force >/dev/null || true
    dokku fakestore:destroy "$OTHERS" --force >/dev/null || true
    dokku otherstore:destroy "$HERS" --force >/dev/null || true
    dokku apps:destroy "$APP" --force >/dev/null || true
    dokku apps:destroy "$APP-other" --force >/dev/null || true
    rm -rf "$STORAGE"
  fi
  dokku_stop
  [[ -z $ROOT ]] || rm -rf "$ROOT"
}

content_is() {
  echo "$2 of $1" | dokku fakestore:import "$1" >/dev/null
}

mallory() {
  dokku_as mallory "$@" </dev/null 3>&-
}

# newest SOURCE: prints the id of the newest successful manual backup.
newest() {
  dokku backups:list "$1" --format json | jq -r '[.backups[] | select(.status == "success" and .trigger == "manual").id][0]'
}

# Prints everything that a person without permission could have changed.
everything() {
  dokku backups:list --all --limit 0 --format json
  cat "$ROOT/settings.json" 2>/dev/null || true
  cat "$(dokku_lib)"/services/fakestore/*/data/content
  sha256sum "$STORAGE"/*/app.db
  find "$ROOT" -path "$ROOT/locks" -prune -o -type f ! -name 'catalog.db*' -print | sort
}

@test "a list shows what the key may see, and no trace of the rest" {
  run -0 --separate-stderr mallory backups:list
  assert_contains "$output" "fakestore:$HERS-"
  assert_contains "$output" "sqlite:app.db-"
  refute_contains "$output$stderr" "$OTHERS"
  run -0 --separate-stderr mallory backups:list --all --limit 0 --format json
  assert_json '[.backups[].address] | unique | join(" ")' "$APP/data/app.db $HERS"
  run -0 --separate-stderr dokku backups:list --all --limit 0 --format json
  assert_json '[.backups[].address] | unique | length' 4
  run -0 --separate-stderr mallory backups:list "$HERS"
  run -20 --separate-stderr mallory backups:list "fakestore:$OTHERS"
  assert_equal "$output" ""
  # A hidden source is not found by its bare name. By its full name, a source that does not exist is refused alike.
  run -3 --separate-stderr mallory backups:list "$OTHERS"
  run -20 --separate-stderr mallory backups:list fakestore:nosuch
}

@test "what a dead restore of somebody else's service left is named to those who may see it, and nobody else" {
  local run=$ROOT/run/restore-20260101T000000-00000000 verb
  mkdir -p "$run"
  printf '{"verb":"restore","type":"fakestore","name":"%s","address":"%s","backup":"b","replacing":true}\n' "$OTHERS" "$OTHERS" >"$run/run.json"
  chown -R dokku:dokku "$run"
  for verb in list create; do
    run -0 --separate-stderr mallory "backups:$verb" "fakestore:$HERS"
    refute_contains "$output$stderr" "$OTHERS"
    run -0 --separate-stderr dokku "backups:$verb" "fakestore:$HERS"
    assert_contains "$stderr" "into fakestore:$OTHERS ended while it was replacing the data"
  done
  rm -rf "$run"
}

@test "what limits a list limits what is allowed: hers can be used like anything" {
  local id
  run -0 --separate-stderr mallory backups:create "$HERS" --label mine
  id=$output
  run -0 --separate-stderr mallory backups:info "$id"
  run -0 --separate-stderr mallory backups:logs "$id"
  run -0 --separate-stderr mallory backups:verify "$id"
  run -0 --separate-stderr mallory backups:download "$id"
  assert_equal "$output" "first of $HERS"
  run -0 --separate-stderr mallory backups:pin "$id"
  run -0 --separate-stderr mallory backups:unpin "$id"
  run -0 --separate-stderr mallory backups:restore "$HERS@latest" --force
  run -0 --separate-stderr mallory backups:set "$HERS" compression gzip
  run -0 --separate-stderr mallory backups:set "$HERS" compression
  run -0 --separate-stderr mallory backups:delete "$id" --force
  run -0 --separate-stderr mallory backups:create "sqlite:$APP/data/app.db"
}

@test "no command does anything to what is not hers, by name, by @latest or by id" {
  local before id verb word options
  id=$(newest "fakestore:$OTHERS")
  before=$(everything)
  for word in "fakestore:$OTHERS@latest" "$id" "fakestore:$id"; do
    while read -r verb options; do
      # shellcheck disable=SC2086 # words
      run -20 --separate-stderr mallory "backups:$verb" "$word" $options
      assert_equal "$output" ""
    done <<END
info
logs
verify
download
download --raw
pin
unpin
delete --force
restore --force
restore --dry-run
restore --force --in-place --no-safety-backup
restore --force --into fakestore:$HERS
END
  done
  while read -r verb options; do
    # shellcheck disable=SC2086 # words
    run -20 --separate-stderr mallory "backups:$verb" "fakestore:$OTHERS" $options
    assert_equal "$output" ""
  done <<END
create
cancel
list
set compression gzip
END
  run -20 --separate-stderr dokku_as mallory backups:adopt "fakestore:$OTHERS" <<<"dump of mallory"
  assert_equal "$(everything)" "$before"
}

@test "one of several words that is not hers, and nothing is done" {
  local before
  before=$(everything)
  run -20 --separate-stderr mallory backups:create "fakestore:$HERS" "fakestore:$OTHERS"
  assert_equal "$output" ""
  refute_contains "$stderr" "Backing up"
  run -20 --separate-stderr mallory backups:create "fakestore:$OTHERS" "fakestore:$HERS"
  run -20 --separate-stderr mallory backups:create "$HERS" "sqlite:$APP-other/data/app.db"
  run -20 --separate-stderr mallory backups:restore "$HERS@latest" --into "fakestore:$OTHERS" --force
  run -20 --separate-stderr mallory backups:restore "fakestore:$OTHERS@latest" --into "fakestore:$HERS" --force
  assert_equal "$(everything)" "$before"
}

@test "--all is all that the key may use" {
  local before after
  before=$(dokku backups:list --limit 0 --format json | jq '.backups | length')
  run -0 --separate-stderr mallory backups:create --all
  assert_match "$output" "^$HERS-[0-9-]+"$'\n'"app\.db-[0-9a-f]+-[0-9-]+$"
  refute_contains "$output$stderr" "$OTHERS"
  after=$(dokku backups:list --limit 0 --format json | jq '.backups | length')
  assert_equal "$((after - before))" 2
}

@test "a database in the storage of an app goes with the app" {
  local before id
  id=$(newest "sqlite:$APP-other/data/app.db")
  before=$(everything)
  run -20 --separate-stderr mallory backups:create "sqlite:$APP-other/data/app.db"
  run -20 --separate-stderr mallory backups:create "sqlite:nosuch/data/app.db"
  run -20 --separate-stderr mallory backups:download "$id"
  run -20 --separate-stderr mallory backups:restore "sqlite:$APP/data/app.db@latest" --into "sqlite:$APP-other/data/app.db" --force
  run -20 --separate-stderr mallory backups:list "sqlite:${id%-????-??-??-??-??-??}"
  run -3 --separate-stderr mallory backups:list "${id%-????-??-??-??-??-??}"
  run -2 --separate-stderr mallory backups:create "sqlite:$STORAGE/$APP-other/app.db"
  assert_equal "$(everything)" "$before"
}

@test "a bare name is hers where only she may use one of that name" {
  run -2 --separate-stderr dokku backups:create "$HERS"
  assert_contains "$stderr" "otherstore:$HERS"
  run -0 --separate-stderr mallory backups:create "$HERS"
  refute_contains "$stderr" otherstore
  run -20 --separate-stderr mallory backups:create "otherstore:$HERS"
}

@test "the backup of somebody else can't be cancelled, and goes on" {
  local pid code=0
  dokku fakestore:knob "$OTHERS" export hang
  dokku backups:create "fakestore:$OTHERS" >/dev/null 2>&1 3>&- &
  pid=$!
  wait_until 30 in_progress "$OTHERS"
  run -20 --separate-stderr mallory backups:cancel "fakestore:$OTHERS"
  run -3 --separate-stderr mallory backups:cancel "$OTHERS"
  kill -0 "$pid"
  in_progress "$OTHERS"
  dokku backups:cancel "fakestore:$OTHERS"
  wait "$pid" || code=$?
  assert_equal "$code" 12
  dokku fakestore:knob "$OTHERS" export
}

in_progress() {
  [[ $(dokku backups:list "fakestore:$1" --limit 1 --format json | jq -r '.backups[0].status') == in-progress ]]
}

@test "no program of the plugin can be reached by a path" {
  local before command
  before=$(everything)
  for command in ../bin/backups-helper ../hooks/generic/export ../hooks/generic/list ../hooks/sqlite/export ../hooks/authorize \
    ../hooks/lib/default/list ../../../../data/backups/catalog.db; do
    run ! --separate-stderr mallory "backups:$command" "$OTHERS" data
    assert_equal "$output" ""
  done
  assert_equal "$(everything)" "$before"
}

@test "words in the command line can't make her somebody else" {
  local before
  before=$(everything)
  run ! --separate-stderr mallory NAME=admin SSH_NAME=admin backups:list
  run ! --separate-stderr mallory backups:list SSH_NAME=admin
  run -20 --separate-stderr mallory --app admin backups:create "fakestore:$OTHERS"
  run -20 --separate-stderr mallory --force backups:delete "fakestore:$OTHERS@latest"
  assert_equal "$(everything)" "$before"
}

@test "where a rule fails nobody is let in by mistake, and an unlimited key stays unlimited" {
  local rule
  rule=$(dokku_plugins)/acl/user-auth-service
  cp "$rule" "$BATS_TEST_TMPDIR/rule"
  printf '%s\n' '#!/usr/bin/env bash' 'shift 3; printf "%s\n" "$@"; exit 1' >"$rule"
  run ! --separate-stderr mallory backups:info "fakestore:$OTHERS@latest"
  run -20 --separate-stderr mallory backups:create "fakestore:$HERS"
  cat "$BATS_TEST_TMPDIR/rule" >"$rule"
  run -0 --separate-stderr dokku_as admin backups:verify "fakestore:$OTHERS@latest" </dev/null
  run -0 --separate-stderr dokku_as admin backups:list --limit 0 --format json </dev/null
  assert_json '[.backups[].address] | unique | length' 4
}

@test "a key that may see nothing sees nothing" {
  acl_allow eve
  run -0 --separate-stderr dokku_as eve backups:list --all </dev/null
  assert_equal "$output" ""
  run -3 --separate-stderr dokku_as eve backups:info "$HERS@latest" </dev/null
  run --separate-stderr dokku_as eve backups:create --all </dev/null
  assert_equal "$output" ""
  acl_clear eve
}
