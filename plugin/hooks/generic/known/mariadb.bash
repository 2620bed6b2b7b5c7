# shellcheck shell=bash
# As mysql. Sourced.
source "${BASH_SOURCE[0]%/*}/mysql.bash"
