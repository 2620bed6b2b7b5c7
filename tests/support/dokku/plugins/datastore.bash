#!/usr/bin/env bash
# Functions that all stand-ins for datastore plugins share; copied into each of them as `datastore`: the service directories,
# the triggers around the life of a service and the rights of keys, as in the official plugins. DATASTORE is the type. The
# file `functions` of the plugin defines the rest:
#   datastore_make NAME [OPTION...], datastore_make_container NAME, datastore_remove NAME
#   datastore_start, datastore_stop, datastore_pause, datastore_status, datastore_export, datastore_import NAME
set -eo pipefail
[[ $DOKKU_TRACE ]] && set -x
DATASTORE=$(basename "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
DATASTORE_ROOT=$DOKKU_LIB_ROOT/services/$DATASTORE

datastore_names() {
  [[ -d $DATASTORE_ROOT ]] || return 0
  find "$DATASTORE_ROOT" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort
}

# Prints those of the given services that the key may see.
datastore_filter() {
  local file others=()
  [[ $# -gt 0 ]] || return 0
  for file in "$PLUGIN_PATH"/enabled/*/user-auth-service; do
    [[ ! -e $file || $file == */20_events/* ]] || others+=("$file")
  done
  if [[ ${#others[@]} == 0 ]]; then
    printf '%s\n' "$@"
    return 0
  fi
  export SSH_USER=${SSH_USER:=$USER} SSH_NAME=${NAME:="default"}
  plugn trigger user-auth-service "$SSH_USER" "$SSH_NAME" "$DATASTORE" "$@"
}

datastore_verify() {
  [[ -n $1 ]] || dokku_log_fail "Please specify a valid name for the service"
  if [[ ! -d $DATASTORE_ROOT/$1 || -z $(datastore_filter "$1") ]]; then
    dokku_log_fail "$DATASTORE service $1 does not exist"
  fi
}

datastore_create() {
  [[ $1 =~ ^[A-Za-z0-9_-]+$ ]] || dokku_log_fail "Please specify a valid name for the service. Valid characters are: [A-Za-z0-9_]+"
  [[ ! -d $DATASTORE_ROOT/$1 ]] || dokku_log_fail "$DATASTORE service $1 already exists"
  plugn trigger service-action pre-create "$DATASTORE" "$1"
  datastore_make "$@"
  plugn trigger service-action post-create "$DATASTORE" "$1"
  datastore_make_container "$1"
  plugn trigger service-action post-create-complete "$DATASTORE" "$1"
  dokku_log_info2 "$DATASTORE container created: $1"
}

datastore_confirm() {
  local answer
  dokku_log_warn "WARNING: Potentially Destructive Action"
  dokku_log_warn "This command will destroy $1 $DATASTORE service."
  dokku_log_warn "To proceed, type \"$1\""
  echo
  read -rp "> " answer
  [[ $answer == "$1" ]] || {
    dokku_log_warn "Confirmation did not match $1. Aborted."
    exit 1
  }
}

datastore_destroy() {
  [[ ! -s $DATASTORE_ROOT/$1/LINKS ]] || dokku_log_fail "Cannot delete linked service"
  case "$2" in force | -f | --force) DOKKU_APPS_FORCE_DELETE=1 ;; esac
  [[ -n $DOKKU_APPS_FORCE_DELETE ]] || datastore_confirm "$1"
  dokku_log_info2_quiet "Deleting $1"
  plugn trigger service-action pre-delete "$DATASTORE" "$1"
  datastore_remove "$1"
  plugn trigger service-action post-delete "$DATASTORE" "$1"
  dokku_log_info2 "$DATASTORE container deleted: $1"
}

# Links a service to an app: writes the file LINKS and calls the triggers, but does not change the environment of the app.
datastore_link() {
  local file=$DATASTORE_ROOT/$1/LINKS
  verify_app_name "$2"
  plugn trigger service-action pre-link "$DATASTORE" "$1" "$2"
  sort -u -o "$file" "$file" - <<<"$2"
  plugn trigger service-action post-link "$DATASTORE" "$1" "$2"
  plugn trigger service-action post-link-complete "$DATASTORE" "$1" "$2"
}

datastore_unlink() {
  plugn trigger service-action pre-unlink "$DATASTORE" "$1" "$2"
  sed -i "/^$2\$/d" "$DATASTORE_ROOT/$1/LINKS"
  plugn trigger service-action post-unlink "$DATASTORE" "$1" "$2"
  plugn trigger service-action post-unlink-complete "$DATASTORE" "$1" "$2"
}

# With `ssh -t` and a stdin that is not a terminal, stty fails, which ends the script (set -e). The real plugins have the
# same fault.
datastore_export_to_stdout() {
  [[ -n $SSH_TTY ]] && stty -opost
  datastore_export "$1"
  status=$?
  [[ -n $SSH_TTY ]] && stty opost
  exit "$status"
}

# datastore_file NAME FILE: prints a file of the service directory, or nothing if it does not exist.
datastore_file() {
  cat "$DATASTORE_ROOT/$1/$2" 2>/dev/null || true
}

datastore_info() {
  local key keys found=0 directory=$DATASTORE_ROOT/$1
  keys=(
    "--data-dir: $directory/data"
    "--id: $(datastore_file "$1" ID)"
    "--links: $(datastore_file "$1" LINKS | tr '\n' ' ')"
    "--service-root: $directory"
    "--status: $(datastore_status "$1")"
    "--version: $(datastore_file "$1" IMAGE):$(datastore_file "$1" IMAGE_VERSION)"
  )
  [[ -n $2 ]] || dokku_log_info2_quiet "$1 $DATASTORE service information"
  for key in "${keys[@]}"; do
    [[ -n $2 ]] || dokku_log_verbose "$(printf '%-20s %-25s' "${key%%:*}" "${key#*: }")"
    [[ $key != "$2: "* ]] || { echo "${key#*: }" && found=1; }
  done
  [[ -z $2 || $found == 1 ]] || dokku_log_fail "Invalid flag passed, valid flags: ${keys[*]%%:*}"
}

datastore_list() {
  local names
  mapfile -t names < <(datastore_names)
  mapfile -t names < <(datastore_filter "${names[@]}")
  if [[ ${#names[@]} == 0 ]]; then
    dokku_log_warn "There are no $DATASTORE services"
    return 0
  fi
  dokku_log_info2_quiet "$DATASTORE services"
  printf '%s\n' "${names[@]}"
}

datastore_run() {
  local verb=${1#*:}
  shift
  case "$verb" in
    create) datastore_create "$@" ;;
    list) datastore_list ;;
    *)
      datastore_verify "$1"
      datastore_verb "$verb" "$@"
      ;;
  esac
}

datastore_verb() {
  local verb=$1
  shift
  case "$verb" in
    destroy) datastore_destroy "$@" ;;
    export) datastore_export_to_stdout "$1" ;;
    import)
      [[ ! -t 0 ]] || dokku_log_fail "No data provided on stdin."
      datastore_import "$1"
      ;;
    exists) dokku_log_info1 "Service $1 exists" ;;
    links) cat "$DATASTORE_ROOT/$1/LINKS" ;;
    info | link | unlink | start | stop | pause | knob) "datastore_$verb" "$@" ;;
  esac
}
