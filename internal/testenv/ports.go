package testenv

import (
	"context"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreePort is FreePorts for one port, in digits.
func FreePort(tb testing.TB) string {
	tb.Helper()
	return strconv.Itoa(int(FreePorts(tb, 1)))
}

// FreePorts returns the first, an even one, of n ports in a row that are free
// for UDP and TCP on loopback. They are below those that systems give out by
// themselves (32768 and up on Linux), so that no socket of another test that
// asks for any port gets one of them meanwhile; not even one that is to stay
// closed.
func FreePorts(tb testing.TB, n uint16) uint16 {
	tb.Helper()
	for range 100 {
		low := 20000 + 2*rand.N[uint16](6000)
		all := true
		for p := low; p < low+n && all; p++ {
			all = free(tb.Context(), p)
		}
		if all {
			return low
		}
	}
	tb.Fatalf("no %d ports in a row are free", n)
	return 0
}

func free(ctx context.Context, port uint16) bool {
	var conf net.ListenConfig
	at := net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port)))
	conn, err := conf.ListenPacket(ctx, "udp4", at)
	if err != nil {
		return false
	}
	_ = conn.Close()
	ln, err := conf.Listen(ctx, "tcp4", at)
	if err != nil {
		return false
	}
	_ = ln.Close()
	return true
}
