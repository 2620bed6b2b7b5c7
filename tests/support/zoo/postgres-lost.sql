-- Objects that no restore can recreate unchanged, although all rows are restored and the database works. Run after
-- postgres.sql; psql -v <name>=1 selects a section: fk, unique, key, refresh, grant; policy (of 15, lost in 17 and newer), owner.
SET client_min_messages = warning;
\if :{?fk}
CREATE TABLE customer (id int PRIMARY KEY);
CREATE TABLE purchase (id int PRIMARY KEY, customer int CONSTRAINT purchase_customer REFERENCES customer);
SET session_replication_role = replica;
INSERT INTO purchase VALUES (1, 4711);
RESET session_replication_role;
\endif
\if :{?unique}
CREATE TABLE mail (id int PRIMARY KEY, address text);
CREATE UNIQUE INDEX mail_address ON mail (address);
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = 'mail_address'::regclass;
INSERT INTO mail VALUES (1, 'a@example.com'), (2, 'a@example.com');
UPDATE pg_index SET indisready = true, indisvalid = true WHERE indexrelid = 'mail_address'::regclass;
\endif
\if :{?key}
CREATE TABLE keyed (id int CONSTRAINT keyed_key PRIMARY KEY);
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = 'keyed_key'::regclass;
INSERT INTO keyed VALUES (1), (1);
UPDATE pg_index SET indisready = true, indisvalid = true WHERE indexrelid = 'keyed_key'::regclass;
\endif
\if :{?refresh}
CREATE TABLE amount (n int);
INSERT INTO amount VALUES (1);
CREATE MATERIALIZED VIEW ratio AS SELECT 1 / n AS r FROM amount;
UPDATE amount SET n = 0;
\endif
\if :{?grant}
CREATE ROLE zoo_gone;
CREATE TABLE granted (id int);
GRANT SELECT ON granted TO zoo_gone;
DELETE FROM pg_shdepend WHERE refobjid = 'zoo_gone'::regrole;
DROP ROLE zoo_gone;
\endif
\if :{?policy}
CREATE TABLE kept AS SELECT 1 AS i;
ALTER TABLE kept ENABLE ROW LEVEL SECURITY;
CREATE POLICY lost_policy ON kept USING (i < (SELECT buffers_backend FROM pg_stat_bgwriter));
\endif
\if :{?owner}
CREATE TABLE kept AS SELECT 1 AS i;
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'zoo_demoted') AS absent \gset
\if :absent
CREATE ROLE zoo_demoted;
\endif
ALTER ROLE zoo_demoted SUPERUSER;
CREATE FUNCTION nothing() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER lost_owner ON ddl_command_end EXECUTE FUNCTION nothing();
ALTER EVENT TRIGGER lost_owner OWNER TO zoo_demoted;
ALTER ROLE zoo_demoted NOSUPERUSER;
\endif
