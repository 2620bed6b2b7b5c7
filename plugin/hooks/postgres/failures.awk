# Reads the messages of psql with VERBOSITY=verbose and ECHO=errors. Prints a line for each failed statement: its
# SQLSTATE, the server's message and the statement, separated by tabs. Also writes the statements unchanged to `again`,
# so that they can be tried once more, and each to `again`.<its line>. The details of errors are left out, since they
# contain rows.
function finish() {
  while (statement ~ /^([ \t]*|--[^\n]*)\n/) sub(/^[^\n]*\n/, "", statement)
  if (code != "") {
    print statement "\n;" >again
    print statement "\n;" >(again "." ++count)
    close(again "." count)
    gsub(/[ \t\n]+/, " ", statement)
    gsub(/\t/, " ", message)
    printf "%s\t%s\t%s\n", code, message, statement
    code = ""
  }
  statement = ""
}
/^psql:<stdin>:[0-9]+: / {
  reading = 0
  sub(/^psql:<stdin>:[0-9]+: /, "")
  if (sub(/^STATEMENT:  /, "")) {
    reading = 1
    statement = $0
  } else if (match($0, /^(ERROR|FATAL|PANIC):  [0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z][0-9A-Z]: /)) {
    finish()
    code = substr($0, RLENGTH - 6, 5)
    message = substr($0, RLENGTH + 1)
  }
  next
}
$0 == "backups: complete" { reading = 0 }
reading { statement = statement "\n" $0 }
END { finish() }
