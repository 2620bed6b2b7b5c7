# shellcheck shell=bash
# Restores a small archive into its staging database through one psql, in one call of docker. It judges nothing: at the
# first statement that fails, load.bash starts over. Sourced by import.
# shellcheck disable=SC2154 # of restore.bash, and import's
# shellcheck source=plugin/hooks/postgres/load.bash
source "${BASH_SOURCE[0]%/*}/load.bash"

# Runs in the container, with a script to run before the archive, one after its data and one at the end, and the options
# of pg_restore. The archive is read twice, from a deleted file in memory, which disappears with this process.
# shellcheck disable=SC2016 # for that shell
small='
{ file=$(mktemp /dev/shm/backups.XXXXXX) && exec 5<>"$file" && rm "$file" && cat >&5; } || exit 3
before=$1 between=$2 after=$3 && shift 3
script=$('$load_script' /dev/fd/5) || exit 3
encoding=${script#*"SET client_encoding = '\''"} encoding=${encoding%%"'\''"*}
fill() {
  rest=${1#*@encoding@}
  printf "%s\n" "${1%%@encoding@*}$encoding${rest%%@script@*}$script${rest#*@script@}"
}
{ fill "$before" && pg_restore -Fc -f - "$@" /dev/fd/5 && printf "%s\n" "$between" && fill "$after"; } |
  exec psql -XqAtw -v ON_ERROR_STOP=1 -v VERBOSITY=terse -d template1'

small-script() { # <file…>: like restore-script, for an archive that only the container has read
  echo "SET search_path = pg_catalog; SET lock_timeout = '60s'; SET synchronous_commit = local;"
  encoding=@encoding@ script=@script@ restore-script "$@"
}

load-small() { # fails if load.bash must restore the archive
  local before between after code=0 here=${BASH_SOURCE[0]%/*}
  [[ $head_size -lt $load_first ]] || return
  before=$(small-script statements create && printf '%s\n' '\connect :"staging"' '\o /dev/null')
  between=$(echo 'RESET search_path;' && cat "$here"/{sequences,analyze}.sql && printf '%s\n' '\o' '\connect template1')
  after=$(small-script statements targets properties && printf '%s\n' '\echo backups: complete')
  [[ ${#before} -lt 30000 ]] || return # the longest argument is 128 KiB
  pgoptions=$load_options postgres-exec env PGCLIENTENCODING=UTF8 sh -c "$small" sh "$before" "$between" "$after" \
    "${options[@]}" <"$work/head" >"$work/said" 2>"$work/log" || code=$?
  case $code in
    0) [[ $(tail -n 1 "$work/said") == 'backups: complete' ]] || return ;;
    3) return 1 ;;
    *)
      cat "$work/log" >&2
      service-still-runs
      hook-fail 1 "the server of $name went away while $artifact was restored (status $code)"
      ;;
  esac
  head -n -1 "$work/said" | restore-warn
}
