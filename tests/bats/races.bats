#!/usr/bin/env bats
# Races between two processes: one is stopped at a named place (helper/host/stop_here.hpp), the other one does its work, and
# the first continues.

load ../support/setup
load fake

setup() {
  skip_left_out
  fresh_root
  fake_hooks
  fake_source fake:db first
  STOP=$BATS_TEST_TMPDIR/stop
  mkfifo "$STOP"
}

created() {
  helper create fake:db --quiet
}

# stopped_at PLACE VERB [WORD...]: starts the helper in the background and waits until it has stopped there
stopped_at() {
  local place=$1
  shift
  BACKUPS_STOP_AT=$place BACKUPS_STOP_FIFO=$STOP background "$@"
  timeout 60 cat "$STOP" >/dev/null || fail "it did not come to $place: $(cat "$OUT.err")"
}

go_on() {
  # shellcheck disable=SC2016 # for the shell that the time limit holds for
  timeout 60 bash -c 'echo go >"$1"' bash "$STOP"
}

@test "two delete --force do not remove the last two good backups" {
  local first second
  first=$(created)
  second=$(created)
  stopped_at delete delete "$first" --force
  helper delete "$second" --force --quiet
  go_on
  assert_ends 11
  assert_contains "$(cat "$OUT.err")" "only good backup"
  helper verify "$first" --quiet
}

@test "a pin that is set while prune runs is heeded" {
  local first
  first=$(created)
  created >/dev/null
  helper set fake:db keep-manual last=1 --quiet
  stopped_at remove prune fake:db
  helper pin "$first" --quiet || true
  go_on
  assert_ends 9
  helper verify "$first" --quiet
  assert_equal "$(helper info "$first" --format json | jq -r .pinned)" true
}

@test "prune keeps another backup if the one that it kept turns out to be damaged meanwhile" {
  local first second third
  first=$(created)
  second=$(created)
  third=$(created)
  helper set fake:db keep-manual last=1 --quiet
  stopped_at remove prune fake:db
  rm "$ROOT/fake/db/$third".*
  run -7 helper verify "$third"
  go_on
  assert_ends 0
  refute_file "$ROOT/fake/db/$first.json"
  helper verify "$second" --quiet
}

@test "a pin of what is deleted meanwhile is refused, and leaves no pin" {
  local first
  first=$(created)
  created >/dev/null
  stopped_at pin pin "$first"
  helper delete "$first" --force --quiet
  go_on
  assert_ends 2
  assert_equal "$(jq -c .pins "$ROOT/settings.json")" "[]"
}

@test "verify does not call good what was deleted meanwhile" {
  local first
  first=$(created)
  created >/dev/null
  stopped_at verify verify "$first"
  helper delete "$first" --force --quiet
  go_on
  assert_ends 3
  assert_contains "$(<"$OUT.err")" "$first was deleted meanwhile"
  assert_equal "$(helper info "$first" --format json | jq -r '.copies[0].status')" deleted
}

# away: adds a target whose endpoint refuses connections, and a copy to it that is due at the next tick.
away() {
  helper target-add away s3 --bucket bucket --endpoint http://127.0.0.1:9 --quiet <<<"key:secret"
  catalog "INSERT INTO copies (backup, target, status) SELECT key, 'away', 'failed' FROM backups"
}

@test "a copy is not tried again of what was deleted meanwhile" {
  local first
  first=$(created)
  away
  created >/dev/null
  stopped_at copy tick --lane away
  helper delete "$first" --force --quiet
  go_on
  assert_ends 0
  refute_contains "$(<"$OUT.err")" "$first"
  assert_equal "$(catalog "SELECT attempts FROM copies WHERE target = 'away'")" 0
}

@test "restore does not begin with what was deleted meanwhile" {
  local first
  first=$(created)
  created >/dev/null
  fake_source fake:db other
  stopped_at restore restore "$first" --force
  helper delete "$first" --force --quiet
  go_on
  assert_ends 3
  assert_contains "$(<"$OUT.err")" "$first was deleted"
  assert_equal "$(fake_live fake:db)" other
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE trigger = 'safety'")" 0
}

@test "a target that is named meanwhile is not removed" {
  created >/dev/null
  away
  stopped_at target-remove target-remove away
  helper set fake:db targets local,away --quiet
  go_on
  assert_ends 11
  assert_contains "$(<"$OUT.err")" "still used by targets of fake:db"
  assert_file "$ROOT/secrets/away"
}

@test "a backup whose catalog is set aside meanwhile is in the new one" {
  knob_stop export-after
  background create fake:db --quiet
  fake_stopped
  echo nonsense >"$ROOT/catalog.db"
  rm -f "$ROOT"/catalog.db-*
  helper list --quiet
  fake_go
  assert_ends 0
  helper verify "$(<"$OUT")" --quiet
}
