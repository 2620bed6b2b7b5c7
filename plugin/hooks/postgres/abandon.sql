-- Ends what a restore has running, and takes away what it made beside and what it replaced.
DO $$
BEGIN
  FOR i IN 1..100 LOOP
    PERFORM pg_stat_clear_snapshot();
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()
      AND application_name ~ format('^backups-restore-(%s|in-place)(-cut|-swap)?$', current_setting('backups.where'));
    EXIT WHEN NOT FOUND;
    PERFORM pg_sleep(0.05);
  END LOOP;
END
$$;
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
  WHERE datname ~ format('^backups_(%s|in-place)_(new|old)_', current_setting('backups.where')) \gexec
SELECT coalesce(string_agg(quote_ident(rolname), ', '), '') AS roles, count(*) > 0 AS any FROM pg_roles
  WHERE 'backups.restore=' || current_setting('backups.where') = ANY (rolconfig) \gset
\if :any
  DROP OWNED BY :roles;
  DROP ROLE :roles;
\endif
