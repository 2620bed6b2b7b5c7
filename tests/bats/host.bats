#!/usr/bin/env bats
# The identity of a host in its buckets: renamed hosts, cloned machines, and backups below a name that another machine may
# use.

load ../support/setup
load ../support/s3
load ../support/machine
load fake
load target

setup() {
  target_setup
  require_machine
  s3_bucket PUT >/dev/null
  MACHINE=1 BOOT=a NAME=prod
}

# Runs the helper on the machine MACHINE with the host name NAME.
helper() {
  local verb=$1
  shift
  # shellcheck disable=SC2153 # fresh_root sets ROOT
  on_machine "$(machine_number "$MACHINE")" "$BOOT" "$NAME" "$BACKUPS_HELPER" "$verb" --root "$ROOT" --hooks "$HOOKS" "$@" 3>&-
}

name_of_host() {
  helper host --format json | jq -r .name
}

below() {
  s3_bucket GET | grep -o "<Key>$1/fake[^<]*json" | sed 's,.*/,,; s,\.json$,,' | sort
}

# beyond ID: waits for the next second. Otherwise both machines could make backups with the same id, which is tested
# elsewhere.
beyond() {
  until [[ $(date -u +%F-%H-%M-%S) > ${1:3:19} ]]; do sleep 0.1; done
}

# Copies ROOT to CLONE, as a cloned machine has it. The hooks are the same.
clone() {
  CLONE=$(mktemp -d "$BATS_TEST_TMPDIR/clone.XXXXXX")
  cp -a "$ROOT/." "$CLONE"
}

@test "a renamed host finds its copies off-site, keeps its name, and prune and delete reach them" {
  local first second
  target_add offsite
  first=$(created --target local,offsite)
  second=$(created --target local,offsite)
  host=$(name_of_host)
  NAME=renamed.example.com
  assert_equal "$(name_of_host)" "$host"
  helper verify "$first" --target offsite --quiet
  assert_equal "$(copy_of "$second" offsite)" success
  created --target offsite >/dev/null
  assert_equal "$(below "$host" | wc -l)" 3
  helper set fake:db keep-manual last=1 --quiet
  run -0 --separate-stderr helper prune fake:db --format json
  assert_equal "$(below "$host" | wc -l)" "$(helper list --format json | jq '[.backups[].copies[] | select(.target == "offsite" and .status == "success")] | length')"
  refute_contains "$(below "$host")" "$first"
  [[ ! $(below renamed) ]]
}

@test "on another machine new backups go below a new name at once, and nothing of the old one is removed" {
  local original clones host fresh
  target_add offsite
  original=$(created --target local,offsite)
  created --target local,offsite >/dev/null
  host=$(name_of_host)
  helper set fake:db keep-manual last=1 --quiet
  MACHINE=2 BOOT=b
  run -0 --separate-stderr helper create fake:db --target local,offsite
  clones=$output
  assert_contains "$stderr" "backups-helper host --keep"
  fresh=$(name_of_host)
  [[ $fresh != "$host" ]]
  assert_equal "$(below "$fresh")" "$clones"
  helper prune fake:db --quiet
  assert_equal "$(below "$host" | wc -l)" 2
  run -11 --separate-stderr helper delete "$original" --target offsite --force
  assert_contains "${stderr_lines[-1]}" "backups-helper host --keep"
  run -0 --separate-stderr helper host --format json
  assert_json '.doubtful | join(" ")' "$host"
  # Its copies can still be read.
  helper verify "$original" --target offsite --quiet
  helper sync offsite --quiet
  # One incident is recorded, however many commands met it.
  assert_equal "$(catalog "SELECT count(*) FROM incidents WHERE kind = 'identity'")" 1
}

@test "host --keep: the copies are this machine's again; host --new: they stay the other's" {
  local first kept host decision
  for decision in keep new; do
    fresh_root
    MACHINE=1 BOOT=a
    # shellcheck disable=SC2034 # for s3_bucket
    BUCKET=b$BATS_TEST_NUMBER-$decision-$RANDOM
    s3_bucket PUT >/dev/null
    target_add offsite
    first=$(created --target local,offsite)
    host=$(name_of_host)
    MACHINE=2 BOOT=b
    kept=$(created --target local,offsite 2>/dev/null)
    helper host --$decision --quiet
    assert_equal "$(helper host --format json | jq -c .doubtful)" "[]"
    assert_equal "$(catalog "SELECT count(*) FROM incidents WHERE kind = 'identity'")" 0
    helper verify "$first" --target offsite --quiet
    helper delete "$first" --force --quiet
    if [[ $decision == keep ]]; then
      assert_equal "$(name_of_host)" "$host"
      assert_equal "$(below "$host")" ""
      helper verify "$kept" --target offsite --quiet
    else
      assert_equal "$(below "$host")" "$first"
    fi
  done
}

@test "a clone that kept the machine id: what it wrote below our name stops pruning there" {
  local mine theirs host
  target_add offsite
  created --target local,offsite >/dev/null
  host=$(name_of_host)
  clone
  BOOT=b
  theirs=$(ROOT=$CLONE created --target offsite)
  BOOT=c
  beyond "$theirs"
  mine=$(created --target local,offsite)
  created --target local,offsite >/dev/null
  assert_equal "$(below "$host" | wc -l)" 4
  helper set fake:db keep-manual last=1 --quiet
  run -0 --separate-stderr helper prune fake:db
  assert_contains "$stderr" "was not written by this machine"
  assert_equal "$(below "$host" | wc -l)" 4
  [[ $(name_of_host) != "$host" ]]
  # With host --keep, the backups of the other host remain in its name.
  helper host --keep --quiet
  helper prune fake:db --quiet
  refute_contains "$(below "$host")" "$mine"
  assert_contains "$(below "$host")" "$theirs"
  run -0 --separate-stderr helper sync offsite --format json
  assert_json '.targets[0].foreign | join(" ")' "fake:$theirs"
}

@test "a copy of the state directory on the same machine, in the same boot, is told apart too" {
  local theirs host
  target_add offsite
  created --target local,offsite >/dev/null
  host=$(name_of_host)
  clone
  theirs=$(ROOT=$CLONE created --target offsite)
  beyond "$theirs"
  created --target local,offsite >/dev/null
  helper set fake:db keep-manual last=1 --quiet
  run -0 --separate-stderr helper prune fake:db
  assert_contains "$stderr" "was not written by this machine"
  assert_equal "$(below "$host" | wc -l)" 3
  [[ $(name_of_host) != "$host" ]]
}

@test "two machines of one name in the same second: the loser leaves the winner's files" {
  local id host there
  target_add offsite
  created --target local,offsite >/dev/null
  host=$(name_of_host)
  clone
  id=$(ROOT=$CLONE created --target offsite)
  there=$(keys)
  # This machine begins a backup in the same second as the other one.
  run -11 --separate-stderr on_machine "$(machine_number 1)" a prod env LD_PRELOAD="$(faketime_library)" \
    FAKETIME="${id:3:10} ${id:14:2}:${id:17:2}:${id:20:2}" FAKETIME_DONT_FAKE_MONOTONIC=1 TZ=UTC "$BACKUPS_HELPER" create fake:db --target offsite \
    --root "$ROOT" --hooks "$HOOKS"
  assert_contains "$stderr" "already"
  assert_equal "$(keys)" "$there"
}

# two_hosts TIME TIME: makes two independent hosts, each with its own fake:db, that share a bucket. The backup OTHER is of the
# host OTHERS_NAME, OWN is of this one.
two_hosts() {
  target_add offsite
  OTHER=$(at "$1" created --target local,offsite)
  OTHERS_NAME=$(name_of_host)
  fresh_root
  # shellcheck disable=SC2034 # for on_machine
  MACHINE=2
  target_add offsite
  OWN=$(at "$2" created)
}

@test "a backup of another host that has the id of one of ours is no tampering, and goes not with ours" {
  local there
  two_hosts '2026-03-02 02:00:01' '2026-03-02 02:00:01'
  assert_equal "$OWN" "$OTHER"
  there=$(keys)
  run -9 --separate-stderr helper sync offsite --host "$OTHERS_NAME"
  assert_contains "$stderr" "the catalog has another backup of that id"
  assert_equal "$(catalog "SELECT count(*) FROM incidents WHERE kind = 'tampering'")" 0
  assert_equal "$(copy_of "$OWN" offsite)" ""
  helper delete "$OWN" --quiet <<<"$OWN"
  assert_equal "$(keys)" "$there"
}

@test "a backup taken over from another host is no run of our schedule, and protects no deploy" {
  export TZ=UTC
  printf '#!/bin/bash\necho fake:db\n' >"$HOOKS/generic/links"
  chmod +x "$HOOKS/generic/links"
  two_hosts '2026-03-02 10:00:00' '2026-03-02 09:00:00'
  at '2026-03-02 10:00:05' helper sync offsite --host "$OTHERS_NAME" --quiet
  helper set --global before-deploy true --quiet
  run -0 at '2026-03-02 10:00:30' helper trigger before-deploy web runs
  refute_contains "$output" "Skipped"
  run -0 --separate-stderr helper restore "$OTHER" --dry-run
  assert_contains "$stderr$output" "on another host: $OTHERS_NAME"
}

@test "host takes no words, and no two decisions at once" {
  run -2 --separate-stderr helper host --keep --new
  run -2 --separate-stderr helper host keep
}
