#!/usr/bin/env bash
# What ./run says on machines that lack something: everything at once, with the command that helps,
# before anything is built.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
for tool in bash cut dirname head id paste sed sort; do
  ln -s "$(command -v "$tool")" "$bin/$tool"
done

# pretend NAME LINE: a program that prints one line.
pretend() {
  printf '#!/bin/sh\necho "%s"\n' "$2" >"$bin/$1"
  chmod +x "$bin/$1"
}

# fails: ./run fails; its message is left in $output.
fails() {
  if output=$(env -i HOME="$bin" PATH="$bin" OS_RELEASE="$bin/os-release" bash "$root/run" 2>&1); then
    echo "./run did not fail: $output"
    exit 1
  fi
}

# says WORDS…: ./run fails, and its message has all the words.
says() {
  local words
  fails
  for words in "$@"; do
    if [[ $output != *"$words"* ]]; then
      printf './run does not say "%s", but:\n%s\n' "$words" "$output"
      exit 1
    fi
  done
}

# says_not WORDS: ./run fails, and its message is without the words.
says_not() {
  fails
  if [[ $output == *"$1"* ]]; then
    printf './run says "%s":\n%s\n' "$1" "$output"
    exit 1
  fi
}

sudo=""
if [ "$(id -u)" != 0 ]; then sudo="sudo "; fi

# A machine with nothing, not even a list of packages.
update="apt-get update && ${sudo}apt-get install -y"
says "a C compiler" "$update build-essential" \
  "Rust 1." "$update curl && curl" "https://sh.rustup.rs" \
  "Node.js 20." "$update nodejs npm curl && ${sudo}npm install -g n"

# The same, on a distribution whose Node.js is known to be new enough.
printf 'ID=debian\nVERSION_ID="13"\n' >"$bin/os-release"
says "$update nodejs npm"$'\n'

# The distribution's own Node.js, where it is new enough; curl is there.
rm "$bin/os-release"
pretend curl ""
pretend apt-cache "  Candidate: 20.19.2+dfsg-1"
says "$update nodejs npm"$'\n' "      curl --proto"

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

# The distribution's old Rust before a fresh one of rustup, which is found; Node.js is old.
rm "$bin/rustup"
mkdir -p "$bin/.cargo/bin"
pretend .cargo/bin/cargo ""
pretend .cargo/bin/rustc "rustc 1.999.0 (000000000 2030-01-01)"
pretend node "v18.19.0"
says "(this is 18.19.0)"
says_not "Rust"

echo "Six machines were told what they lack."
