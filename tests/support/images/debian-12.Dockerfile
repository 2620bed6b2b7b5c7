# PostgreSQL 15, MariaDB 10.11, Redis 7.0 and SQLite in one image, which has a tag for each and is cheaper than four images.
ARG BASE
FROM ${BASE} AS base
RUN printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d \
 && mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    postgresql ssl-cert mariadb-server redis-server sqlite3 gosu procps zstd \
 && rm -rf /var/lib/mysql /var/lib/apt/lists/* /var/cache/apt/archives/*.deb \
 && mkdir -p /docker-entrypoint-initdb.d /data /var/lib/mysql && chown redis:redis /data && chown mysql:mysql /var/lib/mysql \
 && sed -i 's/^bind-address/#bind-address/' /etc/mysql/mariadb.conf.d/50-server.cnf \
 && printf '[mysqld]\nskip-host-cache\nskip-name-resolve\n' >/etc/mysql/mariadb.conf.d/99-docker.cnf \
 && sed -ri "s!^#?(listen_addresses)\s*=\s*\S+.*!\1 = '*'!" /usr/share/postgresql/15/postgresql.conf.sample
COPY *-entrypoint createdb /usr/local/bin/

FROM base AS postgres
ENV PG_MAJOR=15 PGDATA=/var/lib/postgresql/data LANG=C.UTF-8 POSTGRES_INITDB_ARGS=--auth=scram-sha-256 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin
VOLUME /var/lib/postgresql/data
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["postgres-entrypoint"]
CMD ["postgres"]

FROM base AS mariadb
ENV LANG=C.UTF-8
VOLUME /var/lib/mysql
EXPOSE 3306
ENTRYPOINT ["mariadb-entrypoint"]
CMD ["mariadbd"]

FROM base AS redis
VOLUME /data
WORKDIR /data
EXPOSE 6379
ENTRYPOINT ["redis-entrypoint"]
CMD ["redis-server", "--protected-mode", "no"]

FROM base AS app
VOLUME /app/storage
WORKDIR /app
CMD ["sh", "-c", "sqlite3 /app/storage/app.db 'CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, v TEXT)'; exec sleep infinity"]
