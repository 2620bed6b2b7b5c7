# PostgreSQL with PostGIS and pg_cron.
ARG BASE
FROM ${BASE}
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    postgresql-${PG_MAJOR}-postgis-3 postgresql-${PG_MAJOR}-postgis-3-scripts postgresql-${PG_MAJOR}-cron \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
