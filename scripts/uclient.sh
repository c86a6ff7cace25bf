#!/usr/bin/env bash
# Unpacks the test client and the test peer of coturn, with the libraries that
# they need and the system lacks, into a folder of this checkout that git
# ignores. Its package would bring a service with it, so nothing is installed.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$PWD/tmp/tools/coturn

libraries() { find "$dir" -name '*.so*' -printf '%h\n' 2>/dev/null | sort -u | paste -sd:; }
missing() { LD_LIBRARY_PATH=$(libraries) ldd "$dir/usr/bin/turnutils_uclient" "$dir/usr/bin/turnutils_peer" 2>/dev/null | grep 'not found' || true; }
whole() { [ -x "$dir/usr/bin/turnutils_uclient" ] && [ -x "$dir/usr/bin/turnutils_peer" ] && [ -z "$(missing)" ]; }

fail() {
  echo "The tests need the test client of coturn, and $1. Run \"sudo apt-get update\" once, then try again." >&2
  exit 1
}

# unpack fetches packages into a fresh folder and unpacks them beside what is
# there.
unpack() {
  local fresh name
  fresh=$(mktemp -d -p "$dir")
  for name in "$@"; do
    (cd "$fresh" && apt-get download -qq "$name" 2>/dev/null) || fail "its package $name could not be downloaded"
  done
  for name in "$fresh"/*.deb; do dpkg-deb -x "$name" "$dir"; done
  for name in "$fresh"/coturn_*.deb; do [ ! -e "$name" ] || dpkg-deb -f "$name" Depends >"$dir/depends"; done
  rm -rf "$fresh"
}

whole && exit 0
command -v apt-get >/dev/null 2>&1 || fail "this machine has no apt-get"
mkdir -p "$dir"
[ -n "$(apt-cache policy coturn 2>/dev/null)" ] || [ "$(id -u)" -ne 0 ] || apt-get update -qq
unpack coturn
# Under which names the libraries are packaged is the package's to say.
if [ -n "$(missing)" ]; then
  read -ra wanted <<<"$(grep -oE 'lib(event|ssl)[a-z0-9.+-]*' "$dir/depends" | sort -u | paste -sd' ')"
  unpack "${wanted[@]}"
fi
whole || fail "libraries are missing: $(missing)"
