#!/usr/bin/env bats
# The commands as a person runs them with `dokku`: on a PostgreSQL service, and on a datastore that only its own plugin can
# export and import.

load ../support/setup
load dokku

@test "create prints the id on stdout, and for a person what it does on stderr" {
  run -0 --separate-stderr dokku backups:create "$PG" --label "before the move"
  assert_match "$output" "^$PG-[0-9]{4}(-[0-9]{2}){5}$"
  assert_contains "$stderr" "-----> Backing up postgres:$PG"
  assert_contains "$stderr" "=====> Backup $output done: "
  run -0 --separate-stderr dokku backups:info "$output" --format json
  assert_json .status success
  assert_json .label "before the move"
  assert_json .source "postgres:$PG"
  assert_json .trigger manual
  assert_json '.manifest.artifacts | map(.name) | join(" ")' "globals $(pg file "$PG" DATABASE_NAME)"
  assert_nothing_left
}

@test "create takes several sources, by name or by type and name, each once" {
  run -0 --separate-stderr dokku backups:create "$PG" "fakestore:$STORE"
  assert_equal "${#lines[@]}" 2
  assert_match "${lines[0]}" "^$PG-"
  assert_match "${lines[1]}" "^$STORE-"
  run --separate-stderr dokku backups:create --all --format json
  # A real host may have other services, some of which may be stopped.
  [[ $status == 0 || $TEST_DOKKU_REAL == 1 && $status == 5 ]]
  assert_json_true '[.backups[] | select(.status == "success") | .source] | (contains(["postgres:'"$PG"'"]) and contains(["fakestore:'"$STORE"'"]))'
}

@test "list shows the newest first, of one source, as many as asked for" {
  local first second
  first=$(backup "$STORE")
  second=$(backup "$STORE")
  run -0 --separate-stderr dokku backups:list "$STORE"
  assert_match "${lines[0]}" "^BACKUP +STATUS +AGE +SIZE +TARGETS +VERIFIED$"
  assert_match "${lines[1]}" "^fakestore:$second +success .* local +never$"
  assert_match "${lines[2]}" "^fakestore:$first +success"
  refute_contains "$output" "postgres:"
  run -0 --separate-stderr dokku backups:list "fakestore:$STORE" --limit 1 --format json
  assert_json '.backups | map(.id) | join(" ")' "$second"
  assert_json .more true
  run -0 --separate-stderr dokku backups:list --limit 0 --format json
  assert_json_true '[.backups[].source] | contains(["postgres:'"$PG"'"])'
  run -2 --separate-stderr dokku backups:list --limit many
  run -3 --separate-stderr dokku backups:list nosuch
}

@test "info says how to open each file without the plugin, and the line works" {
  local id directory
  id=$(backup "$PG")
  run -0 --separate-stderr dokku backups:info "$PG@latest"
  assert_equal "${lines[0]}" "=====> postgres:$id"
  assert_match "$output" "Open with: +zstd -dc $id\.[a-z0-9_]+\.dump\.zst \| .*pg_restore"
  run -0 --separate-stderr dokku backups:info "postgres:$id" --format json
  assert_json .directory "$ROOT/postgres/$PG"
  directory=$(jq -r .directory <<<"$output")
  (cd "$directory" && bash -c "$(jq -r '.manifest.artifacts[1].open_command' <<<"$output" | sed 's/|.*//')") >"$BATS_TEST_TMPDIR/opened"
  dokku backups:download "$id" >"$BATS_TEST_TMPDIR/downloaded"
  cmp "$BATS_TEST_TMPDIR/opened" "$BATS_TEST_TMPDIR/downloaded"
  docker exec -i "dokku.postgres.$PG" pg_restore -l <"$BATS_TEST_TMPDIR/opened" | grep -q 'TABLE DATA public purchase'
}

@test "a restore brings back what was there, after a safety backup that leads back again" {
  local before wrecked id safety
  before=$(pg digest "$PG")
  id=$(backup "$PG")
  pg psql "$PG" -c 'DROP TABLE purchase CASCADE; UPDATE customer SET name = NULL WHERE false; DELETE FROM customer WHERE id < 100'
  wrecked=$(pg digest "$PG")
  run -0 --separate-stderr dokku backups:restore "$id" --force
  assert_equal "$(pg digest "$PG")" "$before"
  assert_contains "$stderr" "=====> postgres:$PG is restored from $id"
  safety=$(sed -n 's/.*To undo the restore: dokku backups:restore //p' <<<"$stderr")
  run -0 --separate-stderr dokku backups:list "$PG"
  assert_match "$output" "$safety +success \(safety\)"
  run -0 --separate-stderr dokku backups:restore "$safety" --force --no-safety-backup
  assert_equal "$(pg digest "$PG")" "$wrecked"
  run -0 --separate-stderr dokku backups:restore "$PG@latest" --force --no-safety-backup --format json
  assert_json .status restored
  assert_json .backup "$id"
  assert_json .safety_backup null
  assert_equal "$(pg digest "$PG")" "$before"
  assert_nothing_left
}

@test "a service that was destroyed and made again gets all of it back" {
  local service digest
  service=$(unique lost)
  dokku postgres:create "$service" --image-version 15 >/dev/null
  pg fill "$service" 200
  digest=$(pg digest "$service")
  backup "$service"
  dokku postgres:destroy "$service" --force >/dev/null
  run -3 --separate-stderr dokku backups:restore "$service@latest" --force
  assert_contains "$stderr" "create an empty one first"
  dokku postgres:create "$service" --image-version 15 >/dev/null
  run -0 --separate-stderr dokku backups:restore "$service@latest" --force
  assert_equal "$(pg digest "$service")" "$digest"
  dokku postgres:destroy "$service" --force >/dev/null
}

@test "a restore asks for the name at a terminal or in a pipe, and refuses without" {
  local before
  store_create "$S"
  backup "$S"
  echo changed | dokku fakestore:import "$S" >/dev/null
  before=$(store_digest "$S")
  run -11 --separate-stderr dokku backups:restore "$S@latest" </dev/null
  assert_contains "$stderr" "--force"
  run -11 script -qec "dokku backups:restore $S@latest" /dev/null <<<"something else"
  assert_contains "$output" "To proceed, type \"$S\""
  assert_contains "$output" "nothing was changed"
  assert_equal "$(store_digest "$S")" "$before"
  run -0 script -qec "dokku backups:restore $S@latest" /dev/null <<<"$S"
  [[ $(store_digest "$S") != "$before" ]]
  echo changed | dokku fakestore:import "$S" >/dev/null
  echo "$S" | dokku backups:restore "$S@latest" >/dev/null
  [[ $(store_digest "$S") != "$before" ]]
}

@test "a dry run shows what a restore would do, and does nothing" {
  local before
  before=$(pg digest "$PG")
  backup "$PG"
  pg psql "$PG" -c "INSERT INTO customer (name) VALUES ('later')"
  run -0 --separate-stderr dokku backups:restore "$PG@latest" --dry-run
  assert_match "$output" "Into: +postgres:$PG, PostgreSQL 15"
  assert_match "$output" "Current contents: .*: 2 tables"
  [[ $(pg digest "$PG") != "$before" ]]
  refute_contains "$(dokku backups:list "$PG" --limit 1)" safety
}

@test "a restore into another source leaves the first alone" {
  local digest
  store_create "$S"
  store_create "$S-b"
  digest=$(store_digest "$S")
  backup "$S"
  echo newer | dokku fakestore:import "$S" >/dev/null
  run -0 --separate-stderr dokku backups:restore "$S@latest" --into "fakestore:$S-b" --force
  assert_equal "$(store_digest "$S-b")" "$digest"
  assert_equal "$(cat "$(content "$S")")" newer
  # A dump cannot be restored into another type of datastore.
  digest=$(pg digest "$PG")
  run --separate-stderr dokku backups:restore "$S@latest" --into "postgres:$PG" --force
  [[ $status == 2 || $status == 11 ]]
  assert_equal "$(pg digest "$PG")" "$digest"
  run -3 --separate-stderr dokku backups:restore "$S@latest" --into fakestore:nosuch --force
}

@test "download gives the plain dump byte by byte, --raw what is stored" {
  local id
  id=$(backup "$STORE")
  dokku backups:download "$id" >"$BATS_TEST_TMPDIR/dump"
  cmp "$BATS_TEST_TMPDIR/dump" "$(content "$STORE")"
  dokku backups:download "$id" --raw | zstd -dc | cmp - "$BATS_TEST_TMPDIR/dump"
  backup "$PG"
  run -0 --separate-stderr dokku backups:download "$PG@latest" --artifact globals
  assert_contains "$output" "CREATE ROLE postgres"
  run -2 --separate-stderr dokku backups:download "$PG@latest" --artifact nosuch
  run -2 script -qec "dokku backups:download $id" /dev/null
  assert_contains "$output" "stdout is a terminal"
}

@test "adopt makes a backup of what postgres:export printed, that restores" {
  local id digest
  digest=$(pg digest "$PG")
  dokku postgres:export "$PG" >"$BATS_TEST_TMPDIR/dump"
  run -0 --separate-stderr dokku backups:adopt "$PG" --label old <"$BATS_TEST_TMPDIR/dump"
  id=$output
  run -0 --separate-stderr dokku backups:info "$id" --format json
  assert_json .trigger adopt
  assert_json .label old
  dokku backups:download "$id" | cmp - "$BATS_TEST_TMPDIR/dump"
  pg psql "$PG" -c 'DROP TABLE purchase CASCADE'
  run -0 --separate-stderr dokku backups:restore "$id" --force --no-safety-backup
  assert_equal "$(pg digest "$PG")" "$digest"
}

@test "adopt refuses a terminal, nothing, and what is no dump of that kind" {
  local before
  before=$(everything)
  run -2 script -qec "dokku backups:adopt $PG" /dev/null </dev/null
  run ! --separate-stderr dokku backups:adopt "$PG" <<<"SELECT 1;"
  assert_match "${stderr_lines[-1]}" "not .*PGDMP|does not begin"
  run ! --separate-stderr dokku backups:adopt "$PG" </dev/null
  run -3 --separate-stderr dokku backups:adopt postgres:nosuch <<<PGDMP
  assert_equal "$(dokku backups:list "$PG" --format json | jq '[.backups[] | select(.trigger == "adopt" and .status == "success")] | length')" \
    "$(sed '/^}/q' <<<"$before" | jq '[.backups[] | select(.source == "postgres:'"$PG"'" and .trigger == "adopt" and .status == "success")] | length')"
}

@test "delete asks, keeps the entry, and never takes a backup that is pinned or the last good one" {
  local first second
  store_create "$S"
  first=$(backup "$S")
  second=$(backup "$S")
  run -11 --separate-stderr dokku backups:delete "$first" </dev/null
  dokku backups:pin "$first"
  run -11 --separate-stderr dokku backups:delete "$first" --force
  assert_contains "$stderr" "backups:unpin"
  dokku backups:unpin "$first"
  run -0 --separate-stderr dokku backups:delete "$first" --force
  assert_equal "$(find "$ROOT/fakestore/$S" -name "$first*")" ""
  run -3 --separate-stderr dokku backups:restore "$first" --force
  run -3 --separate-stderr dokku backups:delete "$first" --force
  refute_contains "$(dokku backups:list "$S")" "$first"
  assert_match "$(dokku backups:list "$S" --all)" "$first +deleted"
  # The last good backup is deleted only after its id was typed, even with --force.
  run -11 --separate-stderr dokku backups:delete "$second" --force </dev/null
  assert_contains "${stderr_lines[-1]}" "echo $second | dokku backups:delete $second --force"
  run -11 --separate-stderr dokku --force backups:delete "$second" </dev/null
  run -0 --separate-stderr dokku backups:verify "$second"
  run -0 script -qec "dokku backups:delete $second" /dev/null <<<"$second"
  run -3 --separate-stderr dokku backups:info "$S@latest"
}

@test "verify finds one changed byte" {
  local id file
  store_create "$S"
  id=$(backup "$S")
  run -0 --separate-stderr dokku backups:verify "$id"
  refute_contains "$(dokku backups:list "$S")" never
  file=$(find "$ROOT/fakestore/$S" -name "$id*.zst")
  turn_bit "$file"
  run -7 --separate-stderr dokku backups:verify "$id"
  run -7 --separate-stderr dokku backups:restore "$id" --force
  assert_contains "$(head -n 1 "$(content "$S")")" "content of $S"
}

@test "cancel stops the backup that runs, which is busy for others, and leaves nothing" {
  local pid code=0
  store_create "$S"
  dokku fakestore:knob "$S" export hang
  dokku backups:create "$S" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
  pid=$!
  wait_until 30 has_status "$S" in-progress
  run -4 --separate-stderr dokku backups:create "$S"
  run -0 --separate-stderr dokku backups:cancel "$S"
  wait "$pid" || code=$?
  assert_equal "$code" 12
  assert_equal "$(status_of "$S")" failed
  run -3 --separate-stderr dokku backups:cancel "$S"
  assert_nothing_left
  dokku fakestore:knob "$S" export
  run -0 --separate-stderr dokku backups:create "$S"
}

@test "set sets and unsets a property of a source or of all, and refuses what it does not know" {
  run -0 --separate-stderr dokku backups:set "$STORE" compression gzip
  assert_contains "$stderr" "Setting compression to gzip"
  backup "$STORE"
  assert_file "$(find "$ROOT/fakestore/$STORE" -name '*.gz')"
  run -0 --separate-stderr dokku backups:set "$STORE" compression
  assert_contains "$stderr" "Unsetting compression"
  run -0 --separate-stderr dokku backups:set --global disk-reserve 1G
  run -0 --separate-stderr dokku backups:set --global disk-reserve
  run -2 --separate-stderr dokku backups:set --global colour blue
  assert_contains "$stderr" "Invalid property 'colour' specified, valid properties include: "
  run -2 --separate-stderr dokku backups:set --global compression rar
  run -2 --separate-stderr dokku backups:set compression gzip
  assert_contains "$stderr" "compression is a property, not a source: dokku backups:set <source> compression <value>"
  run -3 --separate-stderr dokku backups:set nosuch compression gzip
}

@test "an export that fails, or has nothing to say, is a failed backup with its reason in the logs" {
  local id
  store_create "$S"
  id=$(backup "$S")
  dokku fakestore:knob "$S" export half
  run -1 --separate-stderr dokku backups:create "$S"
  assert_equal "$output" ""
  assert_equal "$(status_of "$S")" failed
  run -0 --separate-stderr dokku backups:logs "$(dokku backups:list "$S" --limit 1 --format json | jq -r '.backups[0].id')"
  assert_contains "$output" "the fake export broke off"
  dokku fakestore:knob "$S" export empty
  run ! --separate-stderr dokku backups:create "$S"
  assert_equal "$(status_of "$S")" failed
  # If one of several sources fails, the others are still backed up, and the worst exit code is returned.
  run ! --separate-stderr dokku backups:create "$S" "$STORE"
  assert_match "$output" "^$STORE-[0-9-]+$"
  dokku fakestore:knob "$S" export noise
  run -0 --separate-stderr dokku backups:create "$S"
  assert_contains "$(dokku backups:logs "$output")" "something to say"
  run -0 --separate-stderr dokku backups:info "$id"
}

@test "a service that is stopped, paused or gone has an exit code of its own" {
  store_create "$S"
  backup "$S"
  dokku fakestore:pause "$S"
  run -6 --separate-stderr dokku backups:create "$S"
  assert_contains "$stderr" "dokku fakestore:start $S"
  dokku fakestore:stop "$S"
  run -5 --separate-stderr dokku backups:create "$S"
  run -5 --separate-stderr dokku backups:restore "$S@latest" --force
  dokku fakestore:start "$S"
  run -0 --separate-stderr dokku backups:create "$S"
  dokku fakestore:destroy "$S" --force >/dev/null
  run -3 --separate-stderr dokku backups:create "$S"
  # The existing backups of a source whose service is stopped or missing can still be used.
  run -0 --separate-stderr dokku backups:verify "$S@latest"
  dokku postgres:pause "$PG" >/dev/null
  run -6 --separate-stderr dokku backups:create "$PG"
  dokku postgres:start "$PG" >/dev/null
  dokku postgres:stop "$PG" >/dev/null
  run -5 --separate-stderr dokku backups:create "$PG"
  dokku postgres:start "$PG" >/dev/null
  pg wait "$PG"
}
