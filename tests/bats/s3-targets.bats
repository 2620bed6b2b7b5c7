#!/usr/bin/env bats
# Settings of targets: all forms of credentials, endpoints and prefixes; and copies whose target is changed or refuses to
# return them. On a real S3 server.

load ../support/setup
load ../support/s3
load fake
load target

setup() {
  target_setup
  s3_bucket PUT >/dev/null
}

teardown() {
  [[ -z ${PROXY:-} ]] || proxy_stop
}

@test "an access key and a secret with colons come on separate lines, and are never taken for a token" {
  local id
  radosgw-admin -n client.rgw key create --uid=test --key-type=s3 --access-key=tenant:user --secret-key=se:cret:of:mine >/dev/null
  run -2 --separate-stderr helper target-add offsite s3 --bucket "$BUCKET" --endpoint "$BACKUPS_TEST_S3_ENDPOINT" \
    <<<tenant:user:se:cret:of:mine
  assert_contains "$stderr" "on separate lines"
  refute_contains "$stderr" se:cret
  assert_equal "${#stderr_lines[@]}" 1
  printf '%s\n' tenant:user se:cret:of:mine |
    helper target-add offsite s3 --bucket "$BUCKET" --endpoint "$BACKUPS_TEST_S3_ENDPOINT" --quiet
  id=$(created --target offsite)
  helper verify "$id" --target offsite --quiet
}

@test "an endpoint may end with a slash, and a prefix have any characters: made, listed, read, deleted" {
  local id other prefix='/Ünder core/+a b&c%20=~/'
  helper target-add offsite s3 --bucket "$BUCKET" --endpoint "$BACKUPS_TEST_S3_ENDPOINT/" --prefix "$prefix" --quiet \
    <<<"$BACKUPS_TEST_S3_KEY:$BACKUPS_TEST_S3_SECRET"
  id=$(created --target local,offsite)
  other=$(created --target local,offsite)
  assert_contains "$(s3_bucket GET)" '<Key>Ünder core/+a b&amp;c%20=~/'
  run -0 --separate-stderr helper sync offsite --format json
  assert_json '.targets[0].found' 2
  curl -sS --fail "$(helper url "$id" --artifact one)" | cmp - "$ROOT/fake/db/$id.one.dump.zst"
  helper verify "$id" --target offsite --quiet
  helper delete "$id" --force --quiet
  refute_contains "$(s3_bucket GET)" "$id"
  helper verify "$other" --target offsite --quiet
}

@test "the bucket, endpoint or prefix of a target does not move below its copies without a decision" {
  local id option
  target_add offsite
  id=$(created --target local,offsite)
  for option in "bucket $BUCKET-other" "endpoint http://127.0.0.1:9" "prefix elsewhere"; do
    # shellcheck disable=SC2086 # words
    run -11 --separate-stderr helper target-set offsite $option </dev/null
    assert_contains "$stderr" "holds 1 copies"
    assert_contains "$stderr" "backups-helper sync offsite"
    assert_contains "$stderr" "backups-helper target-add"
  done
  assert_equal "$(helper target-list --format json | jq -r '.targets[0].options.bucket')" "$BUCKET"
  helper verify "$id" --target offsite --quiet
  helper target-set offsite prefix elsewhere --force --quiet
  run -7 --separate-stderr helper sync offsite
  assert_contains "$stderr" "missing: fake:$id"
  helper target-set offsite prefix --force --quiet
  run -2 --separate-stderr helper target-set offsite bucket --force
  # While a copy is running, --force does not help either.
  knob_stop export-after
  background create fake:db --target offsite --quiet
  fake_stopped
  run -4 --separate-stderr helper target-set offsite prefix elsewhere --force
  assert_contains "$stderr" "is running"
  knob export-after
  fake_go
  assert_ends 0
  helper verify fake:db@latest --target offsite --quiet
}

@test "a manifest that can't be read is named, and the others are taken over all the same" {
  local id other host
  target_add offsite
  id=$(created --target local,offsite)
  other=$(created --target local,offsite)
  host=$(helper info "$id" --format json | jq -r .manifest.host)
  proxy_start --archived "$id.json"
  helper target-set offsite endpoint "$PROXY_ENDPOINT" --force --quiet
  run -9 --separate-stderr helper sync offsite --format json
  assert_json '.targets[0].found' 1
  assert_contains "$(jq -r '.targets[0].unreadable[]' <<<"$output")" "$id.json: "
  assert_contains "$stderr" InvalidObjectState
  assert_equal "$(copy_of "$id" offsite) $(copy_of "$other" offsite)" "success success"
  fresh_root
  target_add offsite
  helper target-set offsite endpoint "$PROXY_ENDPOINT" --quiet
  run -9 --separate-stderr helper sync offsite --host "$host" --format json
  assert_json '.targets[0].adopted | join(" ")' "fake:$other"
  assert_json '.targets[0].unknown | length' 0
  proxy_stop
}

@test "a provider with few rights, or fewer parts: target-test says what that means" {
  local like check outcome
  target_add offsite
  while read -r like check outcome; do
    proxy_start --like "$like"
    helper target-set offsite endpoint "$PROXY_ENDPOINT" --force --quiet
    run --separate-stderr helper target-test offsite --format json
    proxy_stop
    assert_equal "$like $check $(jq -r --arg check "$check" '.checks[] | select(.check == $check) | .outcome' <<<"$output")" \
      "$like $check $outcome"
    [[ $outcome != limited || $check == create-only ]] || assert_match "$output" "part-size|lifecycle rule"
  done <<'CHECKS'
aws multipart works
gcs create-only limited
r2 growing-parts limited
r2 many-parts works
scaleway many-parts limited
scaleway growing-parts works
minimal uploads limited
minimal create-only limited
write-only write works
write-only create-only works
write-only delete fails
CHECKS
}

# Prints the lengths of the parts that passed the proxy, except the last part.
parts() {
  awk -F '\t' '$3 == "UploadPart" { print $4 }' "$PROXY_LOG" | sort -rn | sed '$d' | sort -u
}

@test "a stream that will be long goes in parts that fit in a provider's thousand, and are equal" {
  local like
  head -c 40M /dev/urandom >>"$(readlink -f "$FAKE/live/fake/db")/one"
  truncate -s 40G "$(readlink -f "$FAKE/live/fake/db")/hole" # describe reports 40 GiB, of which a quarter is expected as the size of the backup
  for like in scaleway r2; do
    fresh_root
    target_add offsite
    helper set --global compression none --quiet
    proxy_start --like "$like"
    helper target-set offsite endpoint "$PROXY_ENDPOINT" --quiet
    helper create fake:db --target offsite --quiet
    helper verify fake:db@latest --target offsite --quiet
    proxy_stop
    assert_equal "$(parts)" $((16 << 20))
    rm "$PROXY_LOG"
  done
}

@test "a copy of known length from another bucket goes in parts that are planned for it" {
  local id host odd=$BATS_TEST_TMPDIR/bucket server
  helper set --global compression none --quiet
  head -c 40M /dev/urandom >>"$(readlink -f "$FAKE/live/fake/db")/one"
  id=$(created)
  host=$(jq -r .host "$ROOT/fake/db/$id.json")
  mkdir -p "$odd/objects/$host/fake"
  cp -r "$ROOT/fake/db" "$odd/objects/$host/fake/db"
  # The manifest claims a size of 12 GiB.
  jq '.artifacts[0] |= (.stored_size = 12884901888 | .raw_size = 12884901888)' "$ROOT/fake/db/$id.json" >"$odd/objects/$host/fake/db/$id.json"
  mv "$odd/objects/$host/fake/db/$id.one.dump" "$odd/objects/$host/fake/db/.hidden"
  echo "{\"$host/fake/db/$id.one.dump\": {\"listed\": 12884901888, \"size\": 41943040}}" >"$odd/strange.json"
  "$SUPPORT/hostile-bucket" "$odd" 3>&- &
  server=$!
  wait_until 10 test -s "$odd/port"
  fresh_root
  helper target-add odd s3 --bucket odd --endpoint "http://127.0.0.1:$(<"$odd/port")" --quiet <<<KEY:SECRET
  helper sync odd --host "$host" --quiet
  proxy_start --like scaleway
  target_add offsite
  helper target-set offsite endpoint "$PROXY_ENDPOINT" --quiet
  run -7 --separate-stderr helper push "fake:$id" --target offsite
  proxy_stop
  kill "$server"
  assert_equal "$(awk -F '\t' '$3 == "UploadPart" { print $4 }' "$PROXY_LOG" | sort -u)" $((19 << 20))
  assert_equal "$(unfinished)" 0
}

@test "a push looks once at what will be there, and once at what it has put" {
  local id
  target_add offsite
  id=$(created)
  proxy_start
  helper target-set offsite endpoint "$PROXY_ENDPOINT" --quiet
  helper push "$id" --target offsite --quiet
  proxy_stop
  assert_equal "$(awk -F '\t' '$3 == "HeadObject" && $8 ~ /one.dump.zst$/' "$PROXY_LOG" | wc -l)" 2
}
