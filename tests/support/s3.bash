#!/usr/bin/env bash
# A real S3 server on the loopback: Ceph's gateway from Debian with its data in memory. Everything lies below one directory.
#
#   s3_possible   says on stderr what is missing
#   s3_start      sets S3_DIR and BACKUPS_TEST_S3_{ENDPOINT,TLS_ENDPOINT,CA,HOST,KEY,SECRET}: path style at ENDPOINT, virtual hosts
#                 at http://HOST
#   s3_bucket METHOD [PATH [CURL-OPTION...]]   a request for the bucket BUCKET, by another client than ours
#   s3_stop       ends it; S3_DIR must be what s3_start set
#
# Ceph checks the signature and the payload's hash, yet takes a wrong region, unsigned x-amz headers and parts out of order.

s3_possible() {
  local program
  for program in ceph-mon ceph-osd radosgw radosgw-admin monmaptool ceph openssl; do
    command -v "$program" >/dev/null && continue
    echo "s3: $program is not installed" >&2
    return 1
  done
}

s3_start() {
  s3_possible || return 1
  S3_DIR=$(mktemp -d "${TMPDIR:-/tmp}/backups-s3.XXXXXX")
  export S3_DIR CEPH_CONF=$S3_DIR/ceph.conf
  mkdir "$S3_DIR"/{mon,osd,rgw,run,log}
  : >"$S3_DIR/pids"
  mapfile -t ports < <(s3_free_ports 3)
  export BACKUPS_TEST_S3_ENDPOINT=http://127.0.0.1:${ports[0]} BACKUPS_TEST_S3_TLS_ENDPOINT=https://127.0.0.1:${ports[1]} \
    BACKUPS_TEST_S3_HOST=s3.localhost:${ports[0]} BACKUPS_TEST_S3_CA=$S3_DIR/cert.pem \
    BACKUPS_TEST_S3_KEY=AKIDEXAMPLE BACKUPS_TEST_S3_SECRET=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,DNS:s3.localhost,DNS:*.s3.localhost,IP:127.0.0.1' \
    -keyout "$S3_DIR/key.pem" -out "$S3_DIR/cert.pem" 2>/dev/null
  s3_config "${ports[@]}" >"$CEPH_CONF"
  if ! s3_start_cluster "${ports[2]}" >"$S3_DIR/log/start" 2>&1 || ! s3_wait 300 s3_answers; then
    tail -n 20 "$S3_DIR"/log/* >&2
    s3_stop
    return 1
  fi
}

# s3_config HTTP HTTPS MONITOR. No authentication inside the cluster, and no waits that only a real one needs: 1.5 s in all.
s3_config() {
  cat <<CONFIG
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon_host = v2:127.0.0.1:$3
ms_bind_ipv6 = false
ms_bind_msgr1 = false
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
auth_supported = none
run_dir = $S3_DIR/run
admin_socket = $S3_DIR/run/\$cluster-\$name.\$pid.asok
pid_file =
log_file = $S3_DIR/log/\$name
mon_cluster_log_file = $S3_DIR/log/cluster
crash_dir = $S3_DIR/run
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_max_pg_per_osd = 2000
mon_data_avail_warn = 1
mon_data_avail_crit = 0
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
[mon]
mon_data = $S3_DIR/mon
mon_initial_members = a
[osd]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
osd_data = $S3_DIR/osd
osd_objectstore = memstore
memstore_device_bytes = 8589934592
osd_class_load_list = *
osd_class_default_list = *
[client.rgw]
rgw_data = $S3_DIR/rgw
ms_mon_client_mode = crc
rgw_frontends = beast endpoint=127.0.0.1:$1 ssl_endpoint=127.0.0.1:$2 ssl_certificate=$S3_DIR/cert.pem ssl_private_key=$S3_DIR/key.pem
rgw_dns_name = s3.localhost
rgw_enable_usage_log = false
rgw_gc_obj_min_wait = 1
rgw_gc_processor_period = 5
rgw_crypt_require_ssl = false
rgw_crypt_s3_kms_backend = testing
rgw_crypt_s3_kms_encryption_keys = testkey-1=YmluCmJvb3N0CmJvb3N0LWJ1aWxkCmNlcGguY29uZgo=
rgw_thread_pool_size = 64
CONFIG
}

# s3_start_cluster MONITOR
s3_start_cluster() {
  local osd
  monmaptool --create --fsid "$(sed -n 's/^fsid = //p' "$CEPH_CONF")" --clobber --addv a "[v2:127.0.0.1:$1]" "$S3_DIR/monmap"
  ceph-mon -i a --mkfs --monmap "$S3_DIR/monmap"
  s3_run ceph-mon -i a -f
  osd=$(cat /proc/sys/kernel/random/uuid)
  ceph --connect-timeout 60 osd new "$osd"
  ceph-osd -i 0 --osd-uuid "$osd" --mkfs
  s3_run ceph-osd -i 0 -f
  s3_wait 300 s3_osd_up
  radosgw-admin -n client.rgw user create --uid=test --display-name=test \
    --access-key="$BACKUPS_TEST_S3_KEY" --secret-key="$BACKUPS_TEST_S3_SECRET"
  s3_run radosgw -n client.rgw -f
}

s3_run() {
  setsid "$@" </dev/null >>"$S3_DIR/log/$1.out" 2>&1 3>&- &
  echo "$!" >>"$S3_DIR/pids"
}

s3_osd_up() {
  ceph osd stat | grep -q ' 1 up'
}

s3_answers() {
  curl -s -o /dev/null "$BACKUPS_TEST_S3_ENDPOINT/"
}

s3_bucket() {
  curl -sS --fail --max-time 60 -X "$1" --aws-sigv4 aws:amz:us-east-1:s3 --user "$BACKUPS_TEST_S3_KEY:$BACKUPS_TEST_S3_SECRET" \
    -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$BACKUPS_TEST_S3_ENDPOINT/$BUCKET${2:-}" "${@:3}"
}

# s3_wait TENTHS COMMAND...: repeats the command until it succeeds
s3_wait() {
  local tenths=$1
  shift
  while ((tenths-- > 0)); do
    "$@" && return 0
    sleep 0.1
  done
  return 1
}

# s3_free_ports COUNT: prints ports on which nobody listens
s3_free_ports() {
  local port found=0
  for port in $(shuf -i 20000-30000 -n 50); do
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
    echo "$port"
    ((++found < $1)) || return 0
  done
}

s3_stop() {
  local pid
  [[ -n ${S3_DIR:-} && -f $S3_DIR/pids ]] || return 0
  while read -r pid; do kill -TERM "$pid" 2>/dev/null || true; done < <(tac "$S3_DIR/pids")
  while read -r pid; do
    s3_wait 20 s3_ended "$pid" || kill -KILL "$pid" 2>/dev/null || true
  done <"$S3_DIR/pids"
  rm -rf "$S3_DIR"
  unset CEPH_CONF
}

s3_ended() {
  ! kill -0 "$1" 2>/dev/null
}
