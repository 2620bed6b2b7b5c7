#!/usr/bin/env bats
# A proxy records the requests of a run without faults. Each fault that applies to a request is then injected in a run of its
# own, which must end with a copy that verifies or with a reported failure, and leave nothing in the bucket.

load ../support/setup
load ../support/s3
load fake
load target

export BATS_TEST_TIMEOUT=900

setup_file() {
  if ! reason=$(s3_possible 2>&1); then
    left_out "$reason"
    return 0
  fi
  s3_start
  head -c 11M /dev/urandom >"$BATS_FILE_TMPDIR/three-parts" # of 5 MiB as a stream; two parts of 8 MiB from a file
  head -c 300K /dev/urandom >"$BATS_FILE_TMPDIR/one-part"
}

setup() {
  skip_left_out
  unset "${!AWS_@}"
}

teardown() {
  [[ -z ${PROXY:-} ]] || proxy_stop
}

keys() {
  s3_bucket GET | grep -o '<Key>[^<]*' | sed 's,^<Key>[^/]*/,,' | grep -vxF RECOVERY.md
}

assert_empty_bucket() {
  assert_equal "$(s3_bucket GET '?uploads=' | grep -c '<UploadId>')" 0 || return 1
  assert_equal "$(keys)" ""
}

# Ceph stores everything in memory here. Once that is full, writes block forever.
empty_bucket() {
  local keys
  keys=$(s3_bucket GET | grep -o '<Key>[^<]*' | cut -c6- | paste -sd,)
  [[ -z $keys ]] || s3_bucket DELETE "/{$keys}"
}

# target_at ENDPOINT: changes the endpoint of the target
target_at() {
  helper target-set offsite endpoint "$1" --force --quiet
}

target_add() {
  helper target-add offsite s3 --bucket "$BUCKET" --endpoint "$BACKUPS_TEST_S3_ENDPOINT" --stall-timeout 3 \
    --part-size 5 --quiet \
    <<<"$BACKUPS_TEST_S3_KEY:$BACKUPS_TEST_S3_SECRET"
}

# live TEXT [FILE]: sets the live data to TEXT, followed by FILE
live() {
  fake_source fake:db "$1"
  [[ -z ${2:-} ]] || cat "$BATS_FILE_TMPDIR/$2" >>"$FAKE/live/fake/db/one"
  sha256sum <"$FAKE/live/fake/db/one" >"$PAIR/$1"
}

lives() {
  assert_equal "$(sha256sum <"$FAKE/live/fake/db/one")" "$(<"$PAIR/$1")"
}

newest() {
  helper list --format json | jq -r '.backups[0].id'
}

PHASES=(upload copy give_up download restore delete sync)

# Each phase has three functions: `before` runs without the proxy, `act` through it, and `after` without it again, with the
# exit code of `act`.

before_upload() {
  live first three-parts
}

act_upload() {
  helper create fake:db --target offsite --quiet
}

after_upload() {
  if [[ $1 != 0 ]]; then
    assert_empty_bucket || return 1
    [[ $(copy_of "$(newest)" offsite) != success ]] || fail "it failed, and its copy is called a success"
    return
  fi
  assert_equal "$(s3_bucket GET '?uploads=' | grep -c '<UploadId>')" 0 || return 1
  assert_equal "$(copy_of "$(newest)" offsite)" success || return 1
  helper verify "$(newest)" --target offsite --quiet
}

before_copy() {
  live first three-parts
}

act_copy() {
  helper create fake:db --target local,offsite --quiet
}

after_copy() {
  after_upload "$1" || return 1
  helper verify "$(newest)" --target local --quiet
}

before_give_up() {
  live first three-parts
  # shellcheck disable=SC2016 # for the hook
  knob export-after '[[ $2 == one ]] || exit 1'
}

act_give_up() {
  helper create fake:db --target offsite --quiet
}

after_give_up() {
  [[ $1 != 0 ]] || fail "a create whose exporter failed exited 0" || return 1
  helper list --quiet >/dev/null
  after_upload "$1"
}

before_download() {
  live first one-part
  helper create fake:db --target offsite --quiet >/dev/null
}

act_download() {
  helper download "$(newest)" --artifact one >"$PAIR/got"
}

after_download() {
  [[ $1 != 0 ]] || assert_equal "$(sha256sum <"$PAIR/got")" "$(<"$PAIR/first")" || return 1
  helper verify "$(newest)" --target offsite --quiet
}

before_restore() {
  before_download
  live second
}

act_restore() {
  helper restore "$(newest)" --force --no-safety-backup --quiet
}

after_restore() {
  lives "$([[ $1 == 0 ]] && echo first || echo second)" || return 1
  helper verify "$(newest)" --target offsite --quiet
}

# Deletes the older backup, since the last good one is not deleted without a terminal.
before_delete() {
  before_download
  ID=$(newest)
  helper create fake:db --target local --quiet >/dev/null
}

act_delete() {
  helper delete "$ID" --force --quiet
}

after_delete() {
  helper list --quiet >/dev/null
  assert_empty_bucket || return 1
  refute_contains "$(helper list --format json)" "\"$ID\""
}

before_sync() {
  before_download
  ID=$(newest) HOST=$(helper info "$(newest)" --format json | jq -r .manifest.host)
  fresh_root
  target_add
}

act_sync() {
  helper sync offsite --host "$HOST" --quiet
}

after_sync() {
  [[ $1 != 0 ]] || assert_equal "$(newest)" "$ID" || return 1
  helper sync offsite --host "$HOST" --quiet || return 1
  assert_equal "$(copy_of "$ID" offsite)" success || return 1
  helper verify "$ID" --target offsite --quiet || return 1
  assert_equal "$(helper download "$ID" --artifact one | sha256sum)" "$(<"$PAIR/first")"
}

# begin PHASE NAME: makes a directory, a root, a bucket and hooks for one run
begin() {
  PAIR=$BATS_TEST_TMPDIR/$2
  mkdir "$PAIR"
  BATS_TEST_TMPDIR=$PAIR
  BUCKET=${2//[_.]/-}-$BATS_TEST_NUMBER-$RANDOM
  s3_bucket PUT >/dev/null || return 1
  fresh_root
  HOOKS=$PAIR/no-hooks # only the hooks of `fake` are copied, since this is repeated hundreds of times
  mkdir "$HOOKS"
  fake_hooks
  target_add
  helper set --global compression none --quiet
  "before_$1"
}

# through_proxy PHASE [OPTION...]: runs the `act` of the phase; sets CODE
through_proxy() {
  proxy_start "${@:2}" ${LIKE:+--like "$LIKE"}
  target_at "$PROXY_ENDPOINT"
  CODE=0
  "act_$1" >"$PAIR/out" 2>"$PAIR/err" || CODE=$?
  proxy_stop
  target_at "$BACKUPS_TEST_S3_ENDPOINT"
  ! grep ^violation "$PAIR/requests"
}

# passes KIND: succeeds if a retry must overcome a single fault of that kind
passes() {
  [[ ! $1 =~ ^(403|corrupt-answer|web-page)$ ]]
}

# pair PHASE N KIND [TIMES]: runs a phase with a fault at request N. With LIKE set, the proxy imitates that provider.
pair() {
  local phase=$1 kind=$3 times=${4:-1} started
  begin "$phase" "$phase.$2.$kind${LIKE:+.$LIKE}" || return 1
  [[ $times == 1 ]] || helper target-set offsite attempts 3 --quiet
  started=${EPOCHREALTIME/./}
  through_proxy "$phase" --fault "$kind" --at "$2" --times "$times" || return 1
  grep -q ^hit "$PAIR/requests" || fail "it was not hit" || return 1
  if [[ $CODE != 0 ]]; then
    [[ $phase == give_up || $times != 1 ]] || ! passes "$kind" || fail "it failed with $CODE: $(<"$PAIR/err")" || return 1
    [[ $(tail -n 1 "$PAIR/err") == ' !     '* ]] || fail "it failed with $CODE and said: $(<"$PAIR/err")" || return 1
  fi
  [[ $kind != 503 || $((${EPOCHREALTIME/./} - started)) -ge 1000000 ]] || fail "Retry-After was not kept" || return 1
  "after_$phase" "$CODE" || fail "(it had ended with $CODE: $(<"$PAIR/err"))" || return 1
  empty_bucket
  rm -r "$PAIR"
}

# pairs_of PHASE: prints "PHASE N KIND" for every request of a run without faults, and every fault that applies to it.
# Requests for parts and HEAD requests are numerous and alike, so that faults after which they are only repeated apply to the
# first of them only.
pairs_of() {
  (
    begin "$1" "$1.clean${LIKE:+.$LIKE}" && through_proxy "$1" && "after_$1" "$CODE" || fail "$(cat "$PAIR"/err)" || exit 1
    awk -F '\t' -v phase="$1" '
      function pairs(kinds, n, i, kind) { n = split(kinds, kind, " "); for (i = 1; i <= n; ++i) print phase, $2, kind[i] }
      $1 != "request" { next }
      { pairs("drop drop-after web-page 403 500") }
      $3 !~ /^(HeadObject|UploadPart)$/ || !seen[$3, $6]++ { pairs("delay truncate reset slow-drip 429 503") }
      $4 > 0 { pairs("corrupt-request") }
      $5 > 0 { pairs("corrupt-answer") }
      $3 == "CompleteMultipartUpload" { pairs("error-in-200") }' "$PAIR/requests" | sort
  )
}

# in_peace COMMAND...: runs the command without the traps of bats, which take as long as the command itself
in_peace() {
  trap - DEBUG ERR
  "$@"
}

# Waits for the first of the workers of all_pairs to end.
wait_for_one() {
  local ended i
  wait -n -p ended "${workers[@]}"
  for i in "${!workers[@]}"; do
    [[ ${workers[$i]} != "$ended" ]] || unset "workers[$i]"
  done
}

# all_pairs TIMES REGEX PHASE...: runs all pairs whose kind matches, and prints those that failed
all_pairs() {
  local times=$1 kinds=$2 phase pair pairs=() workers=()
  shift 2
  for phase in "$@"; do
    pairs_of "$phase" >"$BATS_TEST_TMPDIR/$phase.pairs" || fail "the clean $phase" || return 1
    [[ $(wc -l <"$BATS_TEST_TMPDIR/$phase.pairs") -ge 20 ]] || fail "a clean $phase makes hardly a request" || return 1
    mapfile -t -O "${#pairs[@]}" pairs < <(grep -E " ($kinds)\$" "$BATS_TEST_TMPDIR/$phase.pairs")
  done
  : >"$BATS_TEST_TMPDIR/wrong"
  for pair in "${pairs[@]}"; do
    # Not a bare `wait`: bats has a child of its own that sleeps until the time-out.
    [[ ${#workers[@]} -lt 6 ]] || wait_for_one
    # shellcheck disable=SC2086 # words
    { in_peace pair $pair "$times" >"$BATS_TEST_TMPDIR/${pair// /.}.said" 2>&1 3>&- || echo "$pair" >>"$BATS_TEST_TMPDIR/wrong"; } &
    workers+=($!)
  done
  wait "${workers[@]}"
  while read -r pair; do
    echo "== $pair"
    cat "$BATS_TEST_TMPDIR/${pair// /.}.said"
  done <"$BATS_TEST_TMPDIR/wrong"
  echo "of ${#pairs[@]} pairs"
  [[ ! -s $BATS_TEST_TMPDIR/wrong ]]
}

@test "the proxy refuses what Ceph takes: a wrong region, headers that are not signed, a digest of other bytes" {
  begin upload strict
  helper target-set offsite region eu-west-1 --quiet
  through_proxy upload && false
  assert_equal "$CODE" 13
  assert_match "$(proxied violation)" '^the scope is [0-9]{8}/eu-west-1/s3/aws4_request, not [0-9]{8}/us-east-1/s3/aws4_request'
  proxy_start
  run -22 curl -sS --fail "$PROXY_ENDPOINT/$BUCKET/key" -T "$BATS_FILE_TMPDIR/one-part" -H 'x-amz-meta-more: x' \
    -H 'x-amz-date: 20260102T030405Z' -H "x-amz-content-sha256: $(sha256sum </dev/null | cut -d' ' -f1)" -H 'Authorization: AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=0'
  proxy_stop
  assert_contains "$(proxied violation)" "the scope is 20260101/us-east-1/s3/aws4_request, not 20260102/us-east-1/s3/aws4_request"
  assert_contains "$(proxied violation)" "x-amz-meta-more is not signed"
  assert_match "$(proxied violation)" "x-amz-content-sha256 is e3b0c442.*, not that of the body"
}

@test "clean runs end well, and break no rule of a strict server" {
  local phase
  for phase in "${PHASES[@]}"; do
    pairs_of "$phase" >/dev/null
  done
}

@test "upload: requests x faults" {
  all_pairs 1 '.*' upload
}

@test "copy of a local one: requests x faults" {
  all_pairs 1 '.*' copy
}

@test "an upload given up: requests x faults" {
  all_pairs 1 '.*' give_up
}

@test "download and restore: requests x faults" {
  all_pairs 1 '.*' download restore
}

@test "delete and sync: requests x faults" {
  all_pairs 1 '.*' delete sync
}

@test "a fault that stays, at every request" {
  all_pairs 99 drop "${PHASES[@]}"
}

@test "as Amazon, Google, Cloudflare and servers with the minimum answer: an upload x faults" {
  local LIKE
  for LIKE in aws gcs r2 minimal; do
    all_pairs 1 'drop-after|500' upload
  done
}

@test "as Google and servers with the minimum answer: a copy, a deletion and a sync x a fault" {
  local LIKE
  for LIKE in gcs minimal; do
    all_pairs 1 500 copy delete sync
  done
}

@test "a server that answers 200 and HTML to everything stores nothing, and no command says that it did" {
  local LIKE=console
  begin delete console
  through_proxy upload && [[ $CODE == 13 ]] || fail "it ended with $CODE: $(<"$PAIR/err")"
  assert_contains "$(<"$PAIR/err")" "the answer is a web page, so this is not an S3 API"
  for act in read sync_own delete; do
    through_proxy "$act" && [[ $CODE != 0 ]] || fail "$act ended with $CODE: $(<"$PAIR/err")"
    [[ $act == delete ]] || assert_equal "$(copy_of "$ID" offsite)" success # neither damaged nor missing
  done
  assert_contains "$(keys)" "$ID"
}

act_read() {
  helper verify "$ID" --target offsite --quiet
}

act_sync_own() {
  helper sync offsite --quiet
}

@test "a key that may only write: copies are made, and RECOVERY.md by a put alone" {
  begin upload write-only
  local LIKE=write-only
  through_proxy upload
  assert_equal "$CODE" 0 || fail "$(<"$PAIR/err")"
  refute_contains "$(<"$PAIR/err")" RECOVERY.md
  assert_contains "$(s3_bucket GET)" "/RECOVERY.md</Key>"
  helper verify "$(newest)" --target offsite --quiet
}
