#!/usr/bin/env bats
# Notifications of failures and recoveries: webhook, mail, command, dead man's switch; and the metrics.
#
# shellcheck disable=SC2016 # knobs are code for the hook

load ../support/setup
load fake

TOKEN=T0KENofAHook

setup() {
  fresh_root
  fake_hooks
  fake_source fake:db first
  SINK=$(mktemp -d "$BATS_TEST_TMPDIR/sink.XXXXXX")
  "$SUPPORT/http-sink" "$SINK" 3>&- >/dev/null 2>&1 &
  SINK_PID=$!
  wait_until 20 test -e "$SINK/port"
  URL=http://127.0.0.1:$(<"$SINK/port")
}

teardown() {
  kill "$SINK_PID" 2>/dev/null || true
}

webhook() {
  helper set --global notify-webhook - --quiet <<<"$URL/hook/$TOKEN"
}

# request N: waits for the Nth request to the server and prints it.
request() {
  wait_until 20 test -e "$SINK/$1" || fail "no request number $1" || return 1
  cat "$SINK/$1"
}

body() {
  request "$1" | sed '1,/^$/d'
}

# Installs a sendmail that stores each message in $MAILS/<number>, and its arguments in $MAILS/calls.
fake_sendmail() {
  MAILS=$(mktemp -d "$BATS_TEST_TMPDIR/mails.XXXXXX")
  mkdir "$MAILS/bin"
  cat >"$MAILS/bin/sendmail" <<SENDMAIL
#!/bin/bash
echo "\$*" >>"$MAILS/calls"
n=\$(wc -l <"$MAILS/calls")
cat >"$MAILS/.\$n" && mv "$MAILS/.\$n" "$MAILS/\$n"
[[ ! -e $MAILS/refuse ]] || { echo "mail system is full" >&2; exit 75; }
SENDMAIL
  chmod +x "$MAILS/bin/sendmail"
  PATH=$MAILS/bin:$PATH
}

outbox() {
  catalog "SELECT count(*) FROM outbox"
}

outbox_is() {
  [[ $(outbox) == "$1" ]]
}

was_tried() {
  [[ $(catalog "SELECT max(attempts) FROM outbox") == "$1" ]]
}

nobody_delivers() {
  ! pgrep -f -- "deliver --root $ROOT" >/dev/null
}

# Makes postponed messages due.
time_passes() {
  catalog "UPDATE outbox SET next_try = 0"
}

@test "a failure is told once, and that backups work again" {
  webhook
  knob export 'exit 1'
  run -1 --separate-stderr helper create fake:db
  run -1 --separate-stderr helper create fake:db
  knob export
  helper create fake:db --quiet
  helper create fake:db --quiet
  assert_contains "$(request 1)" "POST /hook/$TOKEN HTTP/1.1"
  assert_json '"\(.event) \(.source) \(.code)"' "failure fake:db 1" "$(body 1)"
  assert_json_true '.backup | startswith("db-")' "$(body 1)"
  assert_json .event recovery "$(body 2)"
  wait_until 20 outbox_is 0
  sleep 0.5
  refute_file "$SINK/3"
}

@test "an alert is delivered as well when dokku called" {
  webhook
  mkdir -p "$FAKE/bin" "$FAKE/lib/data"
  cp "$BACKUPS_HELPER" "$FAKE/bin/backups-helper"
  ln -s "$ROOT" "$FAKE/lib/data/backups"
  printf '#!/bin/sh\ncat\n' >"$HOOKS/authorize"
  knob export 'exit 1'
  run -1 --separate-stderr env PLUGIN_PATH="$FAKE" DOKKU_LIB_ROOT="$FAKE/lib" "$FAKE/bin/backups-helper" create fake:db 3>&-
  assert_json .event failure "$(body 1)"
  wait_until 20 outbox_is 0
}

@test "a good backup sends nothing, and a cancelled one neither" {
  webhook
  helper create fake:db --quiet
  knob_stop export
  background create fake:db
  fake_stopped
  helper cancel fake:db --quiet
  assert_ends 12
  knob export
  assert_equal "$(outbox)" 0
  assert_equal "$(catalog "SELECT count(*) FROM incidents")" 0
}

@test "notify-test reaches every channel, in each format" {
  local format
  fake_sendmail
  webhook
  helper set --global notify-mail ann@example.com,root --quiet
  helper set --global notify-ping "$URL/ping/$TOKEN" --quiet
  printf '#!/bin/sh\ncat >%s\n' "$SINK/heard" >"$SINK/program"
  chmod +x "$SINK/program"
  helper set --global notify-command "$SINK/program" --quiet
  run -0 --separate-stderr helper notify-test
  assert_equal "$(awk '{print $1, $2}' <<<"$output")" \
    $'CHANNEL OUTCOME\nwebhook delivered\nmail delivered\ncommand delivered\nping delivered'
  refute_contains "$output$stderr" "$TOKEN"
  assert_json .event test "$(body 1)"
  assert_json .event test "$(<"$SINK/heard")"
  assert_contains "$(request 2)" "POST /ping/$TOKEN HTTP/1.1"
  assert_equal "$(<"$MAILS/calls")" "-t -i"
  assert_contains "$(<"$MAILS/1")" $'To: ann@example.com,\n root\nSubject: Test alert ('
  assert_contains "$(<"$MAILS/1")" "This is a test: alerts from this host arrive"

  helper set --global notify-mail --quiet
  helper set --global notify-ping --quiet
  helper set --global notify-command --quiet
  for format in slack discord ntfy; do
    helper set --global notify-webhook-format "$format" --quiet
    run -0 --separate-stderr helper notify-test --format json
    assert_json '.channels[0] | "\(.channel) \(.outcome)"' "webhook delivered"
  done
  assert_json_true '.text | startswith("Test alert (")' "$(body 3)"
  assert_json_true '.content | startswith("Test alert (")' "$(body 4)"
  assert_contains "$(request 5)" "title: Test alert ("
  assert_contains "$(request 5)" "priority: default"
  assert_equal "$(body 5)" "This is a test: alerts from this host arrive"
}

@test "notify-test says what fails, and that nobody listens" {
  fake_sendmail
  run -11 --separate-stderr helper notify-test
  assert_contains "$stderr" "no notification channel is configured: backups-helper set --global notify-mail"
  webhook
  helper set --global notify-mail root --quiet
  echo 403 >"$SINK/answer"
  touch "$MAILS/refuse"
  run -13 --separate-stderr helper notify-test --format json
  assert_json '.channels[0] | "\(.outcome) \(.message)"' "failed the server answered 403"
  assert_json_true '.channels[1].message | endswith("sendmail failed (exit code 75): mail system is full")'
  refute_contains "$output$stderr" "$TOKEN"
}

@test "an alert that the server refuses waits, and arrives in the end" {
  webhook
  echo 500 >"$SINK/answer"
  knob export 'exit 1'
  run -1 --separate-stderr helper create fake:db
  wait_until 20 was_tried 1
  wait_until 20 nobody_delivers
  rm "$SINK/answer"
  helper deliver
  refute_file "$SINK/2"
  time_passes
  helper deliver
  assert_equal "$(body 2)" "$(body 1)"
  assert_equal "$(outbox)" 0
}

@test "a server that hangs does not delay a backup, and no second one waits for it" {
  webhook
  echo hang >"$SINK/answer"
  knob export 'exit 1'
  SECONDS=0
  run -1 --separate-stderr helper create fake:db
  knob export
  helper create fake:db --quiet
  [[ $SECONDS -lt 10 ]]
  request 1 >/dev/null
  assert_equal "$(outbox)" 2
  rm "$SINK/answer"
  wait_until 20 test -e "$SINK/2"
  wait_until 20 outbox_is 0
}

@test "a mail arrives through the host's sendmail" {
  fake_sendmail
  helper set --global notify-mail root --quiet
  helper set --global notify-mail-from backups@example.com --quiet
  knob export 'echo "exporter broke: PGPASSWORD=hunter2" >&2; exit 1'
  run -1 --separate-stderr helper create fake:db
  wait_until 20 test -e "$MAILS/1"
  assert_contains "$(<"$MAILS/1")" "From: backups@example.com"
  assert_contains "$(<"$MAILS/1")" "Subject: Backup of fake:db failed ("
  refute_contains "$(<"$MAILS/1")" hunter2
}

@test "a copy that fails is told for its target" {
  webhook
  helper target-add far s3 --bucket none --endpoint http://127.0.0.1:9 --attempts 1 --quiet <<<"KEYofATarget:SECRETofATarget"
  run -9 --separate-stderr helper create fake:db --target local,far
  assert_json '"\(.event) \(.source) \(.target)"' "partial fake:db far" "$(body 1)"
  refute_contains "$(body 1)" SECRETofATarget
}

@test "no secret is in the outbox, the logs, the metrics or the list of processes" {
  webhook
  helper set --global metrics-file "$SINK/metrics.prom" --quiet
  helper target-add far s3 --bucket none --endpoint http://127.0.0.1:9 --attempts 1 --quiet <<<"KEYofATarget:SECRETofATarget"
  echo hang >"$SINK/answer"
  knob export 'exit 1'
  run -1 --separate-stderr helper create fake:db
  refute_contains "$output$stderr" "$TOKEN"
  knob export
  run -9 --separate-stderr helper create fake:db --target local,far
  refute_contains "$output$stderr" SECRETofATarget
  request 1 >/dev/null
  run -0 pgrep -af -- "deliver --root $ROOT"
  run -0 ps -eo args
  refute_contains "$output" "$TOKEN"
  run -1 grep -aE "$TOKEN|SECRETofATarget" "$SINK/metrics.prom" <(catalog .dump)
  run grep -rlaE "$TOKEN|SECRETofATarget" "$ROOT"
  assert_equal "$(sort <<<"$output")" "$(printf '%s\n' "$ROOT/secrets/far" "$ROOT/settings.json" | sort)"
  assert_mode "$ROOT/settings.json" 600
  rm "$SINK/answer"
  run -0 --separate-stderr helper set --global notify-webhook "$URL/$TOKEN" --format json
  refute_contains "$output$stderr" "$TOKEN"
  run -2 --separate-stderr helper set --global notify-webhook "//$TOKEN"
  refute_contains "$output$stderr" "$TOKEN"
}

@test "what touches the host can be set at a shell only, and all of it for everything only" {
  local property
  for property in notify-command metrics-file; do
    run -2 --separate-stderr env PLUGIN_PATH=/nowhere DOKKU_LIB_ROOT="$ROOT" "$BACKUPS_HELPER" set --global "$property" /bin/true
    assert_contains "$stderr" "$property is only allowed at a shell on the host, as root: "
  done
  helper create fake:db --quiet
  run -2 --separate-stderr helper set fake:db notify-mail root
  assert_contains "$stderr" "notify-mail applies to the whole host: use --global"
}

@test "metrics are what a Prometheus client reads, and follow each run" {
  /usr/bin/python3 -c 'import prometheus_client' 2>/dev/null || skip "needs python3-prometheus-client"
  fake_source fake:other second
  helper set --global metrics-file "$SINK/backups.prom" --quiet
  helper create fake:db fake:other --quiet
  knob export 'exit 1'
  run -1 --separate-stderr helper create fake:db
  assert_mode "$SINK/backups.prom" 644
  run -0 --separate-stderr /usr/bin/python3 - "$SINK/backups.prom" <<'PYTHON'
import sys
from prometheus_client.parser import text_string_to_metric_families
for family in text_string_to_metric_families(open(sys.argv[1]).read()):
    assert family.type == "gauge" and family.documentation, family
    for sample in family.samples:
        extra = sample.labels.get("status", sample.labels.get("target", ""))
        print(sample.name, sample.labels["source"], extra, int(sample.value))
PYTHON
  assert_contains "$output" "backups_last_attempt_success fake:db  0"
  assert_contains "$output" "backups_last_attempt_success fake:other  1"
  assert_contains "$output" "backups_count fake:db failed 1"
  assert_contains "$output" "backups_count fake:db success 1"
  assert_contains "$output" "backups_copy_ok fake:db local 0"
  assert_contains "$output" "backups_last_success_timestamp_seconds fake:db  $(catalog \
    "SELECT finished_at FROM backups WHERE name = 'db' AND status = 'success'")"
  helper delete "fake:$(catalog "SELECT id FROM backups WHERE status = 'failed'")" --quiet --force
  refute_contains "$(<"$SINK/backups.prom")" 'status="failed"'
  # The age of the last backup of a destroyed source is no longer exported.
  helper trigger after-destroy fake other
  refute_contains "$(<"$SINK/backups.prom")" fake:other
  assert_contains "$(<"$SINK/backups.prom")" fake:db
}

# tick DAY TIME: runs a tick at that time of March 2026 and waits until all alerts are delivered.
tick() {
  run -0 at "2026-03-$1 $2" helper tick
  # Another process may be delivering them.
  wait_until 20 outbox_is 0 || fail "the outbox is not empty: $output"
}

# Prints the events that have arrived so far, in order.
events() {
  local file
  for file in $(find "$SINK" -regex '.*/[0-9]+' -printf '%f\n' | sort -n); do
    sed '1,/^$/d' "$SINK/$file" | jq -r '"\(.event) \(.source) \(.schedule // "")"'
  done
}

@test "a tick tells of a failure once, of its end, and of a suspect backup" {
  export TZ=UTC
  webhook
  at '2026-03-02 10:00:00' helper schedule fake:db --daily 02:00 --quiet
  knob export 'exit 1'
  tick 03 02:00:00
  tick 03 02:10:00
  knob export
  tick 03 03:00:00
  assert_equal "$(events)" $'failure fake:db \nrecovery fake:db '
  fake_source fake:db "$(head -c 60000 /dev/urandom | base64 -w 0)"
  tick 04 02:00:00
  fake_source fake:db tiny
  tick 05 02:00:00
  tick 05 02:01:00
  assert_equal "$(events | tail -n +3)" 'suspect fake:db '
  at '2026-03-05 10:00:00' helper accept fake:db --quiet
  tick 06 02:00:00
  assert_equal "$(events | tail -n +4)" 'recovery fake:db '
}

@test "silence: a schedule that made nothing for twice its interval is told, and its next success too" {
  export TZ=UTC
  webhook
  helper set --global notify-on recovery,silence --quiet
  at '2026-03-02 10:00:00' helper schedule fake:db --daily 02:00 --quiet
  tick 03 02:00:00
  assert_equal "$(events)" ""
  # If the source is busy for days, no backup fails and none is made.
  knob_stop export
  background create fake:db
  fake_stopped
  tick 04 02:00:00
  assert_equal "$(events)" ""
  tick 05 02:06:00
  tick 05 10:00:00
  assert_equal "$(events)" 'silence fake:db daily'
  fake_go
  assert_ends 0
  knob export
  tick 05 11:00:00
  assert_equal "$(events | tail -n 1)" 'recovery fake:db daily'
}

@test "a host that slept is no silence: what was missed is made up for first" {
  export TZ=UTC
  webhook
  at '2026-03-02 10:00:00' helper schedule fake:db --daily 02:00 --quiet
  tick 03 02:00:00
  tick 09 10:00:00
  assert_equal "$(events)" ""
}

@test "the dead man's switch hears the start, and good news only while all is well" {
  export TZ=UTC
  local lines
  helper set --global notify-ping "$URL/ping" --quiet
  fake_source fake:other x
  at '2026-03-02 10:00:00' helper schedule fake:db --daily 02:00 --quiet
  at '2026-03-02 10:00:00' helper schedule fake:other --daily 03:00 --quiet
  tick 03 02:00:00
  tick 03 02:01:00
  # shellcheck disable=SC2016 # for the hook
  knob export '[[ $1 != db ]]'
  tick 04 02:00:00
  tick 04 03:00:00
  knob export
  tick 04 09:00:00
  lines=$(for ((n = 1; n <= 8; ++n)); do request "$n" | head -n 1 | cut -d' ' -f2; done)
  assert_equal "$lines" $'/ping/start\n/ping\n/ping/start\n/ping/fail\n/ping/start\n/ping/fail\n/ping/start\n/ping'
  refute_file "$SINK/9"
}
