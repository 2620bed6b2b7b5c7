#!/usr/bin/env bash
# PostgreSQL services laid out exactly as dokku-postgres lays them out, for tests with and without a `dokku`.
#
#   postgres_create NAME [IMAGE:TAG]   POSTGRES_CUSTOM_ENV="A=b;C=d" POSTGRES_CONFIG_OPTIONS POSTGRES_MEMORY (MB)
#                                      POSTGRES_SHM_SIZE are what that plugin's options of the same names are
#   postgres_pause NAME                the container stays, Exited
#   postgres_stop NAME                 the container is removed, the directory stays with a stale ID
#   postgres_start NAME                starts the paused one or makes a new one; returns when it answers
#   postgres_wait NAME                 until it answers; fails when the container has died
#   postgres_destroy NAME              container, directory and data
#   postgres_destroy_all               every service below DOKKU_LIB_ROOT
#   postgres_status NAME               running, exited, … or missing
#   postgres_psql NAME [ARG...]        psql in the service's database, bare values; -d DB for another
#   postgres_fill NAME [ROWS]          tables with keys, a view, a function, a sequence and a large object
#   postgres_digest NAME [DB]          one line that changes when any row of any table does
#   postgres_export, postgres_import NAME   the command lines of dokku postgres:export and :import
#
# The directories are below $DOKKU_LIB_ROOT/services/postgres.

postgres_root() {
  echo "${DOKKU_LIB_ROOT:-/var/lib/dokku}/services/postgres"
}

postgres_dir() {
  echo "$(postgres_root)/$1"
}

postgres_file() {
  cat "$(postgres_dir "$1")/$2"
}

postgres_docker() {
  "${DOCKER_BIN:-docker}" "$@"
}

postgres_create() {
  postgres_layout "$@"
  postgres_container "$1"
}

postgres_layout() {
  local name=$1 image=${2:-postgres:15} dir
  dir=$(postgres_dir "$name")
  mkdir -p "$dir/data"
  (
    cd "$dir" || exit
    touch LINKS
    openssl rand -hex 16 >PASSWORD
    chmod 640 PASSWORD
    echo "${POSTGRES_CUSTOM_ENV:-}" | tr ';' '\n' >ENV
    echo "${POSTGRES_CONFIG_OPTIONS:-}" >CONFIG_OPTIONS
    echo "${image%:*}" >IMAGE
    echo "${image##*:}" >IMAGE_VERSION
    echo "$name" | tr .- _ >DATABASE_NAME
    [[ -z ${POSTGRES_MEMORY:-} ]] || echo "$POSTGRES_MEMORY" >SERVICE_MEMORY
    [[ -z ${POSTGRES_SHM_SIZE:-} ]] || echo "$POSTGRES_SHM_SIZE" >SHM_SIZE
  )
  postgres_owned "$dir"
}

# Gives the files to the user dokku, who owns them on a real host, if the tests run as root.
postgres_owned() {
  [[ $(id -u) == 0 ]] && id dokku >/dev/null 2>&1 || return 0
  chown dokku:dokku "$(postgres_root)" "$1"
  find "$1" -mindepth 1 -maxdepth 1 ! -name data -exec chown dokku:dokku {} +
}

postgres_image() {
  echo "$(postgres_file "$1" IMAGE):$(postgres_file "$1" IMAGE_VERSION)"
}

postgres_data_directory() {
  local major
  major=$(postgres_file "$1" IMAGE_VERSION)
  if [[ ${major%%[^0-9]*} -ge 18 ]]; then
    echo /var/lib/postgresql
  else
    echo /var/lib/postgresql/data
  fi
}

postgres_container() {
  local name=$1 dir args config
  dir=$(postgres_dir "$name")
  rm -f "$dir/ID"
  args=(
    "--cidfile=$dir/ID" "--env-file=$dir/ENV" "--env=POSTGRES_PASSWORD=$(cat "$dir/PASSWORD")"
    "--hostname=dokku.postgres.$name" --label=dokku.service=postgres --label=dokku=service
    "--name=dokku.postgres.$name" --restart=always
    "--volume=${DOKKU_LIB_HOST_ROOT:-${DOKKU_LIB_ROOT:-/var/lib/dokku}}/services/postgres/$name/data:$(postgres_data_directory "$name")"
  )
  [[ ! -f $dir/SERVICE_MEMORY ]] || args+=("--memory=$(cat "$dir/SERVICE_MEMORY")m")
  [[ ! -f $dir/SHM_SIZE ]] || args+=("--shm-size=$(cat "$dir/SHM_SIZE")")
  read -ra config <"$dir/CONFIG_OPTIONS" || true
  postgres_docker container create "${args[@]}" "$(postgres_image "$name")" "${config[@]}" >/dev/null
  postgres_owned "$dir"
  postgres_docker container start "dokku.postgres.$name" >/dev/null
  postgres_wait "$name"
  postgres_exec "$name" createdb -h 127.0.0.1 -U postgres -E utf8 "$(postgres_file "$name" DATABASE_NAME)" 2>/dev/null || true
}

postgres_exec() {
  local name=$1
  shift
  postgres_docker container exec -i -e PGPASSWORD="$(postgres_file "$name" PASSWORD)" "dokku.postgres.$name" "$@"
}

postgres_wait() {
  local _
  for _ in {1..300}; do
    postgres_exec "$1" psql -h 127.0.0.1 -U postgres -w -qAtXc 'SELECT 1' </dev/null >/dev/null 2>&1 && return 0
    [[ $(postgres_status "$1") == running ]] || break
    sleep 0.1
  done
  echo "postgres $1 did not come up:" >&2
  postgres_docker container logs --tail 20 "dokku.postgres.$1" >&2
  return 1
}

postgres_status() {
  local status
  status=$(postgres_docker container inspect -f '{{.State.Status}}' "dokku.postgres.$1" 2>/dev/null) || status=missing
  echo "$status"
}

postgres_pause() {
  postgres_docker container stop "dokku.postgres.$1" >/dev/null
}

postgres_stop() {
  [[ $(postgres_status "$1") != missing ]] || return 0
  postgres_pause "$1"
  postgres_docker container update --restart=no "dokku.postgres.$1" >/dev/null
  postgres_docker container rm "dokku.postgres.$1" >/dev/null
}

postgres_start() {
  case "$(postgres_status "$1")" in
    running) ;;
    missing) postgres_container "$1" ;;
    *)
      postgres_docker container start "dokku.postgres.$1" >/dev/null
      postgres_wait "$1"
      ;;
  esac
}

postgres_destroy() {
  local dir
  dir=$(postgres_dir "$1")
  postgres_stop "$1"
  # The data belong to the container's own user.
  if [[ $(id -u) != 0 ]]; then
    postgres_docker container run --rm --entrypoint chmod \
      -v "${DOKKU_LIB_HOST_ROOT:-$DOKKU_LIB_ROOT}/services/postgres/$1/data:/data" --tmpfs "$(postgres_data_directory "$1")" \
      "$(postgres_image "$1")" 777 -R /data
  fi
  rm -rf "$dir"
}

postgres_destroy_all() {
  local dir
  for dir in "$(postgres_root)"/*/; do
    [[ ! -d $dir ]] || postgres_destroy "$(basename "$dir")"
  done
}

postgres_psql() {
  local name=$1
  shift
  postgres_exec "$name" psql -h 127.0.0.1 -U postgres -w -qAtX -v ON_ERROR_STOP=1 \
    -d "$(postgres_file "$name" DATABASE_NAME)" "$@"
}

postgres_fill() {
  postgres_psql "$1" -v rows="${2:-1000}" <<'SQL'
CREATE TABLE customer (id serial PRIMARY KEY, name text NOT NULL, note jsonb);
CREATE TABLE purchase (id bigserial PRIMARY KEY, customer integer NOT NULL REFERENCES customer, paid timestamptz, cents integer);
INSERT INTO customer (name, note) SELECT 'Zoë ' || n, jsonb_build_object('n', n, 'h', md5(n::text)) FROM generate_series(1, :rows) n;
INSERT INTO purchase (customer, paid, cents) SELECT n, '2026-04-08 14:30Z'::timestamptz + n * interval '1 min', n * 7 FROM generate_series(1, :rows) n;
CREATE INDEX ON purchase (paid);
CREATE VIEW turnover AS SELECT customer, sum(cents) FROM purchase GROUP BY customer;
CREATE FUNCTION euro(cents integer) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT cents / 100.0';
SELECT lo_from_bytea(0, decode(repeat('00ff10', 1000), 'hex')) \g /dev/null
SQL
}

# Prints a line for each table and sequence, and one for the large objects.
postgres_digest() {
  local database=${2:-$(postgres_file "$1" DATABASE_NAME)} rows
  rows=$(
    postgres_psql "$1" -d "$database" <<'SQL'
SELECT CASE relkind
    WHEN 'S' THEN format('SELECT %1$L, last_value FROM %1$s', c.oid::regclass)
    ELSE format('SELECT %1$L, count(*), md5(coalesce(string_agg(t::text, E''\n'' ORDER BY t::text), '''')) FROM ONLY %1$s t', c.oid::regclass)
  END
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE relkind IN ('r', 'S') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\_%'
  ORDER BY c.oid::regclass::text
\gexec
SELECT md5(coalesce(string_agg(loid || ' ' || pageno || ' ' || md5(data), ' ' ORDER BY loid, pageno), '')) FROM pg_largeobject;
SQL
  ) || return 1
  sha256sum <<<"$rows" | cut -d' ' -f1
}

postgres_export() {
  postgres_docker container exec "dokku.postgres.$1" env PGPASSWORD="$(postgres_file "$1" PASSWORD)" \
    pg_dump -Fc --no-acl --no-owner -h localhost -U postgres -w "$(postgres_file "$1" DATABASE_NAME)"
}

postgres_import() {
  postgres_docker container exec -i "dokku.postgres.$1" env PGPASSWORD="$(postgres_file "$1" PASSWORD)" \
    pg_restore -h localhost -cO --if-exists -d "$(postgres_file "$1" DATABASE_NAME)" -U postgres -w
}
