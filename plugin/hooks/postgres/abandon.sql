-- Drops the staged databases of a restore. A database that it replaced is dropped if another one has its name, and is renamed
-- back otherwise.
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
  WHERE datname ~ format('^backups_(%s|inplace)_new_', current_setting('backups.where')) \gexec
SELECT coalesce(string_agg(quote_ident(rolname), ', '), '') AS roles, count(*) > 0 AS any FROM pg_roles
  WHERE 'backups.restore=' || current_setting('backups.where') = ANY (rolconfig) \gset
\if :any
  DROP OWNED BY :roles;
  DROP ROLE :roles;
\endif
