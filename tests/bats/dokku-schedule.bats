#!/usr/bin/env bats
# What a host with dokku does without being asked: cron, deploys, services that are destroyed, apps that are renamed.

load ../support/setup

setup_file() {
  export ROOT=""
  require_dokku || return 0
  require_tool cron || return 0
  require_docker app:latest || return 0
  dokku_start
  [[ ! -e $(dokku_lib)/data/backups ]] || left_out "this host has backups of its own" || return 0
  ROOT=$(dokku_lib)/data/backups
  export ROOT
  dokku_fixture fakestore
  install_backups
  new_code app:new build
  new_code app:old release
}

teardown_file() {
  local directory
  if [[ -n $ROOT ]]; then
    for directory in "$(dokku_lib)"/services/fakestore/*/; do
      [[ ! -d $directory ]] || dokku fakestore:destroy "$(basename "$directory")" --force &>/dev/null || true
    done
    "${DOCKER_BIN:-docker}" image rm app:new app:old >/dev/null || true
  fi
  dokku_stop
  [[ -z $ROOT ]] || rm -rf "$ROOT"
}

setup() {
  skip_left_out
  S=$(unique store) APP=$(unique web)
}

# Makes a new image of the app, as a build or a release does.
new_code() {
  local docker=${DOCKER_BIN:-docker} container
  container=$("$docker" container create app:latest true)
  "$docker" container commit --change "LABEL com.dokku.image-stage=$2" "$container" "$1" >/dev/null
  "$docker" container rm "$container" >/dev/null
}

store_create() {
  dokku fakestore:create "$1" >/dev/null
  { echo "content of $1" && head -c 100000 /dev/urandom; } | dokku fakestore:import "$1" >/dev/null
}

content() {
  echo "$(dokku_lib)/services/fakestore/$1/data/content"
}

backups_of() { # SOURCE FILTER
  dokku backups:list "$1" --format json | jq -r "$2"
}

app_create() {
  dokku apps:create "$1" >/dev/null
  [[ -z ${2:-} ]] || echo "$1" >>"$(dokku_lib)/services/fakestore/$2/LINKS"
}

# deploy APP IMAGE: the part of a deploy that calls triggers of this plugin.
deploy() {
  dokku plugin:trigger pre-release-builder dockerfile "$1" "$2"
}

# app_runs APP: makes the app run until app_stops.
app_runs() {
  RUNNING=$("${DOCKER_BIN:-docker}" container run --detach --label "com.dokku.app-name=$1" app:latest sleep 600)
}

app_stops() {
  "${DOCKER_BIN:-docker}" container rm --force "$RUNNING" >/dev/null
}

crontab_of_dokku() {
  crontab -l -u dokku
}

@test "cron starts the tick, with its own environment, as user dokku, and a backup every minute is there" {
  local cron
  ! pgrep -x cron >/dev/null || skip "a cron runs here already"
  store_create "$S"
  run -0 --separate-stderr dokku backups:schedule "$S" '* * * * *' --keep-last 2
  assert_equal "$output" minutely
  plugn_trigger scheduler-cron-write >/dev/null
  assert_equal "$(crontab_of_dokku | grep -c "test -x .*/enabled/backups/bin/backups-helper && .* tick &>> .*/backups.log")" 1
  cron -f 3>&- &
  cron=$!
  wait_until 200 two_backups || { kill "$cron" && fail "cron made no backups: $(cat "$(dokku_logs)/backups.log")"; }
  kill "$cron"
  wait_until 30 assert_nothing_left
  assert_equal "$(backups_of "$S" '.backups[0] | "\(.trigger) \(.schedule) \(.status)"')" "schedule minutely success"
  assert_equal "$(find "$ROOT" ! -user dokku | wc -l)" 0
  dokku --quiet backups:restore "$S@latest" --force --no-safety-backup
  dokku --quiet backups:unschedule "$S" --all
}

two_backups() {
  [[ $(backups_of "$S" '[.backups[] | select(.status == "success")] | length') -ge 2 ]]
}

plugn_trigger() {
  dokku plugin:trigger "$@"
}

@test "the line is there once, for docker-local only, and goes with the plugin's enabled link" {
  run -0 --separate-stderr plugn_trigger cron-entries docker-local
  assert_equal "$(grep -c backups-helper <<<"$output")" 1
  assert_match "$output" '^\* \* \* \* \*;test -x [^ ;%]+ && [^ ;%]+ tick;[^ ;%]+$'
  run -0 --separate-stderr plugn_trigger cron-entries k3s
  refute_contains "$output" backups
}

@test "a service that is destroyed leaves a final backup, of which a new one is made" {
  local digest id
  store_create "$S"
  digest=$(sha256sum <"$(content "$S")")
  dokku --quiet backups:schedule "$S" @daily
  run -0 dokku fakestore:destroy "$S" --force
  assert_contains "$output" "Taking a final backup of fakestore:$S"
  id=$(backups_of "fakestore:$S" '.backups[0] | select(.trigger == "final") | .id')
  [[ -n $id ]]
  run -0 --separate-stderr dokku backups:schedules "fakestore:$S" --format json
  assert_json '.schedules[0].paused' "its service was destroyed"
  run -3 --separate-stderr dokku backups:info "fakestore:$S@latest"
  dokku fakestore:create "$S"
  run -0 --separate-stderr dokku backups:schedules "fakestore:$S" --format json
  assert_json '.schedules[0].paused' ""
  run -3 --separate-stderr dokku backups:info "fakestore:$S@latest"
  dokku --quiet backups:restore "$id" --force --no-safety-backup
  assert_equal "$(sha256sum <"$(content "$S")")" "$digest"
  dokku --quiet backups:unschedule "$S" --all
}

@test "a service that is destroyed in the middle of a backup: the final one waits for it" {
  local create destroy
  store_create "$S"
  dokku fakestore:knob "$S" export wait
  dokku backups:create "$S" &>/dev/null 3>&- &
  create=$!
  wait_until 30 is_being_made
  dokku fakestore:destroy "$S" --force &>"$BATS_TEST_TMPDIR/said" 3>&- &
  destroy=$!
  wait_until 60 grep -q "is busy: waiting" "$BATS_TEST_TMPDIR/said"
  dokku fakestore:knob "$S" export ""
  wait "$create"
  wait "$destroy"
  assert_equal "$(backups_of "fakestore:$S" '[.backups[] | "\(.trigger) \(.status)"] | join(", ")')" "final success, manual success"
}

is_being_made() {
  [[ $(backups_of "$S" '.backups[0].status') == in-progress ]]
}

@test "what was said of a final backup is not said of the next service of that name" {
  store_create "$S"
  dokku --quiet backups:set "$S" final-backup off
  dokku fakestore:destroy "$S" --force >/dev/null
  store_create "$S"
  run -0 dokku fakestore:destroy "$S" --force
  assert_contains "$output" "Taking a final backup"
}

@test "settings that nobody can read stop deploys and destroys that they may have stopped, and none where there are no settings" {
  local damage
  store_create "$S"
  app_create "$APP" "$S"
  cp "$ROOT/settings.json" "$BATS_TEST_TMPDIR/settings"
  app_runs "$APP"
  for damage in 'truncate -s 0' 'truncate -s 40' 'sed -i 1d' 'chmod 000'; do
    cp --no-preserve=mode "$BATS_TEST_TMPDIR/settings" "$ROOT/settings.json"
    $damage "$ROOT/settings.json"
    run deploy "$APP" app:new
    [[ $status != 0 ]]
    assert_contains "$output" "The deploy of $APP was stopped, because $ROOT/settings.json"
    assert_contains "$output" "dokku plugin:disable backups"
  done
  : >"$(dokku_lib)/services/fakestore/$S/LINKS"
  run dokku fakestore:destroy "$S" --force
  [[ $status != 0 ]]
  assert_contains "$output" "was not destroyed, because $ROOT/settings.json"
  assert_file "$(content "$S")"
  app_stops
  run -0 deploy "$APP" app:new
  app_runs "$APP"
  rm "$ROOT/settings.json"
  run -0 deploy "$APP" app:new
  app_stops
  run -0 dokku fakestore:destroy "$S" --force
  cp "$BATS_TEST_TMPDIR/settings" "$ROOT/settings.json"
  chown dokku:dokku "$ROOT/settings.json"
}

@test "a helper that crashes, or can't read its settings, stops a deploy that was to be stopped" {
  local helper
  helper=$(dokku_plugins)/backups/bin/backups-helper
  store_create "$S"
  app_create "$APP" "$S"
  app_runs "$APP"
  dokku --quiet backups:set "app:$APP" before-deploy true
  cp "$ROOT/settings.json" "$BATS_TEST_TMPDIR/settings"
  echo garbage >>"$ROOT/settings.json"
  run deploy "$APP" app:new
  [[ $status != 0 ]]
  assert_contains "$output" "The deploy of $APP was stopped"
  cat "$BATS_TEST_TMPDIR/settings" >"$ROOT/settings.json"
  mv "$helper" "$helper.whole"
  printf '#!/bin/bash\nkill -SEGV $$\n' >"$helper"
  chmod +x "$helper"
  run deploy "$APP" app:new
  [[ $status != 0 ]]
  sed -i 's/"before-deploy": "true"/&,\n      "before-deploy-failure": "warn"/' "$ROOT/settings.json"
  run -0 deploy "$APP" app:new
  rm "$helper"
  run -0 deploy "$APP" app:new
  assert_contains "$output" "backups cannot work yet"
  cat "$BATS_TEST_TMPDIR/settings" >"$ROOT/settings.json"
  run deploy "$APP" app:new
  [[ $status != 0 ]]
  app_stops
  run -0 deploy "$APP" app:new
  mv "$helper.whole" "$helper"
}

@test "triggers can't be called by name" {
  local trigger
  for trigger in pre-release-builder service-action post-delete; do
    run dokku "backups:../$trigger" pre-delete fakestore nobody
    [[ $status != 0 && $output != *"final backup"* ]]
  done
}

@test "final-backup: on warns, require refuses and says how not to, off takes none" {
  store_create "$S"
  dokku fakestore:knob "$S" export half
  dokku --quiet backups:set "$S" final-backup require
  run dokku fakestore:destroy "$S" --force
  [[ $status != 0 ]]
  assert_contains "$output" "dokku backups:set fakestore:$S final-backup off"
  assert_file "$(content "$S")"
  dokku --quiet backups:set "$S" final-backup on
  run -0 dokku fakestore:destroy "$S" --force
  assert_contains "$output" "the final backup of fakestore:$S failed"
  refute_file "$(content "$S")"
  S=$(unique store)
  store_create "$S"
  dokku --quiet backups:set "$S" final-backup off
  run -0 dokku fakestore:destroy "$S" --force
  refute_contains "$output" backup
}

@test "before-deploy: a backup before new code, none before a release, none when one is fresh" {
  store_create "$S"
  app_create "$APP" "$S"
  run -0 deploy "$APP" app:new
  assert_equal "$output" ""
  dokku --quiet backups:set "app:$APP" before-deploy true
  run -0 deploy "$APP" app:old
  assert_equal "$output" ""
  run -0 deploy "$APP" app:new
  assert_contains "$output" "Backing up fakestore:$S before the deploy of $APP"
  assert_equal "$(backups_of "$S" '.backups[] | "\(.trigger) \(.label)"')" "deploy before a deploy of $APP"
  run -0 deploy "$APP" app:new
  assert_contains "$output" "Skipped: backup"
  assert_equal "$(backups_of "$S" '.backups | length')" 1
  dokku --quiet backups:set "app:$APP" before-deploy-max-age 1s
  sleep 2
  deploy "$APP" app:new
  assert_equal "$(backups_of "$S" '.backups | length')" 2
  # A backup from before a restore is not accepted, since it does not contain the current data.
  dokku --quiet backups:set "app:$APP" before-deploy-max-age 1h
  dokku --quiet backups:restore "$S@latest" --force --no-safety-backup
  deploy "$APP" app:new
  assert_equal "$(backups_of "$S" '.backups | length')" 3
}

@test "before-deploy of a broken database stops the deploy or warns, as set, within its time" {
  store_create "$S"
  app_create "$APP" "$S"
  dokku fakestore:knob "$S" export half
  dokku --quiet backups:set "app:$APP" before-deploy true
  # An app that is not running is started without a backup, for example when the host boots.
  run -0 deploy "$APP" app:new
  assert_contains "$output" "because $APP is not running"
  app_runs "$APP"
  run deploy "$APP" app:new
  [[ $status != 0 ]]
  assert_contains "$output" "dokku ps:rebuild $APP"
  assert_contains "$output" "backups:set app:$APP before-deploy-failure warn"
  dokku --quiet backups:set "app:$APP" before-deploy-failure warn
  run -0 deploy "$APP" app:new
  assert_contains "$output" "The deploy continues"
  dokku fakestore:knob "$S" export hang
  dokku --quiet backups:set "app:$APP" before-deploy-timeout 3s
  dokku --quiet backups:set "app:$APP" before-deploy-failure abort
  SECONDS=0
  run deploy "$APP" app:new
  [[ $status != 0 && $SECONDS -lt 30 ]]
  assert_contains "$output" "its time limit was reached"
  app_stops
  # The deploy of an app without the setting is not delayed.
  dokku --quiet backups:set "app:$APP" before-deploy
  run -0 deploy "$APP" app:new
}

@test "settings go with an app that is renamed, to one that is cloned, and away with one that is destroyed" {
  app_create "$APP"
  dokku --quiet backups:set "app:$APP" before-deploy true
  dokku --quiet backups:set "app:$APP" before-deploy-failure warn
  plugn_trigger post-app-clone-setup "$APP" "$APP-clone"
  plugn_trigger post-app-rename-setup "$APP" "$APP-new"
  assert_equal "$(jq -r ".properties | to_entries[] | select(.key | startswith(\"app:$APP\")) | \"\(.key) \(.value | length)\"" "$ROOT/settings.json" | sort)" \
    "app:$APP-clone 2"$'\n'"app:$APP-new 2"
  plugn_trigger post-delete "$APP-new" latest
  assert_equal "$(jq -r ".properties | keys[] | select(startswith(\"app:$APP\"))" "$ROOT/settings.json")" "app:$APP-clone"
}

@test "report: flat, one key, JSON, and a part of dokku report" {
  store_create "$S"
  app_create "$APP" "$S"
  dokku --quiet backups:set "app:$APP" before-deploy true
  run -0 --separate-stderr dokku backups:report "$APP"
  assert_contains "$output" "=====> $APP backups information"
  assert_match "$output" 'Backups before deploy: +true'
  assert_match "$output" "Backups linked services: +fakestore:$S"
  run -0 --separate-stderr dokku backups:report "$APP" --backups-computed-before-deploy
  assert_equal "$output" true
  run -0 --separate-stderr dokku backups:report "$APP" --format json
  assert_json '."before-deploy"' true
  run -0 --separate-stderr plugn_trigger report "$APP"
  assert_contains "$output" "$APP backups information"
  run -0 plugn_trigger report "$(unique nobody)"
  run -2 --separate-stderr dokku backups:report
  run -3 --separate-stderr dokku backups:report "$(unique nobody)"
}

@test "where dokku never asks for lines, install sees to one, and uninstall takes it away" {
  [[ -z $TEST_DOKKU_REAL && -d /etc/cron.d ]] || skip "changes the host's cron"
  local line
  line=$(dokku_lib)/plugins/enabled/backups/bin/backups-helper
  mv "$(dokku_lib)/core-plugins/available/cron/scheduler-cron-write" "$BATS_TEST_TMPDIR/"
  crontab -u dokku -r 2>/dev/null || true
  dokku plugin:install >/dev/null
  assert_contains "$(</etc/cron.d/dokku-backups)" "* * * * * dokku test -x $line && $line tick &>> "
  mv "$BATS_TEST_TMPDIR/scheduler-cron-write" "$(dokku_lib)/core-plugins/available/cron/"
  dokku plugin:install >/dev/null
  refute_file /etc/cron.d/dokku-backups
  assert_contains "$(crontab_of_dokku)" "$line tick"
  dokku plugin:uninstall backups >/dev/null
  refute_contains "$(crontab_of_dokku 2>/dev/null || true)" backups
  install_backups
}
