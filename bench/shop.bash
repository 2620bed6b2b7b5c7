#!/usr/bin/env bash
# fill_shop SERVICE SCALE: creates pgbench's tables and 600,000 text rows, 1.2 GB at SCALE 70.
fill_shop() {
  postgres_exec "$1" pgbench -q -i -s "$2" -h 127.0.0.1 -U postgres "$(postgres_file "$1" DATABASE_NAME)" >/dev/null 2>&1
  postgres_psql "$1" <<SQL
CREATE TABLE docs AS SELECT i AS id, md5(i::text) || repeat(' lorem ipsum dolor', (i % 7)::int) || md5((i * 7)::text) AS body
  FROM generate_series(1, 600000 * $2 / 70) i;
SQL
}
