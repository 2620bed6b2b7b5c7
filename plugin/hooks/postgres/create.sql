-- Creates the database backups.staging as the CREATE DATABASE of the archive says. Prints warnings.
SELECT current_setting('backups.staging') AS staging \gset
DROP DATABASE IF EXISTS :"staging" WITH (FORCE);
SELECT coalesce((
  SELECT regexp_replace(e, ' TABLESPACE = (?:(?:"[^"]*")+|[a-z0-9_]+);$', ';')
  FROM json_array_elements_text(current_setting('backups.statements')::json) e WHERE e LIKE 'CREATE DATABASE %'
), format('CREATE DATABASE %I TEMPLATE template0', :'staging')) AS statement \gset
\set ON_ERROR_STOP off
SELECT :'statement' \gexec
\set failed :ERROR
\set ON_ERROR_STOP on
\if :failed
  -- Its locale may not exist in this image.
  SELECT format('CREATE DATABASE %I TEMPLATE template0 %s', :'staging',
    substring(:'statement' FROM 'ENCODING = ''[^'']+''')) \gexec
  SELECT format('%s gets the locale of the server, since its own is not available here: text may sort differently (%s)',
    current_setting('backups.artifact'), substring(:'statement' FROM 'ENCODING.*'));
\endif
-- template0 contains the schema public, which may have been dropped in the source's database; the archive does not say
-- so.
SELECT EXISTS (SELECT FROM json_array_elements(current_setting('backups.artifacts')::json) a
  WHERE a ->> 'name' = current_setting('backups.artifact') AND a ->> 'public' = 'false') AS bare \gset
\if :bare
  \connect :"staging"
  DROP SCHEMA public;
\endif
