# shellcheck shell=bash
# Sourced by every hook. Messages for the helper go to descriptor 3, one JSON object per line.
set -eo pipefail
# shellcheck source=plugin/hooks/lib/json.bash
source "${BASH_SOURCE[0]%/*}/json.bash"

# The helper interprets the exit code of a hook (helper/README.md). The exit code of a program that the hook runs means
# something else, so the helper accepts only a code that hook-fail has announced; a subshell may announce it too.
hook-fail() { # <exit code> <text…>
  local text="${*:2}"
  printf '%s\n' "${text//$'\n'/ }" >&2
  hook-announce "$1"
  exit "$1"
}

hook-announce() { # <exit code>
  { hook-say exit:="$1"; } 2>/dev/null || true
}

hook-say() { # <member…>: of one object, as json-object takes them
  json-object "$@" >&3
}

hook-untouched() { # true | false: whether the live data are as they were, should this hook fail from here on
  hook-say untouched:="$1"
}

hook-warning() { # <text…>
  hook-say warning="$*"
}

hook-detail() { # <JSON object>: becomes part of the manifest's detail
  hook-say detail:="$1"
}

# Reports an object that could not be restored. <kind>: rebuild (it can be re-created from the restored data) or guard (it
# protected the data).
hook-failure() { # <artifact> <kind> <code> <object> <message>
  hook-say failure:="$(json-object artifact="$1" kind="$2" code="$3" object="$4" message="$5")"
}

# Asks the helper to call import once more with the same bytes: `again` at once, with --again; `late` after the swap, with
# --late. `by-hand`: if import fails, the message should name the command with which a person can load the rest.
hook-request() { # again | late | by-hand
  hook-say request="$1"
}

# Ends the hook unless the staging id can be part of a file name.
hook-check-where() { # <where>
  [[ $1 =~ ^[a-z0-9]{1,16}$ ]] || hook-fail 2 "'$1' is not a valid staging id"
}

# Over SSH, a caller of Dokku can run any executable of a plugin, but cannot set its environment.
if [[ -z $BACKUPS_RUN_DIR || ! -d $BACKUPS_RUN_DIR ]]; then
  hook-fail 1 'only backups-helper runs hooks'
fi
hook-announce 1
