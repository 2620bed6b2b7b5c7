#!/usr/bin/env bats
# Commands through a real sshd with Dokku's forced command: arguments that pass two shells and xargs, binary data, exit
# codes, terminals, and clients that disappear.

load ../support/setup
load dokku

setup_file() {
  export ROOT=""
  require_dokku || return 0
  require_docker postgres:15 app:latest || return 0
  require_tool ssh ssh-keygen /usr/sbin/sshd || return 0
  dokku_start
  [[ ! -e $(dokku_lib)/data/backups ]] || left_out "this host has backups of its own" || return 0
  ROOT=$(dokku_lib)/data/backups
  PG=$(unique pg)
  STORE=$(unique store)
  export ROOT PG STORE
  dokku_fixture postgres
  dokku_fixture fakestore
  dokku_fixture acl
  install_backups
  sshd_start
  dokku postgres:create "$PG" --image-version 15 >/dev/null
  pg fill "$PG" 300
  dokku fakestore:create "$STORE" >/dev/null
  head -c 3000000 /dev/urandom | dokku fakestore:import "$STORE" >/dev/null
}

teardown_file() {
  sshd_stop
  [[ -z $ROOT ]] || acl_clear tests-mallory
  services_stop
}

setup() {
  skip_left_out
  SSH_OPTIONS=()
}

teardown() {
  let_go
}

admin() {
  ssh_as admin "$@" 3>&- 9>&-
}

newest() {
  dokku backups:list "$1" --limit 1 --format json | jq -r ".backups[0].$2"
}

count() {
  dokku backups:list --all --limit 0 --format json | jq '.backups | length'
}

in_progress() {
  [[ $(newest "$1" status) == in-progress ]]
}

ended() {
  ! in_progress "$1"
}

# Starts a transaction that locks a table, so that pg_dump waits until let_go.
hold() {
  local session=$BATS_TEST_TMPDIR/session
  rm -f "$session"
  mkfifo "$session"
  pg psql "$PG" <"$session" >/dev/null 2>&1 3>&- &
  exec 9>"$session"
  echo 'BEGIN; LOCK TABLE customer;' >&9
  wait_until 30 held
}

held() {
  [[ $(pg psql "$PG" -c "SELECT count(*) FROM pg_locks WHERE relation = 'customer'::regclass AND granted AND mode = 'AccessExclusiveLock'") == 1 ]]
}

let_go() {
  { echo 'COMMIT;' >&9; } 2>/dev/null || true
  exec 9>&-
}

# vanish JOB: kills the client of a background job, which disappears without closing its session, as if a laptop were closed.
vanish() {
  local job=$1
  kill -KILL "$(pgrep -P "$job")"
  wait "$job" 2>/dev/null || true
}

@test "the words of a command arrive, and what it prints comes back" {
  run -0 --separate-stderr admin backups:create "$STORE" --label nightly </dev/null
  assert_match "$output" "^$STORE-[0-9]{4}(-[0-9]{2}){5}$"
  assert_contains "$stderr" "=====> Backup $output done"
  run -0 --separate-stderr admin backups:info "$output" --format json </dev/null
  assert_json .label nightly
  run -0 --separate-stderr admin backups </dev/null
  assert_match "$output" "    restore +restore a backup"
  run -0 --separate-stderr admin backups:help restore </dev/null
  assert_contains "$output" "--no-safety-backup"
}

@test "a label of several words takes quotes that reach the host" {
  local before
  before=$(count)
  # SSH joins the arguments with spaces, so that the rest of the label is taken for sources. Nothing is backed up.
  run ! --separate-stderr admin backups:create "$STORE" --label "before the move" </dev/null
  assert_equal "$output" ""
  assert_equal "$(count)" "$before"
  for quoted in '"before the move"' "'before the move'" 'before\ the\ move'; do
    run -0 --separate-stderr admin backups:create "$STORE" --label "$quoted" </dev/null
    assert_equal "$(newest "$STORE" label)" "before the move"
  done
  run -0 --separate-stderr admin backups:create "$STORE" --label 'C:\temp' </dev/null
  assert_equal "$(newest "$STORE" label)" C:temp
  run -0 --separate-stderr admin backups:create "$STORE" --label '"*"' </dev/null
  assert_equal "$(newest "$STORE" label)" '*'
}

@test "words that xargs eats, empties or breaks off at change nothing" {
  local before verb
  before=$(count)
  # In Dokku's xargs an apostrophe ends the arguments, -e and "" become an empty one, and --help prints the help of /bin/echo.
  for verb in "create it's" "create $STORE --label it's" "restore it's $STORE@latest --force" "restore $STORE@latest --force --into it's" \
    "delete it's --force" "create $STORE -e" "create -e" 'create ""' "delete -e --force" 'delete "" --force' "delete" "adopt" \
    "create --help" "create --version" "delete $STORE@latest --force --help" "create *" "delete * --force"; do
    run ! --separate-stderr admin "backups:$verb" </dev/null
    assert_equal "$output" ""
  done
  run ! --separate-stderr admin $'backups:create "one\ntwo"' </dev/null
  run ! --separate-stderr admin $'backups:delete "one\ntwo" --force' </dev/null
  assert_equal "$(count)" "$before"
  # Dokku's echo swallows -n, which is why this plugin has no short options.
  run -0 --separate-stderr admin backups:list -n "$STORE" </dev/null
}

@test "a download arrives byte by byte, and so does what is adopted" {
  local id
  id=$(admin backups:create "$STORE" --quiet </dev/null)
  admin backups:download "$id" </dev/null >"$BATS_TEST_TMPDIR/dump"
  cmp "$BATS_TEST_TMPDIR/dump" "$(dokku_lib)/services/fakestore/$STORE/data/content"
  admin backups:download "$id" --raw </dev/null | zstd -dc | cmp - "$BATS_TEST_TMPDIR/dump"
  head -c 3000000 /dev/urandom >"$BATS_TEST_TMPDIR/other"
  id=$(admin backups:adopt "fakestore:$STORE" --quiet <"$BATS_TEST_TMPDIR/other")
  admin backups:download "$id" </dev/null | cmp - "$BATS_TEST_TMPDIR/other"
  # shellcheck disable=SC2002 # a pipe, as people have it
  cat "$BATS_TEST_TMPDIR/other" | admin backups:adopt "fakestore:$STORE" --quiet
  run -0 --separate-stderr admin backups:verify "$STORE@latest" </dev/null
}

@test "with a terminal, a backup is made as without, and bytes are refused" {
  local before
  SSH_OPTIONS=(-tt)
  run -0 admin backups:create "$STORE" </dev/null
  assert_contains "$output" "=====> Backup $STORE-"
  run -0 admin backups:create "$PG" </dev/null
  before=$(count)
  run -2 admin backups:download "$STORE@latest" </dev/null
  assert_contains "$output" "leave out -t"
  run -2 admin backups:adopt "$STORE" </dev/null
  assert_equal "$(count)" "$before"
}

@test "a restore wants the name, typed at a terminal or piped" {
  local content before job
  content=$(dokku_lib)/services/fakestore/$STORE/data/content
  dokku backups:create "$STORE"
  echo changed | dokku fakestore:import "$STORE" >/dev/null
  before=$(sha256sum "$content")
  run -11 admin backups:restore "$STORE@latest" <<<nothing
  run -11 admin backups:restore "$STORE@latest" </dev/null
  SSH_OPTIONS=(-tt)
  run -11 admin backups:restore "$STORE@latest" <<<nothing
  # The client disconnects before it has answered.
  admin backups:restore "$STORE@latest" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 &
  job=$!
  wait_until 30 grep -q 'To proceed' "$BATS_TEST_TMPDIR/out"
  vanish "$job"
  wait_until 30 assert_nothing_left
  assert_equal "$(sha256sum "$content")" "$before"
  run -0 admin backups:restore "$STORE@latest" <<<"$STORE"
  [[ $(sha256sum "$content") != "$before" ]]
  echo changed | dokku fakestore:import "$STORE" >/dev/null
  SSH_OPTIONS=()
  run -0 admin backups:restore "$STORE@latest" <<<"$STORE"
  [[ $(sha256sum "$content") != "$before" ]]
}

@test "exit codes pass through" {
  local code words
  dokku fakestore:create "$STORE-paused" >/dev/null
  dokku fakestore:create "$STORE-stopped" >/dev/null
  dokku fakestore:pause "$STORE-paused"
  dokku fakestore:stop "$STORE-stopped"
  acl_allow tests-mallory
  while read -r code key words; do
    # shellcheck disable=SC2086 # words
    run "-$code" --separate-stderr ssh_as "$key" $words <<<no
    SSH_OPTIONS=(-tt)
    # shellcheck disable=SC2086 # words
    run "-$code" ssh_as "$key" $words <<<no
    SSH_OPTIONS=()
  done <<END
0 admin backups:version
1 admin backups:nothing
2 admin backups:create --colour
3 admin backups:create nosuch
5 admin backups:create $STORE-stopped
6 admin backups:create $STORE-paused
11 admin backups:restore $STORE@latest
20 mallory backups:create fakestore:$STORE
END
  acl_clear tests-mallory
  dokku fakestore:destroy "$STORE-paused" --force >/dev/null
  dokku fakestore:destroy "$STORE-stopped" --force >/dev/null
}

@test "the name of the key decides what may be seen" {
  dokku backups:create "$STORE"
  dokku backups:create "$PG"
  acl_allow tests-mallory "fakestore:$STORE"
  run -0 --separate-stderr ssh_as mallory backups:list --limit 0 --format json </dev/null
  assert_json '[.backups[].source] | unique | join(" ")' "fakestore:$STORE"
  run -20 --separate-stderr ssh_as mallory backups:download "postgres:$PG@latest" </dev/null
  assert_equal "$output" ""
  run -20 --separate-stderr ssh_as mallory backups:adopt "postgres:$PG" <<<PGDMP
  run ! --separate-stderr ssh_as mallory backups:../hooks/postgres/export "$PG" postgres </dev/null
  assert_equal "$output" ""
  acl_clear tests-mallory
}

@test "a client that vanishes in the middle of a backup leaves it to come to its end" {
  local job
  for SSH_OPTIONS in -T -tt; do
    hold
    admin backups:create "$PG" --label "gone$SSH_OPTIONS" </dev/null >/dev/null 2>&1 &
    job=$!
    wait_until 30 in_progress "$PG"
    vanish "$job"
    sleep 1
    in_progress "$PG"
    let_go
    wait_until 60 ended "$PG"
    assert_equal "$(newest "$PG" status)" success
    assert_equal "$(newest "$PG" label)" "gone$SSH_OPTIONS"
    run -0 --separate-stderr dokku backups:verify "$PG@latest"
  done
  assert_nothing_left
}

@test "a client that vanishes in the middle of a restore leaves it to come to its end" {
  local job digest
  for SSH_OPTIONS in -T -tt; do
    digest=$(pg digest "$PG")
    dokku backups:create "$PG"
    pg psql "$PG" -c 'DELETE FROM purchase WHERE id < 50'
    hold
    admin backups:restore "$PG@latest" --force </dev/null >/dev/null 2>&1 &
    job=$!
    wait_until 30 in_progress "$PG"
    vanish "$job"
    sleep 1
    let_go
    wait_until 60 is_back "$digest"
    wait_until 30 nothing_runs
  done
  assert_nothing_left
}

is_back() {
  [[ $(pg digest "$PG" 2>/dev/null) == "$1" ]]
}

nothing_runs() {
  run -3 --separate-stderr dokku backups:cancel "$PG" && assert_nothing_left
}

@test "Ctrl-C at a terminal stops the backup" {
  hold
  SSH_OPTIONS=(-tt)
  run -12 admin backups:create "$PG" < <(wait_until 30 in_progress "$PG" && printf '\003' && sleep 5)
  let_go
  assert_equal "$(newest "$PG" status)" failed
  assert_nothing_left
}
