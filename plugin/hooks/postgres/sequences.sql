-- Sets sequences of extensions that are in no dump behind the rows that they numbered, which are (PostGIS's
-- topology_id_seq).
SELECT format('SELECT setval(%L, max(%I)) FROM %s HAVING max(%2$I) >= (SELECT last_value FROM %4$s)',
    s.oid::regclass, attname, attrelid::regclass, s.oid::regclass)
  FROM pg_class s
  JOIN pg_depend part ON part.classid = 'pg_class'::regclass AND part.objid = s.oid AND part.deptype = 'e'
  JOIN pg_extension x ON x.oid = part.refobjid AND s.oid <> ALL (extconfig)
  JOIN pg_depend own ON own.classid = 'pg_class'::regclass AND own.objid = s.oid AND own.deptype = 'a'
  JOIN pg_attribute ON attrelid = own.refobjid AND attnum = own.refobjsubid
  WHERE s.relkind = 'S' AND own.refclassid = 'pg_class'::regclass AND own.refobjid = ANY (extconfig) \gexec
