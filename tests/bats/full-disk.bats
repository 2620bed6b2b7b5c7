#!/usr/bin/env bats
# A state directory on a disk that is completely full, or read-only: backups can still be listed, and disk space can be freed
# by the commands of this program.
#
# shellcheck disable=SC2016 # for the shell of sqlite3

load ../support/setup
load fake

setup() {
  require_root || return 0
  DISK=$BATS_TEST_TMPDIR/disk
  mkdir "$DISK"
  fake_hooks
  fake_source fake:db "$(head -c 200000 /dev/urandom | base64)"
}

teardown() {
  ! mountpoint -q "$DISK" || umount -l "$DISK"
}

# Mounts a disk of that many MiB, with two backups on it: OLD and NEW.
disk() {
  mount -t tmpfs -o "size=$1m,mode=0700" tmpfs "$DISK"
  two_backups
}

# Does the same with ext4 in a file, with no blocks reserved for root, so that root cannot write to a full disk either.
ext4_disk() {
  truncate -s "$1M" "$BATS_TEST_TMPDIR/image"
  mkfs.ext4 -q -m 0 "$BATS_TEST_TMPDIR/image"
  mount -o loop "$BATS_TEST_TMPDIR/image" "$DISK"
  two_backups
}

two_backups() {
  fresh_root "$DISK/root"
  OLD=$(helper create fake:db --quiet)
  NEW=$(helper create fake:db --quiet)
}

fill() {
  cat /dev/zero >"$DISK/else" 2>/dev/null || true
  echo x 2>/dev/null >"$DISK/else.last" || true
}

scratch() {
  find /dev/shm -maxdepth 1 -name 'backups-??????'
}

reading_works() {
  local before
  before=$(scratch)
  run -0 --separate-stderr helper list fake:db --format json
  assert_json '[.backups[].id] | join(" ")' "$NEW $OLD"
  run -0 --separate-stderr helper list db
  run -0 --separate-stderr helper info "$OLD"
  run -0 --separate-stderr helper logs "$OLD"
  assert_contains "$output" success
  run -0 --separate-stderr helper schedules
  run -0 --separate-stderr helper report --global
  run -0 --separate-stderr helper prune fake:db --dry-run
  helper download fake:db@latest --artifact one | cmp - "$FAKE/live/fake/db/one"
  assert_equal "$(scratch)" "$before"
}

@test "a full disk: what there is can be seen and downloaded, and a backup is refused for want of room" {
  disk 4
  fill
  reading_works
  run -14 --separate-stderr helper create fake:db
  assert_contains "${stderr_lines[-1]}" "backups-helper delete"
  reading_works
}

@test "a full ext4: the same" {
  require_tool mkfs.ext4
  ext4_disk 8
  fill
  reading_works
  run -0 --separate-stderr helper delete "$OLD" --force
  rm "$DISK"/else*
  run -0 --separate-stderr helper list --all --format json
  assert_json '[.backups[] | .deleted_at != null] | join(" ")' "false true"
}

@test "a full disk without ballast: delete makes room by itself, and that is recorded" {
  disk 4
  fill
  run -0 --separate-stderr helper delete "$OLD" --force
  refute_file "$ROOT/fake/db/$OLD.json"
  run -0 --separate-stderr helper list --all --format json
  assert_json '[.backups[] | "\(.id) \(.deleted_at != null)"] | join(", ")' "$NEW false, $OLD true"
  helper verify "$NEW" --quiet
}

@test "a full disk without ballast: prune makes room by itself" {
  disk 4
  helper set --global keep-manual last=1 --quiet
  fill
  run -0 --separate-stderr helper prune --all --quiet
  assert_contains "$output" "$OLD"
  refute_contains "$output" "$NEW"
  run -0 --separate-stderr helper list --format json
  assert_json '[.backups[].id] | join(" ")' "$NEW"
}

@test "the tick takes a ballast, it is lent to delete, prune and restore on a full disk, and the tick makes it whole again" {
  local size
  disk 160
  helper schedule fake:db --daily 02:00 --quiet
  helper tick
  size=$(stat -c %s "$ROOT/ballast")
  [[ $size -ge 2000000 && $(stat -c %b "$ROOT/ballast") -ge $((size / 512)) ]]
  assert_mode "$ROOT/ballast" 600
  fill
  run -14 --separate-stderr helper create fake:db
  assert_equal "$(stat -c %s "$ROOT/ballast")" "$size"
  fake_source fake:db other
  run -14 --separate-stderr helper restore "$NEW" --force
  assert_contains "${stderr_lines[-1]}" "--no-safety-backup"
  run -0 --separate-stderr helper restore "$NEW" --force --no-safety-backup
  helper info "$NEW" --format json >"$BATS_TEST_TMPDIR/info"
  # An artifact that is unpacked into the state directory for a plugin's import needs its own size, and no more.
  cp "$HOOKS/fake/describe" "$BATS_TEST_TMPDIR/describe"
  sed -i 's/"$places" "${artifacts/"$BACKUPS_RUN_DIR" "${artifacts/' "$HOOKS/fake/describe"
  sed -i 's/"beside"/"replace"/' "$HOOKS/fake/type.json"
  rm "$DISK"/else* && helper tick && fill
  run -0 --separate-stderr helper restore "$NEW" --force --no-safety-backup
  cp "$BATS_TEST_TMPDIR/describe" "$HOOKS/fake/describe"
  sed -i 's/"replace"/"beside"/' "$HOOKS/fake/type.json"
  [[ $(stat -c %s "$ROOT/ballast") -lt $size ]]
  fill
  run -0 --separate-stderr helper delete "$OLD" --force
  fill
  run -0 --separate-stderr helper pause fake:db
  fill
  run -0 --separate-stderr helper set fake:db keep-manual last=1
  fill
  run -0 --separate-stderr helper unschedule fake:db daily
  rm "$DISK"/else*
  helper tick
  assert_equal "$(stat -c %s "$ROOT/ballast")" "$size"
  assert_sound
}

@test "suspects that a newer one is like give way when room is short, and neither the newest nor the one from before" {
  local day good small free
  mount -t tmpfs -o size=32m,mode=0700 tmpfs "$DISK"
  fresh_root "$DISK/root"
  helper set --global disk-reserve 1M --quiet
  fake_source fake:db "$(head -c 1500000 /dev/urandom | base64 -w 0)"
  good=$(at '2026-03-02 10:00:00' helper create fake:db --quiet)
  fake_source fake:db "$(head -c 400000 /dev/urandom | base64 -w 0)"
  for day in 03 04 05; do at "2026-03-$day 10:00:00" helper create fake:db --quiet 2>/dev/null; done
  # The free space is the expected size of the next backup plus the reserve, less one and a half small backups.
  small=$(catalog "SELECT stored_size FROM backups ORDER BY key DESC LIMIT 1")
  free=$(($(catalog "SELECT max(stored_size) FROM (SELECT * FROM backups ORDER BY key DESC LIMIT 3)") + 1048576 - small * 3 / 2))
  head -c "$(($(df --output=avail -B1 "$DISK" | tail -n 1) - free))" /dev/zero >"$DISK/else"
  run -0 --separate-stderr at '2026-03-06 10:00:00' helper create fake:db
  assert_contains "$stderr" "Removed db-2026-03-03-10-00-00 from local to free disk space"
  assert_equal "$(catalog "SELECT group_concat(id, ' ') FROM (SELECT id FROM backups WHERE deleted_at IS NULL ORDER BY sequence)")" \
    "$good db-2026-03-05-10-00-00 db-2026-03-06-10-00-00"
  # Where all of them would not suffice, none is given away.
  helper set --global disk-reserve 30M --quiet
  run -14 at '2026-03-07 10:00:00' helper create fake:db
  helper verify db-2026-03-05-10-00-00 --quiet
}

@test "on a full disk the tick leaves half of the ballast to people" {
  local size
  disk 32
  helper tick
  size=$(stat -c %s "$ROOT/ballast")
  fill && helper tick
  fill && helper tick
  fill && helper tick
  assert_equal "$(stat -c %s "$ROOT/ballast")" $((size / 2))
}

@test "what only the write-ahead log has is seen on a full disk too" {
  disk 4
  sqlite3 -batch "$ROOT/catalog.db" "UPDATE backups SET error = 'late'" '.shell kill -9 $PPID' || true
  assert_file "$ROOT/catalog.db-wal"
  rm "$ROOT/catalog.db-shm"
  fill
  run -0 --separate-stderr helper list --format json
  assert_json '[.backups[].error] | join(" ")' "late late"
}

@test "a catalog that was lost is made anew in memory while the disk is full" {
  disk 4
  rm "$ROOT"/catalog.db*
  fill
  reading_works
  run -0 --separate-stderr helper delete "$OLD" --force
  rm "$DISK"/else*
  run -0 --separate-stderr helper list --format json
  assert_json '[.backups[].id] | join(" ")' "$NEW"
}

@test "a read-only disk: what there is can be seen and downloaded, nothing else" {
  disk 4
  mount -o remount,ro "$DISK"
  reading_works
  run -0 --separate-stderr helper verify "$NEW"
  assert_contains "$stderr" "$NEW is valid on local: 2 artifact(s)"
  assert_contains "$stderr" "$NEW is valid on local. This could not be recorded: "
  for words in "delete $OLD --force" "create fake:db" "restore $OLD --force" "set fake:db compression gzip"; do
    # shellcheck disable=SC2086 # words
    run -14 --separate-stderr helper $words
    assert_contains "${stderr_lines[-1]}" "The disk of $ROOT is read-only"
    refute_contains "$stderr" "Free space"
  done
  assert_file "$ROOT/fake/db/$OLD.json"
  mount -o remount,rw "$DISK"
  assert_sound
}
