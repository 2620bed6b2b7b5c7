--
-- PostgreSQL database cluster dump
--

\restrict kbpMM3Rc32RplhIQVHtbK3hb3pd9tPxrsO97eFTgBa5qslPGE1hucTjseX8CgU3

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
ALTER ROLE postgres WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS PASSWORD 'SCRAM-SHA-256$4096:+YhJmrqgxoF21KP4CHr1Qw==$lLKss1kzOGwrdVdXEA9ZP7MkheYZ4LTcTAbL0nvrvQY=:xx4gYz+gJoiQVd4cAo032CC+3pREWivZN33B7SOcvkA=';

--
-- User Configurations
--








\unrestrict kbpMM3Rc32RplhIQVHtbK3hb3pd9tPxrsO97eFTgBa5qslPGE1hucTjseX8CgU3

--
-- Databases
--

--
-- Database "template1" dump
--

\connect template1

--
-- PostgreSQL database dump
--

\restrict Sq1DfAiCqTRrzVntyT5L5f1wRwVH6Ue7CH6hOyMzaHI8z46FxqTwwAmwzGmdwVy

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- PostgreSQL database dump complete
--

\unrestrict Sq1DfAiCqTRrzVntyT5L5f1wRwVH6Ue7CH6hOyMzaHI8z46FxqTwwAmwzGmdwVy

--
-- Database "postgres" dump
--

\connect postgres

--
-- PostgreSQL database dump
--

\restrict 9I2wbVEyqKYlXgdEJNCm80GHubtbpJWXU6Isqb9Xe2lYucIjSj5brs0MbmNk0qe

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- PostgreSQL database dump complete
--

\unrestrict 9I2wbVEyqKYlXgdEJNCm80GHubtbpJWXU6Isqb9Xe2lYucIjSj5brs0MbmNk0qe

--
-- Database "shop" dump
--

--
-- PostgreSQL database dump
--

\restrict USDoFCXiaHMEscCsAq7o3WxfgPRxxgR5PZBwiRervleIlUwop2B84VRbZR4Mflu

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: shop; Type: DATABASE; Schema: -; Owner: postgres
--

CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8';


ALTER DATABASE shop OWNER TO postgres;

\unrestrict USDoFCXiaHMEscCsAq7o3WxfgPRxxgR5PZBwiRervleIlUwop2B84VRbZR4Mflu
\connect shop
\restrict USDoFCXiaHMEscCsAq7o3WxfgPRxxgR5PZBwiRervleIlUwop2B84VRbZR4Mflu

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: empty; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.empty (
    i integer
);


ALTER TABLE public.empty OWNER TO postgres;

--
-- Name: s; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.s
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.s OWNER TO postgres;

--
-- Name: t; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.t (
    i integer NOT NULL,
    x text
);


ALTER TABLE public.t OWNER TO postgres;

--
-- Name: v; Type: VIEW; Schema: public; Owner: postgres
--

CREATE VIEW public.v AS
 SELECT t.i,
    t.x
   FROM public.t;


ALTER TABLE public.v OWNER TO postgres;

--
-- Name: 16401; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('16401');


ALTER LARGE OBJECT 16401 OWNER TO postgres;

--
-- Name: 16402; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('16402');


ALTER LARGE OBJECT 16402 OWNER TO postgres;

--
-- Name: 16403; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('16403');


ALTER LARGE OBJECT 16403 OWNER TO postgres;

--
-- Data for Name: empty; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.empty (i) FROM stdin;
\.


--
-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.t (i, x) FROM stdin;
1	row1
2	row2
3	row3
4	row4
5	row5
6	row6
7	row7
8	row8
9	row9
10	row10
11	row11
12	row12
13	row13
14	row14
15	row15
16	row16
17	row17
18	row18
19	row19
20	row20
\.


--
-- Name: s; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.s', 1, false);


--
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('16401', 131072);
SELECT pg_catalog.lowrite(0, '\x68656c6c6f');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('16402', 131072);
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('16403', 131072);
SELECT pg_catalog.lowrite(0, '\x616761696e');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- Name: t t_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.t
    ADD CONSTRAINT t_pkey PRIMARY KEY (i);


--
-- PostgreSQL database dump complete
--

\unrestrict USDoFCXiaHMEscCsAq7o3WxfgPRxxgR5PZBwiRervleIlUwop2B84VRbZR4Mflu

--
-- PostgreSQL database cluster dump complete
--

