-- Runs in parallel with swap.sql, and terminates only the sessions in databases that swap.sql has locked.
DO $$
DECLARE
  swapper int;
  idle int := 0;
  patience int := 600; -- rounds without the swapper: 18 s until it comes, 2 s after it went
BEGIN
  FOR i IN 1..3000 LOOP
    PERFORM pg_stat_clear_snapshot();
    SELECT pid INTO swapper FROM pg_stat_activity
      WHERE application_name = format('backups-restore-%s-swap', current_setting('backups.where'));
    IF swapper IS NULL THEN
      idle := idle + 1;
    ELSE
      idle := 0;
      patience := 60;
    END IF;
    EXIT WHEN idle > patience OR EXISTS (SELECT FROM pg_locks WHERE pid = swapper AND locktype = 'advisory');
    PERFORM pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.datid = l.objid
      WHERE l.pid = swapper AND l.locktype = 'object' AND l.classid = 'pg_database'::regclass
        AND l.mode = 'AccessExclusiveLock' AND l.granted AND a.pid <> swapper;
    PERFORM pg_sleep(0.03);
  END LOOP;
END
$$;
