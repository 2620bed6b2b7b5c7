#!/usr/bin/env bats
# System calls that fail, as on a disk that is broken, full or read-only. The failure is reported, every success verifies,
# nothing is left, and the live data is undamaged.
#
# shellcheck disable=SC2016 # knobs are code for the hook

load ../support/setup
load fake

setup() {
  require_tool strace || return 0
  fresh_root
  fake_hooks
  fake_source fake:db old
  helper create fake:db --quiet >/dev/null
}

# traced OPTION... VERB WORD...: runs the helper under strace; its calls are in $FAKE/trace, its output in $OUT and $OUT.err.
traced() {
  local options=() status=0
  while [[ $1 == -* ]]; do
    options+=("$1" "$2")
    shift 2
  done
  strace -qq -y -E ASAN_OPTIONS=detect_leaks=0 -o "$FAKE/trace" "${options[@]}" "$BACKUPS_HELPER" "$1" --root "$ROOT" \
    --hooks "$HOOKS" "${@:2}" </dev/null >"$OUT" 2>"$OUT.err" 3>&- || status=$?
  return "$status"
}

# numbers_of CALL REGEX: prints the numbers of those CALLs of a traced command whose paths match.
numbers_of() {
  grep -E "^$1\(" "$FAKE/trace" | grep -nE "$2" | cut -d: -f1
}

# fails_at_every CALL ERROR REGEX CODES CHECK VERB WORD...: runs the command once for each of its CALLs on matching paths,
# which fails with ERROR. The command must exit with one of CODES and print a reason, and CHECK must succeed; it gets the
# code.
fails_at_every() {
  local call=$1 error=$2 regex=$3 codes=$4 check=$5 n numbers status
  shift 5
  traced -e "trace=$call" "$@"
  "$check" 0 || return 1
  numbers=$(numbers_of "$call" "$regex")
  [[ -n $numbers ]] || fail "$1 never calls $call on $regex" || return 1
  for n in $numbers; do
    status=0
    traced -e "trace=$call" -e "inject=$call:error=$error:when=$n" "$@" || status=$?
    grep -q INJECTED "$FAKE/trace" || fail "$call number $n of $1 did not come" || return 1
    [[ $status =~ ^($codes)$ ]] || fail "$1 ended with $status at $(grep INJECTED "$FAKE/trace")" "$(cat "$OUT.err")" || return 1
    [[ $status == 0 || $(tail -n 1 "$OUT.err") =~ ^' !     '.*(cannot|'disk I/O error') ]] || fail "$1 said: $(cat "$OUT.err")" || return 1
    "$check" "$status" || fail "after $call number $n failed: $(grep INJECTED "$FAKE/trace")" || return 1
  done
}

good() {
  catalog "SELECT count(*) FROM backups WHERE status = 'success' AND deleted_at IS NULL"
}

# After a failure, the number of good backups is unchanged.
check_create() {
  assert_sound || return 1
  [[ $1 == 0 ]] || assert_equal "$(good)" "$GOOD" || return 1
  # assert_sound verifies every backup, so that few must exist.
  [[ $(good) -le 2 ]] || helper delete fake:db@latest --force --quiet
  GOOD=$(good)
}

check_restore() {
  local live
  live=$(fake_live fake:db)
  assert_equal "$live" "$([[ $1 == 0 ]] && echo old || echo new)" || return 1
  assert_sound || return 1
  assert_equal "$(fake_live fake:db)" "$live" || return 1
  fake_source fake:db new
}

@test "every file of a backup is synced before it gets its name, and its directory after" {
  local name id
  traced -e trace=fsync,rename create fake:db --quiet
  id=$(<"$OUT")
  for name in "$id.one.dump.zst" "$id.two.dump.zst" "$id.json"; do
    run -0 grep -nE "fsync\(.*/\.$name\.part>\) += 0|^rename\(.*/$name\"\) += 0" "$FAKE/trace"
    assert_match "${lines[0]}" "^[0-9]+:fsync"
    assert_match "${lines[1]}" "^[0-9]+:rename"
    assert_equal "${#lines[@]}" 2
    run -0 sed -n "$((${lines[1]%%:*} + 1))p" "$FAKE/trace"
    assert_match "$output" "^fsync\([0-9]+<$ROOT/fake/db>\) += 0"
  done
  # The manifest is renamed last.
  run -0 grep -n "^rename(.*/$id\." "$FAKE/trace"
  assert_contains "${lines[-1]}" "/$id.json\""
}

@test "create: a sync that fails" {
  fails_at_every fsync EIO "$ROOT/fake" 1 check_create create fake:db --quiet
  fails_at_every fsync EIO "$ROOT/run" 1 check_create create fake:db --quiet
  # A command that also recovers an interrupted backup writes to the catalog more often.
  helper create fake:db --quiet
  fails_at_every fdatasync EIO "$ROOT/catalog" "0|1" check_catalog create fake:db --quiet
}

# A backup with a manifest is successful, even if the catalog could not be updated at first.
check_catalog() {
  assert_sound || return 1
  assert_equal "$(helper info fake:db@latest --format json | jq -r .manifest.id)" "$(helper info fake:db@latest --format json | jq -r .id)" || return 1
  [[ $(good) -le 2 ]] || helper delete fake:db@latest --force --quiet
}

@test "create: a write that finds the disk full" {
  fails_at_every write ENOSPC "$ROOT/(fake|run/[^/]*/[^l])" 14 check_create create fake:db --quiet
  # A lock is valid even if the name of its holder could not be written.
  fails_at_every write ENOSPC "$ROOT/run/[^/]*/lock" 0 check_create create fake:db --quiet
}

@test "create: a write or a rename that fails" {
  fails_at_every write EIO "$ROOT/(fake|run)" 1 check_create create fake:db --quiet
  fails_at_every rename EROFS "$ROOT/(fake|run)" 14 check_create create fake:db --quiet
}

@test "create: a log that can't be written harms nothing" {
  local n
  traced -e trace=write create fake:db --quiet
  for n in $(numbers_of write "$ROOT/logs"); do
    traced -e trace=write -e "inject=write:error=ENOSPC:when=$n" create fake:db --quiet
    assert_sound
  done
}

@test "restore: a sync, a write or a rename that fails" {
  fake_source fake:db new
  fails_at_every fsync EIO "$ROOT/run" "0|1" check_restore restore fake:db@latest --force --no-safety-backup --quiet
  fails_at_every write ENOSPC "$ROOT/run" "0|14" check_restore restore fake:db@latest --force --no-safety-backup --quiet
  fails_at_every rename EIO "$ROOT/run" "0|1" check_restore restore fake:db@latest --force --no-safety-backup --quiet
}

@test "restore: a backup that can't be read through is not put back" {
  local n
  fake_source fake:db new
  traced -e trace=read restore fake:db@latest --force --no-safety-backup --quiet
  check_restore 0
  for n in $(numbers_of read '\.dump\.zst>'); do
    run -1 traced -e trace=read -e "inject=read:error=EIO:when=$n" restore fake:db@latest --force --no-safety-backup --quiet
    assert_contains "$(<"$OUT.err")" "cannot read"
    check_restore 1
  done
}

@test "delete: a file that can't be removed now is removed by the next command" {
  local n
  helper create fake:db --quiet >/dev/null
  helper create fake:db --quiet >/dev/null
  traced -e trace=unlink delete fake:db@latest --force --quiet
  for n in $(numbers_of unlink "$ROOT/fake"); do
    helper create fake:db --quiet >/dev/null
    run -1 traced -e trace=unlink -e "inject=unlink:error=EIO:when=$n" delete fake:db@latest --force --quiet
    assert_sound
    assert_equal "$(catalog "SELECT count(*) FROM backups WHERE deleting OR (deleted_at IS NULL AND status <> 'success')")" 0
  done
  assert_equal "$(good)" 2
}

@test "create: what a failed one can't remove, the next command removes" {
  local n
  knob export 'printf FAKE; [[ $2 == one ]] || exit 1'
  run -1 traced -e trace=unlink create fake:db --quiet
  n=$(numbers_of unlink "$ROOT/fake" | head -n 1)
  run -1 traced -e trace=unlink -e "inject=unlink:error=EROFS:when=$n+" create fake:db --quiet
  assert_contains "$(<"$OUT.err")" "the export of two from fake:db failed with exit code 1"
  assert_file "$ROOT/fake/db/".*.part
  assert_sound
  assert_equal "$(catalog "SELECT error FROM backups ORDER BY key DESC LIMIT 1")" "the export of two from fake:db failed with exit code 1"
}

@test "create: its manifest can't be made durable, and it is killed while it takes all back" {
  local n first kills=0
  traced -e trace=fsync create fake:db --quiet
  n=$(numbers_of fsync "$ROOT/fake/db>" | tail -n 1)
  run -1 traced -e trace=fsync,unlink -e "inject=fsync:error=EIO:when=$n" create fake:db --quiet
  for first in $(numbers_of unlink "$ROOT/fake"); do
    run -137 traced -e trace=fsync,unlink -e "inject=fsync:error=EIO:when=$n" -e "inject=unlink:signal=KILL:when=$first" create fake:db --quiet
    assert_sound
    kills=$((kills + 1))
  done
  [[ $kills -ge 3 ]]
}

@test "a state directory on a read-only disk" {
  require_root
  mount --bind "$ROOT" "$ROOT"
  mount -o remount,ro,bind "$ROOT"
  run -14 --separate-stderr helper create fake:db
  umount "$ROOT"
  assert_equal "$output" ""
  assert_contains "${stderr_lines[-1]}" "$ROOT/"
  assert_contains "${stderr_lines[-1]}" "read-only"
  refute_contains "$stderr" "Free space"
  assert_sound
  assert_equal "$(good)" 1
}
