# Checks that a file is an intact database. Sourced by sqlite.bash.
#
# Only defects of pages count as damage. Anything that only the application can judge is a warning: its functions, collations,
# tokenizers and modules are unknown here, and so are the rows that it expects. An index that disagrees with its table may
# depend on them, and can be rebuilt.
#
# shellcheck disable=SC2154 # sqlite.bash sets as

# Fails if a page of the file is damaged, and warns of other findings.
sqlite-check() {
  declare path="$1" what="$2"
  local uri answer damage broke_off=""
  uri="$(sqlite-uri "$path")"
  [[ $("${as[@]}" head -c 15 -- "$path" | tr -d '\0') == "SQLite format 3" ]] ||
    hook-fail 7 "$what is not a SQLite 3 database"
  answer="$(sqlite-run "$uri" 'PRAGMA mmap_size=2147418112' 'PRAGMA integrity_check(100)' 2>&1 |
    grep -vx 2147418112)" || broke_off=1
  [[ $answer != ok ]] || return 0
  damage="$(sqlite-damage <<<"$answer")"
  if [[ -z $damage && -n $broke_off ]]; then
    damage="$(sqlite-check-tables "$uri" 2>&1)" || true
  fi
  [[ -n $answer ]] || damage="PRAGMA integrity_check does not answer"
  if [[ -n $damage ]]; then
    [[ $damage != *"malformed database schema"* ]] ||
      damage+=$'\n'"if the application can open it, the sqlite3 of this host, $(sqlite-own-version), is too old for it"
    hook-fail 7 "$what is damaged: ${damage//$'\n'/; }"
  fi
  answer="$(grep -v '^ ' <<<"$answer" | sort -u | head -n 5)"
  hook-warning "$what: no page is damaged, but there are findings that only the application can judge:  ${answer//$'\n'/; }"
}

sqlite-own-version() {
  sqlite3 --version | cut -d ' ' -f 1
}

# Prints the first lines of stdin that report damage.
sqlite-damage() {
  grep -Ev "$sqlite_judged|$sqlite_unknown|^ |^ok\$|^\$" | head -n 10 || true
}

# Prints the damage of a database that uses functions or modules unknown here. It checks each table separately, so that one
# does not stop the check of the others. If a table cannot be compared with its indexes, all its pages and readable rows are
# read.
sqlite-check-tables() {
  declare uri="$1"
  local answer
  answer="$(
    {
      echo 'PRAGMA ignore_check_constraints=ON; PRAGMA integrity_check(sqlite_schema);'
      sqlite-run "$uri" "SELECT printf('PRAGMA integrity_check(%Q);', name) FROM sqlite_schema
        WHERE type = 'table' AND rootpage > 0"
    } | "${as[@]}" sqlite3 -batch -init /dev/null "$uri" 2>&1
  )" || true
  grep -Eq "$sqlite_unknown" <<<"$answer" &&
    answer+=$'\n'"$("${as[@]}" sqlite3 -batch -init /dev/null "$uri" \
      "SELECT 'page ' || pageno || ' of ' || name || ' is damaged' FROM dbstat WHERE pagetype = 'corrupted'" 2>&1)" &&
    answer+=$'\n'"$("${as[@]}" sqlite3 -batch -init /dev/null "$uri" .dump 2>&1 >/dev/null)"
  sqlite-damage <<<"$answer"
}

# The messages of PRAGMA integrity_check (SQLite 3.34 to 3.50) about rows, indexes and tables of its own modules, and
# those with which it stops at something unknown.
sqlite_judged='^(NULL value|CHECK constraint failed|(NUMERIC|TEXT|non-[A-Z]+) value) in '
sqlite_judged+='|^row [0-9]+ (missing from|values differ from) index |^wrong # of entries in index '
sqlite_judged+='|^non-unique entry in index '
sqlite_judged+='|^rowid not at end-of-record for row [0-9]+ of index '
sqlite_judged+='| FTS[0-9] table |^In RTree '
sqlite_judged+='|^(Mapping \(|Node [0-9]+ |Dimension [0-9]+ |Found \(|Wrong number of entries in %|Rtree depth)'
sqlite_unknown='(no such|unknown) (collation sequence|function|module|tokenizer)'
sqlite_unknown+='|(error in tokenizer|vtable) constructor'
sqlite_unknown+='|unsafe use of|non-deterministic use of|no such table: dbstat'
