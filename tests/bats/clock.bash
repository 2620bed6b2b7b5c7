# shellcheck shell=bash
# shellcheck disable=SC2034 # BASE is for whoever loads this
# Schedules of fake:db and the tick that cron starts, with the clock moved; loaded after ../support/setup and fake.

setup() {
  fresh_root
  fake_hooks
  fake_source fake:db first
  export TZ=UTC
  BASE='2026-03-02 10:00:30' # a Monday
}

# tick TIME: what it says is in $output.
tick() {
  run -0 at "$1" helper tick
}

schedule() {
  at "$BASE" helper schedule "$@" --quiet
}

# made [SCHEDULE]: how many backups (of it) were made and not deleted.
made() {
  catalog "SELECT count(*) FROM backups WHERE status = 'success' AND deleted_at IS NULL AND ('${1:-}' = '' OR schedule = '${1:-}')"
}
