# shellcheck shell=bash
# Runs commands as if on another machine. Needs root. Load after setup.
#
#   require_machine                      skips if that is not possible
#   on_machine ID BOOT NAME COMMAND...   with that /etc/machine-id, boot id and host name, and not as in a container

require_machine() {
  require_root
  on_machine "$(machine_number 1)" 1 probe true 2>/dev/null || skip "no mount namespace can be made here"
}

# Prints the 32 digits of a machine id.
machine_number() {
  printf '%032x' "$1"
}

on_machine() {
  local id=$1 boot=$2 name=$3
  shift 3
  # shellcheck disable=SC2016 # for the new root
  unshare --mount --uts bash -c '
    set -e
    hostname "$3"
    root=$(mktemp -d "${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/root.XXXXXX")
    mount -t tmpfs none "$root"
    for entry in /*; do
      [[ -d $entry && ! -L $entry ]] || continue
      mkdir "$root$entry"
      mount --rbind "$entry" "$root$entry"
    done
    for entry in bin sbin lib lib64; do [[ ! -L /$entry ]] || ln -s "$(readlink "/$entry")" "$root/$entry"; done
    echo "$1" >"$root/.id" && echo "$2" >"$root/.boot"
    mount --bind "$root/.id" "$root/etc/machine-id"
    mount --bind "$root/.boot" "$root/proc/sys/kernel/random/boot_id"
    shift 3
    exec chroot "$root" "$@"' bash "$id" "$boot" "$name" "$@"
}
