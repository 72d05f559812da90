#!/usr/bin/env bash
# What ./run says on machines that lack something: everything at once, with the command that helps,
# before anything is built.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
for tool in bash cut dirname head id sed sort; do
  ln -s "$(command -v "$tool")" "$bin/$tool"
done

# pretend NAME LINE: a program that prints one line.
pretend() {
  printf '#!/bin/sh\necho "%s"\n' "$2" >"$bin/$1"
  chmod +x "$bin/$1"
}

# says WORDS…: ./run fails, and its message has all the words.
says() {
  local output words
  if output=$(env -i HOME="$bin" PATH="$bin" bash "$root/run" 2>&1); then
    echo "./run did not fail: $output"
    exit 1
  fi
  for words in "$@"; do
    if [[ $output != *"$words"* ]]; then
      printf './run does not say "%s", but:\n%s\n' "$words" "$output"
      exit 1
    fi
  done
}

# A machine with nothing.
says "a C compiler" "apt-get install -y build-essential" \
  "Rust 1." "apt-get install -y curl && curl" "https://sh.rustup.rs" \
  "Node.js 20." "npm install -g n"

# The distribution's own Node.js, where it is new enough; curl is there.
pretend curl ""
pretend apt-cache "  Candidate: 20.19.2+dfsg-1"
says "apt-get install -y nodejs npm" "      curl --proto"

# Old ones, and no rustup for the update.
pretend gcc ""
pretend cargo ""
pretend rustc "rustc 1.63.0 (4b91a6ea7 2022-08-08)"
pretend npm ""
pretend node "v18.19.0"
pretend apt-cache "  Candidate: 18.19.0+dfsg-6"
says "(this is 1.63.0)" "(this is 18.19.0)" "https://sh.rustup.rs" "n 20"

# Old Rust by rustup; the rest is well.
pretend rustup ""
pretend node "v20.20.2"
says "(this is 1.63.0)" "rustup update stable"

echo "Four machines were told what they lack."
