-- Drops the databases that a swap has replaced, if others have their names, and then the mark of the swap. Prints those that
-- could not be dropped.
\set ON_ERROR_STOP off
SELECT unnest(CASE WHEN EXISTS (SELECT FROM pg_database p WHERE p.datname = target)
    THEN ARRAY[format('DROP DATABASE %I WITH (FORCE)', old)]
    ELSE ARRAY[format('ALTER DATABASE %I RENAME TO %I', old, target),
      format('ALTER DATABASE %I RESET backups.target', target)] END)
  FROM (
    SELECT datname AS old, substr(s, length('backups.target=') + 1) AS target
    FROM pg_database JOIN pg_db_role_setting ON setdatabase = pg_database.oid AND setrole = 0, unnest(setconfig) s
    WHERE s LIKE 'backups.target=%'
      AND starts_with(datname, format('backups_%s_old_', current_setting('backups.where')))
  ) olds \gexec
SELECT format('ALTER DATABASE %I RESET backups.swapped', datname)
  FROM pg_database JOIN pg_db_role_setting ON setdatabase = pg_database.oid
  WHERE 'backups.swapped=' || current_setting('backups.where') = ANY (setconfig) \gexec
SELECT format('the previous data remains in the database %s: drop it manually', datname) FROM pg_database
  WHERE starts_with(datname, format('backups_%s_old_', current_setting('backups.where')));
