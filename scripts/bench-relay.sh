#!/usr/bin/env bash
# Measures this relay beside Debian's coturn, pion/turn and a bare forwarder, in
# one session, and writes docs/bench-relay.md. As root it runs in a network
# namespace of its own, so that no port is taken and nothing else is met. It
# takes about a quarter of an hour and a quiet machine with two cores.
#   scripts/bench-relay.sh [--quick] [--rounds N] [--only NAME,NAME] ...
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(uname -s)" = Linux ] || { echo "The load generator is for Linux only." >&2; exit 1; }
[ "$(nproc)" -ge 2 ] || { echo "The server needs one core and the load generator another: this machine has one." >&2; exit 1; }
command -v taskset >/dev/null || { echo "taskset is missing: it is in the package util-linux." >&2; exit 1; }

coturn=$(scripts/bench-relay-coturn.sh)
dir=$PWD/tmp/bench
mkdir -p "$dir"
CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$dir/ringfence" ./cmd/ringfence
CGO_ENABLED=0 go build -trimpath -o "$dir/benchrelay" ./internal/relaybench/cmd/benchrelay

# 10,000 allocations, two sockets each, on either side.
ulimit -n 100000 2>/dev/null || ulimit -n "$(ulimit -Hn)"

args=(-ringfence "$dir/ringfence" -coturn "$coturn")
case " $* " in *" --quick "* | *" -quick "* | *" -only "* | *" --only "*) ;; *) args+=(-docs docs) ;; esac
if [ "$(id -u)" -eq 0 ]; then
  exec unshare --net -- bash -c 'ip link set lo up && exec taskset -c 1 "$@"' bench "$dir/benchrelay" -namespace "${args[@]}" "$@"
fi
exec taskset -c 1 "$dir/benchrelay" "${args[@]}" "$@"
