# What the tests use beyond the build: browsers, a second TURN implementation, networks. Sourced, not
# run; needs preflight.sh.

# Each program, and the Debian package that has it.
test_programs=(
  turnutils_uclient:coturn
  ip:iproute2
  nft:nftables
  openssl:openssl
  sysctl:procps
  script:bsdutils
  python3:python3
  pulseaudio:pulseaudio
)

# The browsers: each is a package, unless its variable names a program.
test_browsers=(
  CHROMIUM:chromium
  FIREFOX:firefox-esr
)

# Programs for root lie outside the search path of other users.
has_program() {
  PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1
}

missing_packages() {
  local entry
  for entry in "${test_programs[@]}"; do
    has_program "${entry%%:*}" || echo "${entry##*:}"
  done | sort -u
  # Debian's Python comes without what makes environments; the package of that brings Python as well.
  python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
}

missing_browsers() {
  local entry variable
  for entry in "${test_browsers[@]}"; do
    variable=${entry%%:*}
    [ -x "${!variable:-/usr/bin/${entry##*:}}" ] || echo "${entry##*:}"
  done
}

# Installs what is missing, or notes it as lacking.
need_test_packages() {
  local missing sudo=() entry
  mapfile -t missing < <(missing_packages && missing_browsers)
  [ ${#missing[@]} = 0 ] && return
  if [ "$(id -u)" != 0 ]; then sudo=(sudo -n); fi
  if have apt-get && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
    echo "Installing for the tests: ${missing[*]}"
    "${sudo[@]}" apt-get update -q || true
    # One by one: a package that the distribution lacks would keep all others away. At run level 1
    # they start no services.
    for entry in "${missing[@]}"; do
      "${sudo[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "$entry" || true
    done
  fi
  for entry in $(missing_packages); do
    lacks_tool "$entry, for the tests" "$(apt_install "$entry")"
  done
  for entry in $(missing_browsers); do
    need_browser "$entry"
  done
}

# need_browser PACKAGE: notes it as lacking, and where a browser comes from instead of a package.
need_browser() {
  local variable
  variable=$(printf '%s\n' "${test_browsers[@]}" | sed -n "s/:$1\$//p")
  if [ -n "${!variable:-}" ]; then
    lacks_tool "$1, for the tests: $variable names ${!variable}, which is no program" "unset $variable"
  elif [[ $(distribution) == debian* ]]; then
    lacks_tool "$1, for the tests" "$(apt_install "$1")"
  else
    lacks_tool "$1, for the tests (Ubuntu has it as a snap only, which the tests cannot start: take the browser from its maker)" \
      "export $variable=/path/to/the/browser"
  fi
}
