#!/usr/bin/env bats
# Options for storing copies: Object Lock, encryption and storage class. On a real S3 server.

load ../support/setup
load ../support/s3
load fake
load target

setup() {
  target_setup
}

teardown() {
  [[ -z ${PROXY:-} ]] || proxy_stop
}

plain_bucket() {
  s3_bucket PUT >/dev/null
}

lockable_bucket() {
  s3_bucket PUT '' -H 'x-amz-bucket-object-lock-enabled: true' >/dev/null
}

# keys_of ID: prints the complete keys of that backup
keys_of() {
  s3_bucket GET | grep -o "<Key>[^<]*$1[^<]*" | cut -c6-
}

# Makes a source with an artifact that is uploaded in one part, and one that takes several.
large_source() {
  fake_source fake:db first
  head -c 18M /dev/urandom >>"$(readlink -f "$FAKE/live/fake/db")/one"
  helper set --global compression none --quiet
}

tried() {
  run --separate-stderr helper target-test offsite --format json
}

outcome() {
  jq -r --arg check "$1" '.checks[] | select(.check == $check) | .outcome' <<<"$output"
}

@test "with object-lock every file of a copy is locked: sent in one part or in several, from a stream or a file" {
  local id key locked=0
  lockable_bucket
  target_add offsite --object-lock GOVERNANCE --object-lock-days 1
  large_source
  for id in $(created --target offsite) $(created --target local,offsite); do
    for key in $(keys_of "$id"); do
      run -0 s3_bucket GET "/$key?retention="
      assert_contains "$output" "<Mode>GOVERNANCE</Mode>"
      assert_contains "$output" "<RetainUntilDate>$(date -u -d tomorrow +%Y-%m-%d)"
      locked=$((locked + 1))
    done
    helper verify "$id" --target offsite --quiet
  done
  assert_equal "$locked" 6
}

@test "a lock lasts by the clock of the object store, whatever the clock of the host says" {
  local year id key
  lockable_bucket
  target_add offsite --object-lock GOVERNANCE --object-lock-days 1
  for year in 2046 2016; do
    id=$(at "$year-01-01 12:00:00" created --target offsite)
    for key in $(keys_of "$id"); do
      run -0 s3_bucket GET "/$key?retention="
      assert_contains "$output" "<RetainUntilDate>$(date -u -d tomorrow +%Y-%m-%d)"
    done
    # If the local clock is ahead, all locks appear to have expired.
    run -11 --separate-stderr at '2046-02-01 12:00:00' helper delete "$id" --target offsite --force <<<"$id"
    assert_contains "${stderr_lines[-1]}" "is locked until"
  done
}

@test "a locked copy is not deleted, nor called so, and goes when the lock has ended" {
  local id other key
  lockable_bucket
  target_add offsite --object-lock GOVERNANCE --object-lock-days 1
  id=$(created --target local,offsite)
  other=$(created --target local)
  run -11 --separate-stderr helper delete "$id" --force
  assert_match "$stderr" "the copy of $id on offsite is locked until [0-9T:-]*Z: nothing was deleted"
  assert_equal "$(copy_of "$id" local) $(copy_of "$id" offsite)" "success success"
  run -11 --separate-stderr helper delete "$id" --target offsite --force
  assert_equal "$(copy_of "$id" offsite)" success
  helper verify "$id" --target local --quiet
  helper verify "$id" --target offsite --quiet
  # The lock of one target does not affect the copies on others.
  helper delete "$id" --target local --force --quiet
  run -0 --separate-stderr helper list --format json
  assert_json ".backups | map(.id) | sort | join(\" \")" "$id $other"

  printf '<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>%s</RetainUntilDate></Retention>' \
    "$(date -u -d '8 seconds' +%Y-%m-%dT%H:%M:%SZ)" >"$BATS_TEST_TMPDIR/soon"
  for key in $(keys_of "$id"); do
    s3_bucket PUT "/$key?retention=" -H 'x-amz-bypass-governance-retention: true' --data-binary "@$BATS_TEST_TMPDIR/soon" \
      -H "Content-MD5: $(openssl md5 -binary "$BATS_TEST_TMPDIR/soon" | base64)"
  done
  sleep 9
  run -0 --separate-stderr helper delete "$id" --force
  assert_contains "$stderr" "The bucket of offsite is versioned"
  assert_equal "$(keys)" RECOVERY.md
  refute_contains "$(helper list --format json)" "\"$id\""
}

@test "a copy under a legal hold stays too" {
  local id key
  lockable_bucket
  target_add offsite
  id=$(created --target local,offsite)
  key=$(keys_of "$id" | grep json)
  s3_bucket PUT "/$key?legal-hold=" -d '<LegalHold><Status>ON</Status></LegalHold>' >/dev/null
  run -11 --separate-stderr helper delete "$id" --target offsite --force
  assert_contains "$stderr" "is locked by a legal hold"
  assert_equal "$(copy_of "$id" offsite)" success
}

@test "target-test tells whether objects are locked, and what a deletion does there" {
  lockable_bucket
  target_add offsite --object-lock COMPLIANCE --object-lock-days 30
  tried
  assert_equal "$status $(outcome object-lock) $(outcome multipart) $(outcome delete)" "0 works works limited"
  assert_contains "$output" "are only hidden"
  # The hidden version is locked only briefly, not for the 30 days of the target.
  version=$(s3_bucket GET '?versions=' | grep -o '<Version><Key>[^<]*-parts</Key><VersionId>[^<]*')
  key=${version#*<Key>} key=${key%%<*} version=${version##*>}
  run -0 s3_bucket GET "/$key?versionId=$version" -o /dev/null -D -
  until=$(sed -n 's/^x-amz-object-lock-retain-until-date: *\([0-9T:-]*\).*/\1/p' <<<"$output")
  [[ $(date -ud "$until" +%s) -lt $(($(date +%s) + 120)) ]]
}

@test "a bucket without Object Lock: a target that wants it fails, and says what to do" {
  plain_bucket
  target_add offsite --object-lock GOVERNANCE --object-lock-days 1
  tried
  assert_equal "$status $(outcome write)" "13 fails"
  assert_contains "$output" "need a bucket that was created with Object Lock"
  run -13 --separate-stderr helper create fake:db --target offsite
  assert_contains "$stderr" "need a bucket that was created with Object Lock"
  run -0 --separate-stderr helper list --format json
  assert_json '.backups | map(.status) | join(" ")' failed
}

@test "half of an option pair is refused" {
  plain_bucket
  run -2 --separate-stderr helper target-add offsite s3 --bucket "$BUCKET" --object-lock GOVERNANCE <<<KEY:SECRET
  assert_contains "$stderr" "object-lock requires object-lock-days"
  run -2 --separate-stderr helper target-add offsite s3 --bucket "$BUCKET" --kms-key a <<<KEY:SECRET
  assert_contains "$stderr" "kms-key requires encryption"
  target_add offsite
  helper target-set offsite object-lock-days 3 --quiet
  run -2 --separate-stderr helper create fake:db --target offsite
  assert_contains "$stderr" "object-lock-days requires object-lock"
}

@test "what a target asks for is in the requests, as a strict server wants it" {
  local id
  lockable_bucket
  target_add offsite --object-lock GOVERNANCE --object-lock-days 1 --storage-class STANDARD --encryption aws:kms --kms-key testkey-1
  large_source
  proxy_start
  helper target-set offsite endpoint "$PROXY_ENDPOINT" --quiet
  id=$(created --target offsite)
  helper verify "$id" --target offsite --quiet
  proxy_stop
  assert_equal "$(proxied violation)" ""
  # The four objects are one of several parts, one of a single part, the manifest and the note of the host.
  assert_equal "$(proxied option | grep -v retain-until | sort | uniq -c | sed 's/^ *//' | tr '\t' ' ')" "$(
    echo "4 x-amz-object-lock-mode GOVERNANCE"
    echo "4 x-amz-server-side-encryption aws:kms"
    echo "4 x-amz-server-side-encryption-aws-kms-key-id testkey-1"
    echo "4 x-amz-storage-class STANDARD"
  )"
  assert_match "$(proxied option | grep retain-until)" "$(date -u -d tomorrow +%Y-%m-%d)T"
  assert_contains "$(proxied request)" PutObjectRetention # Ceph ignores the lock headers of a multipart upload
}

@test "encryption with a key of KMS; one that the provider lacks, and one that it leaves out, are said" {
  local id
  plain_bucket
  target_add offsite --encryption aws:kms --kms-key testkey-1
  tried
  assert_equal "$status $(outcome encryption) $(outcome multipart)" "0 works works"
  large_source
  id=$(created --target offsite)
  run -0 s3_bucket HEAD "/$(keys_of "$id" | grep one)" -I
  assert_contains "$output" "x-amz-server-side-encryption-aws-kms-key-id: testkey-1"
  helper verify "$id" --target offsite --quiet

  helper target-set offsite kms-key none --quiet
  run -13 --separate-stderr helper create fake:db --target offsite
  assert_contains "$stderr" "cannot write"
  helper target-set offsite kms-key --quiet
  helper target-set offsite encryption AES256 --quiet
  tried # the server has no encryption key
  assert_equal "$status $(outcome encryption)" "13 fails"
  assert_contains "$output" "does not encrypt as configured"
}

@test "a storage class that the provider has, and one that it lacks" {
  plain_bucket
  target_add offsite --storage-class STANDARD
  tried
  assert_equal "$status" 0
  helper verify "$(created --target offsite)" --target offsite --quiet
  helper target-set offsite storage-class GLACIER --quiet
  run -13 --separate-stderr helper create fake:db --target offsite
  assert_match "$stderr" "Invalid(Argument|StorageClass)"
}
