#!/usr/bin/env bats
# Installing, updating and uninstalling: `dokku plugin:install` and `plugin:update` from git, a release tarball, install.sh.
#
# The installation from git really builds the helper, as on a user's host. With ccache, objects come from the builds of
# tests/run or of an earlier test.

load ../support/setup

export BATS_TEST_TIMEOUT=2400

setup_file() {
  export ROOT=""
  require_dokku || return 0
  require_docker app:latest || return 0
  require_tool cmake g++ git || return 0
  dokku_start
  [[ ! -e $(dokku_lib)/data/backups ]] || left_out "this host has backups of its own" || return 0
  ROOT=$(dokku_lib)/data/backups
  PLUGIN=$(dokku_plugins)/backups
  STORE=$(unique store)
  GIT=$BATS_FILE_TMPDIR/dokku-backups.git
  # plugin:update changes git's global settings.
  HOME=$BATS_FILE_TMPDIR
  use_ccache
  export ROOT PLUGIN STORE GIT HOME
  git config --global user.name tester
  git config --global user.email tester@example.org
  dokku_fixture fakestore
  dokku fakestore:create "$STORE" >/dev/null
  echo 'what there is to keep' | dokku fakestore:import "$STORE" >/dev/null
  make_repository
  host_files >"$BATS_FILE_TMPDIR/host_files"
}

teardown_file() {
  if [[ -n $ROOT ]]; then
    [[ ! -e $PLUGIN ]] || dokku plugin:uninstall backups >/dev/null || true
    dokku fakestore:destroy "$STORE" --force >/dev/null || true
    [[ -z ${BUILD_CACHE:-} ]] || rm -rf "$BUILD_CACHE"
  fi
  dokku_stop
  [[ -z $ROOT ]] || rm -rf "$ROOT"
}

# Makes a copy of the compiler cache of tests/run that the user dokku may write to.
use_ccache() {
  command -v ccache >/dev/null || return 0
  BUILD_CACHE=$(dokku_directory)
  if [[ -n ${CCACHE_DIR:-} ]]; then cp -r "$CCACHE_DIR/." "$BUILD_CACHE"; fi
  chown -R --reference="$BUILD_CACHE" "$BUILD_CACHE"
  export BUILD_CACHE CCACHE_DIR=$BUILD_CACHE CCACHE_BASEDIR=/var/cache/dokku-backups/source CCACHE_NOHASHDIR=1 CMAKE_CXX_COMPILER_LAUNCHER=ccache
}

# Makes a git repository from this tree, including uncommitted changes.
make_repository() {
  mkdir "$GIT"
  tar --create --directory "$REPO" --exclude ./.git --exclude ./build --exclude './build-*' . | tar --extract --directory "$GIT"
  git -C "$GIT" init -q
  echo old >"$GIT/plugin/obsolete"
  commit first
}

commit() {
  git -C "$GIT" add -A
  git -C "$GIT" commit -qm "$1"
}

# Prints the files, crontab and images that a plugin might leave on a host, except for backups. Only images with the name of
# this plugin are listed, since other suites make images at the same time.
host_files() {
  find /etc/bash_completion.d /etc/cron.d /etc/sudoers.d /etc/logrotate.d /etc/profile.d /etc/systemd/system /usr/local /var/spool/cron \
    -print 2>/dev/null | sort
  find /var/cache -mindepth 1 -maxdepth 1 | sort
  find "$(dokku_logs)" -name 'backups*'
  find "$(dokku_lib)" -maxdepth 3 -path "$ROOT" -prune -o -print | sort
  crontab -u dokku -l 2>/dev/null || true
  docker image ls --format '{{.Repository}}' 'backups/*' | sort -u
}

# Prints inodes, modes, owners and times of all installed files.
installed_files() {
  find "$PLUGIN" "$ROOT/environment" /etc/bash_completion.d /var/cache/dokku-backups -path "$PLUGIN/.git" -prune -o \
    -type f -printf '%p %i %m %u %T@\n' 2>/dev/null | sort
}

# Expects that the help and the other plugins of the host still work.
assert_host_whole() {
  run -0 dokku help
  assert_contains "$output" "    apps"
  assert_contains "$output" "    fakestore"
  run -0 dokku help --all
  assert_contains "$output" "    fakestore:export"
  run -0 dokku apps:help
  run -0 dokku fakestore:help
  run -1 dokku nothing:here
  run -0 dokku fakestore:list
}

assert_plugin_well() {
  assert_host_whole
  assert_equal "$(find "$PLUGIN" -name commands -not -path "$PLUGIN/.git/*")" "$PLUGIN/commands"
  [[ -f $PLUGIN/commands && -x $PLUGIN/commands ]]
  assert_equal "$(find "$PLUGIN" ! -user dokku)" ""
  assert_equal "$(find "$PLUGIN" -path "$PLUGIN/.git" -prune -o -perm /6000 -print)" ""
  assert_equal "$(find "$ROOT" ! -user dokku)" ""
  assert_mode "$ROOT" 700
  refute_file "$PLUGIN/bin/missing"
}

assert_works() {
  assert_plugin_well
  run -0 --separate-stderr dokku backups:version
  assert_equal "$output" "backups $(version)"
  run -0 --separate-stderr dokku backups:create "$STORE"
  echo lost | dokku fakestore:import "$STORE" >/dev/null
  run -0 --separate-stderr dokku backups:restore "$output" --force
  run -0 --separate-stderr dokku fakestore:export "$STORE"
  assert_equal "$output" 'what there is to keep'
  assert_equal "$(find "$ROOT" ! -user dokku)" ""
}

version() {
  sed -n 's/^version *= *"\(.*\)"/\1/p' "$PLUGIN/plugin.toml"
}

# Uninstalls what a failed test has left.
fresh() {
  [[ ! -e $PLUGIN ]] || dokku plugin:uninstall backups >/dev/null
}

uninstall() {
  local kept
  kept=$(find "$ROOT/fakestore" -type f | sort)
  run -0 "$@"
  assert_contains "$output" "$ROOT"
  host_files | diff "$BATS_FILE_TMPDIR/host_files" -
  assert_equal "$(find "$ROOT/fakestore" -type f | sort)" "$kept"
  assert_host_whole
  run -1 dokku backups:list
}

@test "plugin:install of a git address builds the helper, and Dokku works meanwhile" {
  local log=$BATS_TEST_TMPDIR/log pid code=0
  dokku plugin:install "file://$GIT" >"$log" 2>&1 3>&- &
  pid=$!
  wait_until 120 grep -q 'Building' "$log"
  # The message is printed before apt begins.
  assert_match "$(grep -A 1 Building "$log" | head -n 2)" "compiling for about [0-9]+ minutes on [0-9]+ processors.*A release tarball takes seconds"
  while kill -0 "$pid" 2>/dev/null; do
    assert_host_whole
    run --separate-stderr dokku backups:list
    [[ $status == 0 || $stderr == *"being built"* ]] || fail "$stderr"
    sleep 5
  done
  wait "$pid" || code=$?
  cat "$log"
  assert_equal "$code" 0
  # Progress is printed during the build, which takes minutes.
  assert_match "$(cat "$log")" '[0-9] s  .*Building CXX object'
  assert_works
  assert_file "$PLUGIN/obsolete"
  assert_equal "$(git -c safe.directory='*' -C "$PLUGIN" status --porcelain --untracked-files=no)" ""
  refute_file /var/cache/dokku-backups/source
}

@test "when nothing changed, plugin:install and plugin:update build and write nothing" {
  local before
  before=$(installed_files)
  run -0 dokku plugin:install
  refute_contains "$output" Building
  run -0 dokku plugin:update backups
  refute_contains "$output" Building
  assert_equal "$(installed_files)" "$before"
  assert_works
}

@test "a command's words are completed" {
  local completion=/etc/bash_completion.d/dokku-backups
  [[ -d /etc/bash_completion.d ]] || skip "no bash completion here"
  # shellcheck disable=SC2016 # for the other shell
  run -0 bash -c '
    _get_comp_words_by_ref() { words=(dokku "$verb" "$typed") cword=2 cur=$typed; }
    __ltrim_colon_completions() { :; }
    source "$1"
    complete() { :; }
    export DOKKU_LIB_ROOT=$2
    for pair in "backups:restore --in" "backups:create fakestore:$3"; do
      verb=${pair% *} typed=${pair#* }
      _dokku_backups
      echo "${COMPREPLY[*]}"
    done' - "$completion" "$(dokku_lib)" "${STORE%?}"
  assert_contains "${lines[0]}" "--into"
  assert_equal "${lines[1]}" "fakestore:$STORE"
}

@test "an update that can't be built leaves what there is at work" {
  local version
  version=$(version)
  sed -i '1i #error this commit does not build' "$GIT/helper/base/text.hpp"
  commit broken
  run -0 dokku plugin:update backups
  assert_contains "$output" "this commit does not build"
  assert_contains "$output" "could not be built"
  assert_host_whole
  run -0 --separate-stderr dokku backups:create "$STORE"
  run -0 --separate-stderr dokku backups:verify "$output"
  run -0 dokku plugin:install
  assert_contains "$output" "could not be built"
  run -0 --separate-stderr dokku backups:version
  assert_equal "$output" "backups $version"
}

@test "plugin:update brings a new helper and new files, takes old files away, and is the only way to" {
  git -C "$GIT" revert --no-edit HEAD >/dev/null
  sed -i 's/^version *=.*/version = "9.8.7"/' "$GIT/plugin.toml"
  git -C "$GIT" rm -q plugin/obsolete
  echo new >"$GIT/plugin/new"
  commit second
  run -0 dokku plugin:update backups
  assert_contains "$output" "Building the backups plugin"
  assert_works
  assert_equal "$(dokku backups:version)" "backups 9.8.7"
  refute_file "$PLUGIN/obsolete"
  assert_file "$PLUGIN/new"
  DOKKU_LIB_PATH=$(dokku_lib) run -1 "$REPO/install.sh"
  assert_contains "$output" "plugin:update backups"
}

@test "plugin:uninstall leaves the backups, and nothing else" {
  tar --create --directory /etc hostname | docker import - backups/host-tools:test >/dev/null
  uninstall dokku plugin:uninstall backups
}

@test "a first build that fails leaves the host whole, and every command says why it can't work" {
  local verb
  fresh
  git -C "$GIT" checkout -q -b broken
  sed -i '1i message(FATAL_ERROR "this commit does not configure")' "$GIT/CMakeLists.txt"
  commit broken
  run -0 dokku plugin:install "file://$GIT"
  assert_contains "$output" "CMake Error"
  assert_host_whole
  for verb in create list restore help version; do
    run -1 --separate-stderr dokku "backups:$verb" "$STORE"
    assert_equal "${#stderr_lines[@]}" 1
    assert_contains "$stderr" "could not be built (/var/cache/dokku-backups/build.log)"
  done
  assert_match "$(dokku help)" "    backups .*could not be built"
  grep -q "this commit does not configure" /var/cache/dokku-backups/build.log
  # Other plugins, and the next plugin:install, still work.
  dokku_plugin_add "$TEST_DOKKU_SUPPORT/plugins/acl"
  run -0 dokku plugin:install
  assert_host_whole
  dokku_plugin_remove acl
  uninstall dokku plugin:uninstall backups
}

@test "a release tarball installs without a compiler, and is the same plugin" {
  local build tarball
  fresh
  build=$(dirname "$(dirname "$BACKUPS_HELPER")")
  [[ -f $build/CMakeCache.txt && -w $build ]] || skip "the helper was not built here"
  cmake --build "$build" --target dist
  tarball=$(find "$build" -maxdepth 1 -name 'backups-*.tar.gz' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
  assert_equal "$(tar tf "$tarball" | grep -E '(^|/)commands/|install\.sh|CMakeLists|\.cpp$')" ""
  mkdir "$BATS_TEST_TMPDIR/bin"
  printf '#!/bin/sh\necho "no compiler is called here" >&2\nexit 1\n' | tee "$BATS_TEST_TMPDIR/bin/cmake" "$BATS_TEST_TMPDIR/bin/c++" >/dev/null
  chmod 755 "$BATS_TEST_TMPDIR"/bin/*
  PATH=$BATS_TEST_TMPDIR/bin:$PATH run -0 dokku plugin:install "file://$tarball" --name backups
  refute_contains "$output" Building
  refute_contains "$output" "no compiler is called here"
  assert_works
  # shellcheck disable=SC2016 # ldd's words
  refute_contains "$(ldd "$PLUGIN/bin/backups-helper")" "not found"
  assert_equal "$(cd "$PLUGIN" && find . -type f ! -path './bin/*' -printf '%m %p\n' | sort)" "$(assembled)"
  # cron does not run a command whose log file it cannot open.
  assert_equal "$(stat -c '%U %a' "$(dokku_logs)/backups.log")" "dokku 640"
  chown root "$(dokku_logs)/backups.log"
  run -0 dokku plugin:install
  assert_contains "$output" "no schedule runs, since user dokku cannot write $(dokku_logs)/backups.log"
  rm "$(dokku_logs)/backups.log"
  run -0 dokku plugin:install
  refute_contains "$output" "no schedule runs"
  assert_works
  # install.sh finds the tarball in a directory by the architecture of the host, and replaces the installed version.
  mkdir "$BATS_TEST_TMPDIR/place"
  cp "$tarball" "$BATS_TEST_TMPDIR/place"
  (cd "$BATS_TEST_TMPDIR/place" && sha256sum ./*.gz | sed 's,\./,,' >SHA256SUMS)
  export DOKKU_LIB_PATH
  DOKKU_LIB_PATH=$(dokku_lib)
  PATH=$BATS_TEST_TMPDIR/bin:$PATH run -0 "$REPO/install.sh" --from "$BATS_TEST_TMPDIR/place"
  assert_contains "$output" "Fetching ${tarball##*/}"
  assert_works
  turn_bit "$BATS_TEST_TMPDIR/place/${tarball##*/}"
  PATH=$BATS_TEST_TMPDIR/bin:$PATH run -1 "$REPO/install.sh" --from "$BATS_TEST_TMPDIR/place"
  assert_contains "$output" "is damaged"
  assert_works
  uninstall dokku plugin:uninstall backups
}

# foreign_tarball: prints the path of a tarball whose helper cannot run on this host.
foreign_tarball() {
  local work=$BATS_TEST_TMPDIR/foreign
  mkdir "$work"
  printf '\177ELF of another machine' >"$work/helper"
  chmod 755 "$work/helper"
  "$REPO/plugin/install-tree" "$REPO" "$work/helper" "$work/backups"
  "$REPO/plugin/platform" riscv64 >"$work/backups/bin/platform"
  echo libnothing-of-riscv64 >"$work/backups/bin/packages"
  tar --create --gzip --file "$work/backups.tar.gz" --directory "$work" backups
  echo "$work/backups.tar.gz"
}

@test "a tarball for another architecture says so, and which one fits; so does every command" {
  local tarball
  fresh
  tarball=$(foreign_tarball)
  run -0 dokku plugin:install "file://$tarball" --name backups
  assert_contains "$output" "this release is for $("$REPO/plugin/platform" riscv64), and this host is $("$REPO/plugin/platform"): install the tarball for"
  refute_contains "$output" libnothing
  assert_host_whole
  run -1 --separate-stderr dokku backups:list
  assert_contains "$stderr" "backups cannot work yet: this release is for"
  uninstall dokku plugin:uninstall backups
}

# Prints the files that plugin/install-tree installs from this tree.
assembled() {
  "$REPO/plugin/install-tree" "$REPO" "" "$BATS_TEST_TMPDIR/assembled"
  (cd "$BATS_TEST_TMPDIR/assembled" && find . -type f -printf '%m %p\n' | sort)
}

@test "install.sh installs from a checkout, and upgrades in place when run again" {
  local before
  [[ -w $REPO ]] || skip "this checkout can't be written"
  export DOKKU_LIB_PATH
  DOKKU_LIB_PATH=$(dokku_lib)
  fresh
  mkdir "$BATS_TEST_TMPDIR/place"
  echo "$(sha256sum <<<x | cut -c1-64)  backups-9.9.9-debian99-riscv64.tar.gz" >"$BATS_TEST_TMPDIR/place/SHA256SUMS"
  run -0 "$REPO/install.sh" --from "$BATS_TEST_TMPDIR/place"
  assert_contains "$output" "has no release for $("$REPO/plugin/platform") (it has: backups-9.9.9-debian99-riscv64.tar.gz): compiling instead"
  assert_equal "${lines[-1]}" "backups $(version)"
  assert_works
  assert_equal "$(cd "$PLUGIN" && find . -type f ! -path './bin/*' -printf '%m %p\n' | sort)" "$(assembled)"
  before=$(installed_files)
  run -0 "$REPO/install.sh"
  assert_equal "$(installed_files)" "$before"
  # An older version had files that are obsolete, files with other contents, and lacked some.
  echo junk >"$PLUGIN/obsolete"
  mkdir "$PLUGIN/hooks/gone"
  echo junk >"$PLUGIN/hooks/gone/list"
  echo 'exit 1' >"$PLUGIN/subcommands/list"
  rm "$PLUGIN/subcommands/create"
  run -0 "$REPO/install.sh"
  refute_file "$PLUGIN/obsolete"
  refute_file "$PLUGIN/hooks/gone"
  assert_works
  uninstall "$REPO/install.sh" --uninstall
}

@test "install.sh says how it is used, and what it can't do" {
  run -0 "$REPO/install.sh" --help
  assert_contains "$output" "--uninstall"
  run -2 "$REPO/install.sh" --fast
  run -2 "$REPO/install.sh" --try --uninstall
  run -2 "$REPO/install.sh" --from
  run -2 "$REPO/install.sh" --from /nowhere
  assert_contains "$output" "--from takes a directory or an https:// URL, not '/nowhere'"
  run -1 "$REPO/install.sh" --from "$BATS_TEST_TMPDIR"
  assert_contains "$output" "no releases were found"
}
