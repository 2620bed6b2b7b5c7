#!/usr/bin/env bats
# Copies off-site: targets, push, sync and what works from a copy alone, against a real S3 server.

load ../support/setup
load fake

setup_file() {
  source "$BATS_TEST_DIRNAME/../support/s3.bash"
  if ! reason=$(s3_possible 2>&1); then
    left_out "$reason"
    return 0
  fi
  s3_start
}

teardown_file() {
  source "$BATS_TEST_DIRNAME/../support/s3.bash"
  s3_stop
}

setup() {
  skip_left_out
  unset "${!AWS_@}"
  fresh_root
  fake_hooks
  fake_source fake:db first
  BUCKET=b$BATS_TEST_NUMBER-$RANDOM
  bucket_request PUT >/dev/null
}

# bucket_request METHOD [PATH]: by another client than ours.
bucket_request() {
  curl -sS --fail -X "$1" --aws-sigv4 aws:amz:us-east-1:s3 --user "$BACKUPS_TEST_S3_KEY:$BACKUPS_TEST_S3_SECRET" \
    -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$BACKUPS_TEST_S3_ENDPOINT/$BUCKET${2:-}"
}

# The keys in the bucket, without the host's name.
keys() {
  bucket_request GET | grep -o '<Key>[^<]*' | sed 's,^<Key>[^/]*/,,' | sort
}

unfinished() {
  bucket_request GET '?uploads=' | grep -c '<UploadId>' || true
}

# target_add NAME [OPTION...]
target_add() {
  local name=$1
  shift
  helper target-add "$name" s3 --bucket "$BUCKET" --endpoint "$BACKUPS_TEST_S3_ENDPOINT" "$@" --quiet \
    <<<"$BACKUPS_TEST_S3_KEY:$BACKUPS_TEST_S3_SECRET"
}

created() {
  helper create fake:db --quiet "$@"
}

copy_of() {
  helper info "$1" --format json | jq -r --arg target "$2" '.copies[] | select(.target == $target) | .status'
}

@test "a target is added, listed, changed, tried and removed, and its secret is only where it belongs" {
  target_add offsite --prefix a/b
  assert_mode "$ROOT/secrets/offsite" 600
  run grep -rl "$BACKUPS_TEST_S3_SECRET" "$ROOT"
  assert_equal "$output" "$ROOT/secrets/offsite"
  run -0 --separate-stderr helper target-list --format json
  assert_json '.targets[0] | "\(.name) \(.options.bucket) \(.options.prefix)"' "offsite $BUCKET a/b"
  helper target-set offsite prefix c --quiet
  run -0 --separate-stderr helper target-list --format json
  assert_json '.targets[0].options.prefix' c
  run -0 --separate-stderr helper target-test offsite --format json
  assert_json_true '.checks | map(select(.outcome == "fails")) == []'
  assert_json_true '.checks | length > 4'
  assert_equal "$(keys)" ""
  helper target-set offsite credentials --quiet <<<"$BACKUPS_TEST_S3_KEY:wrong"
  run -13 --separate-stderr helper target-test offsite
  refute_contains "$output$stderr" wrong
  helper target-remove offsite --quiet
  refute_file "$ROOT/secrets/offsite"
  run -3 --separate-stderr helper create fake:db --target offsite
  assert_contains "$stderr" "there is no target 'offsite'"
}

@test "bad words about targets are named, and change nothing" {
  local words
  target_add offsite
  cp "$ROOT/settings.json" "$BATS_TEST_TMPDIR/before"
  while IFS='|' read -r words named; do
    # shellcheck disable=SC2086 # words
    run -2 --separate-stderr helper $words <<<KEY:SECRET
    assert_contains "${stderr_lines[-1]}" "$named"
    assert_equal "${#stderr_lines[@]}" 1
  done <<'BAD'
target-add Up s3 --bucket abc|'Up'
target-add local s3 --bucket abc|'local'
target-add new ftp --bucket abc|'ftp'
target-add new s3|--bucket
target-add new s3 --bucket a/b|'a/b'
target-add new s3 --bucket abc --endpoint ftp://x|'ftp://x'
target-add offsite s3 --bucket abc|target-set
target-set offsite colour red|'colour'
target-set offsite prefix ../x|'../x'
target-set offsite credentials KEY:SECRET|stdin
set --global targets local,Up|targets takes
url my-db-2026-04-08-14-30-00 --expires 8d|--expires
BAD
  run -2 --separate-stderr helper target-add new s3 --bucket abc <<<nonsense
  assert_contains "$stderr" "KEY:SECRET"
  refute_contains "$stderr" nonsense
  assert_equal "$(cat "$ROOT/settings.json")" "$(cat "$BATS_TEST_TMPDIR/before")"
}

@test "create makes a copy on each target; list, info and the bucket agree" {
  local id
  target_add offsite
  id=$(created --target local --target offsite)
  assert_equal "$(copy_of "$id" local) $(copy_of "$id" offsite)" "success success"
  assert_equal "$(keys)" "$(printf '%s\n' RECOVERY.md "fake/db/$id".{json,one.dump.zst,two.dump.zst} | sort)"
  helper verify "$id" --target offsite --quiet
  helper set --global targets local,offsite --quiet
  id=$(created)
  assert_equal "$(copy_of "$id" offsite)" success
  # What lies there is what lies here.
  run -0 diff "$ROOT/fake/db/$id.json" <(bucket_request GET "/$(bucket_request GET | grep -o "<Key>[^<]*$id.json" | cut -c6-)")
}

@test "without a local copy the stream goes straight there, and back" {
  local id
  target_add offsite
  id=$(created --target offsite)
  refute_file "$ROOT/fake/db"
  fake_source fake:db second
  helper restore "$id" --force --no-safety-backup --quiet
  assert_equal "$(fake_live fake:db)" first
  assert_equal "$(helper download "$id" --artifact one)" $'FAKE\none first'
}

@test "a dead target fails its copy only, and push makes up for it" {
  local id
  target_add offsite
  helper target-set offsite endpoint http://127.0.0.1:9 --quiet
  run -9 --separate-stderr helper create fake:db --target local,offsite
  id=$output
  assert_contains "$stderr" "backups:push fake:$id --target offsite"
  assert_equal "$(copy_of "$id" local) $(copy_of "$id" offsite)" "success failed"
  helper target-set offsite endpoint "$BACKUPS_TEST_S3_ENDPOINT" --quiet
  helper push "$id" --target offsite --quiet
  assert_equal "$(copy_of "$id" offsite)" success
  helper verify "$id" --target offsite --quiet
}

@test "a damaged or missing local copy: the next one is used, and that is said" {
  local id
  target_add offsite
  id=$(created --target local,offsite)
  truncate -s -1 "$ROOT/fake/db/$id.two.dump.zst"
  fake_source fake:db second
  run -0 --separate-stderr helper restore "$id" --force --no-safety-backup
  assert_contains "$stderr" "The copy on local can't be used"
  assert_equal "$(fake_live fake:db)" first
  assert_equal "$(copy_of "$id" local)" damaged
}

@test "delete of one copy and of all" {
  local id other
  target_add offsite
  id=$(created --target local,offsite)
  other=$(created --target local,offsite)
  helper delete "$id" --target offsite --force --quiet
  assert_equal "$(copy_of "$id" local) $(copy_of "$id" offsite)" "success deleted"
  helper verify "$id" --quiet
  refute_contains "$(keys)" "$id"
  helper delete "$id" --force --quiet
  helper verify "$other" --target offsite --quiet
  assert_equal "$(find "$ROOT/fake" -name "$id*")" ""
}

@test "a new host finds and restores everything from the bucket alone" {
  local id host old=$ROOT
  target_add offsite --prefix backups
  id=$(created --target local,offsite)
  created --target local >/dev/null
  host=$(helper info "$id" --format json | jq -r .manifest.host)
  fresh_root
  fake_source fake:db second
  target_add offsite --prefix backups
  run -0 --separate-stderr helper sync offsite
  assert_contains "$stderr" "--host NAME"
  assert_contains "$stderr" "$host"
  run -0 --separate-stderr helper sync offsite --host "$host" --format json
  assert_json '.targets[0].adopted | join(" ")' "fake:$id"
  helper restore "$id" --force --no-safety-backup --quiet
  assert_equal "$(fake_live fake:db)" first
  [[ $old != "$ROOT" ]]
}

@test "sync names what is missing, damaged and unknown" {
  local id key
  target_add offsite
  id=$(created --target local,offsite)
  key=$(bucket_request GET | grep -o "<Key>[^<]*$id.two.dump.zst" | cut -c6-)
  bucket_request DELETE "/$key"
  run -7 --separate-stderr helper sync offsite --format json
  assert_contains "$(jq -r '.targets[0].damaged[]' <<<"$output")" "$id.two.dump.zst is missing"
  assert_equal "$(copy_of "$id" offsite)" damaged
  helper push "$id" --target offsite --quiet
  run -0 --separate-stderr helper sync offsite --format json
  assert_json '.targets[0].found' 1
  bucket_request DELETE "/${key%.two.dump.zst}.json"
  run -7 --separate-stderr helper sync offsite --format json
  assert_json '.targets[0].missing | join(" ")' "fake:$id"
  assert_json '.targets[0].unknown | length' 2
}

@test "a link is fetched by plain curl, and no longer when it has expired" {
  local id link
  target_add offsite
  id=$(created --target local,offsite)
  link=$(helper url "$id" --artifact one --expires 2s)
  refute_contains "$link" "$BACKUPS_TEST_S3_SECRET"
  curl -sS --fail "$link" | cmp - "$ROOT/fake/db/$id.one.dump.zst"
  sleep 3
  run -22 curl -sS --fail "$link"
}

@test "killed while it copies: the next command leaves nothing behind and says what is true" {
  local id
  target_add offsite
  # Of more than one part, so that there is a multipart upload to leave behind.
  fake_source fake:db first
  truncate -s 700M "$(readlink -f "$FAKE/live/fake/db")/one"
  helper set --global compression none --quiet
  background create fake:db --target local,offsite --quiet
  wait_until 60 bash -c "$(declare -f bucket_request); [[ \$(bucket_request GET '?uploads=' | grep -c '<UploadId>') -gt 0 ]]"
  die
  id=$(helper list --format json | jq -r '.backups[0].id')
  assert_equal "$(copy_of "$id" local) $(copy_of "$id" offsite)" "success failed"
  assert_equal "$(unfinished)" 0
  assert_equal "$(keys)" ""
  helper push "$id" --target offsite --quiet
  helper verify "$id" --target offsite --quiet
}
