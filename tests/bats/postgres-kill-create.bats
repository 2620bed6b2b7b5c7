#!/usr/bin/env bats
# Backups of a PostgreSQL service of which each part is killed at each stage.

load ../support/setup
load postgres

setup_file() {
  pg_begin postgres:15 postgres:18
  export NAME=hit-$BATS_ROOT_PID
  postgres_create "$NAME" postgres:18
  pg_sql "$NAME" template1 -c 'CREATE DATABASE later'
  postgres_psql "$NAME" -c 'CREATE TABLE small AS SELECT generate_series(1, 1000) n'
  pg_sql "$NAME" later -c "CREATE TABLE big AS SELECT n, repeat(md5(n::text), 50) t FROM generate_series(1, 50000) n"
  helper set --global compression none --quiet
  pg_backup "$NAME"
  helper info "postgres:$ID" --format json | jq '[.manifest.artifacts[].raw_size] | add' >"$BATS_FILE_TMPDIR/size"
}

teardown_file() {
  pg_end
}

setup() {
  whole=$(cat "$BATS_FILE_TMPDIR/size")
  before=$(ids success)
}

teardown() {
  if [[ -n ${BATS_TEST_COMPLETED:-} ]]; then pg_up "$NAME"; else pg_mend "$NAME"; fi
}

ids() { # <status>
  helper list "postgres:$NAME" --all --limit 1000 --format json | jq -r --arg status "$1" '.backups[] | select(.status == $status) | .id'
}

# until_moment MOMENT: starts a create and waits until it has reached that stage
until_moment() {
  case "$1" in
    start)
      pg_background create "postgres:$NAME"
      wait_until 60 has_run
      ;;
    waiting) # pg_dump waits for a lock: nothing of `later` has been sent
      pg_hold "$NAME" later 'BEGIN; LOCK TABLE big;'
      pg_background create "postgres:$NAME"
      wait_until 60 pg_sees "$NAME" "application_name ~ '^backups' AND datname = 'later' AND wait_event_type = 'Lock'" ||
        fail "nobody waits:" "$(cat "$PG_OUT")" \
          "$(pg_sql "$NAME" template1 -c 'SELECT application_name, datname, state, wait_event, query FROM pg_stat_activity WHERE pid <> pg_backend_pid()')"
      ;;
    streaming) # part of `later` has been written, and no more can be sent until the helper continues
      until stopped_in_the_stream; do before=$(ids success); done
      ;;
  esac
}

# Stops the helper in the middle of an export. Fails if everything had been sent by then; the caller must repeat it.
stopped_in_the_stream() {
  pg_background create "postgres:$NAME"
  wait_until 60 in_the_stream
  kill -STOP "$PG_PID" && has_bytes &&
    wait_until 10 pg_sees "$NAME" "application_name ~ '^backups' AND datname = 'later' AND wait_event = 'ClientWrite'" && return 0
  kill -CONT "$PG_PID" || true
  pg_join
  return 1
}

in_the_stream() {
  has_bytes || pg_over
}

has_run() {
  compgen -G "$ROOT/run/create-*" >/dev/null
}

has_bytes() {
  [[ -n $(find "$ROOT/postgres/$NAME" -name '.*.later.*.part' -size +1M 2>/dev/null) ]]
}

# Every success is complete, and nothing is left of the other attempts.
only_whole() {
  local id
  [[ $(ids in-progress) == "" ]]
  while IFS= read -r id; do
    [[ $before != *"$id"* ]] || continue
    helper verify "postgres:$id" --quiet
    [[ $(helper info "postgres:$id" --format json | jq '[.manifest.artifacts[].raw_size] | add') -gt $((whole - 10000)) ]]
    helper download "postgres:$id" --artifact later | postgres_exec "$NAME" pg_restore -f /dev/null
  done < <(ids success)
  pg_clean "$NAME"
  # Every file belongs to a success.
  refute_contains "$(find "$ROOT/postgres/$NAME" -type f | grep -vFf <(ids success) || true)" "$NAME"
}

interrupted() { # <moment> <victim>
  until_moment "$1"
  pg_kill "$NAME" "$2"
  [[ $2 == helper || $1 != streaming ]] || kill -CONT "$PG_PID"
  case "$2" in
    helper | hook | client | sidecar | cancel) ;;
    *) pg_up "$NAME" ;;
  esac
  # If an interrupted command left a session waiting for the lock, that session would continue now.
  [[ $2 == helper ]] || pg_release "$NAME"
  pg_join
  echo "exit code $PG_CODE: $(tail -n 1 "$PG_OUT")"
  run -0 helper tick
  assert_nothing_left
  pg_release "$NAME"
  only_whole
  if [[ $PG_CODE == 0 ]]; then
    [[ $(ids success | wc -l) -gt $(wc -l <<<"$before") ]]
  else
    assert_equal "$(ids success)" "$before"
  fi
}

failed() {
  interrupted "$@"
  [[ $PG_CODE != 0 ]]
}

@test "starting: kill -9 of the helper" {
  failed start helper
}

@test "starting: kill -9 of the hook" {
  interrupted start hook
}

@test "starting: the container of the service goes" {
  interrupted start stop
}

@test "waiting for a lock: kill -9 of the helper" {
  failed waiting helper
}

@test "waiting for a lock: kill -9 of the hook" {
  interrupted waiting hook
}

@test "waiting for a lock: kill -9 of the client of docker" {
  interrupted waiting client
}

@test "waiting for a lock: the container of pg_dump is killed" {
  interrupted waiting sidecar
}

@test "waiting for a lock: kill -9 of the server's process" {
  interrupted waiting backend
}

@test "waiting for a lock: the session is terminated" {
  interrupted waiting session
}

@test "waiting for a lock: the container of the service goes" {
  interrupted waiting stop
}

@test "waiting for a lock: backups:cancel" {
  failed waiting cancel
  assert_equal "$PG_CODE" 12
}

@test "streaming: kill -9 of the helper" {
  failed streaming helper
}

@test "streaming: kill -9 of the hook" {
  failed streaming hook
}

@test "streaming: kill -9 of the client of docker" {
  failed streaming client
}

@test "streaming: the container of pg_dump is killed" {
  failed streaming sidecar
}

@test "streaming: kill -9 of the server's process" {
  failed streaming backend
}

@test "streaming: the session is terminated" {
  failed streaming session
}

@test "streaming: the container of the service is stopped and removed" {
  failed streaming stop
}

@test "streaming: the container of the service is killed" {
  failed streaming die
}

@test "while the service is away, what a dead helper left is removed as far as it can be, the rest after its return" {
  until_moment streaming
  pg_kill "$NAME" helper
  pg_join
  postgres_stop "$NAME"
  run -0 helper tick
  assert_nothing_left
  postgres_start "$NAME"
  run -0 helper tick
  only_whole
  assert_equal "$(ids success)" "$before"
  run -0 helper create "postgres:$NAME"
  only_whole
}

@test "kill -9 of the helper, and of everything it has started, at moments spread over a whole backup" {
  local begin length part moment all
  begin=${EPOCHREALTIME/./}
  helper create "postgres:$NAME" --quiet
  length=$((${EPOCHREALTIME/./} - begin))
  for part in 1 2 3 4 5 6 7; do
    before=$(ids success)
    pg_background create "postgres:$NAME"
    moment=$((length * part / 8))
    sleep "$((moment / 1000000)).$(printf %06d $((moment % 1000000)))"
    all=$(pgrep -P "$PG_PID" | paste -sd, || true)
    kill -KILL "$PG_PID" || true
    [[ $((part % 2)) == 0 || -z $all ]] || pgrep -g "$all" | xargs -r kill -KILL || true
    pg_join
    run -0 helper tick
    only_whole
  done
}
