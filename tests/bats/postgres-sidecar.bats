#!/usr/bin/env bats
# shellcheck disable=SC2016,SC2034 # for the shell inside; set by name
# The sidecar container of backups and restores of PostgreSQL services: it shows no secrets and leaves nothing, and its
# failures are reported.

load ../support/setup
load postgres

setup_file() {
  pg_begin postgres:15 postgres:18
  export NAME=side-$BATS_ROOT_PID
  postgres_create "$NAME" postgres:18
  postgres_psql "$NAME" -c "CREATE ROLE clerk PASSWORD 'clerks-secret'"
  # While the comment on template1 is "wait", restoring its rows blocks.
  postgres_psql "$NAME" <<'SQL'
CREATE FUNCTION gate() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
  WHILE EXISTS (SELECT FROM pg_shdescription WHERE description = 'wait') LOOP PERFORM pg_sleep(0.05); END LOOP; RETURN true; END $$;
CREATE TABLE gated (i int, CHECK (gate())); INSERT INTO gated SELECT generate_series(1, 20000);
CREATE TABLE bloat (t text) WITH (autovacuum_enabled = off);
CREATE TABLE wide AS SELECT repeat(md5(n::text), 60) AS t FROM generate_series(1, 1000) n;
SQL
  DIGEST=$(postgres_digest "$NAME")
  export DIGEST
}

teardown_file() {
  pg_end
}

# Makes the database too large for `docker exec`, so that its backup uses a sidecar although the dump is short. The dump of
# `wide` is long enough that its restore uses one, too.
bloat() {
  postgres_psql "$NAME" -c "INSERT INTO bloat SELECT repeat(md5(n::text), 60) FROM generate_series(1, 10000) n" -c 'DELETE FROM bloat'
}

# back_and_forth [WORD...]: backs up and restores; all messages are in $said
back_and_forth() {
  bloat
  run -0 --separate-stderr helper create "postgres:$NAME" --quiet
  ID=$output said=$stderr
  postgres_psql "$NAME" -c 'DELETE FROM gated WHERE i > 100'
  run -0 --separate-stderr helper restore "postgres:$ID" --force --no-safety-backup
  said+=$stderr
  assert_equal "$(postgres_digest "$NAME")" "$DIGEST"
  pg_clean "$NAME"
}

falls_back() {
  back_and_forth
  assert_contains "$said" "docker exec"
  run -0 helper info "postgres:$ID" --format json
  assert_json_true '.manifest.warnings | any(contains("docker exec"))'
}

@test "normally nothing is said of docker exec" {
  back_and_forth
  refute_contains "$said" "docker exec"
}

@test "a state directory that dockerd can't see: docker exec does it, and that is said" {
  export DOKKU_LIB_HOST_ROOT=/nosuch/place
  falls_back
}

@test "a state directory that is empty inside the container: docker exec does it, and that is said" {
  cat >"$DOKKU_LIB_ROOT/docker" <<SH
#!/bin/bash
# Without its mounts, a container that is run finds /b empty.
words=()
if [[ \$1 == run ]]; then words=(run --tmpfs /b) && shift; fi
while [[ \$# -gt 0 ]]; do
  if [[ \$1 == --mount ]]; then shift; else words+=("\$1"); fi
  shift
done
exec "${DOCKER_BIN:-docker}" "\${words[@]}"
SH
  chmod 755 "$DOKKU_LIB_ROOT/docker"
  export DOCKER_BIN=$DOKKU_LIB_ROOT/docker
  falls_back
}

@test "a container that dockerd makes for a client that is dead goes all the same" {
  cat >"$DOKKU_LIB_ROOT/docker" <<SH
#!/bin/bash
# A slow dockerd: it creates the container of \`run\` only after the containers have been listed.
docker=${DOCKER_BIN:-docker} asked=$DOKKU_LIB_ROOT/data/asked
case \$1 in
  run)
    words=(create)
    while shift && [[ \$# -gt 0 ]]; do
      if [[ \$1 == --cidfile ]]; then shift && : >"\$1"; else words+=("\$1"); fi
    done
    printf '%q ' "\${words[@]}" >"\$asked"
    exec sleep 100
    ;;
  ps)
    "\$docker" "\$@"
    [[ ! -e \$asked ]] || { eval "\$docker \$(<"\$asked")" >/dev/null && mv "\$asked" "\$asked.made"; }
    ;;
  *) exec "\$docker" "\$@" ;;
esac
SH
  chmod 755 "$DOKKU_LIB_ROOT/docker"
  export DOCKER_BIN=$DOKKU_LIB_ROOT/docker
  bloat
  pg_background create "postgres:$NAME"
  wait_until 60 test -s "$DOKKU_LIB_ROOT/data/asked"
  pg_kill "$NAME" helper
  pg_join
  run -0 --separate-stderr helper tick
  assert_contains "$stderr" "was interrupted"
  assert_file "$DOKKU_LIB_ROOT/data/asked.made"
  pg_clean "$NAME"
}

@test "a Dokku that lives in a container itself: paths are told as the host knows them" {
  require_root
  unshare --mount true 2>/dev/null || skip "needs mount namespaces"
  local inside=$DOKKU_LIB_ROOT.inside
  mkdir "$inside"
  helper_inside() { # <verb> <word…>
    # shellcheck disable=SC2016 # for that shell
    unshare --mount sh -c 'mount --bind "$0" "$1" && export DOKKU_LIB_ROOT=$1 && shift && exec "$@"' "$DOKKU_LIB_ROOT" "$inside" \
      "$BACKUPS_HELPER" "$1" --root "$inside/data/backups" --hooks "$HOOKS" "${@:2}" 3>&-
  }
  export DOKKU_LIB_HOST_ROOT=$DOKKU_LIB_ROOT
  bloat
  run -0 --separate-stderr helper_inside create "postgres:$NAME" --quiet
  refute_contains "$stderr" "docker exec"
  run -0 --separate-stderr helper_inside restore "postgres:$output" --force --no-safety-backup
  refute_contains "$stderr" "docker exec"
  unset DOKKU_LIB_HOST_ROOT
  bloat
  run -0 --separate-stderr helper_inside create "postgres:$NAME" --quiet
  assert_contains "$stderr" "docker exec"
  rmdir "$inside"
  pg_clean "$NAME"
}

# Succeeds once the session of the sidecar, and not the earlier query by docker exec, waits for a lock.
waits_in_a_sidecar() {
  [[ -n $(pg_sidecars) ]] && pg_sees "$NAME" "application_name ~ '^backups' AND wait_event_type = 'Lock'"
}

# Expects the password nowhere but in the environment of the service's own processes, where Dokku has put it.
password_is_safe() {
  local container process file
  cp "$(postgres_dir "$NAME")/PASSWORD" "$BATS_TEST_TMPDIR/secret"
  container=$(postgres_docker inspect -f '{{.Id}}' "dokku.postgres.$NAME")
  for process in /proc/[0-9]*; do
    ! grep -qaFf "$BATS_TEST_TMPDIR/secret" "$process/cmdline" 2>/dev/null || fail "cmdline of $(tr '\0' ' ' <"$process/cmdline")" || return 1
    ! grep -q "$container" "$process/cgroup" 2>/dev/null || continue
    ! grep -qaFf "$BATS_TEST_TMPDIR/secret" "$process/environ" 2>/dev/null || fail "environment of $(tr '\0' ' ' <"$process/cmdline")" || return 1
  done
  while IFS= read -r file; do
    assert_mode "$file" 600
    assert_contains "$file" "$ROOT/run/"
  done < <(grep -rlaFf "$BATS_TEST_TMPDIR/secret" "$ROOT")
  assert_mode "$ROOT" 700
}

sidecar_is_safe() {
  local sidecar
  sidecar=$(pg_sidecars)
  [[ -n $sidecar ]]
  refute_contains "$(postgres_docker inspect "$sidecar")" "$(<"$BATS_TEST_TMPDIR/secret")"
  assert_equal "$(postgres_docker inspect -f '{{.HostConfig.LogConfig.Type}} {{.HostConfig.ReadonlyRootfs}}' "$sidecar")" "none true"
  # There is no anonymous volume for what the image declares as one; it would be left behind.
  assert_json '[.[0].Mounts[].Type] | unique | join(" ")' bind "$(postgres_docker inspect "$sidecar")"
}

nothing_in_files() {
  run -1 grep -rlaF -e "$(<"$BATS_TEST_TMPDIR/secret")" -e clerks-secret -e SCRAM-SHA-256 "$ROOT"
}

@test "the password is nowhere to be seen while a dump runs, nor afterwards" {
  helper set --global compression none --quiet
  pg_hold "$NAME" "$(postgres_file "$NAME" DATABASE_NAME)" 'BEGIN; LOCK TABLE gated;'
  pg_background create "postgres:$NAME"
  wait_until 20 waits_in_a_sidecar
  password_is_safe
  sidecar_is_safe
  pg_release "$NAME"
  pg_join
  assert_equal "$PG_CODE" 0
  nothing_in_files
  helper set --global compression --quiet
}

restore_meanwhile() { # <what to look at meanwhile…>
  pg_backup "$NAME"
  pg_sql "$NAME" template1 -c "COMMENT ON DATABASE template1 IS 'wait'"
  pg_background restore "postgres:$ID" --force --no-safety-backup
  wait_until 30 pg_sees "$NAME" "datname ~ '_new_' AND wait_event = 'PgSleep'"
  for check; do "$check"; done
  pg_sql "$NAME" template1 -c "COMMENT ON DATABASE template1 IS ''"
  pg_join
  assert_equal "$PG_CODE" 0
  nothing_in_files
}

@test "the password is nowhere to be seen while a restore runs, nor afterwards" {
  restore_meanwhile password_is_safe sidecar_is_safe
}

no_sidecar() {
  [[ -z $(pg_sidecars) ]]
}

@test "the password is nowhere to be seen while a small restore runs, which takes no container, nor afterwards" {
  postgres_psql "$NAME" -c 'DROP TABLE wide'
  restore_meanwhile password_is_safe no_sidecar
  postgres_psql "$NAME" -c 'CREATE TABLE wide AS SELECT repeat(md5(n::text), 60) AS t FROM generate_series(1, 1000) n'
}
