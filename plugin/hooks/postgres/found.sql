-- Terminates the sessions of a restore, and sets `found` to the data that is in place then: `restored`, `unchanged`, or nothing
-- if there is no trace of the restore.
DO $$
BEGIN
  FOR i IN 1..100 LOOP
    PERFORM pg_stat_clear_snapshot();
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()
      AND application_name ~ format('^backups-restore-(%s|inplace)(-cut|-swap)?$', current_setting('backups.where'));
    EXIT WHEN NOT FOUND;
    PERFORM pg_sleep(0.05);
  END LOOP;
END
$$;
SELECT CASE
  WHEN EXISTS (SELECT FROM pg_db_role_setting
    WHERE 'backups.swapped=' || current_setting('backups.where') = ANY (setconfig)) THEN 'restored'
  WHEN EXISTS (SELECT FROM pg_database
    WHERE datname ~ format('^backups_%s_new_', current_setting('backups.where'))) THEN 'unchanged'
  ELSE '' END AS found \gset
