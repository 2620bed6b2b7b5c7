-- Renames every staged database to its final name in one transaction, which also marks each as swapped in.
SET lock_timeout = '10s';
DO $$
DECLARE
  staging text;
  target text;
  role name;
  detail text;
  cutter CONSTANT text := format('backups-restore-%s-cut', current_setting('backups.where'));
BEGIN
  FOR i IN 1..100 LOOP
    EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE application_name = cutter);
    PERFORM pg_sleep(0.02), pg_stat_clear_snapshot();
  END LOOP;
  FOR try IN 1..3 LOOP
    BEGIN
      FOR staging, target IN
        SELECT datname, (
          SELECT substr(s, length('backups.target=') + 1) FROM pg_db_role_setting, unnest(setconfig) s
          WHERE setdatabase = d.oid AND setrole = 0 AND s LIKE 'backups.target=%')
        FROM pg_database d
        WHERE starts_with(datname, format('backups_%s_new_', current_setting('backups.where'))) ORDER BY 2
      LOOP
        IF target IS NULL THEN
          RAISE EXCEPTION 'the database % is incomplete', staging;
        END IF;
        IF EXISTS (SELECT FROM pg_database WHERE datname = target) THEN
          EXECUTE format('ALTER DATABASE %I SET backups.target = %L', target, target);
          EXECUTE format('ALTER DATABASE %I RENAME TO %I', target, regexp_replace(staging, '_new_([^_]+)$', '_old_\1'));
        END IF;
        EXECUTE format('ALTER DATABASE %I RENAME TO %I', staging, target);
        EXECUTE format('ALTER DATABASE %I RESET backups.target', target);
        EXECUTE format('ALTER DATABASE %I SET backups.swapped = %L', target, current_setting('backups.where'));
      END LOOP;
      IF staging IS NULL THEN
        RAISE EXCEPTION 'no staged database was found';
      END IF;
      EXIT;
    EXCEPTION WHEN object_in_use OR lock_not_available THEN
      IF try = 3 THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
        RAISE EXCEPTION '%', concat_ws('; ', SQLERRM, nullif(detail, ''), (
          SELECT 'in the way: ' || string_agg(format('%s of %s: %s', a.pid, a.usename, left(a.query, 60)), ', ')
          FROM pg_locks l JOIN pg_database d ON d.oid = l.objid JOIN pg_stat_activity a ON a.pid = l.pid
          WHERE l.classid = 'pg_database'::regclass AND d.datname = target AND a.pid <> pg_backend_pid()));
      END IF;
    END;
  END LOOP;
  FOR role IN
    SELECT rolname FROM pg_roles WHERE 'backups.restore=' || current_setting('backups.where') = ANY (rolconfig)
  LOOP
    EXECUTE format('ALTER ROLE %I RESET backups.restore', role);
  END LOOP;
END
$$;
-- The lock tells terminate_sessions.sql that the swap is over.
SELECT pg_advisory_lock(0) AS _ \gset
DO $$
BEGIN
  FOR i IN 1..100 LOOP
    EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity
      WHERE application_name = format('backups-restore-%s-cut', current_setting('backups.where')));
    PERFORM pg_sleep(0.02), pg_stat_clear_snapshot();
  END LOOP;
END
$$;
