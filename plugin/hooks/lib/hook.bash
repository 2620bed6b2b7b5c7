# shellcheck shell=bash
# Sourced by every hook. What a hook says beside its bytes goes to fd 3, one JSON object per line.
set -eo pipefail
# shellcheck source=plugin/hooks/lib/json.bash
source "${BASH_SOURCE[0]%/*}/json.bash"

# Exit codes mean something to the helper (helper/README.md). One of a program that a hook runs means something else, so
# that a code counts only where hook-fail has announced it, in a subshell too.
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

# Something that a restore could not put back. <kind>: rebuild (it can be made again from what is there) or guard
# (without it something is open or wrong that was not).
hook-failure() { # <artifact> <kind> <code> <object> <message>
  hook-say failure:="$(json-object artifact="$1" kind="$2" code="$3" object="$4" message="$5")"
}

# import wants to be called once more with the same bytes: `again` at once with --again, `late` with --late after the
# swap. by-hand: its failure is about the data themselves, and should name the command with which a person can load the
# rest.
hook-request() { # again | late | by-hand
  hook-say request="$1"
}

# Ends the hook unless the name of a restore's staging can be part of a file name.
hook-check-where() { # <where>
  [[ $1 =~ ^[a-z0-9]{1,16}$ ]] || hook-fail 2 "'$1' is not a valid staging id"
}

# Dokku lets anybody with an SSH key name any executable of a plugin, but never its environment.
if [[ -z $BACKUPS_RUN_DIR || ! -d $BACKUPS_RUN_DIR ]]; then
  hook-fail 1 'only backups-helper runs hooks'
fi
hook-announce 1
