# PostgreSQL of another Debian release. DATA and VOLUME are where the official image of that major keeps them.
ARG BASE
FROM ${BASE}
ARG MAJOR
ARG DATA
ARG VOLUME
RUN printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d \
 && mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf \
 && apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql-${MAJOR} ssl-cert gosu procps zstd \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb && mkdir -p /docker-entrypoint-initdb.d \
 && sed -ri "s!^#?(listen_addresses)\s*=\s*\S+.*!\1 = '*'!" /usr/share/postgresql/${MAJOR}/postgresql.conf.sample
COPY postgres-entrypoint createdb /usr/local/bin/
ENV PG_MAJOR=${MAJOR} PGDATA=${DATA} LANG=C.UTF-8 POSTGRES_INITDB_ARGS=--auth=scram-sha-256 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/${MAJOR}/bin
VOLUME ${VOLUME}
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["postgres-entrypoint"]
CMD ["postgres"]
