#!/usr/bin/env bats
# Off-site copies as in production: a real database, by dokku over SSH, to a real S3 server; and the loss of the host.

load ../support/setup
load ../support/s3

setup_file() {
  export ROOT=""
  require_dokku || return 0
  require_docker postgres:15 || return 0
  require_tool ssh ssh-keygen /usr/sbin/sshd || return 0
  if ! reason=$(s3_possible 2>&1); then
    left_out "$reason"
    return 0
  fi
  dokku_start
  [[ ! -e $(dokku_lib)/data/backups ]] || left_out "this host has backups of its own" || return 0
  ROOT=$(dokku_lib)/data/backups
  PG=$(unique pg)
  STORE=$(unique store)
  export ROOT PG STORE BUCKET=offsite-$RANDOM
  dokku_fixture postgres
  dokku_fixture fakestore
  dokku_fixture acl
  install_backups
  sshd_start
  s3_start
  s3_bucket PUT >/dev/null
  dokku postgres:create "$PG" --image-version 15 >/dev/null
  pg fill "$PG" 300
  dokku fakestore:create "$STORE" >/dev/null # a service that mallory may not see
}

teardown_file() {
  s3_stop
  sshd_stop
  if [[ -n $ROOT ]]; then
    acl_clear tests-mallory
    dokku postgres:destroy "$PG" --force >/dev/null || true
    dokku fakestore:destroy "$STORE" --force >/dev/null || true
  fi
  dokku_stop
  [[ -z $ROOT ]] || rm -rf "$ROOT"
}

setup() {
  skip_left_out
}

pg() {
  DOKKU_LIB_ROOT=$(dokku_lib) "postgres_$1" "${@:2}"
}

target_add() { # <key>
  ssh_as "$1" backups:target-add offsite s3 --bucket "$BUCKET" --endpoint "$BACKUPS_TEST_S3_ENDPOINT" \
    <<<"$BACKUPS_TEST_S3_KEY:$BACKUPS_TEST_S3_SECRET"
}

@test "only who may use everything makes targets, and nobody points them at files of the host" {
  acl_allow tests-mallory "postgres:$PG"
  run -20 target_add mallory
  assert_equal "$(dokku backups:target-list --format json | jq -c .targets)" '[]'
  run -20 ssh_as mallory backups:target-list </dev/null
  run -2 ssh_as admin backups:target-add offsite s3 --bucket "$BUCKET" --ca-file /etc/shadow </dev/null
  assert_contains "$output" "only allowed at a shell"
  run -2 ssh_as admin backups:target-add offsite s3 --bucket "$BUCKET" --profile default </dev/null
}

@test "the host is lost: from the bucket alone, every row comes back" {
  local id digest host
  run -0 target_add admin
  run -0 ssh_as admin backups:target-test offsite </dev/null
  ssh_as admin backups:set --global targets local,offsite </dev/null
  digest=$(pg digest "$PG")
  id=$(ssh_as admin backups:create "$PG" </dev/null 2>/dev/null)
  # A key that is limited to one service may read its copies, but not synchronize the whole bucket.
  run -20 ssh_as mallory backups:sync offsite </dev/null
  run -0 ssh_as mallory backups:verify "$id" --target offsite </dev/null

  dokku postgres:destroy "$PG" --force >/dev/null
  rm -rf "$ROOT"
  dokku plugin:install >/dev/null
  dokku postgres:create "$PG" --image-version 15 >/dev/null
  run -0 target_add admin
  run -0 ssh_as admin backups:sync offsite </dev/null
  host=$(sed -n 's/.*It holds backups of \([^ ;]*\); to import them: dokku backups:sync.*/\1/p' <<<"$output")
  run -0 ssh_as admin backups:sync offsite --host "$host" </dev/null
  run -0 ssh_as admin backups:restore "$id" --force --no-safety-backup </dev/null
  assert_equal "$(pg digest "$PG")" "$digest"
  run grep -rl "$BACKUPS_TEST_S3_SECRET" "$ROOT"
  assert_equal "$output" "$ROOT/secrets/offsite"
}
