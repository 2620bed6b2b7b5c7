-- Objects of real databases: each works in its database and is dumped completely, but makes a plain restore fail. Run as a
-- superuser in an empty database, with psql -v ON_ERROR_STOP=1. What cannot be restored is in postgres-lost.sql.
SET client_min_messages = warning;

-- Functions with unqualified names, in every place where a restore calls them: pg_dump's session has an empty search_path.
CREATE TABLE rate (currency text PRIMARY KEY, cents int NOT NULL);
INSERT INTO rate VALUES ('EUR', 100), ('CHF', 104);
CREATE FUNCTION cents(currency text) RETURNS int LANGUAGE sql STABLE AS 'SELECT cents FROM rate r WHERE r.currency = $1';
-- From 17 on a refresh and an index run with a safe search_path, so that such functions must set their own.
SELECT current_setting('server_version_num')::int >= 170000 AS strict \gset
\if :strict
ALTER FUNCTION cents SET search_path = public;
\endif
CREATE MATERIALIZED VIEW worth AS SELECT currency, cents(currency) AS cents FROM rate;
CREATE UNIQUE INDEX worth_currency ON worth (currency);
CREATE MATERIALIZED VIEW worth_of_worth AS SELECT sum(cents) AS cents, cents('EUR') AS one FROM worth;
CREATE FUNCTION folded(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN lower_case(t); END';
CREATE FUNCTION lower_case(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(t)';
\if :strict
ALTER FUNCTION folded SET search_path = public;
\endif
CREATE TABLE person (id int PRIMARY KEY, name text);
INSERT INTO person SELECT n, 'Zoë ' || n FROM generate_series(1, 200) n;
CREATE INDEX person_folded ON person (folded(name));

-- Checks, domains and generated columns that look into tables which are loaded later, or that need the search_path.
CREATE FUNCTION known(currency text) RETURNS boolean LANGUAGE plpgsql AS
  $$ BEGIN RETURN EXISTS (SELECT FROM public.rate r WHERE r.currency = $1); END $$;
CREATE TABLE account (id int PRIMARY KEY, currency text CHECK (known(currency)));
INSERT INTO account SELECT n, 'CHF' FROM generate_series(1, 50) n;
CREATE FUNCTION short(t text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RETURN length(lower_case(t)) < 20; END';
CREATE DOMAIN short_text AS text CHECK (short(VALUE));
CREATE TABLE label (id int PRIMARY KEY, t short_text, folded text GENERATED ALWAYS AS (folded(t)) STORED);
INSERT INTO label SELECT n, 'L' || n FROM generate_series(1, 60) n;
CREATE FUNCTION has_account(id int) RETURNS boolean LANGUAGE plpgsql AS
  $$ BEGIN RETURN EXISTS (SELECT FROM account a WHERE a.id = $1); END $$;
CREATE TABLE aaa_first (id int CHECK (has_account(id)));
INSERT INTO aaa_first SELECT generate_series(1, 50);

-- Partitions, inheritance, identity and sequences of all kinds.
CREATE TABLE measure (at date NOT NULL, place int NOT NULL, v numeric, PRIMARY KEY (at, place)) PARTITION BY RANGE (at);
CREATE TABLE measure_2025 PARTITION OF measure FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (place);
CREATE TABLE measure_2025_1 PARTITION OF measure_2025 FOR VALUES IN (1);
CREATE TABLE measure_rest PARTITION OF measure DEFAULT;
INSERT INTO measure SELECT date '2025-01-01' + n, 1, n FROM generate_series(0, 400) n;
CREATE INDEX ON measure (v);
CREATE TABLE parent (id int GENERATED ALWAYS AS IDENTITY, t text);
CREATE TABLE child (more text) INHERITS (parent);
INSERT INTO child (id, t, more) SELECT n, n::text, 'm' FROM generate_series(1, 10) n;
CREATE SEQUENCE countdown INCREMENT -3 START 30 MAXVALUE 30 MINVALUE -30 CYCLE;
SELECT nextval('countdown'), nextval('countdown') \g /dev/null

-- Names.
CREATE SCHEMA "Weird ""schema"" ; -- 'quoted'";
CREATE TABLE "Weird ""schema"" ; -- 'quoted'"."táblé	with
newline" ("select" int PRIMARY KEY, "a;b" text DEFAULT ';'' \. --', """ || ''" int);
INSERT INTO "Weird ""schema"" ; -- 'quoted'"."táblé	with
newline" VALUES (1, E'\\.\n\\.\n', 2), (2, E'-- Name: x; Type: POLICY\n\\! false\n', 3);
CREATE TABLE "backups_new" (id int);
COMMENT ON TABLE "backups_new" IS E'a comment\n--\n-- Name: fake; Type: ACL\n--\nREVOKE';

-- Roles, grants, policies, default privileges.
CREATE ROLE zoo_keeper;
CREATE ROLE zoo_visitor NOINHERIT;
CREATE TABLE secret (id int PRIMARY KEY, owner text, word text);
INSERT INTO secret VALUES (1, 'zoo_visitor', 'a'), (2, 'zoo_keeper', 'b');
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
ALTER TABLE secret FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON secret USING (owner = current_user);
CREATE POLICY odd ON secret AS RESTRICTIVE TO zoo_visitor USING (short(word));
ALTER TABLE secret OWNER TO zoo_keeper;
GRANT SELECT (id, owner) ON secret TO zoo_visitor WITH GRANT OPTION;
SET ROLE zoo_keeper;
REVOKE ALL ON secret FROM zoo_keeper;
RESET ROLE;
CREATE FUNCTION run_as_owner() RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS 'SELECT current_user::text';
ALTER FUNCTION run_as_owner() OWNER TO zoo_keeper;
REVOKE EXECUTE ON FUNCTION run_as_owner() FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE zoo_keeper REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE zoo_keeper IN SCHEMA public GRANT SELECT ON TABLES TO zoo_visitor;

-- Triggers, rules, event triggers; one of them refuses everything that comes after it.
CREATE TABLE audit (at timestamptz DEFAULT clock_timestamp(), what text);
CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit (what) VALUES (TG_OP); RETURN NEW; END $$;
CREATE TRIGGER audited AFTER INSERT OR UPDATE ON person FOR EACH ROW EXECUTE FUNCTION audited();
ALTER TABLE person ENABLE ALWAYS TRIGGER audited;
CREATE RULE no_delete AS ON DELETE TO rate DO INSTEAD NOTHING;
CREATE VIEW people AS SELECT id, folded(name) AS name FROM person WITH CASCADED CHECK OPTION;
CREATE FUNCTION no_ddl() RETURNS event_trigger LANGUAGE plpgsql AS
  $$ BEGIN IF tg_tag NOT IN ('CREATE FUNCTION', 'CREATE VIEW') THEN RAISE 'the zoo is closed: %', tg_tag; END IF; END $$;

-- Large objects, publications, statistics, foreign servers, full text search, casts, operators, collations, compression.
SELECT lo_from_bytea(77001, decode(repeat('00ff10', 5000), 'hex')) \g /dev/null
COMMENT ON LARGE OBJECT 77001 IS 'large';
GRANT SELECT ON LARGE OBJECT 77001 TO zoo_visitor;
CREATE PUBLICATION zoo FOR TABLE person, rate;
CREATE STATISTICS account_statistics (dependencies) ON id, currency FROM account;
CREATE TEXT SEARCH CONFIGURATION plain (COPY = simple);
CREATE TABLE document (id int PRIMARY KEY, body text, tsv tsvector GENERATED ALWAYS AS (to_tsvector('public.plain', body)) STORED);
INSERT INTO document SELECT n, repeat('word' || n || ' ', 300) FROM generate_series(1, 40) n;
CREATE INDEX ON document USING gin (tsv);
CREATE COLLATION german (provider = libc, locale = 'C');
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s');
CREATE TYPE pair AS (a int, b mood);
CREATE TABLE typed (p pair, m mood[], r int4range, EXCLUDE USING gist (r WITH &&));
INSERT INTO typed VALUES ((1, 'sad'), '{ok,NULL}', '[1,5)'), ((2, 'it''s'), '{}', '[5,9)');
CREATE FUNCTION mood_of(int) RETURNS mood LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN $1 > 0 THEN 'ok'::mood ELSE 'sad'::mood END $$;
CREATE CAST (int AS mood) WITH FUNCTION mood_of(int);
CREATE UNLOGGED TABLE cache (k text PRIMARY KEY);
INSERT INTO cache VALUES ('kept');

-- This trigger comes last, since nothing can be created after it.
CREATE EVENT TRIGGER closed ON ddl_command_start EXECUTE FUNCTION no_ddl();
