#!/usr/bin/env bats
# Hooks whose programs fail: the exit code of a program is never mistaken for one that the hook means.

# shellcheck disable=SC2016 # text for other shells
load ../support/setup

HOOKS_OF_OURS=$BATS_TEST_DIRNAME/../../plugin/hooks

# Installs stubs that print what a hook needs to continue. The one named in $FAILING exits 20, which would mean "not
# authorised" if the hook had announced it.
setup() {
  export BACKUPS_RUN_ID=run-1 BACKUPS_RUN_DIR=$BATS_TEST_TMPDIR/run PLUGIN_PATH=$BATS_TEST_TMPDIR/plugins \
    PLUGIN_ENABLED_PATH=$BATS_TEST_TMPDIR/plugins/enabled DOKKU_LIB_ROOT=$BATS_TEST_TMPDIR/lib DOKKU_ROOT=$BATS_TEST_TMPDIR/home
  local bin=$BATS_TEST_TMPDIR/bin program
  mkdir -p "$bin" "$BACKUPS_RUN_DIR" "$DOKKU_LIB_ROOT"/services/{postgres,redis,mariadb}/x "$DOKKU_ROOT/web" "$BATS_TEST_TMPDIR/mount"
  for program in export import; do
    install -D /dev/null "$PLUGIN_ENABLED_PATH/redis/subcommands/$program"
    install -D /dev/null "$PLUGIN_ENABLED_PATH/mariadb/subcommands/$program"
  done
  chmod +x "$PLUGIN_ENABLED_PATH"/*/subcommands/*
  cat >"$bin/stub" <<'STUB'
#!/bin/bash
name=${0##*/}
[[ $FAILING != "$name" && $FAILING != "$name $1" ]] || exit 20
case "$name $*" in
  *State.Status*) echo running ;;
  *.Image*) echo sha256:1 ;;
  "dokku --quiet storage:list"*) printf '[{"host_path":"%s","container_path":"/data"}]' "$MOUNT" ;;
esac
STUB
  chmod +x "$bin/stub"
  for program in docker dokku plugn; do ln -s stub "$bin/$program"; done
  export MOUNT=$BATS_TEST_TMPDIR/mount PATH=$bin:$PATH
}

# hook TYPE ACTION ARGUMENT...: runs a hook; sets status, and announced to the exit code that it announced.
hook() {
  local hook=$HOOKS_OF_OURS/$1/$2
  [[ -x $hook ]] || hook=$HOOKS_OF_OURS/generic/$2
  rm -f "$BACKUPS_RUN_DIR/image"
  # Descriptor 3 of the hook must not be that of bats.
  run env PATH="${DEADLY:+$DEADLY:}$PATH" BACKUPS_TYPE="$1" BACKUPS_ACTION="$2" bash -c 'exec timeout 20 "$@" </dev/null 3>"$BACKUPS_RUN_DIR/said"' - "$hook" "${@:3}"
  announced=$(sed -n 's/^{"exit":\([0-9]*\)}$/\1/p' "$BACKUPS_RUN_DIR/said" | tail -n 1)
}

@test "a program that a hook runs may end with any code of ours: no hook announces that" {
  local source action where failed=0
  for FAILING in docker "docker run" dokku; do
    export FAILING
    for source in "postgres x" "redis x" "mariadb x" "sqlite web/data/app.db" "sqlite $MOUNT/app.db"; do
      for action in describe export import rehearse check; do
        [[ $source != sqlite* || -e $HOOKS_OF_OURS/sqlite/$action ]] || continue
        where=(data beside1)
        [[ $action != describe ]] || where=()
        # shellcheck disable=SC2086 # type and name
        hook ${source% *} "$action" "${source#* }" "${where[@]}"
        [[ $status != 20 ]] || failed=$((failed + 1))
        [[ $announced != 20 ]] || fail "$source $action announced what $FAILING ended with: $output"
      done
    done
  done
  # At least these programs were called and failed.
  ((failed >= 10))
}

@test "what a hook fails with on purpose is announced, also from a subshell" {
  cat >"$BATS_TEST_TMPDIR/hook" <<HOOK
#!/usr/bin/env bash
source "$HOOKS_OF_OURS/lib/hook.bash"
inner() { hook-fail 5 "stopped"; }
\$1
answer=\$(inner)
echo "\$answer"
HOOK
  chmod +x "$BATS_TEST_TMPDIR/hook"
  run -5 bash -c '"$0" true 3>"$BACKUPS_RUN_DIR/said"' "$BATS_TEST_TMPDIR/hook"
  assert_equal "$(tail -n 1 "$BACKUPS_RUN_DIR/said")" '{"exit":5}'
  run -1 bash -c '"$0" false 3>"$BACKUPS_RUN_DIR/said"' "$BATS_TEST_TMPDIR/hook"
  assert_equal "$(tail -n 1 "$BACKUPS_RUN_DIR/said")" '{"exit":1}'
}

@test "where Docker's disk has no room to try an import, it is not tried, and that is said" {
  local type
  mkdir "$DOKKU_LIB_ROOT/services/redis/x/data"
  export BACKUPS_ARTIFACTS=$BATS_TEST_TMPDIR/artifacts.json
  echo '[{"name":"data","kind":"k","raw_size":5000000000}]' >"$BACKUPS_ARTIFACTS"
  printf '#!/bin/bash\nprintf "Avail\\n1000000000\\n"\n' >"$BATS_TEST_TMPDIR/bin/df"
  printf '#!/bin/bash\n[[ $1 != run ]] || echo run >>"%s"\nexec "%s" "$@"\n' "$BATS_TEST_TMPDIR/ran" "$BATS_TEST_TMPDIR/bin/stub" >"$BATS_TEST_TMPDIR/bin/docker.new"
  sed -i '2i [[ $1 != info ]] || { echo / && exit; }' "$BATS_TEST_TMPDIR/bin/docker.new"
  chmod +x "$BATS_TEST_TMPDIR/bin/df" "$BATS_TEST_TMPDIR/bin/docker.new"
  mv "$BATS_TEST_TMPDIR/bin/docker.new" "$BATS_TEST_TMPDIR/bin/docker"
  for type in redis mariadb; do
    hook "$type" rehearse x data
    assert_equal "$status" 0
    assert_match "$(<"$BACKUPS_RUN_DIR/said")" 'could not be tried .*: that takes about (5.0|11)G in /, where 954M are free'
  done
  refute_file "$BATS_TEST_TMPDIR/ran"
}

# abandoned TYPE NAME HALF: runs abandon and prints what it reports.
abandoned() {
  hook "$1" abandon "$2" beside1
  assert_equal "$status $output" "0 $3"
}

# killed_at PROGRAM: the next hook is killed when it runs that program.
killed_at() {
  mkdir -p "$BATS_TEST_TMPDIR/deadly"
  printf '#!/bin/bash\nkill -9 "$PPID"\n' >"$BATS_TEST_TMPDIR/deadly/$1"
  chmod +x "$BATS_TEST_TMPDIR/deadly/$1"
}

@test "abandon of SQLite says which half it found" {
  local db=$BATS_TEST_TMPDIR/mount/app.db
  sqlite3 "$BATS_TEST_TMPDIR/new.db" 'CREATE TABLE t (a); INSERT INTO t VALUES (2)'
  stage() {
    rm -f "$db"
    if [[ $1 == damaged ]]; then head -c 9000 /dev/zero >"$db"; else sqlite3 "$db" 'CREATE TABLE t (a); INSERT INTO t VALUES (1)'; fi
    hook sqlite prepare "$db" beside1
    run bash -c '"$1" "$2" data beside1 <"$3" 3>/dev/null' - "$HOOKS_OF_OURS/sqlite/import" "$db" "$BATS_TEST_TMPDIR/new.db"
    assert_equal "$status" 0
  }
  stage sound
  abandoned sqlite "$db" unchanged
  abandoned sqlite "$db" ""
  for live in sound damaged; do
    stage "$live"
    killed_at rm
    DEADLY=$BATS_TEST_TMPDIR/deadly hook sqlite commit "$db" beside1
    assert_equal "$status" 137
    abandoned sqlite "$db" restored
    assert_equal "$(sqlite3 "$db" 'SELECT a FROM t')" 2
    assert_equal "$(ls -A "$BATS_TEST_TMPDIR/mount")" app.db
    rm -r "$BATS_TEST_TMPDIR/deadly"
  done
  stage damaged
  killed_at sync
  DEADLY=$BATS_TEST_TMPDIR/deadly hook sqlite commit "$db" beside1
  abandoned sqlite "$db" unchanged
}

@test "abandon of a service that its plugin imports into says which half it found, and nothing where the import was interrupted" {
  hook redis prepare x beside1
  hook redis import x data beside1
  abandoned redis x unchanged
  hook redis import x data beside1
  hook redis commit x beside1
  assert_equal "$status" 0
  abandoned redis x restored
  rm "$BACKUPS_RUN_DIR"/beside1.*
  hook redis import x data beside1
  FAILING=dokku hook redis commit x beside1
  assert_equal "$status" 20
  abandoned redis x ""
}
