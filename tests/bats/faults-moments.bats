#!/usr/bin/env bats
# shellcheck disable=SC2016 # bash of the hooks
# Changes of a source at the moment when its backup begins.

load ../support/setup
load fake

setup() {
  fresh_root
  fake_hooks
  fake_source fake:db "good data"
}

@test "an exporter that fails before its first byte is asked once more" {
  knob export '[[ $2 != two || -e $fake/tried ]] || { touch "$fake/tried"; echo "ERROR:  relation \"t\" does not exist" >&2; exit 1; }'
  run -0 --separate-stderr helper create fake:db
  assert_equal "$(grep -c '^export db two' "$FAKE/calls")" 2
  run -0 helper logs "$output"
  assert_contains "$output" 'relation "t" does not exist'
  assert_sound
}

@test "once more is once: then its own error is the message" {
  knob export 'echo "ERROR:  always" >&2; exit 1'
  run -1 --separate-stderr helper create fake:db
  assert_contains "${stderr_lines[-1]}" "ERROR:  always"
  assert_equal "$(grep -c '^export db' "$FAKE/calls")" 2
  assert_no_success
}

@test "an exporter that fails after its first byte is not asked again" {
  knob export 'printf FAKE; exit 1'
  run -1 --separate-stderr helper create fake:db
  assert_equal "$(grep -c '^export db' "$FAKE/calls")" 1
  assert_no_success
}

@test "an artifact that goes while the backup is made is left out, and that is said" {
  knob export '[[ $2 != two ]] || { touch "$fake/gone"; exit 1; }'
  knob describe 'if [[ -e $fake/gone ]]; then
    describe "$1" | jq -c ".artifacts |= map(select(.name != \"two\"))"
    exit
  fi'
  run -0 --separate-stderr helper create fake:db
  assert_contains "$stderr" "two of fake:db was removed while the backup was running and is not included"
  run -0 helper info "$output" --format json
  assert_json '.manifest.artifacts | map(.name) | join(" ")' one
  assert_json_true '.manifest.warnings | any(contains("is not included"))'
  run -0 helper verify fake:db@latest
}

@test "a source that stops while the backup is made: that is the reason" {
  knob export 'touch "$fake/stopped"; exit 1'
  knob describe '[[ ! -e $fake/stopped ]] || { echo "{\"state\": \"stopped\"}"; exit 0; }'
  run -5 --separate-stderr helper create fake:db
  assert_contains "${stderr_lines[-1]}" "fake:db is stopped"
  assert_no_success
}
