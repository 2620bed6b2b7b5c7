# shellcheck shell=bash
# redis: export prints the dump.rdb of a BGSAVE; import removes the container and that file, writes the new file as user
# dokku, gives it to the server's user and creates a new container. Sourced.
# shellcheck disable=SC2154 # service.bash sets the variables

known-inspector() { echo rdb; }
known-failure() { echo "the service without its container and its data: redis:import removes both first"; }
known-keeps() { :; }

# redis:export requests a save and waits until LASTSAVE (in seconds) changes. It would wait for ever if the save fails,
# or ends in the same second as the one before it. In both cases another save is requested.
known-export() { # <name>
  local before info saves=0 child
  before="$(known-redis LASTSAVE)" || before=""
  generic-dokku redis:export "$1" </dev/null &
  child=$!
  while sleep 0.5 && [[ -n $before ]] && kill -0 "$child" 2>/dev/null && [[ $(known-redis LASTSAVE) == "$before" ]]; do
    info="$(known-redis INFO persistence)" || break
    [[ $info == *rdb_bgsave_in_progress:0* ]] || continue
    [[ $saves -lt 3 || $info != *rdb_last_bgsave_status:err* ]] ||
      hook-fail 1 "the server of $1 can't save its data: $(known-redis-complaint)"
    known-redis BGSAVE >/dev/null || break
    saves=$((saves + 1))
  done
  wait "$child"
}

# Prints what the server's log says about the last failed save.
known-redis-complaint() {
  "$docker" container logs --tail 50 "$container" 2>&1 </dev/null |
    sed -n 's/^.* # \(.*\)$/\1/p' | grep -v '^Background saving error' | tail -n 1
}

# Runs redis-cli with the password from the server's configuration.
known-redis() { # <word…>
  # shellcheck disable=SC2016 # for the shell in the container
  "$docker" exec "$container" sh -c 'REDISCLI_AUTH=$(sed -n "s/^requirepass //p" /usr/local/etc/redis/redis.conf) &&
    export REDISCLI_AUTH && exec redis-cli "$@"' sh "$@" 2>/dev/null
}

# Checks what would otherwise fail only after the import has removed the data.
known-rehearse() { # <name>
  declare service="$1"
  known-check "$service"
  [[ $(known-redis-config appendonly) != yes ]] ||
    hook-fail 11 "redis:import has no effect on $service: its server has appendonly on, and would start with its own" \
      "file again. Turn that off first (\`appendonly no\` in $service_root/config/redis.conf, then" \
      "\`dokku redis:restart $service\`)"
  known-redis-image
  known-redis-writable || hook-fail 11 "redis:import would fail after it has removed the data of $service:" \
    "it writes as $(id -un) into $service_root/data, which belongs to the server's user"
}

known-check() { # <name>
  if ! generic-has-room "$(($(generic-raw-size) + 256 * 1024 * 1024))" \
    "the dump could not be tried with the server of $1"; then
    cat >/dev/null
    return
  fi
  known-redis-reads || hook-fail 7 "the server of $1 cannot read this dump: ${said##*$'\n'}"
}

# True if a server of the same image can read the dump on stdin. Sets said to its messages.
known-redis-reads() {
  # shellcheck disable=SC2016 # for the shell in the container
  local check='check=$(command -v redis-check-rdb || command -v valkey-check-rdb) || { cat >/dev/null; exit 0; }
    cat >/tmp/dump.rdb && out=$("$check" /tmp/dump.rdb 2>&1) && exit 0
    printf "%s\n" "$out" | grep -A 1 "ERROR DETECTED" | tail -n 1; exit 1'
  container-options
  said="$("$docker" run "${container_options[@]}" --rm --interactive --network none \
    --entrypoint sh "$image_id" -c "$check" 2>&1)"
}

known-redis-config() { # <setting>
  known-redis CONFIG GET "$1" | tail -n 1
}

# To write the file, the plugin uses its own default image, whatever image the service runs.
known-redis-image() {
  local image
  image="$(known-redis-default-image)" || return 0
  "$docker" image inspect "$image" &>/dev/null || "$docker" image pull --quiet "$image" &>/dev/null ||
    hook-fail 11 "redis:import needs the image $image, which is not on this host and cannot be pulled"
}

# Prints the default image, read from the same files as dokku does.
known-redis-default-image() {
  (
    set +eu
    for settings in /etc/default/dokku "$DOKKU_ROOT"/{dokkurc,.dokkurc/*} "$PLUGIN_ENABLED_PATH/redis/config"; do
      # shellcheck source=/dev/null
      [[ ! -r $settings ]] || source "$settings" &>/dev/null
    done
    [[ -n $PLUGIN_IMAGE && -n $PLUGIN_IMAGE_VERSION ]] && echo "$PLUGIN_IMAGE:$PLUGIN_IMAGE_VERSION"
  )
}

# The server's image gives the directory to the server's user. Its group is not used, so dokku's group can be given
# access.
known-redis-writable() {
  local data="$service_root/data"
  [[ ! -w $data ]] || return 0
  container-options
  "$docker" run "${container_options[@]}" --rm --network none --volume "$(docker-host-path "$data"):/data" \
    --entrypoint sh "$image_id" -c "chgrp $(id -g) /data && chmod g+rwx /data" &>/dev/null || return 1
  [[ -w $data ]]
}
