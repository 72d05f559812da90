#!/usr/bin/env bash
# ./run serves, is ended by SIGTERM, and serves again within seconds where nothing has changed. Needs
# an up-to-date build.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
log=$(mktemp)
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -f "$log"' EXIT

free_port() {
  node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => {
    console.log(s.address().port);
    s.close();
  });"
}

healthy() {
  node -e "fetch('http://127.0.0.1:$1/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
}

# serves_within SECONDS: ./run answers in time, and ends well when it is asked to.
serves_within() {
  local port start=$SECONDS status=0
  port=$(free_port)
  "$root/run" --http "127.0.0.1:$port" --https off --turn off >"$log" 2>&1 &
  server=$!
  until healthy "$port"; do
    if ! kill -0 "$server" 2>/dev/null || [ $((SECONDS - start)) -ge "$1" ]; then
      printf './run does not serve within %s s, but says:\n%s\n' "$1" "$(cat "$log")"
      exit 1
    fi
    sleep 0.2
  done
  echo "./run serves after $((SECONDS - start)) s."
  kill -TERM "$server"
  wait "$server" || status=$?
  server=""
  if [ $status != 0 ]; then
    printf './run ended with %s, and said:\n%s\n' $status "$(cat "$log")"
    exit 1
  fi
}

serves_within 600
serves_within 10
