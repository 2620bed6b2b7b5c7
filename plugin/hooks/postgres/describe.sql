-- Prints lines of fields separated by tabs: F, version and identity of the server; A, an artifact; W, a warning; D, how to
-- connect to a database other than this one, and its name.
SELECT concat_ws(E'\t', 'F', split_part(current_setting('server_version'), ' ', 1),
  (pg_control_system()).system_identifier)
UNION ALL SELECT E'A\t' || json_build_object('name', 'globals', 'kind', 'pg_dumpall-globals',
  'minimum_client', (current_setting('server_version_num')::int / 10000)::text, 'starts_with', '--',
  'inspector', 'globals', 'auxiliary', true)
UNION ALL SELECT
  E'W\t' || translate(format('the database %s allows no connections and is left out', datname), E'\t\n', '  ')
  FROM pg_database WHERE NOT datallowconn AND NOT datistemplate
UNION ALL SELECT DISTINCT E'W\t' || translate(
  format('the database %s has subscriptions, which a restore does not re-create', datname), E'\t\n', '  ')
  FROM pg_database JOIN pg_subscription ON subdbid = pg_database.oid
UNION ALL (SELECT E'D\tpostgresql:///' ||
  regexp_replace(encode(convert_to(datname, 'UTF8'), 'hex'), '..', '%\&', 'g') || E'\t' || to_json(datname)
  FROM pg_database WHERE :usable AND datname <> current_database() ORDER BY datname <> :'default', datname);
