# What the machine must have, and the exact command for whatever it lacks. Sourced, not run.
#
# Each need_… function notes what is missing; report_lacks then names everything at once.

lacks=()

# lacks_tool WHAT COMMAND: notes a lack and the command that ends it.
lacks_tool() {
  lacks+=("$1"$'\n'"      $2")
}

# at_least HAVE WANT: whether version HAVE is not older than WANT.
at_least() {
  [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

have() {
  command -v "$1" >/dev/null 2>&1
}

# as_root COMMAND…: the command as it must be typed to run with root's rights.
as_root() {
  if [ "$(id -u)" = 0 ]; then echo "$*"; else echo "sudo $*"; fi
}

# with_curl COMMAND: the command, with the installation of curl before it where that is missing.
with_curl() {
  if have curl; then echo "$1"; else echo "$(as_root apt-get install -y curl) && $1"; fi
}

need_c_compiler() {
  have cc || have gcc || have clang ||
    lacks_tool "a C compiler" "$(as_root apt-get install -y build-essential)"
}

need_rust() {
  local want version rustup
  rustup="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
  want=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
  # A fresh rustup is on the PATH of new shells only.
  if ! have cargo && [ -x "$HOME/.cargo/bin/cargo" ]; then PATH="$HOME/.cargo/bin:$PATH"; fi
  if ! have cargo || ! have rustc; then
    lacks_tool "Rust $want or newer" "$(with_curl "$rustup")"
    return
  fi
  version=$(rustc --version | cut -d ' ' -f 2)
  at_least "${version%%-*}" "$want" && return
  if have rustup; then
    lacks_tool "Rust $want or newer (this is $version)" "rustup update stable"
  else
    lacks_tool "Rust $want or newer (this is $version)" "$(with_curl "$rustup")"
  fi
}

need_node() {
  local want version packaged how
  want=$(sed -n 's/.*"node": ">=\([0-9.]*\)".*/\1/p' "$root/web/package.json")
  if have node && have npm; then
    version=$(node --version)
    at_least "${version#v}" "$want" && return
    version=" (this is ${version#v})"
  fi
  # The distribution's own package where it is new enough.
  packaged=$(apt-cache policy nodejs 2>/dev/null | sed -n 's/^ *Candidate: //p' || true)
  if [ -n "$packaged" ] && at_least "${packaged%%[-~+]*}" "$want"; then
    how=$(as_root apt-get install -y nodejs npm)
  else
    # The distribution's is too old; it brings npm, which brings a manager of Node.js versions.
    how="$(as_root apt-get install -y nodejs npm curl) && $(as_root npm install -g n)"
    how="$how && $(as_root n "${want%%.*}")"
  fi
  lacks_tool "Node.js $want or newer, with npm${version:-}" "$how"
}

need_rust_components() {
  have cargo || return 0
  cargo fmt --version >/dev/null 2>&1 ||
    lacks_tool "rustfmt" "rustup component add rustfmt"
  cargo clippy --version >/dev/null 2>&1 ||
    lacks_tool "clippy" "rustup component add clippy"
}

# Ends the program if anything is missing, after naming all of it.
report_lacks() {
  [ ${#lacks[@]} = 0 ] && return
  {
    echo "This machine lacks:"
    printf '  - %s\n' "${lacks[@]}"
    echo "Install it with the commands above, then start this again."
  } >&2
  exit 1
}
