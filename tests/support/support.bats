#!/usr/bin/env bats
# Checks of the test support that the other files rely on.

load setup

setup_file() {
  require_dokku || return 0
  require_docker postgres:15 postgres:18 app:latest || return 0
  dokku_start
  dokku_fixture fakestore
  dokku_fixture postgres
  dokku_fixture acl
}

teardown_file() {
  sshd_stop
  dokku_stop
}

@test "a wrong password is refused wherever a PostgreSQL service is asked" {
  local service host
  service=$(unique pg)
  export DOKKU_LIB_ROOT=$BATS_TEST_TMPDIR/lib
  postgres_create "$service"
  for host in 127.0.0.1 localhost /var/run/postgresql; do
    run -2 docker exec -e PGPASSWORD=wrong "dokku.postgres.$service" psql -h "$host" -U postgres -w -c 'SELECT 1'
    run -0 docker exec -e PGPASSWORD="$(postgres_file "$service" PASSWORD)" "dokku.postgres.$service" psql -h "$host" -U postgres -w -c 'SELECT 1'
  done
  postgres_fill "$service" 10
  run -0 postgres_digest "$service"
  postgres_psql "$service" -c "UPDATE customer SET name = 'x' WHERE id = 3"
  [[ $output != "$(postgres_digest "$service")" ]]
  postgres_destroy "$service"
  refute_file "$(postgres_dir "$service")"
}

@test "stop removes a service's container, pause leaves it, start brings it back with its data" {
  local service
  service=$(unique pg)
  dokku postgres:create "$service" --image-version 18
  dokku postgres:pause "$service"
  run -0 dokku postgres:info "$service" --status
  assert_equal "$output" exited
  dokku postgres:start "$service"
  dokku postgres:stop "$service"
  run -0 dokku postgres:info "$service" --status
  assert_equal "$output" missing
  run -1 dokku postgres:export "$service"
  dokku postgres:start "$service"
  run -0 dokku postgres:info "$service" --status
  assert_equal "$output" running
  dokku postgres:destroy "$service" --force
}

@test "fakestore gives back what it was given, and breaks off when told to" {
  dokku fakestore:create one
  echo 0123456789 | dokku fakestore:import one
  run -0 --separate-stderr dokku fakestore:export one
  assert_equal "$output" 0123456789
  dokku fakestore:knob one export half
  run -1 --separate-stderr dokku fakestore:export one
  assert_equal "$output" 01234
  dokku fakestore:knob one export empty
  run -0 --separate-stderr dokku fakestore:export one
  assert_equal "$output" ""
  dokku fakestore:knob one export
  SSH_TTY=/dev/pts/0 run -1 dokku fakestore:export one </dev/null
  dokku fakestore:destroy one --force
}

@test "acl: a key sees the services it was given and no others" {
  dokku fakestore:create mine
  dokku fakestore:create yours
  acl_allow mallory fakestore:yours
  run -1 --separate-stderr dokku_as mallory fakestore:export mine
  assert_contains "$stderr" "does not exist"
  run -0 dokku_as mallory fakestore:export yours
  run -0 dokku_as admin fakestore:export mine
  acl_clear mallory
  run -0 dokku_as mallory fakestore:export mine
}

@test "over SSH bytes arrive as they are, words as xargs leaves them" {
  sshd_start
  dokku fakestore:create bytes
  head -c 300000 /dev/urandom >"$BATS_TEST_TMPDIR/bytes"
  ssh_as admin fakestore:import bytes <"$BATS_TEST_TMPDIR/bytes"
  ssh_as admin fakestore:export bytes </dev/null | cmp - "$BATS_TEST_TMPDIR/bytes"
  acl_allow tests-mallory
  run -1 ssh_as mallory fakestore:export bytes </dev/null
  dokku fakestore:knob bytes export half
  run -1 ssh_as admin fakestore:export bytes </dev/null
}

@test "an unknown command and an unknown app have Dokku's exit codes" {
  run -1 dokku nothing:here
  assert_contains "$output" "is not a dokku command"
  run -20 dokku storage:list nosuchapp
}
