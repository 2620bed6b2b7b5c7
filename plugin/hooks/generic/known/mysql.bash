# shellcheck shell=bash
# mysql and mariadb: export is a mysqldump of the service's own database, without routines and events; import pipes it
# into the client, as a user with rights on that database only. Sourced.
# shellcheck disable=SC2154 # service.bash sets the variables

known-inspector() { echo sql-dump; }
known-failure() {
  echo "the tables up to the failing statement as in the backup, the others as they were, one of them perhaps empty"
}
known-keeps() { echo "tables, views, routines and events that the backup does not hold: $type:import removes none"; }

# Prints a line for everything in the service that a backup does not contain.
known-warnings() { # <name>
  local database facts routines events foreign others
  database="$(known-mysql-database "$1")"
  # shellcheck disable=SC2016 # for the shell in the container, which has the password
  facts="$(known-mysql-query "SELECT
    (SELECT count(*) FROM information_schema.routines WHERE routine_schema = '$database'),
    (SELECT count(*) FROM information_schema.events WHERE event_schema = '$database'),
    (SELECT count(*) FROM information_schema.views WHERE table_schema = '$database' AND definer NOT LIKE '$type@%') +
    (SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = '$database' AND definer NOT LIKE '$type@%'),
    (SELECT coalesce(group_concat(schema_name SEPARATOR ', '), '') FROM information_schema.schemata
      WHERE schema_name NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema', '$database'))")" || {
    echo "routines and events of $1, should it have any, are not in a backup: $type:export leaves them out"
    return
  }
  IFS=$'\t' read -r routines events foreign others <<<"$facts"
  [[ $routines == 0 ]] || echo "the stored routines of $1 ($routines) are not in a backup: $type:export leaves them out"
  [[ $events == 0 ]] || echo "the events of $1 ($events) are not in a backup: $type:export leaves them out"
  # mysql:import runs as root, who may.
  [[ $type != mariadb || $foreign == 0 ]] ||
    echo "$foreign views or triggers of $1 were defined by another user than mariadb, as which $type:import runs:" \
      "it cannot restore them, so a restore of this backup is refused"
  [[ -z $others ]] || echo "these databases of $1 are not in a backup: $others ($type:export takes $database alone)"
}

# Prints the name of the database, escaped for single quotes.
known-mysql-database() { # <name>
  local database
  database="$(cat "$service_root/DATABASE_NAME" 2>/dev/null)" || database="$1"
  echo "${database//\'/\'\'}"
}

known-mysql-query() { # <SQL>
  # shellcheck disable=SC2016 # for the shell in the container, which has the password
  "$docker" exec "$container" sh -c 'client=$(command -v mariadb || command -v mysql) &&
    MYSQL_PWD=${MYSQL_ROOT_PASSWORD:-$MARIADB_ROOT_PASSWORD} exec "$client" --user=root --batch --skip-column-names \
      --execute="$1"' sh "$1" 2>/dev/null
}

# Tries the import on a second server of the same image, without a network, as the same user with the same rights.
known-rehearse() { # <name>
  declare service="$1"
  local said code=0
  if ! generic-has-room "$((2 * $(generic-raw-size) + 1024 * 1024 * 1024))" \
    "the import could not be tried on a second server"; then
    cat >/dev/null
    return
  fi
  # Not local, because the trap runs after this function has returned.
  server="backups-$BACKUPS_RUN_ID"
  trap '"$docker" rm --force --volumes "$server" &>/dev/null || true' EXIT
  if known-mysql-server "$service"; then
    said="$(known-mysql-as-import --interactive 2>&1)" || code=$?
  else
    hook-warning "the import could not be tried beforehand: a second server from the image of $service did not start"
  fi
  cat >/dev/null
  [[ $code -eq 0 ]] || hook-fail 11 "$type:import would fail half-way through: $(known-mysql-errors <<<"$said")." \
    "That was tried on an empty server: a dump that builds on what is there can be imported by hand with" \
    "\`dokku $type:import $service\`"
}

# Prints SQL that drops the tables and views of the dump that do not exist yet: after a failed import, the import of the
# safety backup would leave them. Only names that every character set represents equally.
known-undo() { # <name>
  local plain='[0-9A-Za-z_$-]+' names there
  names="$(sed -nE "s,^(/\*![0-9]+ )?CREATE (TABLE|VIEW|.* VIEW) (IF NOT EXISTS )?\`($plain)\`.*,\4,p" | sort -u)"
  [[ $(known-mysql-query 'SELECT @@lower_case_table_names') == 0 ]] || return
  there="$(known-mysql-query "SELECT table_name FROM information_schema.tables
    WHERE table_schema = '$(known-mysql-database "$1")'" | sort -u)" || return
  # shellcheck disable=SC2016 # backquotes of SQL
  grep -vxF -f <(printf '%s\n' "$there") <<<"$names" |
    sed -nE 's/.+/DROP VIEW IF EXISTS `&`;\nDROP TABLE IF EXISTS `&`;/p'
}

# Prints the error without the statement, which may be long and contain data.
known-mysql-errors() {
  grep -a -m 1 '^ERROR' | cut -c1-300 || echo "the client failed"
}

# Runs the client as $type:import does, but in the second server.
known-mysql-as-import() { # [<docker option>] [<client option…>]
  local option=()
  [[ $1 != --interactive ]] || { option=("$1") && shift; }
  # shellcheck disable=SC2016 # for the shell in the container
  "$docker" exec "${option[@]}" "$server" sh -c 'client=$(command -v mariadb || command -v mysql) user=$1 && shift
    MYSQL_PWD=$MYSQL_PASSWORD && [ "$user" != root ] || MYSQL_PWD=$MYSQL_ROOT_PASSWORD
    export MYSQL_PWD && exec "$client" --user="$user" "$@" "$MYSQL_DATABASE"' sh \
    "$([[ $type == mariadb ]] && echo mariadb || echo root)" "$@"
}

# Starts a server that lives as long as the rehearsal, and has only the configuration of the service.
known-mysql-server() { # <name>
  local words=() volume=() database _
  database="$(cat "$service_root/DATABASE_NAME" 2>/dev/null)" || database="$1"
  read -ra words <"$service_root/CONFIG_OPTIONS" || true
  [[ ! -d $service_root/config ]] || volume=(--volume "$(docker-host-path "$service_root/config"):/etc/mysql/conf.d:ro")
  (umask 077 && printf 'MYSQL_DATABASE=%s\nMYSQL_USER=%s\nMYSQL_PASSWORD=%s\nMYSQL_ROOT_PASSWORD=%s\n' \
    "$database" "$type" "$RANDOM$RANDOM$RANDOM" "$RANDOM$RANDOM$RANDOM" >"$BACKUPS_RUN_DIR/rehearsal.env")
  container-options
  "$docker" run "${container_options[@]}" --detach --network none --name "$server" \
    --env-file "$BACKUPS_RUN_DIR/rehearsal.env" "${volume[@]}" "$image_id" "${words[@]}" --event-scheduler=OFF \
    &>/dev/null || return
  for _ in {1..240}; do
    ! known-mysql-as-import --protocol=tcp --host=127.0.0.1 --execute='SELECT 1' &>/dev/null || return 0
    [[ $(docker-status "$server") == running ]] || return
    sleep 0.25
  done
  return 1
}
