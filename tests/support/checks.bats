#!/usr/bin/env bats
# The checks of `tests/run lint` that are our own find what they are for.

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
  # As a part of another name, one is none of these, nor in the changelog.
  echo "some$word" >"$TREE/x.cpp"
  echo "$word" >"$TREE/CHANGELOG.md"
  run -0 "$REPO/helper/check-words" "$TREE"
}
