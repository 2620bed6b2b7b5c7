# Runs a hook of SQLite as root of a container that sees only one storage mount: for files of other users, and for all
# paths inside an app's storage, where the app could create links to any place. The image is made here from this host's
# sqlite3, bash and coreutils; nothing is pulled. Sourced by sqlite.bash.
# shellcheck disable=SC2154 # sqlite.bash sets stage

# shellcheck source=plugin/hooks/lib/docker.bash
source "${BASH_SOURCE[0]%/*}/../lib/docker.bash"
# shellcheck source=plugin/hooks/lib/container.bash
source "${BASH_SOURCE[0]%/*}/../lib/container.bash"

tools=(bash cat chmod chown cp df dirname env flock grep head mkdir mv numfmt od realpath rm setpriv
  sqlite3 stat sync tail test tr)

sqlite-needs-container() {
  declare name="$1"
  [[ $name == /* ]] || return 0
  ((EUID != 0)) || return 1
  [[ -e $name ]] || name="${name%/*}"
  [[ -O $name && -w ${name%/*} ]] && return 1
  "$docker" version &>/dev/null
}

sqlite-in-container() {
  declare name="$1" arguments=("${@:2}")
  local answers=3 beside='&1' image status=0 mount inside place found_source
  # Docker passes two streams only. An answer needs stdout, so that of the messages on descriptor 3 only the exit code arrives.
  [[ $BACKUPS_ACTION != @(describe|abandon) ]] || answers=1 beside=/run-dir/stage/beside
  sqlite-mount "$name"
  image="$(sqlite-image)"
  container-options
  "$docker" run "${container_options[@]}" --rm --interactive --init --network none --read-only --userns host \
    --user 0:0 --security-opt no-new-privileges --cap-drop ALL --cap-add DAC_OVERRIDE --cap-add CHOWN --cap-add FOWNER \
    --cap-add SETUID --cap-add SETGID \
    --tmpfs /tmp --mount "$mount" \
    --mount "type=bind,$(docker-field source "$(docker-host-path "$stage")"),target=/run-dir/stage" \
    --env LC_ALL=C --env PATH=/usr/sbin:/usr/bin:/sbin:/bin --env DOKKU_TRACE --env "BACKUPS_ACTION=$BACKUPS_ACTION" \
    --env BACKUPS_RUN_DIR=/run-dir --env BACKUPS_IN_CONTAINER=1 --env "BACKUPS_PLACE=$place" \
    "$image" bash -c "\"\$0\" \"\$@\" 3>$beside" "/hooks/sqlite/$BACKUPS_ACTION" "$inside" "${arguments[@]}" \
    >&"$answers" || status=$?
  ((status != 125)) || hook-fail 1 "Docker cannot mount $found_source into a container"
  ((status > 0)) || return 0
  ((answers == 3)) || grep '^{"exit":[0-9]*}$' "$stage/beside" >&3 || true
  exit "$status"
}

# Sets mount (the option) and found_source (its source), inside (the path of the file in the container) and place (a
# path of its file system on this host). An app's storage is mounted at the same path as in the app, so that links
# resolve as in the app, and never leave the mount.
sqlite-mount() {
  declare name="$1"
  local source target app mounts found_target=""
  if [[ $name == /* ]]; then
    inside="$(realpath -m -- "$name")"
    sqlite-no-link "$name" "$inside"
    found_target="${inside%/*}"
    found_source="$(docker-host-path "$found_target")"
  else
    [[ $name =~ ^[a-z0-9][a-z0-9._-]*/. && ! /$name/ =~ /(\.{1,2})?/ ]] ||
      hook-fail 2 "'$name' is not <app>/<path in the app>"
    app="${name%%/*}"
    inside="/${name#*/}"
    mounts="$(sqlite-app-mounts "$app")"
    while IFS=$'\t' read -r source target; do
      [[ $inside == "${target%/}"/* && ${#target} -gt ${#found_target} ]] || continue
      found_source="$source" found_target="${target%/}"
    done <<<"$mounts"
    [[ -n $found_target ]] ||
      hook-fail 3 "no storage mount of the app $app holds $inside: $(sqlite-name-mounts "$app" "$mounts")"
  fi
  place=""
  [[ ! -d $found_source ]] || place="$found_source"
  mount="$(docker-field source "$found_source"),$(docker-field target "$found_target")"
  if [[ $found_source == /* ]]; then
    mount="type=bind,$mount"
  else
    "$docker" volume inspect "$found_source" &>/dev/null || hook-fail 3 "volume $found_source not found"
    mount="type=volume,$mount"
  fi
}

# Prints which paths a person can use instead.
sqlite-name-mounts() {
  declare app="$1" mounts="$2"
  local source target said=""
  while IFS=$'\t' read -r source target; do
    [[ -z $target ]] || said+="${said:+, }$target (from $source)"
  done <<<"$mounts"
  if [[ -z $said ]]; then
    echo "it has none; see dokku storage:mount $app"
  else
    echo "it has $said. Name a file by its path in the app, as sqlite:$app${target%/}/FILE"
  fi
}

# Prints the mounts of an app: "<host path or volume><tab><path in container>".
sqlite-app-mounts() {
  declare app="$1"
  if compgen -G "$PLUGIN_PATH/enabled/*/storage-app-mounts" >/dev/null; then
    plugn trigger storage-app-mounts "$app" deploy </dev/null |
      jq -r '.[] | select((.entry.host_path // "") != "") | [.entry.host_path, .attachment.container_path] | @tsv'
  else
    dokku --quiet storage:list "$app" --format json </dev/null | jq -r '.[] | [.host_path, .container_path] | @tsv'
  fi
}

# Prints the name of the image, which changes with its contents. This takes 0.2 s, so it is done once in a run.
sqlite-image() {
  [[ -s $BACKUPS_RUN_DIR/image ]] || sqlite-make-image >"$BACKUPS_RUN_DIR/image"
  cat -- "$BACKUPS_RUN_DIR/image"
}

sqlite-make-image() {
  local hooks programs files tag
  hooks="$(realpath -- "${BASH_SOURCE[0]%/*}/..")"
  mapfile -t programs < <(type -P "${tools[@]}")
  ((${#programs[@]} == ${#tools[@]})) || hook-fail 1 "the host needs all of: ${tools[*]} (apt-get install sqlite3)"
  mapfile -t files < <(printf '%s\n' "${programs[@]}" &&
    ldd "${programs[@]}" | grep -o '/[^ ]* (0x' | sed 's/ .*//' | sort -u)
  tag=$(stat -L -c '%n %s %y' "${files[@]}" "$hooks"/{lib/{hook,json}.bash,sqlite/*} | sha256sum | cut -c 1-12)
  tag=backups/host-tools:$tag
  if ! "$docker" image inspect "$tag" &>/dev/null; then
    "$docker" image ls --format '{{.Repository}}:{{.Tag}}' backups/host-tools |
      xargs -r "$docker" image rm &>/dev/null || true
    tar --create --dereference --owner 0 --group 0 --mode a+rX,go-w -C / "${files[@]#/}" \
      -C "${hooks%/*}" hooks/lib/{hook,json}.bash hooks/sqlite |
      "$docker" import - "$tag" >/dev/null
  fi
  echo "$tag"
}
