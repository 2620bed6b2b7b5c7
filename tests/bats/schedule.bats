#!/usr/bin/env bats
# Schedules, the tick that cron starts, and retention, with a clock that the tests move.

load ../support/setup
load fake
load clock

# three_in_parallel N: schedules fake:db, fake:two and fake:three for the same time, with max-parallel N.
three_in_parallel() {
  local name
  helper set --global max-parallel "$1" --quiet
  for name in db two three; do
    fake_source "fake:$name" x
    schedule "fake:$name" --daily 02:00 --timezone UTC
  done
}

@test "each way to say when, and what it becomes" {
  local -a ways=('0 2 * * *' '0|2|*|*|*' '@daily|--id|midnight' '--daily|03:00|--id|early' '--weekly|sun 02:00' '--weekly|sun|02:00' '--monthly|1 02:00' '*/15 * * * *' '30 1 * * mon-fri')
  local way words
  for way in "${ways[@]}"; do
    IFS='|' read -ra words <<<"$way"
    schedule fake:db "${words[@]}" --timezone Europe/Berlin
  done
  shown 0 at "$BASE" helper schedules fake:db
  assert_snapshot
}

@test "a second daily schedule is not added unasked: which there are is said, and how to change or add one" {
  schedule fake:db --daily 02:00 --timezone UTC
  run -2 --separate-stderr schedule fake:db --daily 04:00 --timezone UTC
  assert_contains "${stderr_lines[-1]}" "daily (daily at 02:00 UTC)"
  assert_contains "${stderr_lines[-1]}" "with --id daily"
  schedule fake:db --daily 02:00 --timezone UTC
  schedule fake:db --daily 04:00 --timezone UTC --id daily
  schedule fake:db --daily 05:00 --timezone UTC --id second
  schedule fake:db --weekly 'sun 05:00' --timezone UTC
  run -0 --separate-stderr helper schedules fake:db --format json
  assert_json '[.schedules[] | "\(.id) \(.cron)"] | join(", ")' "daily 0 4 * * *, second 0 5 * * *, weekly 0 5 * * sun"
  assert_json '.schedules[0].used_targets | join(",")' local
  run -0 --separate-stderr helper schedules fake:db
  assert_match "${lines[1]}" " local +last="
}

@test "the next three runs are shown in the schedule's time zone" {
  shown 0 at "$BASE" helper schedule fake:db --daily 02:00 --timezone Europe/Berlin --keep-daily 14
  shown 0 at "$BASE" helper schedules
  assert_snapshot
}

@test "what is wrong is named, and nothing is set" {
  local -a wrong=('fake:db' 'fake:db 0 2 * *' 'fake:db 61 2 * * *' 'fake:db 0 0 30 2 *' 'fake:db @reboot' 'fake:db --daily 25:00'
    'fake:db --weekly 02:00' 'fake:db --monthly 31|02:00' 'fake:db @daily --timezone Europe/Berln' 'fake:db @daily --keep-last -1'
    'fake:db @daily --daily 02:00' 'fake:db @daily --id No' 'fake:db @daily --keep-on offsite:daily=3' 'fake:db @daily --keep-on daily=3'
    'fake:db @daily --keep-last 0')
  local words one
  for one in "${wrong[@]}"; do
    read -ra words <<<"$one"
    run -2 --separate-stderr helper schedule "${words[@]//|/ }"
    assert_equal "${#stderr_lines[@]} $output" "1 "
  done
  run -3 --separate-stderr helper schedule fake:nope @daily
  run -3 --separate-stderr helper schedule fake:db @daily --target nowhere
  run -3 --separate-stderr helper unschedule fake:db daily
  run -2 --separate-stderr helper unschedule fake:db
  assert_equal "$(helper schedules --format json | jq '.schedules | length')" 0
}

@test "a tick backs up what is due, once, and nothing before its time" {
  schedule fake:db --daily 02:00 --timezone UTC
  tick '2026-03-02 10:01:00'
  tick '2026-03-03 01:59:59'
  assert_equal "$output $(made)" " 0"
  tick '2026-03-03 02:00:01'
  assert_match "${lines[0]}" '^2026-03-03T02:00:01Z -----> .*schedule daily$'
  tick '2026-03-03 02:01:01'
  assert_equal "$output $(made daily)" " 1"
  run -0 --separate-stderr helper info db-2026-03-03-02-00-01 --format json
  assert_json '"\(.trigger) \(.schedule) \(.manifest.schedule)"' "schedule daily daily"
  run -0 --separate-stderr at '2026-03-03 02:05:00' helper schedules fake:db --format json
  assert_json '.schedules[0] | "\(.last_status) \(.last_success) \(.next_run)"' "success 2026-03-03T02:00:01Z 2026-03-04T02:00:00Z"
}

@test "a host that slept over three turns catches up once" {
  schedule fake:db --daily 02:00 --timezone UTC
  tick '2026-03-06 09:00:00'
  tick '2026-03-06 09:01:00'
  assert_equal "$(made)" 1
  tick '2026-03-07 02:00:00'
  assert_equal "$(made)" 2
}

@test "what was due longest goes first, and one process does it all" {
  fake_source fake:other x
  schedule fake:other --daily 03:00 --timezone UTC
  schedule fake:db --daily 02:00 --timezone UTC
  tick '2026-03-03 04:00:00'
  assert_equal "$(catalog 'SELECT group_concat(name) FROM (SELECT name FROM backups ORDER BY key)')" db,other
}

@test "a failure is tried again after 5, 20, 80 minutes, and its next turn comes all the same" {
  schedule fake:db --daily 02:00 --timezone UTC
  knob export 'exit 1'
  local time
  for time in 02:00:00 02:04:00 02:05:30 02:20:00 02:26:00 03:00:00 03:47:00 03:50:00; do
    tick "2026-03-03 $time"
  done
  assert_equal "$(catalog "SELECT group_concat(strftime('%H:%M', started_at, 'unixepoch')) FROM (SELECT * FROM backups ORDER BY key)")" 02:00,02:05,02:26,03:47
  tick '2026-03-04 02:00:00'
  assert_equal "$(catalog 'SELECT count(*) FROM backups')" 5
  knob export
  tick '2026-03-04 08:00:30'
  assert_equal "$(made)" 1
  tick '2026-03-04 08:01:30'
  assert_equal "$(made)" 1
}

@test "what a person stopped is not tried again before its next turn; what a shutdown stopped is" {
  local signal
  declare -A code=([INT]=0 [TERM]=12)
  for signal in INT TERM; do
    fresh_root
    schedule fake:db --daily 02:00 --timezone UTC
    knob_stop export
    LD_PRELOAD=$(faketime_library) FAKETIME='@2026-03-03 02:00:00' FAKETIME_DONT_FAKE_MONOTONIC=1 background tick
    fake_stopped
    kill "-$signal" "$PID"
    assert_ends "${code[$signal]}"
    knob export
    tick '2026-03-03 02:30:00'
    assert_equal "$signal $(made)" "$signal $([[ $signal == INT ]] && echo 0 || echo 1)"
  done
}

@test "a source that is busy is left for the next minute, and that is said" {
  schedule fake:db --daily 02:00 --timezone UTC
  knob_stop export
  background create fake:db
  fake_stopped
  tick '2026-03-03 02:00:00'
  assert_contains "$output" "fake:db is busy"
  run -0 --separate-stderr at '2026-03-03 02:30:00' helper schedules
  assert_contains "$output" "overdue since 2026-03-03 02:00 UTC"
  fake_go
  assert_ends 0
  knob export
  tick '2026-03-03 02:01:00'
  assert_equal "$(made daily)" 1
}

@test "a run that cron did not start is overdue after two minutes, and what to check is said" {
  schedule fake:db --daily 02:00 --timezone UTC
  run -0 --separate-stderr at '2026-03-03 02:01:00' helper schedules
  assert_match "${lines[1]}" ' never +2026-03-03 02:00 UTC$'
  assert_equal "$stderr" ""
  run -0 --separate-stderr at '2026-03-03 02:03:00' helper schedules
  assert_match "${lines[1]}" ' never +overdue since 2026-03-03 02:00 UTC$'
  assert_contains "$stderr" "A schedule is overdue: cron may not be running."
  assert_contains "$stderr" "crontab -l"
  run -0 --separate-stderr at '2026-03-03 02:03:00' helper schedules --format json
  assert_json '.schedules[0].overdue' true
  tick '2026-03-03 02:04:00'
  run -0 --separate-stderr at '2026-03-03 02:05:00' helper schedules --format json
  assert_json '.schedules[0].overdue' false
  assert_equal "$stderr" ""
}

@test "a schedule does not blame cron while another one runs" {
  fake_source fake:db2 first
  schedule fake:db --daily 02:00 --timezone UTC
  schedule fake:db2 --daily 02:00 --timezone UTC
  knob_stop export
  LD_PRELOAD=$(faketime_library) FAKETIME='@2026-03-03 02:00:00' FAKETIME_DONT_FAKE_MONOTONIC=1 background tick
  fake_stopped
  run -0 --separate-stderr at '2026-03-03 02:30:00' helper schedules
  assert_equal "$(grep -c 'overdue since' <<<"$output")" 1
  assert_equal "$stderr" ""
  fake_go
  assert_ends 0
}

@test "a source that is gone fails, every time, and is not forgotten" {
  schedule fake:db --daily 02:00 --timezone UTC
  rm "$FAKE/live/fake/db"
  tick '2026-03-03 02:00:00'
  assert_contains "$output" "source fake:db not found"
  assert_equal "$(catalog "SELECT status || ' ' || error FROM backups")" "failed source fake:db not found"
}

@test "a paused schedule waits, and does not catch up with what it left out" {
  schedule fake:db --daily 02:00 --timezone UTC
  at "$BASE" helper pause fake:db daily --quiet
  tick '2026-03-03 02:00:00'
  assert_equal "$(made)" 0
  at '2026-03-04 10:00:00' helper resume fake:db --quiet
  tick '2026-03-04 10:01:00'
  assert_equal "$(made)" 0
  tick '2026-03-05 02:00:00'
  assert_equal "$(made)" 1
}

@test "two ticks at once make one backup" {
  schedule fake:db --daily 02:00 --timezone UTC
  local i pids=()
  for ((i = 0; i < 5; ++i)); do
    at '2026-03-03 02:00:00' helper tick &>/dev/null 3>&- &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  assert_equal "$(made)" 1
}

@test "max-parallel backs up so many at once" {
  three_in_parallel 3
  # Each export waits until all three have begun.
  # shellcheck disable=SC2016 # for the hook
  knob export 'mkdir -p "$fake/there"; : >"$fake/there/$1"; for i in {1..300}; do there=("$fake/there"/*); ((${#there[@]} < 3)) || break; sleep 0.1; done; ((${#there[@]} == 3))'
  tick '2026-03-03 02:00:00'
  assert_equal "$(made)" 3
}

@test "cancel stops one backup of a tick, not those beside it or after it" {
  three_in_parallel 2
  # The exports of the first two block; one continues after fake/go exists, the other never does.
  # shellcheck disable=SC2016 # for the hook
  knob export '[[ $1 == three ]] || { : >"$fake/there.$1"; until [[ -e $fake/go && $1 != db ]]; do sleep 0.05; done; }'
  LD_PRELOAD=$(faketime_library) FAKETIME='@2026-03-03 02:00:00' FAKETIME_DONT_FAKE_MONOTONIC=1 background tick
  wait_until 30 test -e "$FAKE/there.db" -a -e "$FAKE/there.two"
  helper cancel fake:db --quiet
  : >"$FAKE/go"
  assert_ends 0
  assert_equal "$(catalog "SELECT group_concat(name || ' ' || status) FROM (SELECT * FROM backups ORDER BY name)")" \
    "db failed,three success,two success"
}

@test "retention after a success removes what that schedule made, and only that" {
  local day
  at "$BASE" helper create fake:db --quiet
  schedule fake:db --daily 02:00 --timezone UTC --keep-last 2
  schedule fake:db --daily 12:00 --timezone UTC --id noon --keep-daily 3
  for day in 03 04 05 06 07; do
    tick "2026-03-$day 02:00:00"
    tick "2026-03-$day 12:00:00"
  done
  assert_equal "$(made daily) $(made noon) $(made '')" "2 3 6"
  assert_equal "$(find "$ROOT/fake/db" -name '*.json' | wc -l)" 6
  assert_nothing_left
}

@test "prune --dry-run says of each why it is kept or removed, and changes nothing" {
  local day
  schedule fake:db --daily 02:00 --timezone UTC --keep-last 10
  for day in 03 04 05; do tick "2026-03-$day 02:00:00"; done
  schedule fake:db --daily 02:00 --timezone UTC --id daily --keep-last 1
  helper pin db-2026-03-03-02-00-00 --quiet
  shown 0 at '2026-03-05 02:00:00' helper prune fake:db --dry-run
  assert_equal "$(made)" 3
  shown 0 at '2026-03-05 02:00:00' helper prune fake:db
  assert_equal "$(made)" 2
  shown 2 helper prune
  shown 2 helper prune fake:db --all
  assert_snapshot
}

@test "a backup that shrank is suspect: it is no @latest, and nothing is removed until it is accepted" {
  local day
  schedule fake:db --daily 02:00 --timezone UTC --keep-last 1
  fake_source fake:db "$(head -c 60000 /dev/urandom | base64 -w 0)"
  tick '2026-03-03 02:00:00'
  fake_source fake:db tiny
  for day in 04 05; do
    tick "2026-03-$day 02:00:00"
    assert_contains "$output" "is suspect: it has"
  done
  assert_equal "$(made)" 3
  run -0 --separate-stderr helper info fake:db@latest --format json
  assert_json .id db-2026-03-03-02-00-00
  assert_contains "$stderr" "There is a newer backup: db-2026-03-05-02-00-00 is suspect, and @latest does not select it"
  run -0 --separate-stderr helper list fake:db
  assert_contains "$output" "success (suspect)"
  rm "$ROOT"/catalog.db*
  assert_contains "$(helper prune fake:db --dry-run 2>/dev/null)" "is suspect, nothing is removed"
  helper accept fake:db --quiet
  rm "$ROOT"/catalog.db*
  helper prune fake:db --quiet 2>/dev/null
  assert_equal "$(made)" 1
  run -0 --separate-stderr helper info fake:db@latest --format json
  assert_json .id db-2026-03-05-02-00-00
  run -3 --separate-stderr helper accept fake:db
}

@test "a server that is another one, or of another version, is suspect" {
  local json
  helper create fake:db --quiet
  for json in '"version":"2.0"' '"version":"1.5","identity":"7"' '"version":"1.5","identity":"8"'; do
    sed -i -E "s/\"version\":\"[0-9.]*\"(,\"identity\":\"[0-9]*\")?/$json/" "$HOOKS/fake/describe"
    helper create fake:db --quiet
  done
  run -0 --separate-stderr helper list fake:db --format json
  assert_json '[.backups[].suspect != ""] | tostring' '[true,false,true,false]'
}

@test "what was restored is measured against nothing before it; another service of that name is" {
  set_identity() { sed -i -E "s/(\"version\":\"[0-9.]*\")(,\"identity\":\"[0-9]*\")?/\1,\"identity\":\"$1\"/" "$HOOKS/fake/describe"; }
  suspects() { catalog "SELECT group_concat(suspect <> '', ' ') FROM (SELECT suspect FROM backups WHERE trigger = 'manual' ORDER BY key)"; }
  fake_source fake:db "$(printf '%20000s' x)"
  set_identity 1
  at '2026-03-02 10:01:00' helper create fake:db --quiet
  at '2026-03-02 10:02:00' helper trigger after-destroy fake db
  set_identity 2
  at '2026-03-02 10:03:00' helper restore fake:db@latest --force --no-safety-backup --quiet
  at '2026-03-02 10:04:00' helper create fake:db --quiet
  assert_equal "$(suspects)" "0 0"
  at '2026-03-02 10:05:00' helper trigger after-destroy fake db
  set_identity 3
  at '2026-03-02 10:06:00' helper create fake:db --quiet
  set_identity 2
  fake_source fake:db empty
  at '2026-03-02 10:07:00' helper create fake:db --quiet
  assert_equal "$(suspects)" "0 0 1 1"
  # If no service was destroyed, a restore explains the smaller size of its data, but not another server.
  at '2026-03-02 10:08:00' helper restore db-2026-03-02-10-07-00 --force --no-safety-backup --quiet
  at '2026-03-02 10:09:00' helper create fake:db --quiet
  at '2026-03-02 10:10:00' helper restore fake:db@latest --force --no-safety-backup --quiet
  set_identity 4
  at '2026-03-02 10:11:00' helper create fake:db --quiet
  assert_equal "$(suspects)" "0 0 1 1 0 1"
}

@test "a copy that failed is made again, later and later" {
  # shellcheck disable=SC2119 # nothing listens there
  helper target-add offsite s3 --bucket bucket --endpoint http://127.0.0.1:9 --connect-timeout 1 --attempts 1 --quiet <<<"key:secret"
  schedule fake:db --daily 02:00 --timezone UTC --target local --target offsite
  tick '2026-03-03 02:00:00'
  tick '2026-03-03 02:03:00'
  tick '2026-03-03 02:05:30'
  tick '2026-03-03 02:10:30'
  tick '2026-03-03 02:26:00'
  assert_equal "$(catalog "SELECT attempts FROM copies WHERE target = 'offsite'") $(made)" "3 1"
}

@test "a target that a schedule names can't be removed" {
  helper target-add offsite s3 --bucket bucket --endpoint http://127.0.0.1:9 --quiet <<<"key:secret"
  schedule fake:db --daily 02:00 --target offsite
  run -11 --separate-stderr helper target-remove offsite
  assert_contains "$stderr" "schedule daily of fake:db"
  helper unschedule fake:db daily --quiet
  helper target-remove offsite --quiet
}

@test "once a day what no schedule made is looked at too" {
  local day
  helper set --global keep-manual last=2 --quiet
  for day in 03 04 05; do at "2026-03-$day 02:00:00" helper create fake:db --quiet; done
  assert_equal "$(made)" 3
  tick '2026-03-05 03:00:00'
  assert_equal "$(made)" 2
  at '2026-03-05 04:00:00' helper create fake:db --quiet
  tick '2026-03-06 02:00:00'
  assert_equal "$(made)" 3
  tick '2026-03-06 03:00:00'
  assert_equal "$(made)" 2
}

@test "what failed or was deleted is remembered for a year, with its log" {
  knob export 'exit 1'
  run -1 at '2026-03-02 10:00:00' helper create fake:db
  knob export
  at '2026-03-02 11:00:00' helper create fake:db --quiet
  helper pin fake:db@latest --quiet
  tick '2027-03-01 00:00:00'
  assert_equal "$(catalog 'SELECT count(*) FROM backups') $(find "$ROOT/logs" -name '*.log' | wc -l)" "2 2"
  tick '2027-03-04 00:00:00'
  assert_equal "$(catalog 'SELECT count(*) FROM backups') $(find "$ROOT/logs" -name '*.log' | wc -l)" "1 1"
}

@test "a tick killed at each of its calls, then a tick: as if it had not been" {
  require_tool strace || return 0
  local day call step n code whole template kills=0
  schedule fake:db --daily 02:00 --timezone UTC --keep-last 2
  for day in 03 04; do tick "2026-03-$day 02:00:00"; done
  template=$ROOT
  fresh_root
  cp -a "$template/." "$ROOT"
  tick '2026-03-05 02:00:00'
  tick '2026-03-05 02:10:00'
  whole=$(end_state)
  # For frequent calls, only every nth is tried.
  for call in mkdir fsync fdatasync rename unlink unlinkat flock/3 write/3 pwrite64/7; do
    step=${call#*/} call=${call%/*}
    [[ $step =~ ^[0-9]+$ ]] || step=1
    for ((n = 1, code = 137; code != 0; n += step)); do
      fresh_root
      cp -a "$template/." "$ROOT"
      code=0
      at '2026-03-05 02:00:00' strace -qq -E ASAN_OPTIONS=detect_leaks=0 -o "$FAKE/trace" -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" \
        "$BACKUPS_HELPER" tick --root "$ROOT" --hooks "$HOOKS" </dev/null &>"$OUT" 3>&- || code=$?
      tick '2026-03-05 02:10:00'
      assert_equal "$call $n: $(end_state)" "$call $n: $whole"
      assert_nothing_left
      kills=$((kills + 1))
      rm -rf "$ROOT"
    done
  done
  [[ $kills -gt 40 ]]
}

# Prints, for the backup of each day, whether it exists or was deleted.
end_state() {
  catalog "SELECT group_concat(strftime('%d', started_at, 'unixepoch') || CASE WHEN deleted_at IS NULL THEN ' is there' ELSE ' was' END)
    FROM (SELECT * FROM backups WHERE status = 'success' ORDER BY key)"
  find "$ROOT/fake/db" -name '*.json' -printf 'x' | wc -c
}
