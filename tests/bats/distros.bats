#!/usr/bin/env bats
# README's first command where people are: fresh releases of Debian, whose compilers and libraries are not the one that the
# project is written on. `tests/run` has Debian 13, the current stable; `tests/run distros` and `tests/run full` have all.

load ../support/setup

export BATS_TEST_TIMEOUT=2400

setup_file() {
  require_docker || return 0
}

setup() {
  skip_left_out
}

needs_full() {
  [[ -n ${BACKUPS_TESTS_FULL:-} ]] || skip 'takes tests/run distros'
}

# try_on RELEASE [VARIABLE=VALUE...]: what was committed and what was not, in a new container of that release.
try_on() {
  local options=() variable
  require_docker "backups-tests/debian:$1"
  for variable in "${@:2}"; do options+=(--env "$variable"); done
  tar --create --directory "$REPO" --exclude ./.git --exclude './build*' . |
    docker run --rm --interactive --pull never --log-driver none "${options[@]}" "backups-tests/debian:$1" \
      bash -c 'set -e
        mkdir /src; tar --extract --directory /src; cd /src
        export DEBIAN_FRONTEND=noninteractive
        [[ -z $CXX ]] || { apt-get -qq update; apt-get -qq install -y --no-install-recommends "$CXX"; } >/dev/null 2>&1
        ./install.sh --try || { tail -n 40 build/build.log; exit 1; }
        if grep -A 5 warning: build/build.log; then echo "the build has warnings"; exit 1; fi
        grep -q "CXX compiler identification" build/build.log'
}

assert_works_on() {
  local said=$BATS_TEST_TMPDIR/said
  if ! try_on "$@" >"$said" 2>&1; then
    tail -n 60 "$said"
    return 1
  fi
  assert_contains "$(<"$said")" "The 50000 orders are intact"
}

@test "Debian 13: the helper builds without a warning, and --try works" {
  assert_works_on trixie
}

@test "Debian testing: the helper builds without a warning, and --try works" {
  needs_full
  assert_works_on forky
}

@test "Debian 12: the helper builds without a warning, and --try works" {
  needs_full
  assert_works_on bookworm
}

@test "GCC 11, the oldest supported compiler: the helper builds without a warning, and --try works" {
  needs_full
  assert_works_on bookworm CXX=g++-11
}
