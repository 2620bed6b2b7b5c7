#!/usr/bin/env bats
# --format json prints one object on stdout, with the fields of docs/json.md and no others.
#
# shellcheck disable=SC2016 # knobs are code for the hook, filters for jq

load ../support/setup
load fake

BACKUP='id source type name address status error trigger schedule label suspect started_at finished_at deleted_at verified_at pinned engine engine_version raw_size stored_size copies'

setup() {
  fresh_root
  fake_hooks fake
  fake_source fake:db first
}

# assert_fields WORD...: the object in $output has these keys in this order, its values have the types that their names
# imply, and docs/json.md describes them.
assert_fields() {
  assert_equal "$(jq -r 'keys_unsorted | join(" ")' <<<"$output")" "$*" || return 1
  assert_values || return 1
  local word
  for word in $(jq -r '[del(.manifest) | .. | objects | keys[]] | unique[]' <<<"$output"); do
    grep -q "\`$word\`" "$REPO/docs/json.md" || fail "docs/json.md does not know '$word'" || return 1
  done
}

assert_values() {
  assert_json_true '[paths(scalars) as $p | ($p[-1] | tostring) as $key | getpath($p) as $value
    | if ($key | test("_at$")) then ($value == null or ($value | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")))
      elif ($key | test("_size$|^room_")) then ($value == null or ($value | type) == "number")
      elif ($key == "pinned" or $key == "more" or $key == "in_place" or $key == "replaces_live_data") then ($value | type) == "boolean"
      else true end] | all'
}

@test "create" {
  run -0 --separate-stderr helper create fake:db --format json
  assert_fields backups
  assert_json '.backups[0] | keys_unsorted | join(" ")' "source status id stored_size raw_size"
  assert_json '.backups[0] | "\(.source) \(.status) \(.raw_size)"' "fake:db success 30"
  assert_match "$stderr" "^-----> Backing up"
  knob export 'echo broken >&2; exit 7'
  run -7 --separate-stderr helper create fake:db --format json
  assert_json '.backups[0] | keys_unsorted | join(" ")' "source status error"
  assert_json '.backups[0] | "\(.source) \(.status) \(.error)"' "fake:db failed broken"
  run -3 --separate-stderr helper create fake:nothing --format=json
  assert_json '.backups[0].error' "source fake:nothing not found"
}

@test "list and info" {
  local id
  knob export 'echo "{\"warning\": \"mind the gap\"}" >&3; echo "{\"detail\": {\"a\": {\"b\": 1}}}" >&3'
  id=$(helper create fake:db --quiet --label 'Zoë said "now", äöü')
  helper pin "$id" --quiet
  run -0 --separate-stderr helper list --format json
  assert_fields backups more
  assert_json .more false
  assert_json '.backups[0] | keys_unsorted | join(" ")' "$BACKUP"
  assert_json '.backups[0].label' 'Zoë said "now", äöü'
  assert_json '.backups[0] | "\(.type) \(.name) \(.address) \(.status) \(.trigger) \(.pinned) \(.engine) \(.engine_version)"' \
    "fake db db success manual true Fake 1.0"
  assert_json '.backups[0].copies | map(keys_unsorted[]) | join(" ")' "target status size error etag attempts"
  assert_json '.backups[0].stored_size' "$(find "$ROOT/fake" -name '*.zst' -printf '%s\n' | awk '{sum += $1} END {print sum}')"
  run -0 --separate-stderr helper info "$id" --format json
  # shellcheck disable=SC2086 # words
  assert_fields $BACKUP directory manifest events
  assert_json .directory "$ROOT/fake/db"
  # How to open it is not taken from the manifest, which may have come from a bucket.
  assert_json '.manifest | del(.artifacts[].open_command)' "$(jq 'del(.artifacts[].open_command)' "$ROOT/fake/db/$id.json")"
  assert_json '.manifest.artifacts[0].open_command' "zstd -dc $id.one.dump.zst | tail -c +6"
  assert_equal "$(jq -r '.artifacts[0].open_command' "$ROOT/fake/db/$id.json")" "zstd -dc $id.one.dump.zst | tail -c +6"
  assert_json '.manifest.warnings[0]' "mind the gap"
  assert_json '.manifest.detail.a.b' 1
  assert_json '.events | length' 0
  run -0 --separate-stderr helper list --limit 0 --format json
  helper create fake:db --quiet >/dev/null
  run -0 --separate-stderr helper list --limit 1 --format json
  assert_json '"\(.more) \(.backups | length)"' "true 1"
  run -0 --separate-stderr env -i "$BACKUPS_HELPER" list --format json --root "$BATS_TEST_TMPDIR/empty" --hooks "$HOOKS"
  assert_equal "$(jq -c . <<<"$output")" '{"backups":[],"more":false}'
  assert_equal "$stderr" ""
}

@test "info of a failed and of a deleted one" {
  local id
  knob export 'exit 1'
  run -1 helper create fake:db
  run -0 --separate-stderr helper info "$(catalog "SELECT id FROM backups")" --format json
  # shellcheck disable=SC2086 # words
  assert_fields $BACKUP directory manifest events
  assert_json_true '.manifest == null and .raw_size == null and .stored_size == null and .verified_at == null'
  knob export
  helper create fake:db --quiet >/dev/null
  id=$(helper create fake:db --quiet)
  run -0 --separate-stderr helper delete "$id" --force --format json
  assert_fields id status
  assert_json '"\(.id) \(.status)"' "$id deleted"
  run -0 --separate-stderr helper info "$id" --format json
  assert_json_true '.manifest == null and .deleted_at != null and .copies[0].status == "deleted" and .events[0].what == "deleted"'
  assert_json '.events[0] | keys_unsorted | join(" ")' "at what detail"
}

@test "logs and verify" {
  local id
  knob export 'printf "tab\there, bell\a, not UTF-8: \377\n" >&2'
  id=$(helper create fake:db --quiet)
  run -0 --separate-stderr helper logs "$id" --format json
  assert_fields id lines
  assert_json_true '.lines | length > 3 and any(test("Z \\| tab here, bell\\?, not UTF-8: \\?$"))'
  run -0 --separate-stderr helper verify "$id" --format json
  assert_fields id status target stored_size raw_size
  assert_json .status verified
  run -0 --separate-stderr helper info "$id" --format json
  assert_json_true '.verified_at != null'
}

@test "restore, and its dry run" {
  local id preview='backup source into started_at stored_size raw_size engine engine_version target_engine_version target_contents in_place replaces_live_data warnings space_needed space_free'
  id=$(helper create fake:db --quiet)
  fake_source fake:db second
  run -0 --separate-stderr helper restore "$id" --dry-run --format json
  # shellcheck disable=SC2086 # words
  assert_fields $preview status
  assert_json .status dry-run
  assert_json '.target_contents | join("")' something
  assert_json '"\(.in_place) \(.replaces_live_data) \(.warnings | length)"' "false false 0"
  assert_json_true '.space_free > 0 and .space_needed > 0'
  assert_equal "$(fake_live fake:db)" second
  run -0 --separate-stderr helper restore "$id" --force --format json
  # shellcheck disable=SC2086 # words
  assert_fields $preview status safety_backup not_restored
  assert_json .status restored
  assert_json '.not_restored | length' 0
  assert_json .safety_backup "$(catalog "SELECT id FROM backups WHERE trigger = 'safety'")"
  assert_equal "$(fake_live fake:db)" first
  run -0 --separate-stderr helper restore "$id" --force --no-safety-backup --format json
  assert_json .safety_backup null
  fake_source fake:other other
  run -0 --separate-stderr helper restore "$id" --into fake:other --force --format json
  assert_json '"\(.source) \(.into)"' "fake:db fake:other"
}

@test "adopt, pin, unpin, set, cancel, version" {
  local id
  run -0 --separate-stderr helper adopt fake:db --artifact one --format json <"$FAKE/live/fake/db/one"
  assert_fields source status id
  id=$(jq -r .id <<<"$output")
  run -0 --separate-stderr helper pin "$id" --format json
  assert_fields id pinned
  assert_json .pinned true
  run -0 --separate-stderr helper unpin "$id" --format json
  assert_fields id pinned
  assert_json .pinned false
  run -0 --separate-stderr helper set fake:db compression gzip --format json
  assert_fields scope key value
  assert_json '"\(.scope) \(.key) \(.value)"' "fake:db compression gzip"
  run -0 --separate-stderr helper set --global compression --format json
  assert_json '"\(.scope) \(.key) \(.value)"' "--global compression "
  run -0 --separate-stderr "$BACKUPS_HELPER" version --format json
  assert_fields version
  knob_stop export
  background create fake:db
  fake_stopped
  run -0 --separate-stderr helper cancel fake:db --format json
  assert_fields source status
  assert_json '"\(.source) \(.status)"' "fake:db cancelled"
  assert_ends 12
}

@test "on failure nothing is on stdout, and the exit code is the same as without" {
  local words id
  id=$(helper create fake:db --quiet)
  for words in "info nope" "logs nope" "verify nope" "restore nope" "delete nope" "pin nope" "set fake:db nope 1" "list --limit x"; do
    # shellcheck disable=SC2086 # words
    run -2 --separate-stderr helper $words --format json
    assert_equal "$output" ""
    assert_equal "${#stderr_lines[@]}" 1
  done
  run -3 --separate-stderr helper cancel fake:db --format json
  assert_equal "$output" ""
  run -11 --separate-stderr helper restore fake:db@latest --format json </dev/null
  assert_equal "$output" ""
  : >"$ROOT/fake/db/$(helper info "$id" --format json | jq -r .manifest.artifacts[0].file)"
  run -7 --separate-stderr helper verify "$id" --format json
  assert_equal "$output" ""
  run -0 --separate-stderr helper info "$id" --format json
  assert_json '.copies[0].status' damaged
  assert_contains "$(jq -r '.copies[0].error' <<<"$output")" "is damaged"
}
