// Package testenv owns the one way in which a test may be skipped: loudly, and
// never where the checks have to be complete.
package testenv

import (
	"os"
	"strconv"
	"testing"
)

// Long reports whether the long tests were asked for (make test-long).
func Long() bool { return os.Getenv("RINGFENCE_LONG") == "1" }

// Skip skips tb because of reason, which says what is missing and how to get
// it. With CI=true it fails tb instead: a skipped check is no check.
func Skip(tb testing.TB, reason string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatalf("must not be skipped here: %s", reason)
	}
	if tty, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0); err == nil {
		_, _ = tty.WriteString("SKIPPED " + tb.Name() + ": " + reason + "\n")
		_ = tty.Close()
	}
	tb.Skipf("SKIPPED: %s", reason)
}

// OnlyLong ends tb quietly unless the long tests were asked for: what it checks
// is checked for a shorter time elsewhere.
func OnlyLong(tb testing.TB) {
	tb.Helper()
	if !Long() {
		tb.Skip("runs in make test-long")
	}
}

// Shards is what the relay of a test has for data: RINGFENCE_TEST_SHARDS=off
// leaves all packets to pion, a number asks for so many threads, and nothing is
// one for each processor. The same tests run over all of them.
func Shards() int {
	switch v := os.Getenv("RINGFENCE_TEST_SHARDS"); v {
	case "":
		return 0
	case "off":
		return -1
	default:
		n, err := strconv.Atoi(v)
		if err != nil {
			panic(err)
		}
		return n
	}
}
