-- Sets backups.statements: the statements of backups.script, which pg_dump or pg_dumpall wrote, as a JSON array, with
-- the name of the database replaced by that of the staging database.
SELECT $$(?:(?:"[^"]*")+|[a-z_][a-z0-9_]*)$$ AS name \gset
SELECT set_config('backups.statements', coalesce((
  SELECT json_agg(regexp_replace(regexp_replace(statement[1], '^(?:\s|--[^\n]*\n|\\[^\n]*\n)+', ''),
    '^((?:CREATE|ALTER|COMMENT ON|SECURITY LABEL FOR ' || :'name' || ' ON|ALTER ROLE ' || :'name' ||
    ' IN|(?:GRANT|REVOKE) [A-Z, ]+ ON)'
      || ' DATABASE )' || :'name', '\1' || quote_ident(current_setting('backups.staging'))))
  FROM regexp_matches(current_setting('backups.script'),
    $$(?:[^;'"\\-]|'[^']*'|"[^"]*"|-(?!-)|--[^\n]*\n|\\[^\n]*\n)+;$$, 'g') statement
)::text, '[]'), false) AS _ \gset
