#!/usr/bin/env bash
# stream_hooks DIRECTORY COMMAND...: writes hooks of the source type `bench`, whose only artifact is the output of COMMAND.
stream_hooks() {
  local hooks=$1/bench
  mkdir -p "$hooks"
  cat >"$hooks/describe" <<'HOOK'
#!/bin/sh
echo '{"state":"running","engine":"Bench","version":"1","size":0,"artifacts":[{"name":"stream","kind":"bench"}]}'
HOOK
  echo '{"title": "A stream", "address": "service", "kinds": ["bench"], "promise": "replace"}' >"$hooks/type.json"
  printf '#!/bin/sh\nexec %s\n' "${*:2}" >"$hooks/export"
  printf '#!/bin/sh\necho stream\n' >"$hooks/list"
  printf '#!/bin/sh\n' >"$hooks/sweep"
  chmod +x "$hooks"/{describe,export,list,sweep}
}
