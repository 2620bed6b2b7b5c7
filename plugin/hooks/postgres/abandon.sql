-- Takes away what a restore made beside. What it replaced goes only where something is in its place, and else goes
-- back.
SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database
  WHERE datname ~ format('^backups_(%s|inplace)_new_', current_setting('backups.where')) \gexec
SELECT coalesce(string_agg(quote_ident(rolname), ', '), '') AS roles, count(*) > 0 AS any FROM pg_roles
  WHERE 'backups.restore=' || current_setting('backups.where') = ANY (rolconfig) \gset
\if :any
  DROP OWNED BY :roles;
  DROP ROLE :roles;
\endif
