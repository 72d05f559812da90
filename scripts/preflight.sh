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

# apt_install PACKAGE…: the command that installs packages, also where no list of them is there yet.
apt_install() {
  echo "$(as_root apt-get update) && $(as_root apt-get install -y "$@")"
}

# with_curl COMMAND: the command, with the installation of curl before it where that is missing.
with_curl() {
  if have curl; then echo "$1"; else echo "$(apt_install curl) && $1"; fi
}

# distribution: its name and version as `debian 13`, or nothing where the system does not say.
distribution() {
  sed -n 's/^ID="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p; s/^VERSION_ID="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' \
    "${OS_RELEASE:-/etc/os-release}" 2>/dev/null | sort -r | paste -sd ' ' || true
}

need_c_compiler() {
  have cc || have gcc || have clang ||
    lacks_tool "a C compiler" "$(apt_install build-essential)"
}

# rust_version: the version of the Rust on the PATH, or nothing where it is not whole.
rust_version() {
  if have cargo && have rustc; then rustc --version 2>/dev/null | cut -d ' ' -f 2 | cut -d - -f 1; fi
}

need_rust() {
  local want version rustup
  rustup="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y"
  want=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
  version=$(rust_version || true)
  at_least "$version" "$want" && return
  # A fresh rustup is on the PATH of new shells only, and there behind nothing of the distribution's.
  if [ -x "$HOME/.cargo/bin/cargo" ]; then
    PATH="$HOME/.cargo/bin:$PATH"
    version=$(rust_version || true)
    at_least "$version" "$want" && return
  fi
  if [ -n "$version" ] && have rustup; then
    lacks_tool "Rust $want or newer (this is $version)" "$(command -v rustup) update stable"
  else
    lacks_tool "Rust $want or newer${version:+ (this is $version)}" "$(with_curl "$rustup")"
  fi
}

# packaged_node: the version of Node.js that the distribution packages.
packaged_node() {
  local packaged
  packaged=$(apt-cache policy nodejs 2>/dev/null | sed -n 's/^ *Candidate: //p' || true)
  # A fresh machine has no list of packages yet.
  if [ -z "$packaged" ] || [ "$packaged" = "(none)" ]; then
    case $(distribution) in
      "debian 13") packaged=20.19 ;;
    esac
  fi
  echo "$packaged"
}

need_node() {
  local want version packaged how
  want=$(sed -n 's/.*"node": ">=\([0-9.]*\)".*/\1/p' "$root/web/package.json")
  if have node && have npm; then
    version=$(node --version)
    at_least "${version#v}" "$want" && return
    version=" (this is ${version#v})"
  fi
  packaged=$(packaged_node)
  if [ -n "$packaged" ] && at_least "${packaged%%[-~+]*}" "$want"; then
    how=$(apt_install nodejs npm)
  else
    # The distribution's is too old; it brings npm, which brings a manager of Node.js versions.
    how="$(apt_install nodejs npm curl) && $(as_root npm install -g n) && $(as_root n "${want%%.*}")"
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
