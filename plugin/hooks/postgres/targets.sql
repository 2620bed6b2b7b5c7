-- Sets backups.targets: {"<artifact>": "<database>", …}. The own database of the source becomes that of this service,
-- and so does the only artifact of a dump that was made elsewhere.
SELECT set_config('backups.targets', coalesce((
  SELECT json_object_agg(name, CASE WHEN own THEN current_setting('backups.default')
    ELSE regexp_replace(name, '^database:', '') END) FILTER (WHERE name <> 'globals')
  FROM (
    SELECT a ->> 'name' AS name, a ->> 'default' = 'true' OR count(*) OVER () = 1 AS own
    FROM json_array_elements(current_setting('backups.artifacts')::json) a
  ) artifacts
)::text, '{}'), false) AS _ \gset
