#!/usr/bin/env bats
# Differences between the catalog and a bucket: lost catalogs, truncated and replaced files, and files that others wrote. On
# a real S3 server.

load ../support/setup
load ../support/s3
load fake
load target

setup() {
  target_setup
  s3_bucket PUT >/dev/null
}

# key_of END: prints the complete key of a file, with the name of the host.
key_of() {
  s3_bucket GET | grep -o "<Key>[^<]*$1" | cut -c6-
}

lose_catalog() {
  rm -f "$ROOT"/catalog.db*
}

@test "push of what is there already after a lost catalog adopts it, and removes nothing" {
  local id before
  target_add offsite
  id=$(created --target local,offsite)
  before=$(s3_bucket GET | grep -o '<LastModified>[^<]*')
  lose_catalog
  run -0 --separate-stderr helper list
  assert_contains "$stderr" "backups-helper sync"
  assert_equal "$(copy_of "$id" offsite)" ""
  run -0 --separate-stderr helper push "$id" --target offsite
  assert_contains "$stderr" "already"
  assert_equal "$(s3_bucket GET | grep -o '<LastModified>[^<]*')" "$before"
  helper verify "$id" --target offsite --quiet
  # A second sync finds nothing new.
  helper push "$id" --target offsite --quiet
}

@test "push where another backup has that name refuses, and leaves it" {
  local id key before
  target_add offsite
  id=$(created --target local,offsite)
  key=$(key_of "$id.json")
  jq '.label = "another"' "$ROOT/fake/db/$id.json" >"$BATS_TEST_TMPDIR/other"
  s3_bucket PUT "/$key" --data-binary "@$BATS_TEST_TMPDIR/other" >/dev/null
  before=$(s3_bucket GET | grep -o '<ETag>[^<]*')
  lose_catalog
  run -11 --separate-stderr helper push "$id" --target offsite
  assert_equal "$(s3_bucket GET | grep -o '<ETag>[^<]*')" "$before"
  assert_equal "$(copy_of "$id" offsite)" failed
}

@test "a copy that lost a file is mended by push; a manifest that was cut, or is longer than any, is replaced" {
  local id
  target_add offsite
  id=$(created --target local,offsite)
  s3_bucket DELETE "/$(key_of "$id.two.dump.zst")"
  run -7 --separate-stderr helper verify "$id" --target offsite
  helper push "$id" --target offsite --quiet
  helper verify "$id" --target offsite --quiet
  s3_bucket PUT "/$(key_of "$id.json")" --data-binary '{ "format": 1, "id"' >/dev/null
  run -7 --separate-stderr helper verify "$id" --target offsite
  helper push "$id" --target offsite --quiet
  helper verify "$id" --target offsite --quiet
  head -c 9M /dev/zero >"$BATS_TEST_TMPDIR/long"
  s3_bucket PUT "/$(key_of "$id.json")" --data-binary "@$BATS_TEST_TMPDIR/long" >/dev/null
  helper push "$id" --target offsite --quiet
  helper verify "$id" --target offsite --quiet
  run -0 diff "$ROOT/fake/db/$id.json" <(s3_bucket GET "/$(key_of "$id.json")")
}

@test "manifest and file replaced together in the bucket: tampering, alerted, never restored" {
  local id
  target_add offsite
  id=$(created --target offsite)
  printf 'FAKE\none evil\n' | zstd -q >"$BATS_TEST_TMPDIR/evil"
  s3_bucket GET "/$(key_of "$id.json")" | jq --arg stored "$(sha256sum <"$BATS_TEST_TMPDIR/evil" | cut -c1-64)" \
    --arg raw "$(printf 'FAKE\none evil\n' | sha256sum | cut -c1-64)" --argjson size "$(stat -c %s "$BATS_TEST_TMPDIR/evil")" \
    '.artifacts[0] |= (.stored_sha256 = $stored | .raw_sha256 = $raw | .stored_size = $size | .raw_size = 14)' >"$BATS_TEST_TMPDIR/manifest"
  s3_bucket PUT "/$(key_of "$id.one.dump.zst")" --data-binary "@$BATS_TEST_TMPDIR/evil" >/dev/null
  s3_bucket PUT "/$(key_of "$id.json")" --data-binary "@$BATS_TEST_TMPDIR/manifest" >/dev/null
  run -7 --separate-stderr helper sync offsite
  assert_contains "$stderr" "not the one that was written"
  run -7 --separate-stderr helper verify "$id" --target offsite
  run -7 --separate-stderr helper restore "$id" --force --no-safety-backup
  run -7 --separate-stderr helper download "$id" --artifact one
  assert_equal "$output" ""
  assert_equal "$(fake_live fake:db)" first
  assert_equal "$(catalog "SELECT count(*) FROM incidents WHERE kind = 'tampering'")" 1
}

@test "a manifest whose address is not that of its name is not believed" {
  local id key
  target_add offsite
  id=$(created --target offsite)
  key=$(key_of "$id.json")
  s3_bucket GET "/$key" | jq '.source.address = "other"' >"$BATS_TEST_TMPDIR/manifest"
  s3_bucket PUT "/$key" --data-binary "@$BATS_TEST_TMPDIR/manifest" >/dev/null
  lose_catalog
  run --separate-stderr helper sync offsite --format json
  assert_json '.targets[0].adopted | length' 0
  assert_contains "$stderr" "other"
  run -3 --separate-stderr helper restore fake:db@latest --force
}

@test "a path that only a bucket names is not written, unless it is typed" {
  local id host database=$BATS_TEST_TMPDIR/app.db
  require_tool sqlite3
  sqlite_create "$database"
  target_add offsite
  id=$(helper create "sqlite:$database" --target offsite --quiet)
  host=$(helper info "$id" --format json | jq -r .manifest.host)
  fresh_root
  target_add offsite
  rm "$database"
  helper sync offsite --host "$host" --quiet
  run -11 --separate-stderr helper restore "$id" --force
  assert_contains "${stderr_lines[-1]}" "--into sqlite:$database"
  refute_file "$database"
  run -11 --separate-stderr helper create "${id%-????-??-??-??-??-??}"
  helper restore "$id" --into "sqlite:$database" --force --quiet
  assert_file "$database"
  helper restore "$id" --force --quiet
}

@test "@latest: one good copy is enough, and a backup without any is passed over" {
  local first second
  target_add offsite
  first=$(created --target local)
  second=$(created --target local,offsite)
  turn_bit "$ROOT/fake/db/$second.one.dump.zst"
  run -7 --separate-stderr helper verify "$second" --target local
  assert_equal "$(helper info fake:db@latest --format json | jq -r .id)" "$second"
  helper delete "$second" --target offsite --force --quiet
  run -0 --separate-stderr helper info fake:db@latest --format json
  assert_json .id "$first"
  assert_contains "$stderr" "$second has no good copy"
  helper delete "$second" --target local --force --quiet
  run -0 --separate-stderr helper list --format json
  assert_json '.backups | map(.id) | join(" ")' "$first"
}

@test "what is not there is not recorded as deleted" {
  local id
  target_add offsite
  id=$(created --target local,offsite)
  created --target local >/dev/null
  s3_bucket DELETE "/$(key_of "$id.json")"
  for file in one two; do s3_bucket DELETE "/$(key_of "$id.$file.dump.zst")"; done
  run -0 --separate-stderr helper delete "$id" --force
  assert_contains "$stderr" "no longer existed"
  assert_equal "$(copy_of "$id" local) $(copy_of "$id" offsite)" "deleted missing"
}
