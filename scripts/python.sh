# The Python packages of the tests, in an environment of their own below target/. Sourced, not run; needs
# web.sh.

python_environment=$root/target/python

# install_python FOLDER: what FOLDER/requirements.txt names, if it changed since the last time.
install_python() {
  local wanted
  wanted="$(digest "$1/requirements.txt") $(python3 --version)"
  [ "$(cat "$python_environment/.twocan-installed" 2>/dev/null)" = "$wanted" ] && return
  python3 -m venv --clear "$python_environment"
  "$python_environment/bin/pip" install --quiet --disable-pip-version-check -r "$1/requirements.txt"
  echo "$wanted" >"$python_environment/.twocan-installed"
}

# python_tests FOLDER: the tests in FOLDER, with Python's own runner.
python_tests() {
  cd "$1"
  # The clients leave the closing of their connections to the end of the process.
  "$python_environment/bin/python" -W ignore::ResourceWarning -m unittest -v
}
