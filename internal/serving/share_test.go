package serving

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

func TestOneNetworkGetsItsShare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		exempt string
		third  bool
	}{"a network": {"198.51.100.0/24", false}, "a proxy": {"127.0.0.0/8", true}} {
		inner, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ln := share(inner, 2, []netip.Prefix{netip.MustParsePrefix(c.exempt)})
		accepted := make(chan net.Conn, 8)
		go func() {
			for {
				conn, err := ln.Accept()
				if err != nil {
					close(accepted)
					return
				}
				accepted <- conn
			}
		}()
		dial := func() net.Conn {
			conn, err := net.Dial("tcp", inner.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			return conn
		}
		dial()
		dial()
		first := <-accepted
		second := <-accepted
		third := dial()
		if c.third {
			_ = (<-accepted).Close()
		} else {
			_ = third.SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := third.Read(make([]byte, 1)); err == nil || isTimeout(err) {
				t.Errorf("%s: the third got in", name)
			}
			_ = first.Close()
			_ = first.Close() // counts once
			dial()
			_ = (<-accepted).Close()
		}
		_ = first.Close()
		_ = second.Close()
		_ = inner.Close()
		<-accepted
		if len(ln.open) != 0 {
			t.Errorf("%s: %d networks are remembered", name, len(ln.open))
		}
	}
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error) //nolint:errorlint // of a read, it comes bare
	return ok && timeout.Timeout()
}
