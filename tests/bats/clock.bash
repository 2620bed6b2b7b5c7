# shellcheck shell=bash
# shellcheck disable=SC2034 # BASE is used by the files that load this
# Schedules of fake:db and the tick that cron starts, for tests that move the clock. Load after ../support/setup and fake.

setup() {
  fresh_root
  fake_hooks
  fake_source fake:db first
  export TZ=UTC
  BASE='2026-03-02 10:00:30' # a Monday
}

# tick TIME: runs a tick at that time; its messages are in $output.
tick() {
  run -0 at "$1" helper tick
}

schedule() {
  at "$BASE" helper schedule "$@" --quiet
}

# made [SCHEDULE]: prints the number of existing backups, of that schedule if one is given.
made() {
  catalog "SELECT count(*) FROM backups WHERE status = 'success' AND deleted_at IS NULL AND ('${1:-}' = '' OR schedule = '${1:-}')"
}
