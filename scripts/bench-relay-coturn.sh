#!/usr/bin/env bash
# Unpacks what coturn's server needs and the system lacks beside what
# scripts/uclient.sh has unpacked, and prints the server's path. Nothing is
# installed: its package would bring a service with it.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/uclient.sh >&2
dir=$PWD/tmp/tools/coturn
server=$dir/usr/bin/turnserver

libraries() { find "$dir" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:; }
missing() { LD_LIBRARY_PATH=$(libraries) ldd "$server" | grep 'not found' || true; }

for package in $(grep -oE 'lib(hiredis|mariadb|pq|sqlite|mongoc|bson|microhttpd|prom)[a-z0-9.+-]*' "$dir/depends" | sort -u); do
  [ -n "$(missing)" ] || break
  fresh=$(mktemp -d -p "$dir")
  (cd "$fresh" && apt-get download -qq "$package" 2>/dev/null) || true
  for name in "$fresh"/*.deb; do [ ! -e "$name" ] || dpkg-deb -x "$name" "$dir"; done
  rm -rf "$fresh"
done
if [ -n "$(missing)" ]; then
  echo "coturn's server can't run here, libraries are missing:$(missing)" >&2
  echo 'Run "sudo apt-get update" once, then try again.' >&2
  exit 1
fi
echo "$server"
