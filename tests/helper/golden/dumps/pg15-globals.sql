--
-- PostgreSQL database cluster dump
--

\restrict cWFz3GBmK5QW9d6B5UBMQ7eqgIlV77TSYgwElNstXeZRfPjucaodq8CkGEm9AxQ

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

--
-- Roles
--

CREATE ROLE ann;
ALTER ROLE ann WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE ann IS 'two
lines';
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS;

--
-- User Configurations
--








\unrestrict cWFz3GBmK5QW9d6B5UBMQ7eqgIlV77TSYgwElNstXeZRfPjucaodq8CkGEm9AxQ

--
-- PostgreSQL database cluster dump complete
--

