-- Creates the missing roles of backups.script, with their attributes, settings, comments and memberships. Existing roles are
-- not changed, since the script also contains the superuser. Prints warnings.
DO $$
DECLARE
  word CONSTANT text := '((?:"[^"]*")+|[a-z_][a-z0-9_]*)';
  made text[] := '{}';
  names text[] := '{}';
  said text[] := '{}';
  part text[];
  membership text[];
  s text;
BEGIN
  FOR s IN SELECT json_array_elements_text(current_setting('backups.statements')::json) LOOP
    part := regexp_match(s, '^CREATE ROLE ' || word || ';$');
    IF part IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = (parse_ident(part[1]))[1]) THEN
      EXECUTE s;
      IF current_setting('backups.where') <> 'inplace' THEN
        EXECUTE format('ALTER ROLE %s SET backups.restore = %L', part[1], current_setting('backups.where'));
      END IF;
      made := made || part[1];
      names := names || parse_ident(part[1]);
      CONTINUE;
    END IF;
    membership := regexp_match(s, '^GRANT ' || word || ' TO ' || word || '[ ;]');
    part := coalesce(membership, regexp_match(s, '^(?:ALTER|COMMENT ON) ROLE ' || word || ' '),
      regexp_match(s, '^GRANT [A-Z ,]+ ON PARAMETER .* TO ' || word || '[ ;]'));
    IF part && made THEN
      BEGIN
        EXECUTE s;
      EXCEPTION WHEN OTHERS THEN
        -- Other versions may not support the options or the grantor of a membership.
        IF membership IS NULL THEN
          said := said || format('%s (%s)', s, SQLERRM);
        ELSE
          EXECUTE format('GRANT %s TO %s', membership[1], membership[2]);
        END IF;
      END;
    ELSIF s LIKE 'CREATE TABLESPACE %' THEN
      said := said || 'tablespaces are not made again: what was in them is now in the default one'::text;
    END IF;
  END LOOP;
  SELECT said || (string_agg(format('the role %I has no password now', rolname), '; ' ORDER BY rolname)
      || '; backups hold none: ALTER ROLE … PASSWORD …') INTO said
      FROM pg_roles WHERE rolcanlogin AND rolname = ANY (names);
  PERFORM set_config('backups.said', to_json(said)::text, false);
END
$$;
SELECT DISTINCT translate(said, E'\n', ' ')
  FROM json_array_elements_text(current_setting('backups.said')::json) said WHERE said <> '';
