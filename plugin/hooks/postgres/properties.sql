-- Sets the properties of the database backups.staging to those of the source's database (owner, grants, settings, comment,
-- connection limit), and finally the mark that it is complete. Prints warnings.
DO $$
DECLARE
  s text;
  said text[] := '{}';
BEGIN
  -- An extension may have set some when it was created.
  EXECUTE format('ALTER DATABASE %I RESET ALL', current_setting('backups.staging'));
  FOR s IN
    SELECT e FROM json_array_elements_text(current_setting('backups.statements')::json) e WHERE e ~
      '^((ALTER|COMMENT ON|SECURITY LABEL FOR .* ON|(GRANT|REVOKE) [A-Z, ]+ ON) DATABASE |'
      '(SET|RESET) SESSION AUTHORIZATION|ALTER ROLE )'
  LOOP
    BEGIN
      EXECUTE s;
    EXCEPTION WHEN OTHERS THEN
      -- A setting of an extension that is not loaded must not prevent the restore of the data.
      IF s !~ '^ALTER .* SET ' THEN
        RAISE;
      END IF;
      said := said || format('%s (%s)', s, SQLERRM);
    END;
  END LOOP;
  EXECUTE format('ALTER DATABASE %I SET backups.target = %L', current_setting('backups.staging'), coalesce(
    current_setting('backups.targets')::json ->> current_setting('backups.artifact'),
    regexp_replace(current_setting('backups.artifact'), '^database:', '')));
  PERFORM set_config('backups.said', to_json(said)::text, false);
END
$$;
SELECT translate(json_array_elements_text(current_setting('backups.said')::json), E'\n', ' ');
