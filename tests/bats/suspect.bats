#!/usr/bin/env bats
# Suspect backups: what new backups are compared with, what is kept while some are suspect, and how that ends.

load ../support/setup
load fake

setup() {
  fresh_root
  fake_hooks
  export TZ=UTC
  large
}

large() {
  fake_source fake:db "$(head -c 60000 /dev/urandom | base64 -w 0)"
}

# create TIME: takes a backup at that time; prints its id.
create() {
  at "$1" helper create fake:db 2>/dev/null
}

suspect() { # ID
  catalog "SELECT suspect FROM backups WHERE id = '$1'"
}

@test "an artifact that is missing, or a fraction of itself beside a large one, is suspect" {
  printf 'FAKE\n%20000s' x >"$FAKE/live/fake/db/two"
  create '2026-03-02 10:00:00'
  printf 'FAKE\nx' >"$FAKE/live/fake/db/two"
  assert_contains "$(suspect "$(create '2026-03-03 10:00:00')")" "of two, db-2026-03-02-10-00-00 had"
  printf 'FAKE\n%20000s' x >"$FAKE/live/fake/db/two"
  sed -i 's/for artifact in one two/for artifact in one/' "$HOOKS/fake/describe"
  assert_equal "$(suspect "$(create '2026-03-04 10:00:00')")" "it lacks two, which db-2026-03-02-10-00-00 had"
  run -0 --separate-stderr helper info fake:db@latest --format json
  assert_json .id db-2026-03-02-10-00-00
}

@test "a service that has become empty is suspect, also a small one" {
  fake_source fake:db tiny
  create '2026-03-02 10:00:00'
  sed -i 's/for artifact in one two/for artifact in two/' "$HOOKS/fake/describe"
  assert_contains "$(suspect "$(create '2026-03-03 10:00:00')")" "it lacks one"
}

@test "a small artifact that was emptied beside a large one is suspect, and one that is tiny is not" {
  printf 'FAKE\n%6000s' x >"$FAKE/live/fake/db/two"
  create '2026-03-02 10:00:00'
  printf 'FAKE\n%1000s' x >"$FAKE/live/fake/db/two"
  assert_contains "$(suspect "$(create '2026-03-03 10:00:00')")" "of two, db-2026-03-02-10-00-00 had"
  # Half the size is not suspect.
  printf 'FAKE\n%2900s' x >"$FAKE/live/fake/db/two"
  assert_equal "$(suspect "$(create '2026-03-04 10:00:00')")" ""
  printf 'FAKE\n' >"$FAKE/live/fake/db/two"
  assert_equal "$(suspect "$(create '2026-03-05 10:00:00')")" ""
}

@test "a complete dump stays although it could not be compared" {
  create '2026-03-02 10:00:00'
  knob export-after "[[ \$2 != two ]] || sqlite3 '$ROOT/catalog.db' 'ALTER TABLE job_marks RENAME TO other; CREATE VIEW job_marks AS SELECT nothing_of_this FROM other'"
  run at '2026-03-03 10:00:00' helper create fake:db
  assert_file "$ROOT/fake/db/db-2026-03-03-10-00-00.json"
  assert_contains "$(<"$ROOT/fake/db/db-2026-03-03-10-00-00.json")" "was not compared"
}

@test "suspects that resemble each other become the baseline, and the last backup from before is kept for 90 days" {
  local day
  at '2026-03-01 12:00:00' helper schedule fake:db --daily 02:00 --timezone UTC --keep-last 1 --quiet
  printf '#!/bin/sh\n{ cat; echo; } >>%q\n' "$FAKE/alerts" >"$FAKE/hear"
  chmod +x "$FAKE/hear"
  helper set --global notify-command "$FAKE/hear" --quiet
  run -0 at '2026-03-02 02:00:00' helper tick
  fake_source fake:db purged
  for day in 03 04 05 06 07; do
    run -0 at "2026-03-$day 02:00:00" helper tick
    assert_contains "$output" "is suspect: it has"
  done
  assert_equal "$(at '2026-03-07 03:00:00' helper info fake:db@latest --format json 2>/dev/null | jq -r .id)" db-2026-03-02-02-00-00
  run -0 at '2026-03-08 02:00:00' helper tick
  refute_contains "$output" "is suspect:"
  assert_contains "$output" "The last backup from before the change is db-2026-03-02-02-00-00, which is kept until 2026-06-01"
  assert_equal "$(at '2026-03-08 03:00:00' helper info fake:db@latest --format json 2>/dev/null | jq -r .id)" db-2026-03-08-02-00-00
  run -0 --separate-stderr at '2026-03-08 03:00:00' helper restore fake:db@latest --dry-run
  assert_contains "$stderr" "holds less than db-2026-03-02-02-00-00, the last backup from before the change"
  # Retention keeps the last backup from before the change, which each alert names.
  assert_equal "$(catalog "SELECT group_concat(id, ' ') FROM (SELECT id FROM backups WHERE deleted_at IS NULL ORDER BY sequence)")" \
    "db-2026-03-02-02-00-00 db-2026-03-08-02-00-00"
  run -0 at '2026-03-09 02:00:00' helper tick
  assert_equal "$(jq -r 'select(.event == "suspect") | .message' "$FAKE/alerts" | grep -c 'The last backup from before the change is db-2026-03-02-02-00-00, which is kept until 2026-06-01')" \
    "$(jq -r 'select(.event == "suspect") | .event' "$FAKE/alerts" | wc -l)"
  rm "$ROOT"/catalog.db*
  run -0 --separate-stderr at '2026-03-09 03:00:00' helper prune fake:db --dry-run
  assert_contains "$output" "the last backup from before the data shrank"
  run -0 at '2026-06-10 02:00:00' helper tick
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE id = 'db-2026-03-02-02-00-00' AND deleted_at IS NULL")" 0
}

@test "accept ends it at once, and data that are back end it too" {
  local day
  create '2026-03-02 10:00:00'
  fake_source fake:db purged
  for day in 03 04 05 06 07 08; do create "2026-03-$day 10:00:00"; done
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE reference <> ''")" 6
  helper accept fake:db --quiet
  run -0 --separate-stderr helper info fake:db@latest
  refute_contains "$stderr" "from before the change"
  rm "$ROOT"/catalog.db*
  helper list --quiet
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE reference <> '' OR suspect <> ''")" 0
  large
  create '2026-03-09 10:00:00'
  fake_source fake:db purged
  create '2026-03-10 10:00:00'
  large
  create '2026-03-11 10:00:00'
  assert_equal "$(catalog "SELECT group_concat((suspect <> '') || reference, ' ') FROM (SELECT * FROM backups ORDER BY sequence DESC LIMIT 3)")" \
    "0 1db-2026-03-09-10-00-00 0"
}

@test "suspects of different kinds, one after the other, move nothing" {
  local day
  create '2026-03-02 10:00:00'
  for day in 03 04 05 06 07 08 09; do
    sed -i -E "s/\"version\":\"[0-9]*/\"version\":\"${day#0}/" "$HOOKS/fake/describe"
    create "2026-03-$day 10:00:00"
  done
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE suspect = ''")" 1
}

@test "a restore into an emptied service does not let the next empty backup pass" {
  create '2026-03-02 10:00:00'
  fake_source fake:db ''
  at '2026-03-03 10:00:00' helper restore fake:db@latest --force --quiet
  assert_equal "$(catalog "SELECT count(*) FROM backups WHERE trigger = 'safety'")" 1
  fake_source fake:db ''
  assert_contains "$(suspect "$(create '2026-03-04 10:00:00')")" "db-2026-03-02-10-00-00 had"
  # An adopted file does not change what backups are compared with either.
  at '2026-03-05 10:00:00' helper adopt fake:db --artifact one --quiet <<<$'FAKE\nx' || true
  assert_contains "$(suspect "$(create '2026-03-06 10:00:00')")" "db-2026-03-02-10-00-00 had"
}

@test "a backup that is smaller on purpose may be restored, and is then what is normal" {
  fake_source fake:db small
  local small
  small=$(create '2026-03-01 10:00:00')
  large
  create '2026-03-02 10:00:00'
  at '2026-03-03 10:00:00' helper restore "$small" --force --quiet
  assert_equal "$(suspect "$(create '2026-03-04 10:00:00')")" ""
}

@test "a wipe while backups are suspect, and a restore of a suspect: the last one from before each is kept and named" {
  local day
  at '2026-03-01 12:00:00' helper schedule fake:db --daily 02:00 --timezone UTC --keep-last 1 --quiet
  run -0 at '2026-03-02 02:00:00' helper tick
  fake_source fake:db "$(head -c 20000 /dev/urandom | base64 -w 0)"
  for day in 03 04; do run -0 at "2026-03-$day 02:00:00" helper tick; done
  fake_source fake:db wiped
  for day in 05 06 07 08 09 10; do run -0 at "2026-03-$day 02:00:00" helper tick; done
  refute_contains "$output" "is suspect:"
  assert_contains "$output" "from before the change is db-2026-03-04-02-00-00, which is kept until 2026-06-03; the last one from before an earlier change is db-2026-03-02-02-00-00"
  at '2026-03-10 10:00:00' helper restore db-2026-03-10-02-00-00 --force --quiet
  run -0 at '2026-03-11 02:00:00' helper tick
  assert_equal "$(catalog "SELECT group_concat(id, ' ') FROM (SELECT id FROM backups WHERE deleted_at IS NULL AND trigger = 'schedule' ORDER BY sequence)")" \
    "db-2026-03-02-02-00-00 db-2026-03-04-02-00-00 db-2026-03-11-02-00-00"
}
