-- For --in-place: drops the live database before the new one is filled.
SELECT coalesce(current_setting('backups.targets')::json ->> current_setting('backups.artifact'),
  regexp_replace(current_setting('backups.artifact'), '^database:', '')) AS target \gset
DROP DATABASE IF EXISTS :"target" WITH (FORCE);
