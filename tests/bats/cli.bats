#!/usr/bin/env bats
# The verbs in ordinary use: how backups are named, listed, pinned, deleted and restored.
#
# shellcheck disable=SC2016 # knobs are code for the hook

load ../support/setup
load fake

setup() {
  fresh_root
  fake_hooks fake other
  fake_source fake:db first
}

teardown() {
  assert_sound
}

column() {
  awk -v n="$1" 'NR > 1 {print $n}' <<<"$output"
}

@test "create says what it does on stderr, and the id alone on stdout" {
  local now='2026-04-08 14:30:00'
  export TZ=UTC0
  shown 0 at "$now" helper create fake:db
  shown 0 at "$now" helper create fake:db --quiet
  DOKKU_QUIET_OUTPUT=1 shown 0 at "$now" helper create fake:db
  shown 0 at "$now" helper list
  assert_snapshot
}

@test "ids within the same second take the next free one, and none takes less than no time" {
  require_tool faketime || return 0
  local now='2026-04-08 14:30:00' found
  export TZ=UTC0
  for found in 00 01 02; do
    run -0 --separate-stderr at "$now" helper create fake:db
    assert_equal "$output" "db-2026-04-08-14-30-$found"
    refute_contains "$stderr" "-1 s"
  done
  fake_source other:db x
  run -0 --separate-stderr at "$now" helper create other:db
  assert_equal "$output" db-2026-04-08-14-30-00
  run -0 --separate-stderr at "$now" helper list
  assert_equal "$(column 1 | tr '\n' ' ')" \
    "other:db-2026-04-08-14-30-00 fake:db-2026-04-08-14-30-02 fake:db-2026-04-08-14-30-01 fake:db-2026-04-08-14-30-00 "
  refute_contains "$output" "-1 s"
  run -0 --separate-stderr at "$now" helper list --format json
  assert_json_true '.backups | all(.finished_at >= .started_at)'
}

@test "a bare name will do where only one source has it, in every verb" {
  local id
  id=$(helper create db --quiet)
  for word in db fake:db; do
    run -0 --separate-stderr helper list "$word" --format json
    assert_json '.backups | length' 1
    run -0 --separate-stderr helper info "$word@latest" --format json
    assert_json .id "$id"
  done
  fake_source other:db second
  run -2 --separate-stderr helper create db
  assert_equal "$stderr" "!     'db' is ambiguous, it may be fake:db, other:db: specify one of them"
  run -2 --separate-stderr helper list db
  run -2 --separate-stderr helper info db@latest
  run -2 --separate-stderr helper restore db@latest --force
  run -2 --separate-stderr helper set db compression none
  run -2 --separate-stderr helper cancel db
  # The name stays ambiguous after one source is removed, since its backups still exist.
  rm "$FAKE/live/fake/db"
  run -2 --separate-stderr helper create db
  fake_source fake:db first
}

@test "an id of two types has to be told apart, by <type>:<id>" {
  require_tool faketime || return 0
  export TZ=UTC0
  fake_source other:db second
  at '2026-04-08 14:30:00' helper create fake:db other:db --quiet
  for verb in info logs verify pin unpin delete; do
    run -2 --separate-stderr helper "$verb" db-2026-04-08-14-30-00
    assert_contains "$stderr" "'db-2026-04-08-14-30-00' is ambiguous: specify fake:db-2026-04-08-14-30-00 or other:db-2026-04-08-14-30-00"
  done
  run -0 --separate-stderr helper info other:db-2026-04-08-14-30-00 --format json
  assert_json .source other:db
  fake_source other:db third
  run -0 --separate-stderr helper restore other:db-2026-04-08-14-30-00 --force
  assert_equal "$(fake_live other:db)" second
  assert_equal "$(fake_live fake:db)" first
}

@test "@latest is the newest good one that is no safety backup and not deleted" {
  local first second
  first=$(helper create fake:db --quiet)
  second=$(helper create fake:db --quiet)
  helper restore "$first" --force --quiet >/dev/null
  knob export 'exit 1'
  run -1 helper create fake:db
  knob export
  run -0 --separate-stderr helper list --format json
  assert_json '.backups | map("\(.trigger) \(.status)") | join(", ")' "manual failed, safety success, manual success, manual success"
  run -0 --separate-stderr helper info fake:db@latest --format json
  assert_json .id "$second"
  helper delete "$second" --force --quiet
  run -0 --separate-stderr helper info fake:db@latest --format json
  assert_json .id "$first"
}

@test "@latest says when a final backup is newer, and that there is nothing else" {
  local id
  helper trigger before-destroy fake db 2>/dev/null
  id=$(catalog "SELECT id FROM backups WHERE trigger = 'final'")
  run -3 --separate-stderr helper info fake:db@latest
  assert_contains "$stderr" "fake:db has no successful backup; $id was taken before"
  catalog "UPDATE backups SET trigger = 'manual', manifest = json_set(manifest, '\$.trigger', 'manual') WHERE id = '$id'"
  helper trigger before-destroy fake db 2>/dev/null
  run -0 --separate-stderr helper info fake:db@latest --format json
  assert_json .id "$id"
  assert_contains "$stderr" "There is a newer backup: $(catalog "SELECT id FROM backups WHERE trigger = 'final'") was taken before the service was destroyed"
  id=$(helper create fake:db --quiet)
  run -0 --separate-stderr helper info fake:db@latest --format json
  assert_json .id "$id"
  assert_equal "$stderr" ""
}

@test "create of several, and of all, prints an id each" {
  fake_source fake:two more
  fake_source other:db other
  run -0 --separate-stderr helper create fake:db other:db
  assert_equal "${#lines[@]}" 2
  run -0 --separate-stderr helper create --all
  assert_equal "${#lines[@]}" 3
  run -0 --separate-stderr helper list --format json
  assert_json '[.backups[].source] | sort | join(" ")' "fake:db fake:db fake:two other:db other:db"
}

@test "list: newest first, 100 of them unless told otherwise, deleted ones when asked" {
  local id
  run -0 --separate-stderr helper list
  assert_equal "$output" ""
  assert_contains "$stderr" "No backups yet. Create one: backups-helper create <source>"
  id=$(helper create fake:db --quiet)
  catalog "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
    INSERT INTO backups (id, type, name, address, status, trigger, error, sequence, started_at, finished_at, manifest)
    SELECT 'old-' || t, 'fake', 'old', 'old', 'failed', 'manual', 'x', i * 60, i * 60, i * 60,
      json_set(manifest, '$.id', 'old-' || t, '$.source.name', 'old', '$.source.address', 'old', '$.started_at', '1970-01-01T00:00:00Z')
    FROM (SELECT i, strftime('%Y-%m-%d-%H-%M-%S', i * 60, 'unixepoch') AS t FROM n), (SELECT manifest FROM backups LIMIT 1)"
  run -0 --separate-stderr helper list
  assert_equal "${lines[0]%% *}" BACKUP
  assert_equal "${#lines[@]}" 101
  assert_contains "${lines[1]}" "fake:$id"
  assert_contains "${lines[2]}" "fake:old-1970-01-01-02-00-00"
  assert_contains "$stderr" "There are more backups: --limit N shows up to N, --limit 0 shows all"
  run -0 --separate-stderr helper list --limit 0
  assert_equal "${#lines[@]}" 122
  assert_equal "$stderr" ""
  run -0 --separate-stderr helper list --limit=2
  assert_equal "${#lines[@]}" 3
  run -0 --separate-stderr helper list fake:old --limit 120
  assert_equal "${#lines[@]}" 121
  assert_equal "$stderr" ""
  helper delete fake:old-1970-01-01-02-00-00 --force --quiet
  run -0 --separate-stderr helper list fake:old --limit 1
  assert_contains "${lines[1]}" "fake:old-1970-01-01-01-59-00"
  run -0 --separate-stderr helper list fake:old --limit 1 --all
  assert_match "${lines[1]}" "^fake:old-1970-01-01-02-00-00 +deleted "
}

@test "info shows everything, and how to open it without this program" {
  local now='2026-04-08 14:30:00' id
  export TZ=UTC0
  id=$(at "$now" helper create fake:db --label "before the big change" --quiet)
  shown 0 at "$now" helper verify "$id"
  shown 0 at "$now" helper restore "$id" --force
  shown 0 at "$now" helper info "$id"
  assert_snapshot
}

@test "logs: what the exporter said, beside what the helper did" {
  export TZ=UTC0
  knob export 'echo "of artifact $2: 10% done" >&2'
  at '2026-04-08 14:30:00' helper create fake:db --quiet >/dev/null
  shown 0 helper logs db-2026-04-08-14-30-00
  shown 0 helper logs fake:db@latest --follow
  assert_snapshot
}

@test "logs --follow goes on until the backup has ended" {
  knob_stop export-after
  background create fake:db --quiet
  fake_stopped
  id=$(catalog "SELECT id FROM backups")
  helper logs "$id" --follow >"$BATS_TEST_TMPDIR/followed" 3>&- &
  wait_until 30 grep -q 'hook fake export db one' "$BATS_TEST_TMPDIR/followed"
  refute_contains "$(<"$BATS_TEST_TMPDIR/followed")" success
  fake_go
  wait "$!"
  assert_ends 0
  assert_match "$(tail -n 1 "$BATS_TEST_TMPDIR/followed")" "success"
}

@test "pin: a backup that is pinned can't be deleted until it is no longer" {
  local id
  helper create fake:db --quiet
  id=$(helper create fake:db --quiet)
  run -0 --separate-stderr helper pin "$id"
  assert_contains "$stderr" "=====> $id is pinned; to unpin it: backups-helper unpin fake:$id"
  run -0 --separate-stderr helper list
  assert_match "${lines[1]}" "success \(pinned\)"
  run -11 --separate-stderr helper delete "$id" --force </dev/null
  assert_contains "$stderr" "is pinned; to unpin it: backups-helper unpin"
  helper verify "$id" --quiet
  run -0 --separate-stderr helper pin "$id"
  run -0 --separate-stderr helper unpin "$id"
  run -0 --separate-stderr helper delete "$id" --force
  run -2 --separate-stderr helper pin "$id"
  assert_contains "$stderr" "cannot be pinned"
}

@test "delete removes the files and keeps the row; the only good one stays without a person" {
  local first second
  first=$(helper create fake:db --quiet)
  second=$(helper create fake:db --quiet)
  run -11 --separate-stderr helper delete "$first" </dev/null
  assert_contains "${stderr_lines[-1]}" "Without a terminal, pipe the answer in"
  run -0 --separate-stderr helper delete "$first" --force
  assert_contains "$stderr" "=====> Backup $first is deleted"
  assert_equal "$(find "$ROOT/fake" -name "*$first*")" ""
  run -3 --separate-stderr helper delete "$first" --force
  for verb in verify restore download; do
    run -3 --separate-stderr helper "$verb" "$first"
    assert_contains "$stderr" "was deleted"
  done
  run -0 --separate-stderr helper info "$first"
  assert_match "$output" "Status: +success \(deleted\)"
  # A failed backup, a safety backup or a backup of another source is not used instead.
  knob export 'exit 1'
  run -1 helper create fake:db
  knob export
  fake_source fake:other x
  helper create fake:other --quiet
  helper restore "$second" --force --quiet >/dev/null
  run -11 --separate-stderr helper delete "$second" --force </dev/null
  assert_contains "$stderr" "This deletes the only good backup of fake:db, $second"
  DOKKU_APPS_FORCE_DELETE=1 run -11 --separate-stderr helper delete "$second" </dev/null
  helper verify "$second" --quiet
}

@test "set: a property of one source, of all, and unset again" {
  local id
  run -0 --separate-stderr helper set --global compression gzip
  assert_contains "$stderr" "=====> Setting compression to gzip"
  helper set fake:db compression none --quiet
  assert_file "$ROOT/fake/db/$(helper create fake:db --quiet).one.dump"
  run -0 --separate-stderr helper set fake:db compression
  assert_contains "$stderr" "=====> Unsetting compression"
  assert_file "$ROOT/fake/db/$(helper create fake:db --quiet).one.dump.gz"
  helper set --global compression --quiet
  assert_file "$ROOT/fake/db/$(helper create fake:db --quiet).one.dump.zst"
  assert_json '.properties | length' 0 "$(<"$ROOT/settings.json")"
}

@test "report --global: what holds, also where the host says it" {
  run -0 --separate-stderr env TZ=Europe/Berlin "$BACKUPS_HELPER" report --global --root "$ROOT"
  assert_match "$output" 'Backups computed compression: +zstd'
  assert_match "$output" 'Backups computed timezone: +Europe/Berlin'
  assert_match "$output" 'Backups computed disk reserve: +[0-9.]+ [GM]i?B'
  assert_match "$output" 'Backups global timezone: *($|
)'
  helper set --global disk-reserve 5% --quiet
  run -0 --separate-stderr helper report --global --backups-computed-disk-reserve
  assert_equal "$output" 5%
}
