#!/usr/bin/env bash
# Fuzzes every decoder for the given time each, two at a time with one worker
# each. A finding is left in the package's testdata, as `go test` does. Little
# time goes into making inputs small: without that bound a decoder of long inputs
# was run three times in ten seconds, and 95,000 times with it.
set -euo pipefail
each="${1:-10s}"
cd "$(dirname "$0")/.."

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
export each logs

one() {
  local dir=$1 name=$2 log="$logs/${1//\//.}.$2"
  if go test -run '^$' -fuzz "^$name\$" -fuzztime "$each" -fuzzminimizetime 20x -parallel 1 "./$dir" >"$log" 2>&1; then
    echo "fuzzed $each ./$dir $name"
  elif grep -q '^ *context deadline exceeded$' "$log" && ! grep -q 'Failing input written' "$log"; then
    echo "fuzzed $each ./$dir $name (its time ended in the middle of an input, which go test takes for a failure: golang/go#48591)"
  else
    echo "FAILED ./$dir $name"
    cat "$log"
    return 1
  fi
}
export -f one

list=$(git grep -E '^func Fuzz[A-Za-z0-9_]+\(' -- '*_test.go' | sed -E 's|^(.*)/[^/]+_test\.go:func (Fuzz[A-Za-z0-9_]+)\(.*|\1 \2|')
[ -n "$list" ] || { echo "no fuzz test found" >&2; exit 1; }
xargs -P 2 -L 1 bash -c 'one "$0" "$1"' <<<"$list"
echo "$(wc -l <<<"$list") decoders fuzzed for $each each"
