#!/usr/bin/env bats
# The project's own checks in `tests/run lint` find what they are meant to find.

load setup

setup() {
  TREE=$BATS_TEST_TMPDIR/tree
  mkdir "$TREE"
}

@test "check-words finds every phrase and every name of its list, and says what to write" {
  local section word better checked=0
  run -0 "$REPO/helper/check-words" "$TREE"
  while IFS= read -r word; do
    case "$word" in
      '' | '#'*) continue ;;
      '['*) section=$word && continue ;;
    esac
    better=${word#* = } word=${word%% = *}
    [[ $section == '[names]' ]] || word=${word^^}
    echo "int x;  // so $word it" >"$TREE/x.cpp"
    run -1 "$REPO/helper/check-words" "$TREE"
    assert_contains "$output" "x.cpp:1:"
    assert_contains "$output" "write \"$better\""
    checked=$((checked + 1))
  done <"$REPO/helper/words"
  [[ $checked -gt 60 ]] || fail "$checked words"
  # The words are not found within longer names, nor in the changelog.
  echo "some$word" >"$TREE/x.cpp"
  echo "$word" >"$TREE/CHANGELOG.md"
  run -0 "$REPO/helper/check-words" "$TREE"
}

# suite NAME: a test of this name that compares what `echo` prints
suite() {
  {
    printf 'load ../support/setup\n%s "%s" {\n' @test "$1"
    echo '  ROOT=/some/root'
    # shellcheck disable=SC2016 # for that suite
    echo '  shown 3 bash -c '\''echo "in $0: 1.5 GiB free"; echo $WORD >&2; exit 3'\'' "$ROOT"'
    printf '  assert_snapshot\n}\n'
  } >"$TREE/tests/bats/one.bats"
}

# inner VARIABLE=VALUE...: runs that suite without the environment of this one
inner() {
  env -i PATH=/usr/local/bin:/usr/bin:/bin TMPDIR="$BATS_TEST_TMPDIR" "$@" bats "$TREE/tests/bats/one.bats" 3>&-
}

@test "a snapshot fails when one byte is printed otherwise, is recorded by one flag, and one of no test is reported" {
  mkdir -p "$TREE"/tests/{bats,snapshots,support}
  cp "$SUPPORT"/*.bash "$TREE/tests/support"
  suite "what is printed"
  run -1 inner WORD=one
  run -0 inner WORD=one BACKUPS_UPDATE_SNAPSHOTS=1
  run -0 inner WORD=one
  assert_equal "$(grep -v '^\$' "$TREE/tests/snapshots/one.txt")" "## what is printed
one
| in <root>: <size> free
[exit code 3]"
  run -1 inner WORD=two
  assert_contains "$output" "+two"
  run -0 "$SUPPORT/check-snapshots" "$TREE"
  suite "another name"
  run -1 "$SUPPORT/check-snapshots" "$TREE"
  assert_contains "$output" 'no test of tests/bats/one.bats compares "what is printed"'
  rm "$TREE/tests/bats/one.bats"
  run -1 "$SUPPORT/check-snapshots" "$TREE"
}
