#!/usr/bin/env bats
# The first command of the README on new installations of Debian releases, whose compilers and libraries differ from those of
# the development machine. `tests/run` tests Debian 13, the current stable release; `tests/run distros` and `tests/run full`
# test all.

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

# try_on RELEASE [VARIABLE=VALUE...]: runs the command on this tree, with its uncommitted changes, in a new container of that
# release.
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
    tail -n 20 "$said" # more than the runner shows would hide the reason
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

# try_release ARCHITECTURE: --try of that tarball in a new Debian 12 without a compiler. The arm64 helper runs under qemu: a
# wrapper has its name, in a tarball for amd64.
try_release() {
  docker run --rm --interactive --pull never --log-driver none -v "$BATS_FILE_TMPDIR/release:/release:ro" -v "$REPO:/repo:ro" \
    --env DEBIAN_FRONTEND=noninteractive backups-tests/debian:bookworm bash -s "$1" <<'SCRIPT' 2>&1
    set -e
    place=/release
    mkdir /src
    tar --create --directory /repo --exclude ./.git --exclude './build*' . | tar --extract --directory /src
    cd /src
    if [[ $1 == arm64 ]]; then
      dpkg --add-architecture arm64
      mkdir /work /place && tar --extract --file /release/backups-*-debian12-arm64.tar.gz --directory /work
      bin=/work/backups/bin
      plugin/packages --install packages qemu-user-static binutils $(grep -v '^sqlite3$' $bin/packages | sed 's/$/:arm64/') >/dev/null
      readelf --file-header $bin/backups-helper | grep Machine:
      mv $bin/backups-helper $bin/backups-helper.arm64
      printf '#!/bin/sh\nexec qemu-aarch64-static "$0.arm64" "$@"\n' >$bin/backups-helper
      chmod 755 $bin/backups-helper
      name=$(cd /release && ls backups-*-debian12-amd64.tar.gz)
      tar --create --gzip --file "/place/$name" --directory /work backups
      (cd /place && sha256sum ./*.gz | sed 's,\./,,' >SHA256SUMS)
      place=/place
    fi
    ./install.sh --try --from "$place"
    ! type -P c++ cmake
SCRIPT
}

@test "release tarballs for amd64 and arm64: each works without a compiler, arm64 under qemu" {
  needs_full
  require_docker backups-tests/debian:bookworm
  mkdir "$BATS_FILE_TMPDIR/release"
  "$REPO/.ci/release" "$BATS_FILE_TMPDIR/release" bookworm >"$BATS_TEST_TMPDIR/log" 2>&1 || { tail -n 40 "$BATS_TEST_TMPDIR/log" && false; }
  (cd "$BATS_FILE_TMPDIR/release" && sha256sum --check --status SHA256SUMS)
  assert_equal "$(sed 's/.*backups-[0-9.]*-//' "$BATS_FILE_TMPDIR/release/SHA256SUMS" | sort | xargs)" \
    "debian12-amd64.tar.gz debian12-arm64.tar.gz"
  run -0 try_release amd64
  assert_contains "$output" "The 50000 orders are intact"
  refute_contains "$output" Compiling
  run -0 try_release arm64
  assert_contains "$output" "AArch64"
  assert_contains "$output" "The 50000 orders are intact"
}
