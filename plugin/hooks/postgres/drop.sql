-- What a swap has replaced. Prints what could not be dropped.
\set ON_ERROR_STOP off
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
  WHERE starts_with(datname, format('backups_%s_old_', current_setting('backups.where'))) \gexec
SELECT format('what was there before is still there, as the database %s: drop it by hand', datname) FROM pg_database
  WHERE starts_with(datname, format('backups_%s_old_', current_setting('backups.where')));
