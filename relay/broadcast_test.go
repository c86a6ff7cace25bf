//go:build unix

package relay

import (
	"errors"
	"net"
	"syscall"
	"testing"
)

// A public subnet's broadcast address looks like any peer, so the socket
// itself must be unable to reach one.
func TestRelaySocketsCannotBroadcast(t *testing.T) {
	t.Parallel()
	conn, err := listenPeers(loopback(0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.WriteTo([]byte("x"), &net.UDPAddr{IP: net.IPv4bcast, Port: 4000}); !errors.Is(err, syscall.EACCES) {
		t.Errorf("got %v, want EACCES", err)
	}
}
