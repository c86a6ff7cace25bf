#!/usr/bin/env bash
# Measures this hub beside its floor, centrifuge and PeerJS server, and writes
# docs/bench-signal.md. It takes half an hour and a quiet machine with two
# cores; -parts load takes five minutes of it, and what waits (-parts idle)
# does not mind other work.
#   scripts/bench-signal.sh [-quick] [-parts load] [-rounds N] [-only KIND;KIND] ...
set -euo pipefail
cd "$(dirname "$0")/.."
[ "$(uname -s)" = Linux ] || { echo "The load is for Linux only." >&2; exit 1; }
[ "$(nproc)" -ge 2 ] || { echo "The server needs one core and the load another: this machine has one." >&2; exit 1; }
command -v taskset >/dev/null || { echo "taskset is missing: it is in the package util-linux." >&2; exit 1; }

rivals=$PWD/internal/hubbench/rivals
dir=$PWD/tmp/bench
mkdir -p "$dir" docs/bench-signal
CGO_ENABLED=0 go build -C "$rivals/centrifuge" -trimpath -o "$dir/centrifuge" .
CGO_ENABLED=0 go build -trimpath -o "$dir/benchsignal" ./internal/hubbench/cmd/benchsignal
(cd "$rivals/peerjs" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --prefer-offline >&2)
centrifuge=$(go list -C "$rivals/centrifuge" -m -f '{{.Version}}' github.com/centrifugal/centrifuge)
peer=$(node -p "require('$rivals/peerjs/node_modules/peer/package.json').version")

# 18,000 connections on either side.
ulimit -n 100000 2>/dev/null || ulimit -n "$(ulimit -Hn)"

args=(-ringfence bin/ringfence -centrifuge "$dir/centrifuge" -peerjs "$rivals/peerjs/server.mjs" -versions "centrifuge=centrifuge $centrifuge,peer=peer $peer,node=$(node --version)")
case " $* " in *" -quick "* | *" --quick "*) exec "$dir/benchsignal" "${args[@]}" "$@" ;; esac
raw=docs/bench-signal/session.json
"$dir/benchsignal" "${args[@]}" -raw "$raw" "$@" >"$dir/session.json"
grep -q '"load"' "$dir/session.json" && mv "$dir/session.json" "$raw"
code=0
"$dir/benchsignal" -parts '' -raw "$raw" >"$dir/bench-signal.md" || code=$?
[ -s "$dir/bench-signal.md" ] && mv "$dir/bench-signal.md" docs/bench-signal.md
exit $code
