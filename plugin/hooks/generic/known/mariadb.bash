# shellcheck shell=bash
# mariadb: like mysql. Sourced.
source "${BASH_SOURCE[0]%/*}/mysql.bash"
