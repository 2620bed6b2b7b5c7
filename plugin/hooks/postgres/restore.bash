# shellcheck shell=bash
# Functions of a restore, for prepare, import, commit and abandon. Its progress is kept in the server alone, so that
# abandon finds it after any crash:
#   backups_<where>_new_<hash>  a staging database; once it is complete, its setting backups.target names the
#                               database that it will replace
#   backups_<where>_old_<hash>  a replaced database, until it is dropped; backups.target is its former name
#   the setting backups.swapped of a database that was put in place, until the replaced one is dropped
#   the setting backups.restore of a role that was created by a restore that is not committed yet
# shellcheck disable=SC2034,SC2154 # restore-sql takes variables by their names; import sets script
# shellcheck source=plugin/hooks/postgres/postgres.bash
source "${BASH_SOURCE[0]%/*}/postgres.bash"

restore-begin() { # <name> <where> [<artifact>]
  where=$2 artifact=$3 session=backups-restore-$2 artifacts='[]'
  staging=backups_$2_new_$(md5sum <<<"$3" | cut -c1-16)
  [[ ! -s $BACKUPS_ARTIFACTS ]] || artifacts=$(<"$BACKUPS_ARTIFACTS")
  postgres-need "$1"
}

# Prints .sql files, preceded by the settings that they use: backups.where, .artifact, .staging, .default (the service's
# own database), .artifacts (JSON) and .script (SQL from the backup, in the encoding that it declares).
restore-script() { # <file…>
  local encoding=${encoding:-UTF8} word files=()
  # A random delimiter, which the author of a text cannot know.
  local quote=\$b$RANDOM$RANDOM$RANDOM$RANDOM\$
  [[ ! $script =~ "SET client_encoding = '"([A-Za-z0-9_]+) ]] || encoding=${BASH_REMATCH[1]}
  echo "SET client_encoding = $encoding;"
  for word in script where artifact staging default artifacts; do
    printf "SELECT set_config('backups.%s', %s, false) AS _ \\gset\n" "$word" "$quote${!word}$quote"
    [[ $word != script ]] || echo 'SET client_encoding = UTF8;'
  done
  for word; do files+=("${BASH_SOURCE[0]%/*}/$word.sql"); done
  cat "${files[@]}"
  printf '%s\n' "${restore_last:-}"
}

restore-sql() { # <file…>
  restore-script "$@" | postgres-psql -d template1
}

restore-warn() { # lines on stdin
  local line
  while IFS= read -r line; do hook-warning "$line"; done
}

# Runs two sessions at once in the container. A process that outlives its parent there becomes a child of the server,
# which would take its failure for a crash of a server process.
# shellcheck disable=SC2016 # for that shell
restore_swap='
{ PGAPPNAME=$PGAPPNAME-cut PGOPTIONS="$PGOPTIONS -c backups.where=$1" \
  psql -XqAtw -d template1 -c "$2" >/dev/null 2>&1 || exit 1; } &
code=0
PGAPPNAME=$PGAPPNAME-swap psql -XqAtw -v ON_ERROR_STOP=1 -d template1 || code=$?
wait
exit "$code"'

# Swaps the databases. A rename prevents new sessions in its database and waits five seconds for the others to end,
# which terminate_sessions.sql terminates meanwhile. Prints the result. If the connection was lost, the server may have
# committed, and is asked until it answers or its container has gone.
restore-swap() {
  local found=restored answered=yes cut
  cut=$(<"${BASH_SOURCE[0]%/*}/terminate_sessions.sql")
  if ! restore-script swap | postgres-ask sh -c "$restore_swap" sh "$where" "$cut"; then
    answered=no
    for _ in {1..20}; do
      ! found=$(restore_last='\echo :found' restore-sql found) || { answered=yes && break; }
      [[ $(docker-status "$container") ]] || break
      sleep 1
    done
  fi
  [[ $answered == yes ]] || hook-fail 1 "the server of $name does not answer: it is unknown whether the restored" \
    "databases were put in place; the next command finds that out when it runs again"
  [[ $found == restored ]] || hook-fail 1 "the restored databases could not be put in place; $name is unchanged"
  restore-sql drop | restore-warn
  echo "$found"
}
