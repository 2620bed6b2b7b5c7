-- ANALYZE of what is in this database. Of its catalogue too, it would take as long as all else about a small one.
SELECT 'ANALYZE ' || string_agg(oid::regclass::text, ', ') FROM pg_class
  WHERE relkind IN ('r', 'm', 'p') AND NOT relispartition AND oid >= 16384 HAVING count(*) > 0 \gexec
