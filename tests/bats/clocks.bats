#!/usr/bin/env bats
# Clocks that are ahead, behind, or jump, and their effect on schedules, retention, @latest, deploys and alerts. The clock
# starts backups, but does not order them. Also settings that this version does not understand.

load ../support/setup
load fake
load clock

latest() {
  at "${1:-$BASE}" helper info fake:db@latest --format json 2>/dev/null | jq -r .id
}

# Configures a command for alerts, which appends each to $FAKE/alerts.
hear() {
  printf '#!/bin/sh\n{ cat; echo; } >>%q\n' "$FAKE/alerts" >"$FAKE/hear"
  chmod +x "$FAKE/hear"
  helper set --global notify-command "$FAKE/hear" --quiet
}

# heard KIND: prints the messages of the alerts of that kind.
heard() {
  jq -r "select(.event == \"$1\") | .message" "$FAKE/alerts" 2>/dev/null
}

@test "one tick while the clock is ahead: schedules go on, @latest is what was made last, and it is said" {
  hear
  schedule fake:db --daily 02:00 --timezone UTC
  tick '2026-03-03 02:00:00'
  tick '2099-01-01 12:00:00'
  assert_equal "$(made daily) $(latest)" "2 db-2099-01-01-12-00-00"
  tick '2026-03-03 02:05:00'
  assert_equal "$(made daily)" 2
  assert_contains "$output" "fake:db-2099-01-01-12-00-00"
  tick '2026-03-04 02:00:00'
  assert_equal "$(made daily) $(latest)" "3 db-2026-03-04-02-00-00"
  run -0 --separate-stderr helper list fake:db --format json
  assert_json '[.backups[].id] | join(" ")' "db-2026-03-04-02-00-00 db-2099-01-01-12-00-00 db-2026-03-03-02-00-00"
  tick '2026-03-04 02:01:00'
  assert_equal "$(heard clock | wc -l)" 1
  assert_contains "$(heard clock)" "backups-helper delete fake:db-2099-01-01-12-00-00"
  rm "$ROOT"/catalog.db*
  assert_equal "$(latest)" db-2026-03-04-02-00-00
  at '2026-03-04 03:00:00' helper delete db-2099-01-01-12-00-00 --force --quiet
  tick '2026-03-05 02:00:00'
  assert_equal "$(made daily)" 3
  refute_contains "$output" "2099"
}

@test "a schedule that was set while the clock was ahead runs, and so does one that failed then" {
  at '2099-01-01 12:00:00' helper schedule fake:db --daily 02:00 --timezone UTC --quiet
  tick '2026-03-03 10:00:00'
  tick '2026-03-03 10:01:00'
  assert_equal "$(made daily)" 1
  knob export 'exit 1'
  tick '2099-01-01 12:00:00'
  knob export
  tick '2026-03-04 01:59:00'
  assert_equal "$(made daily)" 1
  tick '2026-03-04 02:00:00'
  assert_equal "$(made daily)" 2
}

@test "a clock that is behind removes nothing by age, takes nothing from @latest, and backups go on" {
  local day
  schedule fake:db --daily 02:00 --timezone UTC --keep-within 2d
  for day in 03 04; do tick "2026-03-$day 02:00:00"; done
  fake_source fake:db second
  tick '1970-01-02 00:00:30'
  assert_equal "$(made daily) $(latest '1970-01-02 00:02:00')" "3 db-1970-01-02-00-00-30"
  tick '1970-01-02 00:01:30'
  assert_equal "$(made daily)" 3
  run -0 --separate-stderr at '1970-01-02 01:00:00' helper prune fake:db --dry-run
  refute_contains "$output" remove
  assert_contains "$stderr" "If the clock is wrong, set it"
  # After the clock is corrected, the backups made while it was wrong still count as newer than those before.
  run -0 --separate-stderr at '2026-03-04 10:00:00' helper prune fake:db --dry-run --format json
  assert_json '[.copies[] | select(.keep | not) | .id] | length' 0
  assert_equal "$(latest '2026-03-04 10:00:00')" db-1970-01-02-00-00-30
  tick '2026-03-04 10:01:00'
  assert_equal "$(made daily)" 4
}

@test "after a clock leapt far ahead nothing is removed by age for a day" {
  local day
  schedule fake:db --daily 02:00 --timezone UTC --keep-within 80h
  for day in 03 04 05; do tick "2026-03-$day 02:00:00"; done
  tick '2031-01-01 12:00:00'
  assert_contains "$output" "The clock jumped from 2026-03-05"
  assert_equal "$(made daily)" 4
  tick '2026-03-06 02:00:00'
  assert_equal "$(made daily)" 5
  at '2026-03-06 03:00:00' helper delete db-2031-01-01-12-00-00 --force --quiet
  tick '2026-03-07 02:00:00'
  assert_equal "$(made daily)" 4
}

@test "a clock that jumps while a backup runs: it ends, counts, and the next one is newer" {
  schedule fake:db --daily 02:00 --timezone UTC
  echo '@2026-03-03 02:00:00' >"$FAKE/clock"
  knob_stop export
  FAKETIME_TIMESTAMP_FILE=$FAKE/clock FAKETIME_NO_CACHE=1 LD_PRELOAD=$(faketime_library) FAKETIME_DONT_FAKE_MONOTONIC=1 background tick
  fake_stopped
  echo '@1999-12-31 23:00:00' >"$FAKE/clock"
  fake_go
  assert_ends 0
  knob export
  assert_equal "$(made daily) $(latest)" "1 db-2026-03-03-02-00-00"
  at '2026-03-02 23:00:00' helper create fake:db --quiet
  assert_equal "$(latest)" db-2026-03-02-23-00-00
  assert_equal "$(catalog 'SELECT count(*) FROM backups WHERE finished_at < started_at')" 0
}

@test "a deploy is protected by no backup from the future" {
  printf '#!/bin/bash\necho fake:db\n' >"$HOOKS/generic/links"
  chmod +x "$HOOKS/generic/links"
  helper set --global before-deploy true --quiet
  at '2026-03-03 12:00:00' helper create fake:db --quiet
  run -0 at '2026-03-03 10:00:00' helper trigger before-deploy web runs
  assert_contains "$output" "is dated in the future"
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE trigger = 'deploy'")" 1
  run -0 at '2026-03-03 10:01:00' helper trigger before-deploy web runs
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE trigger = 'deploy'")" 1
  run -0 at '2026-03-03 13:00:00' helper trigger before-deploy web runs
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE trigger = 'deploy'")" 2
}

@test "what was queued or tried while the clock was ahead is not put off until then" {
  hear
  # shellcheck disable=SC2119 # nothing listens there
  helper target-add offsite s3 --bucket bucket --endpoint http://127.0.0.1:9 --connect-timeout 1 --attempts 1 --quiet <<<"key:secret"
  schedule fake:db --daily 02:00 --timezone UTC --target local --target offsite
  chmod -x "$FAKE/hear"
  tick '2099-01-01 12:00:00'
  chmod +x "$FAKE/hear"
  tick '2026-03-03 02:00:00'
  wait_until 20 grep -q partial "$FAKE/alerts"
  tick '2026-03-03 02:01:00' # if the source was busy, the previous tick left the copy to this one
  assert_equal "$(catalog "SELECT max(attempts) FROM copies WHERE target = 'offsite'")" 2
}

@test "a schedule whose zone this host does not know runs in the host's, says so once, and stops no other" {
  hear
  fake_source fake:other x
  schedule fake:db --daily 02:00 --timezone UTC
  schedule fake:other --daily 02:00 --timezone UTC
  sed -i '0,/"timezone": "UTC"/s//"timezone": "Asia\/Calcutta-Old"/' "$ROOT/settings.json"
  tick '2026-03-03 02:00:00'
  assert_contains "$output" "its time zone 'Asia/Calcutta-Old' is unknown on this host, and UTC is used. Choose another with --timezone"
  assert_equal "$(made)" 2
  tick '2026-03-03 02:01:00'
  refute_contains "$output" Calcutta
  assert_equal "$(heard settings | wc -l)" 1
  run -0 --separate-stderr helper schedules
  assert_contains "$output" "UTC (Asia/Calcutta-Old is unknown here)"
  helper schedule fake:db --daily 02:00 --timezone UTC --id daily --quiet
  tick '2026-03-04 02:00:00'
  assert_equal "$(made)" 4
  assert_equal "$(heard recovery)" "the settings are valid"
}

@test "a property with an unknown zone, or a value of a newer version, stops no command and is mended by set" {
  helper set --global timezone Europe/Berlin --quiet
  helper set --global compression none --quiet
  sed -i 's/Europe\/Berlin/US\/Easternmost/; s/"none"/"brotli:11"/; s/"format": 1/"format": 2/' "$ROOT/settings.json"
  schedule fake:db --daily 02:00
  tick '2026-03-03 02:00:00'
  assert_contains "$output" "timezone of --global takes an IANA name such as Europe/Berlin, not 'US/Easternmost'"
  assert_contains "$output" "compression of --global takes"
  assert_equal "$(made daily)" 1
  run -0 helper list fake:db
  assert_contains "$(<"$ROOT/settings.json")" '"compression": "brotli:11"'
  helper set --global timezone UTC --quiet
  helper set --global compression zstd --quiet
  refute_contains "$(<"$ROOT/settings.json")" brotli
}

@test "a schedule of a newer version that can't run is named, stays, and is replaced or removed by name" {
  hear
  schedule fake:db --daily 02:00 --timezone UTC
  schedule fake:db --daily 03:00 --timezone UTC --id second --keep-last 1
  jq '.schedules[0].cron = "@every 5m" | .schedules[1].keep = "last=1,quarterly=4"' "$ROOT/settings.json" >"$FAKE/settings"
  cat "$FAKE/settings" >"$ROOT/settings.json"
  tick '2026-03-03 03:00:00'
  tick '2026-03-04 03:00:00'
  assert_equal "$(made daily) $(made second)" "0 2"
  assert_contains "$(heard settings)" "schedule daily of fake:db does not run"
  assert_contains "$(heard settings)" "none of its backups is removed"
  at "$BASE" helper pause fake:db second --quiet
  assert_equal "$(jq -r '.schedules | map("\(.id) \(.cron) \(.keep)") | sort | join(";")' "$ROOT/settings.json")" \
    "daily @every 5m last=7,daily=7,weekly=4;second 0 3 * * * last=1,quarterly=4"
  helper unschedule fake:db daily --quiet
  assert_equal "$(jq '.schedules | length' "$ROOT/settings.json")" 1
}
