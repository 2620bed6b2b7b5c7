--
-- PostgreSQL database cluster dump
--

\restrict lf31pfu7ZAg99o5QEzGakR7NgutgZL2pu8ghIktOCy9sYMBw1afkbHzM0A4QmUK

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

--
-- Roles
--

CREATE ROLE ann;
ALTER ROLE ann WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS;
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS;

--
-- User Configurations
--








\unrestrict lf31pfu7ZAg99o5QEzGakR7NgutgZL2pu8ghIktOCy9sYMBw1afkbHzM0A4QmUK

--
-- PostgreSQL database cluster dump complete
--

