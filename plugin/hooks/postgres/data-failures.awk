# Reads the messages of pg_restore while it loads data. Prints a line for each entry of the archive that failed: its
# number, the entry and the first line of the server's message, separated by tabs.
/^pg_restore: from TOC entry [0-9]+; / {
  split(substr($0, length("pg_restore: from TOC entry ") + 1), word, ";")
  number = word[1]
  entry = word[2]
  sub(/^ [0-9]+ [0-9]+ /, "", entry)
}
/^pg_restore: error: / && number != "" && !(number in failed) {
  failed[number]
  sub(/^pg_restore: error: /, "")
  gsub(/\t/, " ")
  printf "%s\t%s\t%s\n", number, entry, $0
}
