#!/usr/bin/env bash
# Fuzzes every decoder for the given time each, one after the other.
set -euo pipefail
each="${1:-10s}"
cd "$(dirname "$0")/.."
count=0
while IFS=: read -r file line; do
  name=$(sed -E 's/^func (Fuzz[A-Za-z0-9_]+)\(.*/\1/' <<<"$line")
  echo "fuzz $each ./$(dirname "$file") $name"
  go test -run '^$' -fuzz "^$name\$" -fuzztime "$each" "./$(dirname "$file")" >/tmp/fuzz.$$ 2>&1 || { cat /tmp/fuzz.$$; exit 1; }
  count=$((count + 1))
done < <(git grep -E "^func Fuzz[A-Za-z0-9_]+\(" -- "*_test.go")
rm -f /tmp/fuzz.$$
[ "$count" -gt 0 ] || { echo "no fuzz test found" >&2; exit 1; }
echo "fuzzed $count decoders for $each each"
