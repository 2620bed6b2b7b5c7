#!/usr/bin/env bats
# The state directory: its owner and modes, what it survives, and commands that are run from other directories and by other
# users.
#
# shellcheck disable=SC2016 # knobs are code for the hook

load ../support/setup
load fake

setup() {
  fresh_root
  fake_hooks fake
  fake_source fake:db first
}

# Makes a pinned backup (KEPT), another good one (GOOD), one that is deleted and one that fails; sets SETTINGS.
history() {
  local deleted
  KEPT=$(helper create fake:db --label "a label" --quiet)
  GOOD=$(helper create fake:db --quiet)
  deleted=$(helper create fake:db --quiet)
  helper delete "$deleted" --force --quiet
  knob export 'exit 1'
  run -1 helper create fake:db
  knob export
  helper pin "$KEPT" --quiet
  helper set fake:db compression gzip --quiet
  helper set --global silence-timeout 5m --quiet
  SETTINGS=$(<"$ROOT/settings.json")
}

# The catalog was rebuilt with everything that the manifests contain, and the settings are unchanged.
assert_rebuilt() {
  assert_contains "$stderr" "-----> The catalog was lost: rebuilt from the manifests of 2 backup(s)"
  run -0 --separate-stderr helper list --all --format json
  assert_json '.backups | map("\(.id) \(.status) \(.label) \(.pinned)") | join(", ")' \
    "$GOOD success  false, $KEPT success a label true"
  refute_contains "$stderr" rebuilt
  assert_equal "$(<"$ROOT/settings.json")" "$SETTINGS"
  run -0 --separate-stderr helper info fake:db@latest --format json
  assert_json .id "$GOOD"
  assert_sound
  fake_source fake:db second
  helper restore "$GOOD" --force --quiet >/dev/null
  assert_equal "$(fake_live fake:db)" first
  assert_file "$ROOT/fake/db/$(helper create fake:db --quiet).one.dump.gz"
}

@test "the catalog is lost: the next command rebuilds it from the manifests, and says so" {
  history
  rm "$ROOT"/catalog.db*
  run -0 --separate-stderr helper list
  assert_equal "${#lines[@]}" 3
  assert_rebuilt
}

@test "who lost the catalog is told of off-site copies, and a new host is not" {
  helper target-add offsite s3 --bucket bucket --endpoint http://127.0.0.1:1 --quiet <<<KEY:SECRET
  run -13 --separate-stderr helper sync offsite
  refute_contains "$stderr" "not in the catalog"
  run -0 --separate-stderr helper create fake:db --target local
  refute_contains "$stderr" "not in the catalog"
  rm "$ROOT"/catalog.db*
  run -0 --separate-stderr helper list
  assert_contains "$stderr" "Off-site copies are not in the catalog yet"
}

@test "the catalog was found damaged, and somebody has removed it" {
  history
  rm "$ROOT"/catalog.db*
  touch "$ROOT/catalog.db.damaged"
  run -0 --separate-stderr helper list
  assert_rebuilt
  refute_file "$ROOT/catalog.db.damaged"
}

@test "the catalog is junk: kept aside, rebuilt, and said" {
  local aside
  history
  head -c 40000 /dev/urandom >"$ROOT/catalog.db"
  run -0 --separate-stderr helper list
  assert_contains "$stderr" "The catalog is damaged"
  assert_rebuilt
  aside=$(find "$ROOT" -name 'catalog.db.damaged-*')

  assert_equal "$(stat -c %s "$aside")" 40000
}

@test "the catalog is damaged in its middle, cut short, or empty" {
  local how
  for how in 'dd if=/dev/urandom bs=4096 seek=1 count=30 conv=notrunc status=none of=' 'truncate -s 6000 ' 'truncate -s 0 '; do
    rm -rf "$ROOT"
    fresh_root "$ROOT"
    history
    eval "$how$ROOT/catalog.db"
    run --separate-stderr helper list
    if [[ $status != 0 ]]; then # the damage was found only after the command had begun its work
      assert_equal "$status" 7
      assert_contains "${stderr_lines[-1]}" "run the command again, and it is rebuilt"
      run -0 --separate-stderr helper list
    fi
    assert_rebuilt
    fake_source fake:db first
  done
}

@test "junk instead of a write-ahead log is no harm" {
  history
  head -c 40000 /dev/urandom >"$ROOT/catalog.db-wal"
  head -c 40000 /dev/urandom >"$ROOT/catalog.db-shm"
  run -0 --separate-stderr helper list --all --format json
  assert_json '.backups | length' 4
  assert_sound
}

@test "a manifest that is junk, or of another backup, is not taken for one when the catalog is rebuilt" {
  history
  echo '{"format": 1' >"$ROOT/fake/db/db-2020-01-01-00-00-00.json"
  cp "$ROOT/fake/db/$GOOD.json" "$ROOT/fake/db/db-2020-01-01-00-00-01.json"
  jq '.source.name = "../../etc"' "$ROOT/fake/db/$GOOD.json" >"$ROOT/fake/db/db-2020-01-01-00-00-02.json"
  jq '.artifacts[0].file = "../../../etc/passwd"' "$ROOT/fake/db/$GOOD.json" >"$ROOT/fake/db/db-2020-01-01-00-00-03.json"
  rm "$ROOT"/catalog.db*
  run -0 --separate-stderr helper list --format json
  assert_contains "$stderr" "fake/db/db-2020-01-01-00-00-00.json: "
  assert_json '[.backups[].id] | sort | join(" ")' "$(printf '%s\n' "$KEPT" "$GOOD" | sort | paste -sd' ')"
}

@test "a backup in progress when the catalog is lost is swept all the same" {
  history
  knob_stop export-after
  background create fake:db
  fake_stopped
  die
  knob export-after
  rm "$ROOT"/catalog.db*
  run -0 --separate-stderr helper list
  assert_rebuilt
}

@test "directories are 0700 and files 0600, whatever the caller's umask" {
  local mask
  for mask in 000 022 077; do
    (umask "$mask" && helper create fake:db --quiet && helper set fake:db compression gzip --quiet && helper pin fake:db@latest --quiet) >/dev/null
    knob export 'exit 1'
    (umask "$mask" && helper create fake:db --quiet) || [[ $? == 1 ]]
    knob export
  done
  fresh_root "$BATS_TEST_TMPDIR/new"
  rmdir "$ROOT"
  (umask 000 && helper create fake:db --quiet) >/dev/null
  # The modes are right while a backup is running, too.
  knob_stop export
  umask 000
  background create fake:db
  umask 022
  fake_stopped
  assert_equal "$(find "$ROOT" -type d ! -perm 700 -print -o ! -type d ! -perm 600 -print)" ""
  [[ $(find "$ROOT" -type f | wc -l) -gt 5 ]]
  fake_go
  assert_ends 0
}

@test "from a directory that may not be read, or is no longer there" {
  require_root
  mkdir "$BATS_TEST_TMPDIR/gone" "$BATS_TEST_TMPDIR/closed"
  (
    cd "$BATS_TEST_TMPDIR/gone"
    rmdir "$BATS_TEST_TMPDIR/gone"
    helper create fake:db --quiet
    helper list
    helper verify fake:db@latest
  )
  open_to_others
  chown -R nobody "$ROOT" "$FAKE"
  chmod 700 "$BATS_TEST_TMPDIR/closed"
  (
    cd "$BATS_TEST_TMPDIR/closed"
    run -2 as_nobody ls
    for words in "create fake:db" list "info fake:db@latest" "verify fake:db@latest" "restore fake:db@latest --force"; do
      # shellcheck disable=SC2086 # words
      as_nobody "$HELPER_COPY" $words --root "$ROOT" --hooks "$HOOKS"
    done
  )
  assert_sound
}

open_to_others() {
  chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR" "$FAKE"
  HELPER_COPY=$BATS_TEST_TMPDIR/backups-helper
  cp "$BACKUPS_HELPER" "$HELPER_COPY"
}

as_nobody() {
  setpriv --reuid nobody --regid nogroup --clear-groups "$@"
}

@test "another user is told whose the state directory is, and as whom to run the command" {
  require_root
  open_to_others
  helper create fake:db --quiet
  for words in list "create fake:db" tick; do
    # shellcheck disable=SC2086 # words
    run -20 --separate-stderr as_nobody "$HELPER_COPY" $words --root "$ROOT" --hooks "$HOOKS"
    assert_contains "${stderr_lines[-1]}" "$ROOT belongs to user root: run this command as root"
  done
}

@test "root on a state directory of another user becomes that user, for good" {
  require_root
  open_to_others
  chown nobody "$ROOT"
  chown -R nobody "$FAKE"
  knob export 'id -un >>"$fake/users"; echo "$HOME" >>"$fake/users"; grep -E "^(Uid|Cap(Eff|Prm))" /proc/$$/status >>"$fake/users"'
  helper create fake:db --quiet
  helper restore fake:db@latest --force --quiet
  helper set fake:db compression gzip --quiet
  knob export
  assert_equal "$(find "$ROOT" "$FAKE/places" "$FAKE/users" ! -user nobody)" ""
  assert_match "$(<"$FAKE/users")" "^nobody"
  run -0 sort -u "$FAKE/users"
  assert_contains "$output" "CapEff:"$'\t'0000000000000000
  assert_equal "$(grep -c '' <<<"$output")" 5
  assert_sound
  # So are the files of a helper that was killed.
  knob_stop export
  background create fake:db
  fake_stopped
  die
  knob export
  assert_sound
  assert_equal "$(find "$ROOT" ! -user nobody)" ""
}

@test "a state directory of a user without a name is refused" {
  require_root
  chown 54321 "$ROOT"
  run -1 --separate-stderr helper create fake:db
  assert_contains "$stderr" "$ROOT belongs to uid 54321, which has no user name"
  assert_equal "$(find "$ROOT" -mindepth 1)" ""
}

@test "a host that is not understood in the settings stops nothing, is kept as it is, and can be decided" {
  local bad made
  made=$(helper create fake:db --quiet)
  for bad in '"str"' '{}' '{"name":5}' '{"name":"prod-00000001","writers":7}'; do
    echo "{\"format\":1,\"host\":$bad}" >"$ROOT/settings.json"
    run -0 --separate-stderr helper list
    run -0 --separate-stderr helper verify "$made"
    helper create fake:db --quiet
    helper set fake:db compression gzip --quiet
    helper tick
    assert_equal "$(jq -c .host "$ROOT/settings.json")" "$bad"
    run -0 --separate-stderr helper host
    assert_contains "$stderr" "backups-helper host --keep"
    helper host --keep --quiet
    refute_contains "$(<"$ROOT/settings.json")" host_meanwhile
    assert_match "$(jq -r .host.name "$ROOT/settings.json")" '-[0-9a-f]{8}$'
  done
  assert_equal "$(jq -r .host.name "$ROOT/settings.json")" prod-00000001
}

@test "settings that can't be understood as a whole: what there is can be seen, changes are refused, and both say what to do" {
  local bad before words
  history
  for bad in '' '{"format": 1, "pins"' "$(head -c 300 /dev/urandom | base64)" "$(printf '[%.0s' {1..9000})" directory link; do
    rm -rf "$ROOT/settings.json"
    case $bad in
      directory) mkdir "$ROOT/settings.json" ;;
      link) ln -s /nowhere/settings.json "$ROOT/settings.json" ;;
      *) echo "$bad" >"$ROOT/settings.json" ;;
    esac
    before=$(stat -c '%i %s' "$ROOT/settings.json")
    run -0 --separate-stderr helper list --format json
    assert_json '.backups | length' 3
    assert_match "${stderr_lines[0]}" "$ROOT/settings.json is not valid: it.* mv "
    assert_equal "${#stderr_lines[@]}" 1
    refute_contains "$stderr" exception
    run -0 --separate-stderr helper info "$GOOD"
    run -0 --separate-stderr helper logs "$GOOD"
    run -0 --separate-stderr helper verify "$GOOD"
    helper download "$GOOD" --artifact one 2>/dev/null | cmp - "$FAKE/live/fake/db/one"
    for words in "create fake:db" "set fake:db compression none" tick "host --new" "delete $GOOD --force"; do
      # shellcheck disable=SC2086 # words
      run -7 --separate-stderr helper $words
      assert_contains "${stderr_lines[-1]}" "$ROOT/settings.json is not valid: it"
    done
    assert_equal "$(stat -c '%i %s' "$ROOT/settings.json")" "$before"
  done
}

@test "the catalog lacks a table, or something else has its name: set aside, and rebuilt" {
  local how
  for how in 'sqlite3 catalog.db "DROP TABLE copies"' 'sqlite3 catalog.db "ALTER TABLE backups DROP COLUMN error"' \
    'sqlite3 catalog.db "PRAGMA user_version = 0"' 'rm catalog.db*; mkdir -p catalog.db/x' \
    'rm catalog.db*; ln -s /nowhere/catalog.db catalog.db' 'rm -f catalog.db-wal; mkdir catalog.db-wal'; do
    rm -rf "$ROOT"
    fresh_root "$ROOT"
    history
    (cd "$ROOT" && eval "$how")
    run -0 --separate-stderr helper list
    assert_contains "$stderr" "The catalog is damaged"
    assert_contains "$stderr" "kept as $ROOT/catalog.db.damaged-"
    assert_rebuilt
    fake_source fake:db first
  done
}

@test "settings that can't be read are never thrown away" {
  history
  echo '{"format": 1, "pins"' >"$ROOT/settings.json"
  run -7 --separate-stderr helper set fake:db compression none
  assert_contains "${stderr_lines[-1]}" "settings.json is not valid: it is truncated"
  run -7 --separate-stderr helper create fake:db
  assert_equal "$(<"$ROOT/settings.json")" '{"format": 1, "pins"'
}

@test "a FIFO in the place of a file of ours holds no command up" {
  local file id
  id=$(helper create fake:db --quiet)
  for file in "$ROOT/settings.json" "$ROOT/environment" "$ROOT/ballast" "$ROOT/locks/settings" "$ROOT/fake/db/$id.json" \
    "$ROOT/fake/db/$(jq -r '.artifacts[0].file' "$ROOT/fake/db/$id.json")" "$ROOT/run/create-x/run.json"; do
    mkdir -p "$(dirname "$file")"
    [[ ! -e $file ]] || mv "$file" "$BATS_TEST_TMPDIR/kept"
    mkfifo "$file"
    timeout 20 "$BACKUPS_HELPER" list --root "$ROOT" --hooks "$HOOKS" >/dev/null 2>"$BATS_TEST_TMPDIR/said" || assert_equal "$?" 7
    timeout 20 "$BACKUPS_HELPER" verify "$id" --root "$ROOT" --hooks "$HOOKS" >/dev/null 2>&1 || assert_match "$?" '^(1|7)$'
    timeout 20 "$BACKUPS_HELPER" tick --root "$ROOT" --hooks "$HOOKS" >/dev/null 2>&1 || assert_match "$?" '^(1|7)$'
    rm -rf "$file" "$ROOT/run/create-x"
    [[ ! -e $BATS_TEST_TMPDIR/kept ]] || mv "$BATS_TEST_TMPDIR/kept" "$file"
  done
  run -0 --separate-stderr helper verify "$id"
}

@test "a state directory from before the first release is refused by name, and stops nothing of Dokku's" {
  local words
  sqlite3 "$ROOT/catalog.db" 'CREATE TABLE backups (key); CREATE TABLE artifacts (backup); PRAGMA user_version = 4'
  for words in list "create fake:db" tick; do
    # shellcheck disable=SC2086 # words
    run -11 --separate-stderr helper $words
    assert_contains "${stderr_lines[-1]}" "$ROOT/catalog.db cannot be used: it was made by a version from before the first release"
    assert_contains "${stderr_lines[-1]}" "mv $ROOT $ROOT.preview"
  done
  assert_equal "$(catalog 'PRAGMA user_version')" 4
  run -0 --separate-stderr helper trigger before-destroy fake db
  assert_contains "$stderr" "The service is destroyed anyway"
  run -0 --separate-stderr helper set --global compression gzip
  mv "$ROOT" "$ROOT.preview"
  fresh_root "$ROOT"
  cp -p "$ROOT.preview/settings.json" "$ROOT"
  run -0 helper create fake:db
  assert_file "$ROOT/fake/db/$(catalog 'SELECT id FROM backups').one.dump.gz"
}
