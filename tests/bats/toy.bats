#!/usr/bin/env bats
# A new type of source needs no files but its own: the example of docs/adding-a-datastore.md, extracted from that page.

load ../support/setup

setup() {
  fresh_root
  export DOKKU_LIB_ROOT=$BATS_TEST_TMPDIR/lib
  SERVICES=$DOKKU_LIB_ROOT/services/files
  cp -r "$HOOKS" "$BATS_TEST_TMPDIR/hooks"
  HOOKS=$BATS_TEST_TMPDIR/hooks
  add_example
  mkdir -p "$SERVICES/site/sub"
  echo one >"$SERVICES/site/a"
  echo deep >"$SERVICES/site/sub/with a blank"
}

# Writes each code block of the page to the file that the line before it names.
add_example() {
  mkdir "$HOOKS/files"
  awk -v hooks="$HOOKS" '
    /^```/ { if (inside) { close(file); file = inside = "" } else if (file) inside = 1; next }
    inside { print >file; next }
    match($0, /`plugin\/hooks\/files\/[a-z.]+`:$/) { file = hooks "/" substr($0, RSTART + 14, RLENGTH - 16) }
  ' "$REPO/docs/adding-a-datastore.md"
  chmod +x "$HOOKS"/files/{describe,export,import}
}

damage() { # <name>: other content than in any backup
  rm -r "${SERVICES:?}/$1"
  mkdir "$SERVICES/$1"
  echo two >"$SERVICES/$1/a"
}

assert_as_backed_up() { # <name>
  assert_equal "$(cat "$SERVICES/$1/a" "$SERVICES/$1/sub/with a blank")" $'one\ndeep'
  assert_equal "$(ls -A "$SERVICES")" "${2:-site}"
}

@test "the example is four scripts and a type.json, and the linters find nothing in it" {
  assert_equal "$(cd "$HOOKS/files" && printf "%s\n" * | paste -sd' ')" 'describe export import live.bash type.json'
  diff -r --exclude files "$REPO/plugin/hooks" "$HOOKS"
  (($(cat "$HOOKS"/files/* | wc -l) <= 40))
  require_tool shellcheck shfmt
  (cd "$HOOKS/files" && shellcheck -x -e SC1091,SC2034,SC2154 describe export import live.bash)
  shfmt -i 2 -ci -d "$HOOKS"/files/{describe,export,import,live.bash}
}

@test "create, list and restore, by every kind of word" {
  local id word
  run -0 --separate-stderr helper create files:site
  id=$output
  run -0 --separate-stderr helper list files:site --format json
  assert_json '.backups | map("\(.type) \(.id) \(.status)") | .[]' "files $id success"
  run -0 --separate-stderr helper info "$id" --format json
  assert_json '.manifest.artifacts[0].kind' files-tar
  for word in "$id" "files:$id" files:site@latest site@latest; do
    damage site
    run -0 --separate-stderr helper restore "$word" --force --no-safety-backup
    assert_as_backed_up site
  done
  run -0 --separate-stderr helper create --all
  run -0 --separate-stderr helper list files:site --format json
  assert_json '.backups | length' 2
  assert_nothing_left
}

@test "a restore into another source, and with a safety backup" {
  run -0 --separate-stderr helper create files:site
  mkdir "$SERVICES/other"
  echo three >"$SERVICES/other/a"
  run -0 --separate-stderr helper restore site@latest --into files:other --force
  assert_as_backed_up other $'other\nsite'
  run -0 --separate-stderr helper list files:other --format json
  assert_json '.backups | map(.trigger) | .[]' safety
}

@test "what is missing is said with 3, and what can't be done in place with 11" {
  run -3 --separate-stderr helper create files:none
  run -3 --separate-stderr helper restore files:none@latest --force
  run -0 --separate-stderr helper create files:site
  run -3 --separate-stderr helper restore site@latest --into files:none --force
  run -2 --separate-stderr helper create files:site/sub
  damage site
  run -11 --separate-stderr helper restore site@latest --in-place --force --no-safety-backup
  assert_equal "$(cat "$SERVICES/site/a")" two
  assert_nothing_left
}

@test "a swap that was interrupted is completed or undone" {
  local at commit
  run -0 --separate-stderr helper create files:site
  for at in i a; do # before that line, and behind it
    damage site
    commit=$HOOKS/lib/default/commit
    # shellcheck disable=SC2016 # for the hook
    sed -i '/^mv -T -- "$new"/'"$at"' kill -9 $PPID $$' "$commit"
    run -137 helper restore site@latest --force --no-safety-backup
    cp "$REPO/plugin/hooks/lib/default/commit" "$commit"
    run -0 --separate-stderr helper tick
    if [[ $at == i ]]; then
      assert_equal "$(cat "$SERVICES/site/a")" two
    else
      assert_as_backed_up site
    fi
    assert_equal "$(ls -A "$SERVICES")" site
  done
  assert_nothing_left
}

# through_dokku KEY VERB WORD...: runs the helper as dokku does, so that it finds the plugin's directory by its own path.
through_dokku() {
  PATH=$BATS_TEST_TMPDIR:$PATH PLUGIN_PATH=$BATS_TEST_TMPDIR SSH_NAME=$1 "$BATS_TEST_TMPDIR/bin/backups-helper" "${@:2}" 3>&-
}

@test "who may use a service may use its backups, and nobody else" {
  mkdir -p "$BATS_TEST_TMPDIR/bin" "$DOKKU_LIB_ROOT/data" "$BATS_TEST_TMPDIR/enabled/acl" "$SERVICES/hers"
  cp "$BACKUPS_HELPER" "$BATS_TEST_TMPDIR/bin/backups-helper"
  ln -s "$ROOT" "$DOKKU_LIB_ROOT/data/backups"
  touch "$BATS_TEST_TMPDIR/enabled/acl/user-auth-service"
  # plugn trigger user-auth-service USER NAME TYPE SERVICE...
  cat >"$BATS_TEST_TMPDIR/plugn" <<'PLUGN'
#!/bin/bash
[[ $2 == user-auth-service && $5 == files ]] || exit 1
for service in "${@:6}"; do [[ $4 != ann && $service == hers ]] || echo "$service"; done
PLUGN
  chmod +x "$BATS_TEST_TMPDIR/plugn"
  run -0 --separate-stderr through_dokku ann create files:hers
  run -20 --separate-stderr through_dokku bob create files:hers
  run -20 --separate-stderr through_dokku bob restore files:hers@latest --force
  run -0 --separate-stderr through_dokku bob create files:site
  run -0 --separate-stderr through_dokku bob list --format json
  assert_json '.backups | map(.name) | .[]' site
  # A damaged type.json allows nothing of its type.
  echo '{}' >"$HOOKS/files/type.json"
  run -20 --separate-stderr through_dokku ann create files:hers
}
