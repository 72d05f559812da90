# The Debian packages that the tests use: browsers, a second TURN implementation, networks. Sourced,
# not run; needs preflight.sh.

# Each program, and the package that has it.
test_programs=(
  chromium:chromium
  firefox-esr:firefox-esr
  turnserver:coturn
  turnutils_uclient:coturn
  ip:iproute2
  nft:nftables
  openssl:openssl
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
}

# Installs what is missing, or notes it as lacking.
need_test_packages() {
  local missing sudo=() entry
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} = 0 ] && return
  if [ "$(id -u)" != 0 ]; then sudo=(sudo -n); fi
  if have apt-get && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; then
    echo "Installing for the tests: ${missing[*]}"
    # At run level 1 the packages start no services.
    "${sudo[@]}" apt-get update -q &&
      "${sudo[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}" || true
    mapfile -t missing < <(missing_packages)
  fi
  for entry in "${missing[@]}"; do
    lacks_tool "$entry, for the tests" "$(as_root apt-get install -y "$entry")"
  done
}
