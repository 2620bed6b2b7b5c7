#!/usr/bin/env bats
# Off-site copies: targets, push, sync, and everything that works with an off-site copy alone. On a real S3 server.

load ../support/setup
load ../support/s3
load fake
load target

setup() {
  target_setup
  s3_bucket PUT >/dev/null
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
  assert_contains "$stderr" "unknown target 'offsite'"
}

@test "credentials of the environment are used, named and warned about; a profile's too" {
  local id
  run -8 --separate-stderr helper target-add offsite s3 --bucket "$BUCKET" --endpoint "$BACKUPS_TEST_S3_ENDPOINT" </dev/null
  assert_contains "$stderr" "no credentials"
  run -0 --separate-stderr helper target-list --format json
  assert_json '.targets | length' 0
  export AWS_ACCESS_KEY_ID=$BACKUPS_TEST_S3_KEY AWS_SECRET_ACCESS_KEY=$BACKUPS_TEST_S3_SECRET
  run -0 --separate-stderr helper target-add offsite s3 --bucket "$BUCKET" --endpoint "$BACKUPS_TEST_S3_ENDPOINT" </dev/null
  assert_contains "$stderr" "over SSH and under cron"
  id=$(created --target offsite)
  assert_contains "$(helper info "$id")" "to offsite, credentials: environment"
  unset "${!AWS_@}"
  export AWS_EC2_METADATA_DISABLED=true AWS_SHARED_CREDENTIALS_FILE=$BATS_TEST_TMPDIR/credentials
  printf '[mine]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$BACKUPS_TEST_S3_KEY" "$BACKUPS_TEST_S3_SECRET" \
    >"$AWS_SHARED_CREDENTIALS_FILE"
  helper target-set offsite profile mine --quiet
  run -0 --separate-stderr helper target-test offsite --format json
  assert_json .credentials "profile mine"
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
  # The file in the bucket is identical to the local one.
  run -0 diff "$ROOT/fake/db/$id.json" <(s3_bucket GET "/$(s3_bucket GET | grep -o "<Key>[^<]*$id.json" | cut -c6-)")
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
  assert_contains "$stderr" "backups-helper push fake:$id --target offsite"
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
  assert_contains "$stderr" "The copy on local cannot be used"
  assert_equal "$(fake_live fake:db)" first
  assert_equal "$(copy_of "$id" local)" damaged
}

@test "verify of a damaged local copy names the good one, and the commands that check it and make the local one good again" {
  local id file
  target_add offsite
  id=$(created --target local,offsite)
  file=$ROOT/fake/db/$id.two.dump.zst
  printf 'XXXX' | dd of="$file" bs=1 seek=9 conv=notrunc status=none
  run -7 --separate-stderr helper verify "$id" --target local
  assert_contains "${stderr_lines[-1]}" "The copy on offsite is recorded as good, and a restore uses it"
  assert_contains "${stderr_lines[-1]}" "backups-helper verify fake:$id --target offsite"
  helper verify "fake:$id" --target offsite --quiet
  helper push "fake:$id" --target local --quiet
  helper verify "$id" --target local --quiet
  assert_equal "$(copy_of "$id" local)" success
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
  # Removing a target deletes no copy from it and does not disturb other commands.
  created --target local,offsite >/dev/null
  helper target-remove offsite --quiet
  run -0 --separate-stderr helper delete "$other" --force
  assert_contains "$stderr" "on offsite was not deleted"
  assert_contains "$(keys)" "$other"
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
  run -3 --separate-stderr helper sync offsite --host "$host-no"
  assert_contains "${stderr_lines[-1]}" "no backups of $host-no found on offsite; offsite holds backups of $host"
  run -0 --separate-stderr helper sync offsite --host "$host" --format json
  assert_json '.targets[0].adopted | join(" ")' "fake:$id"
  helper restore "$id" --force --no-safety-backup --quiet
  assert_equal "$(fake_live fake:db)" first
  # The copies of the old host remain below its name and are still found.
  helper verify "$id" --target offsite --quiet
  curl -sS --fail -o /dev/null "$(helper url "$id" --artifact one)"
  created --target local >/dev/null # the last good backup would need a confirmation
  helper delete "$id" --force --quiet
  refute_contains "$(keys)" "$id"
  [[ $old != "$ROOT" ]]
}

@test "sync names what is missing, damaged and unknown" {
  local id key
  target_add offsite
  id=$(created --target local,offsite)
  key=$(s3_bucket GET | grep -o "<Key>[^<]*$id.two.dump.zst" | cut -c6-)
  s3_bucket DELETE "/$key"
  run -7 --separate-stderr helper sync offsite --format json
  assert_contains "$(jq -r '.targets[0].damaged[]' <<<"$output")" "$id.two.dump.zst is missing"
  assert_equal "$(copy_of "$id" offsite)" damaged
  helper push "$id" --target offsite --quiet
  run -0 --separate-stderr helper sync offsite --format json
  assert_json '.targets[0].found' 1
  s3_bucket DELETE "/${key%.two.dump.zst}.json"
  run -7 --separate-stderr helper sync offsite --format json
  assert_json '.targets[0].missing | join(" ")' "fake:$id"
  assert_json '.targets[0].unknown | length' 2
}

@test "a link is fetched by plain curl, and no longer when it has expired" {
  local id link
  target_add offsite
  id=$(created --target local,offsite)
  link=$(helper url "$id" --artifact one --expires 8s)
  refute_contains "$link" "$BACKUPS_TEST_S3_SECRET"
  curl -sS --fail "$link" | cmp - "$ROOT/fake/db/$id.one.dump.zst"
  sleep 9
  run -22 curl -sS --fail "$link"
}

@test "over TLS with its own CA, by virtual host; a CA that is not named is not trusted" {
  local id tls
  tls=https://s3.localhost:${BACKUPS_TEST_S3_TLS_ENDPOINT##*:}
  target_add offsite
  helper target-set offsite endpoint "$tls" --quiet
  helper target-set offsite path-style false --quiet
  run -13 --separate-stderr helper target-test offsite
  assert_contains "$stderr$output" ca-file
  helper target-set offsite ca-file "$BACKUPS_TEST_S3_CA" --quiet
  run -0 --separate-stderr helper target-test offsite
  id=$(created --target offsite)
  helper verify "$id" --quiet
  [[ $(helper url "$id" --artifact one) == "https://$BUCKET.s3.localhost:"* ]]
  helper target-set offsite unsigned-payload true --quiet
  id=$(created --target offsite)
  helper verify "$id" --quiet
}

@test "a bucket that is not there, and one whose objects may not be deleted, are named, and so is the way out" {
  local id policy=$BATS_TEST_TMPDIR/policy
  target_add offsite
  helper target-set offsite bucket "$BUCKET-none" --quiet
  run -3 --separate-stderr helper create fake:db --target offsite
  assert_contains "$stderr" "$BUCKET-none"
  helper target-set offsite bucket "$BUCKET" --quiet
  printf '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::%s/*"}]}' \
    "$BUCKET" >"$policy"
  id=$(created --target local,offsite)
  s3_bucket PUT '?policy=' -T "$policy"
  run -13 --separate-stderr helper target-test offsite --format json
  assert_json '.checks[] | select(.check == "delete") | .outcome' fails
  run -13 --separate-stderr helper delete "$id" --target offsite --force
  assert_contains "$stderr" AccessDenied
  # A copy that could not be deleted stays `deleting`, even after it is verified, and is deleted once that is allowed.
  helper verify "$id" --target offsite --quiet
  assert_equal "$(copy_of "$id" offsite)" deleting
  s3_bucket DELETE '?policy='
  helper tick
  assert_equal "$(copy_of "$id" offsite)" deleted
  refute_contains "$(keys)" "$id"
}

@test "a clock that is two hours wrong is named, and gone by the server's" {
  local id
  require_tool faketime || return 0
  target_add offsite
  run -0 --separate-stderr at +2h helper create fake:db --target offsite
  assert_contains "$stderr" "the clock of this host is 2 h"
  id=${lines[-1]}
  helper verify "$id" --quiet
}

@test "1 GiB goes straight there and comes back, in at most 96 MiB of memory" {
  local id now peak=0
  target_add offsite
  fake_source fake:db first
  # Random bytes, so that parts in the wrong order would be noticed.
  openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c 1G >>"$(readlink -f "$FAKE/live/fake/db")/one"
  helper set --global compression none --quiet
  background create fake:db --target offsite --quiet
  while now=$(awk '/^VmHWM/ { print $2 }' "/proc/$PID/status" 2>/dev/null) && [[ -n $now ]]; do
    peak=$now
    sleep 0.05
  done
  assert_ends 0
  [[ $peak -gt 2000 && $peak -le 98304 ]] || fail "$peak KiB"
  id=$(cat "$OUT")
  assert_equal "$(unfinished)" 0
  helper download "$id" --artifact one | cmp - "$(readlink -f "$FAKE/live/fake/db")/one"
}

@test "what was interrupted on a target that does not answer holds no command up, and is cleaned up when it does" {
  local started
  target_add offsite
  created --target local >/dev/null
  created --target local >/dev/null
  # This server accepts connections and never answers.
  python3 -c 'import socket, time; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True); time.sleep(60)' \
    >"$BATS_TEST_TMPDIR/port" 3>&- &
  wait_until 30 test -s "$BATS_TEST_TMPDIR/port"
  helper target-set offsite endpoint "http://127.0.0.1:$(<"$BATS_TEST_TMPDIR/port")" --quiet
  # The row that a process leaves if it is killed during a copy.
  catalog "INSERT INTO copies (backup, target, status) SELECT key, 'offsite', 'in-progress' FROM backups"
  started=$SECONDS
  run -0 --separate-stderr helper list --format json
  assert_equal "$stderr" ""
  run -0 --separate-stderr helper pin fake:db@latest
  refute_contains "$stderr" offsite
  run -0 helper tick
  [[ $((SECONDS - started)) -le 20 ]] || fail "it took $((SECONDS - started)) s"
  kill %%
  assert_contains "$output" "It is tried again later"
  assert_equal "$(catalog "SELECT count(*) FROM copies WHERE status = 'in-progress'")" 2
  run -0 --separate-stderr helper target-set offsite endpoint "$BACKUPS_TEST_S3_ENDPOINT"
  # A prune by hand retries at once, without waiting for the retry time of the tick.
  run -0 --separate-stderr helper prune fake:db
  assert_equal "$(catalog "SELECT count(*) FROM copies WHERE status = 'failed'")" 2
}

@test "a target that is named somewhere is not removed" {
  target_add offsite
  helper set fake:db targets local,offsite --quiet
  helper set --global targets offsite --quiet
  run -11 --separate-stderr helper target-remove offsite
  assert_contains "$stderr" "targets of --global, targets of fake:db"
  helper set fake:db targets --quiet
  run -11 --separate-stderr helper target-remove offsite
  refute_contains "$stderr" fake:db
  assert_file "$ROOT/secrets/offsite"
  helper set --global targets --quiet
  helper target-remove offsite --quiet
}

@test "sync does not call there what was deleted meanwhile, nor missing what was copied meanwhile" {
  local first second
  target_add offsite
  first=$(created --target local,offsite)
  second=$(created --target local)
  mkfifo "$BATS_TEST_TMPDIR/stop"
  BACKUPS_STOP_AT=sync BACKUPS_STOP_FIFO=$BATS_TEST_TMPDIR/stop background sync offsite
  timeout 60 cat "$BATS_TEST_TMPDIR/stop" >/dev/null
  helper delete "$first" --target offsite --force --quiet
  helper push "$second" --target offsite --quiet
  # shellcheck disable=SC2016 # for the shell that the time limit holds for
  timeout 60 bash -c 'echo go >"$1"' bash "$BATS_TEST_TMPDIR/stop"
  wait "$PID" || true
  assert_equal "$(copy_of "$first" offsite) $(copy_of "$second" offsite)" "deleted success"
}

@test "killed while it copies: the next command leaves nothing behind and says what is true" {
  local id
  target_add offsite
  # The artifact takes more than one part, so that a multipart upload can be left unfinished.
  fake_source fake:db first
  truncate -s 700M "$(readlink -f "$FAKE/live/fake/db")/one"
  helper set --global compression none --quiet
  background create fake:db --target local,offsite --quiet
  wait_until 60 bash -c "$(declare -f s3_bucket); [[ \$(s3_bucket GET '?uploads=' | grep -c '<UploadId>') -gt 0 ]]"
  die
  helper tick
  id=$(helper list --format json | jq -r '.backups[0].id')
  assert_equal "$(copy_of "$id" local) $(copy_of "$id" offsite)" "success failed"
  assert_equal "$(unfinished)" 0
  assert_equal "$(keys)" ""
  helper push "$id" --target offsite --quiet
  helper verify "$id" --target offsite --quiet
}

@test "prune --all ends uploads that belong to nothing, and none that is at work" {
  local host
  target_add offsite
  created --target local,offsite
  host=$(s3_bucket GET | grep -o '<Key>[^/]*' | head -n 1 | cut -c6-)
  s3_bucket POST "/$host/fake/db/db-2020-01-01-00-00-00.dump.zst?uploads=" >/dev/null
  assert_equal "$(unfinished)" 1
  truncate -s 100M "$(readlink -f "$FAKE/live/fake/db")/one"
  helper set --global compression none --quiet
  knob_stop export-after
  background create fake:db --target offsite --quiet
  fake_stopped
  wait_until 20 unfinished_are 2
  run -4 --separate-stderr helper prune --all
  assert_contains "$stderr" "fake:db is busy"
  assert_contains "$stderr" "Aborted 1 unfinished upload(s) on offsite"
  assert_equal "$(unfinished)" 1
  knob export-after
  fake_go
  assert_ends 0
  helper verify fake:db@latest --target offsite --quiet
}

unfinished_are() {
  [[ $(unfinished) == "$1" ]]
}
