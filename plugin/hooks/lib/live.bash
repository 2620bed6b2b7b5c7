# shellcheck shell=bash
# Sources that are one file or directory each: a restore is staged next to it and swapped in by renames. The type says
# where they are in a `live.bash` of its own, which sets `live` for the source called $name. Its `import` fills `new`;
# the default actions do the rest. Sourced.
# shellcheck disable=SC2034,SC2154 # for the hooks; live.bash of the type sets live
# shellcheck source=plugin/hooks/lib/hook.bash
source "${BASH_SOURCE[0]%/*}/hook.bash"

# Sets name and live, and with <where> also new (what a restore stages) and old (what it has replaced).
live-find() { # <name> [<where>]
  local own=${BASH_SOURCE[0]%/*}/../$BACKUPS_TYPE/live.bash
  name=$1
  [[ -f $own ]] || hook-fail 1 "the type $BACKUPS_TYPE has no $BACKUPS_ACTION, nor a live.bash"
  # shellcheck source=/dev/null
  source "$own"
  [[ $live == /*/* && ! -L $live ]] || hook-fail 11 "'$live' is a link, or no absolute path"
  [[ $# -gt 1 ]] || return 0
  hook-check-where "$2"
  new=${live%/*}/.${live##*/}.$2.new old=${live%/*}/.${live##*/}.$2.old
}
