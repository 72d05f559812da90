# Builds the web page, and only when something has changed. Sourced, not run.
#
# What was built last is noted in web/node_modules, which is as easily thrown away as the notes.

# digest FILE…: one number for the content and the names of the files.
digest() {
  printf '%s\0' "$@" | sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1
}

# is_noted NAME VALUE: whether VALUE was noted under NAME.
is_noted() {
  [ "$(cat "$root/web/node_modules/.twocan-$1" 2>/dev/null)" = "$2" ]
}

note() {
  echo "$2" >"$root/web/node_modules/.twocan-$1"
}

# install_web: npm ci in web/, if its lock file or Node changed since the last time.
install_web() {
  local lock
  lock="$(digest "$root/web/package.json" "$root/web/package-lock.json") $(node --version)"
  is_noted lock "$lock" && return
  (cd "$root/web" && npm ci --no-audit --no-fund)
  note lock "$lock"
}

# build_web: the page in web/dist, made anew if anything that goes into it changed.
build_web() {
  local inputs built
  install_web
  mapfile -d '' inputs < <(
    find "$root/web" \( -name node_modules -o -name dist -o -name screenshots \) -prune -o -type f -print0
  )
  built="$(digest "${inputs[@]}") $(node --version)"
  is_noted page "$built" && [ -f "$root/web/dist/index.html" ] && return
  (cd "$root/web" && npm run build)
  note page "$built"
}
