-- Prints the reasons why a restore would fail later, so that it is refused at once.
WITH target AS (SELECT key AS artifact, value AS name FROM json_each_text(current_setting('backups.targets')::json))
SELECT 'a restore needs PostgreSQL 13 or newer' WHERE current_setting('server_version_num')::int < 130000
UNION ALL
SELECT format('%s would all become the database %s of this service: rename one of them first',
    string_agg(artifact, ' and '), name)
FROM target GROUP BY name HAVING count(*) > 1
UNION ALL
SELECT format('the database %s has prepared transactions, which keep it in use: commit or roll them back first', name)
FROM target WHERE name IN (SELECT database FROM pg_prepared_xacts)
UNION ALL
SELECT format('the database %s has replication slots or subscriptions, which keep it in use: drop them first', name)
FROM target WHERE name IN (SELECT database FROM pg_replication_slots)
  OR name IN (SELECT datname FROM pg_database JOIN pg_subscription ON subdbid = pg_database.oid);
