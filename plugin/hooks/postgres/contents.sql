-- Prints what is in this database: E if it is empty and nobody asked for it, otherwise C; its size; a line for a
-- person; its artifact; and for the dump, its name in hexadecimal and its encoding.
WITH facts AS (SELECT current_database() AS name, pg_database_size(current_database()) AS size)
SELECT concat_ws(E'\t', CASE WHEN name <> 'postgres' OR name = :'default'
    OR EXISTS (SELECT FROM pg_class WHERE oid >= 16384)
    OR EXISTS (SELECT FROM pg_proc WHERE oid >= 16384) OR EXISTS (SELECT FROM pg_type WHERE oid >= 16384)
    OR EXISTS (SELECT FROM pg_extension WHERE oid >= 16384) OR EXISTS (SELECT FROM pg_largeobject_metadata)
    OR EXISTS (SELECT FROM pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_') THEN 'C' ELSE 'E' END, size,
  to_json(format('%s: %s table%s, %s', name, tables, CASE WHEN tables <> 1 THEN 's' END, pg_size_pretty(size))),
  json_strip_nulls(json_build_object(
    'name', CASE WHEN name = 'globals' OR name LIKE 'database:%' THEN 'database:' ELSE '' END || name,
    'kind', 'pg_dump-custom', 'inspector', 'pg_dump-custom',
    'minimum_client', (current_setting('server_version_num')::int / 10000)::text, 'starts_with', 'PGDMP',
    'database_size', size,
    'default', CASE WHEN name = :'default' THEN true END,
    'public', CASE WHEN NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public') THEN false END)),
  encode(convert_to(name, 'UTF8'), 'hex') || ' ' || getdatabaseencoding())
FROM facts, (SELECT count(*) AS tables FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'p') AND relpersistence <> 't' AND nspname !~ '^(pg_|information_schema)') counted
WHERE EXISTS (SELECT FROM pg_database WHERE datname = name AND :usable);
