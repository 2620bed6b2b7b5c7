# shellcheck shell=bash
# How a restore works, for prepare, import, commit and abandon. How far it got is kept in the server alone, so that
# abandon finds it whatever died:
#   backups_<where>_new_<hash>  a staging database; once it is whole, its setting backups.target says whose place it
#                               takes
#   backups_<where>_old_<hash>  what it replaced, until it is dropped; its setting backups.target says whose place it
#                               had
#   the setting backups.swapped of a database that was put in place, until what it replaced is dropped
#   a role with the setting backups.restore was made by a restore that isn't committed yet
# shellcheck disable=SC2034,SC2154 # restore-sql takes variables by their names; import sets script
# shellcheck source=plugin/hooks/postgres/postgres.bash
source "${BASH_SOURCE[0]%/*}/postgres.bash"

restore-begin() { # <name> <where> [<artifact>]
  where=$2 artifact=$3 session=backups-restore-$2 artifacts='[]'
  staging=backups_$2_new_$(md5sum <<<"$3" | cut -c1-16)
  [[ ! -s $BACKUPS_ARTIFACTS ]] || artifacts=$(<"$BACKUPS_ARTIFACTS")
  postgres-need "$1"
}

# Prints .sql files, and before them what they find in settings: backups.where, .artifact, .staging, .default (the
# service's own database), .artifacts (JSON) and .script (SQL from the backup, in the encoding that it names itself).
restore-script() { # <file…>
  local encoding=${encoding:-UTF8} word files=()
  # Whoever wrote a text cannot know what ends it.
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

# In the container: two sessions at once. A process that outlives its parent there becomes the server's child, and when
# that one fails, the server takes it for a crash of its own.
# shellcheck disable=SC2016 # for that shell
restore_swap='
{ PGAPPNAME=$PGAPPNAME-cut PGOPTIONS="$PGOPTIONS -c backups.where=$1" \
  psql -XqAtw -d template1 -c "$2" >/dev/null 2>&1 || exit 1; } &
code=0
PGAPPNAME=$PGAPPNAME-swap psql -XqAtw -v ON_ERROR_STOP=1 -d template1 || code=$?
wait
exit "$code"'

# A rename lets no session begin in its database and waits five seconds for the others to end: terminate_sessions.sql
# ends them meanwhile. Prints what happened; a server that lost the connection may have committed, and is asked until it
# answers, or its container was taken away.
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
