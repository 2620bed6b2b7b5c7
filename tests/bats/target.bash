# shellcheck shell=bash
# shellcheck disable=SC2034 # variables are used by the files that load this
# Helpers for copies on a real S3 server. Load after ../support/setup, ../support/s3 and fake.
#
#   target_setup                  makes a root with the source fake:db; sets BUCKET to a new name; unsets AWS_*
#   target_add NAME [OPTION...]   adds a target for the bucket
#   created [OPTION...]           takes a backup of fake:db; prints its id
#   copy_of ID TARGET             prints the status of its copy there
#   keys                          prints the keys in the bucket, without the name of the host
#   unfinished                    prints the number of unfinished uploads
#   proxy_start [OPTION...]       starts the strict proxy in front of the server; sets PROXY, PROXY_ENDPOINT, PROXY_LOG
#   proxy_stop
#   proxied KIND                  prints the entries of that kind in the log ("violation"), without the numbers of requests

setup_file() {
  if ! reason=$(s3_possible 2>&1); then
    left_out "$reason"
    return 0
  fi
  s3_start
}

teardown_file() {
  s3_stop
}

target_setup() {
  skip_left_out
  unset "${!AWS_@}"
  export AWS_EC2_METADATA_DISABLED=true
  fresh_root
  fake_hooks
  fake_source fake:db first
  export BUCKET=b$BATS_TEST_NUMBER-$RANDOM
}

target_add() {
  local name=$1
  shift
  helper target-add "$name" s3 --bucket "$BUCKET" --endpoint "$BACKUPS_TEST_S3_ENDPOINT" "$@" --quiet \
    <<<"$BACKUPS_TEST_S3_KEY:$BACKUPS_TEST_S3_SECRET"
}

created() {
  helper create fake:db --quiet "$@"
}

copy_of() {
  helper info "$1" --format json | jq -r --arg target "$2" '.copies[] | select(.target == $target) | .status'
}

keys() {
  s3_bucket GET | grep -o '<Key>[^<]*' | sed 's,^<Key>[^/]*/,,' | sort
}

unfinished() {
  s3_bucket GET '?uploads=' | grep -o '<UploadId>' | wc -l
}

proxy_start() {
  PROXY_LOG=${PAIR:-$BATS_TEST_TMPDIR}/requests
  "$SUPPORT/s3-proxy" --server "${BACKUPS_TEST_S3_ENDPOINT#http://}" --log "$PROXY_LOG" "$@" >"$PROXY_LOG.port" 3>&- &
  PROXY=$!
  wait_until 30 test -s "$PROXY_LOG.port"
  PROXY_ENDPOINT=http://127.0.0.1:$(<"$PROXY_LOG.port")
}

proxy_stop() {
  kill "$PROXY"
  wait "$PROXY" 2>/dev/null || true
  rm "$PROXY_LOG.port"
  unset PROXY
}

proxied() {
  grep "^$1" "$PROXY_LOG" | cut -f 3-
}
