# The sections of ./test: each has a headline and a duration, and ends the run if it fails. Sourced,
# not run.

passed=()
scratch=$(mktemp -d)
skips=$scratch/skips
trap 'rm -rf "$scratch"' EXIT

# section NAME COMMAND…: runs the command under a headline.
section() {
  local name=$1 start=$SECONDS status
  shift
  printf '\n=== %s\n' "$name"
  # Not as part of a condition: there, `set -e` would not hold inside the command.
  set +e
  (set -e && "$@")
  status=$?
  set -e
  if [ $status != 0 ]; then
    printf '\n=== %s: FAILED after %s s, with exit code %s\n' "$name" $((SECONDS - start)) $status
    exit 1
  fi
  printf '=== %s: passed in %s s\n' "$name" $((SECONDS - start))
  passed+=("$name")
}

npm_ci() {
  cd "$1"
  npm ci --no-audit --no-fund
}

# node_tests FOLDER [SCRIPT]: the tests of a folder by its package's script, `test` by default. What is
# skipped is kept for the summary.
node_tests() {
  cd "$1"
  npm run --silent "${2:-test}" | tee "$scratch/output"
  sed -n 's/^ *﹣ *//p' "$scratch/output" | sort -u >>"$skips"
}

# Both servers and the load, for some seconds each: that everything works, and no figures.
short_benchmark() {
  if [ "$(nproc)" -lt 2 ]; then
    echo "the short benchmark of the signalling: it needs two cores" | tee -a "$skips"
    return
  fi
  bench/signalling/run --quick
}

# One call by either page: that both still come to their first picture, and no figures.
short_setup() {
  TWOCAN_BIN="$root/target/release/twocan" bench/setup/run --calls 1 direct
}

summary() {
  printf '\n=== Passed, in %s min %s s:' $((SECONDS / 60)) $((SECONDS % 60))
  printf ' %s;' "${passed[@]}"
  if [ -s "$skips" ]; then
    printf '\n=== Skipped:\n'
    cat "$skips"
  else
    printf '\n=== Skipped: nothing\n'
  fi
}
