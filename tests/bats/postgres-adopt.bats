#!/usr/bin/env bats
# Adopted dumps, and exports that claim to be complete, are read to their end and by the engine's own tools before they
# become backups.

load ../support/setup
load ../support/services
load postgres

setup_file() {
  pg_begin postgres:15
  NAME=adopt-$BATS_ROOT_PID
  export NAME
  postgres_create "$NAME"
  postgres_wait "$NAME"
  postgres_fill "$NAME" 2000
  postgres_export "$NAME" >"$DOKKU_LIB_ROOT/dump"
}

teardown_file() {
  pg_end
}

setup() {
  skip_left_out
  DUMP=$DOKKU_LIB_ROOT/dump
}

refused() { # <exit code> <message> <file>
  run "-$1" --separate-stderr helper adopt "postgres:$NAME" <"$3"
  assert_contains "${stderr_lines[-1]}" "$2"
  run -0 --separate-stderr helper list "postgres:$NAME" --all --format json
  assert_json '[.backups[] | select(.trigger == "adopt")] | length' 0
}

@test "an archive that was cut, anywhere, is not adopted and leaves nothing" {
  local size part
  size=$(stat -c %s "$DUMP")
  for part in 6 100 $((size / 2)) $((size - 1)); do
    head -c "$part" "$DUMP" >"$BATS_TEST_TMPDIR/cut"
    refused 7 "" "$BATS_TEST_TMPDIR/cut"
  done
  refused 7 "the dump of" /etc/passwd
  refused 2 "no dump was given on stdin" /dev/null
}

@test "an archive whose compressed data are damaged, in whole frames, is told by pg_restore" {
  cp "$DUMP" "$BATS_TEST_TMPDIR/damaged"
  turn_bit "$BATS_TEST_TMPDIR/damaged" $(($(stat -c %s "$DUMP") * 2 / 3))
  refused 7 "pg_restore cannot read the dump" "$BATS_TEST_TMPDIR/damaged"
}

@test "an archive of a newer pg_dump than the server's is refused with its reason" {
  { head -c 6 "$DUMP" && printf '\x7f' && tail -c +8 "$DUMP"; } >"$BATS_TEST_TMPDIR/newer"
  refused 11 "made by a newer pg_dump" "$BATS_TEST_TMPDIR/newer"
}

@test "a good one is adopted, and restores" {
  local digest id
  digest=$(postgres_digest "$NAME")
  run -0 --separate-stderr helper adopt "postgres:$NAME" --quiet <"$DUMP"
  id=$output
  postgres_psql "$NAME" -c 'DROP SCHEMA public CASCADE; CREATE SCHEMA public'
  run -0 --separate-stderr helper restore "postgres:$id" --force --no-safety-backup
  assert_equal "$(postgres_digest "$NAME")" "$digest"
}

@test "an exporter that ends well after half an archive, or half the roles, makes no backup" {
  local hooks=$HOOKS artifact
  for artifact in globals "${NAME//-/_}"; do
    HOOKS=$DOKKU_LIB_ROOT/hooks.$artifact
    cp -rL "$hooks" "$HOOKS"
    mv "$HOOKS/postgres/export" "$HOOKS/postgres/export.whole"
    cat >"$HOOKS/postgres/export" <<HOOK
#!/usr/bin/env bash
set -o pipefail
if [[ \$2 == "$artifact" ]]; then "\${BASH_SOURCE[0]}.whole" "\$@" | head -c 300; else exec "\${BASH_SOURCE[0]}.whole" "\$@"; fi
exit 0
HOOK
    chmod -R a+rX "$HOOKS"
    chmod 755 "$HOOKS/postgres/export"
    run -1 --separate-stderr helper create "postgres:$NAME"
    assert_contains "$stderr" "the dump of $artifact is incomplete: "
  done
}
