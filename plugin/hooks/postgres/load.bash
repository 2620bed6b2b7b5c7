# shellcheck shell=bash
# Loads the archive of a database into its staging database: the statements before the data one by one, the data from
# the stream, and the statements after the data one by one. A failed statement is tried again after all others, in a
# session with the settings of the database itself: that of pg_dump has an empty search_path, in which functions with
# unqualified names fail. What fails again is reported, and the helper decides.
# shellcheck disable=SC2034,SC2154 # of restore.bash and import, for them
# shellcheck source=plugin/hooks/postgres/restore.bash
source "${BASH_SOURCE[0]%/*}/restore.bash"

# Does not set search_path: extensions read that of the session and add to it. Nothing need be durable by itself:
# ANALYZE makes everything durable at the end, and an unlogged table, which a crash would empty, tells whether the
# server crashed in between.
load_options="$session_options -c synchronous_commit=off"
load_marker='backups_restore.survives'
load_first=1048576
# Runs in the container: prints how the database was created, from the archive on stdin or in a file.
# shellcheck disable=SC2016 # for that shell
load_script='pg_restore -Fc -C -n backups.none -f - "$@"'

load-more() { # appends more of the archive to $work/head: 1 MiB, then four times as much as there is. Sets head_size
  local had=${head_size:-0}
  head -c $((had == 0 ? load_first : 4 * had)) >>"$work/head"
  head_size=$(stat -c %s "$work/head")
  [[ $head_size -gt $had ]] || hook-fail 1 "the archive of $artifact is truncated"
}

# The archive begins with its table of contents, which says how its database was created. Reads until all of it is
# there.
load-head() { # sets script
  until script=$(postgres-exec sh -c "$load_script" sh "${options[@]}" <"$work/head" 2>"$work/log"); do
    grep -q 'end of file' "$work/log" ||
      hook-fail 1 "this server cannot read the archive of $artifact: $(<"$work/log")"
    load-more
  done
}

# Runs SQL, then the output of a command line of sh (with the archive's options in "$@", and our stdin), then SQL again.
load-psql() { # <SQL> <command line> <SQL>
  local code=0
  # shellcheck disable=SC2016 # for the shell inside
  pgoptions=$load_options postgres-exec sh -c 'db=$1 before=$2 sql=$3 after=$4; shift 4
    { printf "%s\n" "$before" && eval "$sql" && printf "%s\n" "$after" "\\warn backups: complete"; } |
      exec psql -XqAtw -f - -v VERBOSITY=verbose -v ECHO=errors -d "$db" >/dev/null' \
    sh "$(postgres-conninfo "$staging")" "$@" "${options[@]}" 2>"$work/sql" || code=$?
  grep -E '^psql:[^ ]* (ERROR|FATAL|PANIC): |^pg_restore: error|^psql: ' "$work/sql" >&2 || true
  [[ $code -eq 0 ]] || hook-fail 1 "the server of $name went away while $artifact was restored (status $code)"
  grep -qx 'backups: complete' "$work/sql" ||
    hook-fail 1 "$artifact could not be restored: $(grep -m 1 '^pg_restore: error' "$work/sql")"
  rm -f "$work/again"
  failures=$(awk -v again="$work/again" -f "${BASH_SOURCE[0]%/*}/failures.awk" "$work/sql")
}

load-section() { # pre-data | post-data
  local before='' after="CREATE SCHEMA backups_restore; CREATE UNLOGGED TABLE $load_marker AS SELECT 1 AS one;"
  if [[ $1 == post-data ]]; then
    before="SELECT 1 / count(*) FROM $load_marker; DROP SCHEMA backups_restore CASCADE;"
    after="RESET search_path; $(<"${BASH_SOURCE[0]%/*}/sequences.sql")
      SET synchronous_commit = on; ANALYZE;"
  fi
  load-psql "$before" "pg_restore -Fc \"\$@\" --section=$1 -f -" "$after" <"$work/head"
  [[ -n $failures ]] || return 0
  restore-sql statements path
  load-again
  load-judge "$1"
}

load-again() { # the statements in $work/again
  local encoding=UTF8
  [[ ! $script =~ "SET client_encoding = '"([A-Za-z0-9_]+) ]] || encoding=${BASH_REMATCH[1]}
  {
    printf '%s\n' "SET client_encoding = $encoding; SET standard_conforming_strings = on;" \
      "SET check_function_bodies = off; SET xmloption = content; SET row_security = off;" \
      "SET session_replication_role = replica;"
    cat "$work/again"
  } >"$work/retry"
  load-psql '' cat '' <"$work/retry"
}

load-judge() { # <section>: reports the lines of failures
  local code message statement kind line=0
  while IFS=$'\t' read -r code message statement; do
    [[ -n $code ]] || continue
    line=$((line + 1)) kind=$(load-kind "$1" "$code" "$statement")
    [[ $1 == late ]] || ! load-is-late "$code" "$message" "$statement" || kind=late
    case $kind in
      server) hook-fail 1 "$artifact could not be restored: $message ($code)" ;;
      advice) hook-warning "$artifact: $statement $message" ;;
      late) cat "$work/again.$line" >>"$late.sql" ;;
      none) ;;
      *) hook-failure "$artifact" "$kind" "$code" "$(load-object "$statement")" "$message" ;;
    esac
  done <<<"$failures"
}

# True for an extension that depends on the name of its database (pg_cron), and for its objects. Those are restored
# after the swap.
load-is-late() { # <SQLSTATE> <message> <statement>
  [[ $3 != "CREATE EXTENSION "* || $2 != *" in database "* ]] || return 0
  [[ -e $late.sql && $1 =~ ^(42P01|3F000|42883|42704)$ ]]
}

# Classifies a failed statement: `server` (the cause is not this statement), `rebuild` (can be made again from the
# restored data), `guard` (without it something is less protected or wrong), `advice` or `none`.
load-kind() { # <section> <SQLSTATE> <statement>
  local constraint=' ADD CONSTRAINT ("([^"]|"")+"|[^" ]+) (PRIMARY KEY|UNIQUE|EXCLUDE)'
  case "$2 $3" in
    58P01\ CREATE\ *) echo guard ;; # a library is missing in this image
    08* | 53* | 57* | 58* | XX* | *"$load_marker"*) echo server ;;
    ?????\ ANALYZE\;) echo advice ;;
    ?????\ ) echo guard ;; # psql did not print the statement
    # From an archive made before PostgreSQL 11.
    42P06\ CREATE\ SCHEMA\ public\;) echo none ;;
    # Refers to an object that is missing.
    42704\ REVOKE\ * | 42P01\ REVOKE\ * | 42883\ REVOKE\ * | 3F000\ REVOKE\ *) echo rebuild ;;
    ?????\ REVOKE\ * | ?????\ ALTER\ DEFAULT\ PRIVILEGES*\ REVOKE\ *) echo guard ;;
    ?????\ CREATE\ POLICY\ * | *\ ROW\ LEVEL\ SECURITY\; | ?????\ SECURITY\ LABEL\ * | *\ OWNER\ TO\ *) echo guard ;;
    ?????\ CREATE\ UNIQUE\ INDEX\ *) echo guard ;;
    ?????\ GRANT\ * | ?????\ COMMENT\ ON\ * | ?????\ ALTER\ DEFAULT\ PRIVILEGES* | ?????\ SET\ *) echo rebuild ;;
    *) if [[ $1 == pre-data || $3 =~ $constraint ]]; then echo guard; else echo rebuild; fi ;;
  esac
}

load-object() { # <statement>: prints the part that names its object and contains no values
  local text=${1%%[\'\$]*}
  text=${text%% AS *}
  printf '%s' "${text:0:200}"
}

# Runs in the sidecar. Only with -v does pg_restore name the failed entry, among a line for each large object and for
# rows.
# shellcheck disable=SC2016 # for that shell
load_command='said="^(pg_restore: (error|warning|from TOC).*|Command was: INSERT |"
  said="$said.*server closed the.*|.*no connection to the.*)"
  exec 3>&1; { { "$@" 2>&1 >&3 || code=$?; echo "${code:-0}" >&4; } | grep -Eo "$said" >&2
  } 4>&1 | { read -r code; exit "${code:-1}"; }'

load-data() { # [<list of entries>]: from the stream. Sets failures
  local restore
  # -Fc, because detecting the format would open the FIFO twice.
  restore=(pg_restore -v -Fc -w --section=data "${options[@]}" -d "$(postgres-conninfo "$staging")")
  load-stream "$1"
}

load-nowhere() { # reads the stream as a restore does, and fails if a restore would
  local restore=(pg_restore -v -Fc "${options[@]}" -f /dev/null)
  load-stream ''
}

load-stream() { # <list of entries, or nothing>: pipes the data into the command restore. Sets failures
  local feeder code=0
  printf '%s\n' "$1" >"$work/list"
  mkfifo -m 600 "$work/f"
  # Opening waits for the sidecar to open the other end, which may never come.
  cat "$work/head" - <&0 >"$work/f" 2>/dev/null &
  feeder=$!
  postgres-start -e "PGOPTIONS=$load_options" -- sh -c "$load_command" sh "${restore[@]}" ${1:+-L /b/list} /b/f
  postgres-finish || code=$?
  kill "$feeder" 2>/dev/null || true
  if [[ $code -ne 0 ]] && postgres-unmountable; then
    postgres-warn-of-exec
    code=0
    # shellcheck disable=SC2016 # for the shell inside
    cat "$work/head" - | pgoptions=$load_options postgres-exec sh -c 'list=$1; shift; exec 5<&0
      [ -z "$list" ] || set -- "$@" -L /dev/stdin; set -- "$@" /dev/fd/5
      printf "%s\n" "$list" | { '"$load_command"'; }' \
      sh "$1" "${restore[@]}" 2>"$work/log" || code=${PIPESTATUS[1]}
    cat "$work/log" >&2
  fi
  cat >/dev/null
  failures=''
  [[ $code -ne 0 ]] || return 0
  failures=$(awk -f "${BASH_SOURCE[0]%/*}/data-failures.awk" "$work/log")
  # Failures of more than an entry. A dump of INSERTs may have loaded half of one.
  if [[ -z $failures ]] || ! grep -q 'errors ignored on restore' "$work/log" ||
    grep -Eq 'server closed the connection|no connection to the server|^Command was: INSERT ' "$work/log"; then
    hook-fail 1 "$artifact could not be restored (status $code):" \
      "${killed:-$(grep -m 1 '^pg_restore: error' "$work/log")}"
  fi
}

# The archive says that its data is read with an empty search_path. Replaces that, with the same number of bytes, by the
# search_path of the session.
load-own-path() {
  local theirs="SELECT pg_catalog.set_config('search_path', '', false);" ours='RESET search_path;'
  printf -v ours "%-${#theirs}s" "$ours"
  LC_ALL=C sed -i "0,/$theirs/s//$ours/" "$work/head"
}

# Requests the stream again for the entries in failures, or gives up if the last attempt did not help.
load-data-again() {
  local entry message said='' before=-1
  [[ ! -e $again ]] || before=$(wc -l <"$again")
  while IFS=$'\t' read -r _ entry message; do
    said+="${said:+; }$entry: $message"
  done <<<"$failures"
  cut -f1 <<<"$failures" | sed 's/$/;/' >"$again"
  if [[ $before -ne -1 && $(wc -l <"$again") -ge $before ]]; then
    hook-request by-hand
    hook-fail 1 "$artifact could not be restored, since these data cannot be loaded: $said"
  fi
  hook-request again
}

# Sets failures to those that do not belong to an extension that is restored after the swap.
load-data-late() {
  [[ -e $late.sql ]] || return 0
  awk -F '\t' -v entries="$late.list" '
    $3 ~ /^could not execute query: ERROR: .* does not exist$/ { print $1 ";" >entries; next }
    { print }' <<<"$failures" >"$work/rest"
  failures=$(<"$work/rest")
}

# After the swap, restores into the database itself what depends on its name, what needs that, and its data.
load-late() {
  local target="SELECT current_setting('backups.targets')::json ->> current_setting('backups.artifact');"
  staging=$(restore_last=$target restore-sql targets)
  cp "$late.sql" "$work/again"
  load-again
  load-judge late
  [[ -e $late.list ]] || return 0
  load-data "$(<"$late.list")"
  while IFS=$'\t' read -r _ entry message; do
    [[ -z $entry ]] || hook-failure "$artifact" guard '' "$entry" "$message"
  done <<<"$failures"
}
