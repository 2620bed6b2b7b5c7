-- Runs ANALYZE for the tables of this database. For the system catalogue too, it would take as long as the rest of a
-- small restore.
SELECT 'ANALYZE ' || string_agg(oid::regclass::text, ', ') FROM pg_class
  WHERE relkind IN ('r', 'm', 'p') AND NOT relispartition AND oid >= 16384 HAVING count(*) > 0 \gexec
