package serving

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/netutil"
)

// maxConns bounds the connections that one listener holds open.
const maxConns = 16384

// At is where to listen, and how the operator calls that.
type At struct {
	Setting string // "admin_listen"
	Flag    string // without dashes
	Addr    string // as net.Listen has it
	Port    uint16
}

// Listen opens a listener for HTTP over TCP that holds a bounded number of
// connections open, and of one network a part of them; proxies speak for many
// and have no such part. Its error says which setting to change, and how.
func Listen(ctx context.Context, at At, proxies []netip.Prefix) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", at.Addr)
	if err == nil {
		return netutil.LimitListener(share(ln, maxPerNetwork, proxies), maxConns), nil
	}
	return nil, at.trouble(err)
}

func (at At) trouble(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: port %d is taken by another program, perhaps a Ringfence that runs already; stop it, or choose another port with --%s", at.Setting, at.Port, at.Flag)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: this user may not listen on port %d; choose one from 1024 up with --%s, or give the program CAP_NET_BIND_SERVICE", at.Setting, at.Port, at.Flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		host, _, _ := net.SplitHostPort(at.Addr)
		return fmt.Errorf("%s: this machine does not have the address %s; choose one it has with --%s", at.Setting, host, at.Flag)
	}
	return fmt.Errorf("%s: %w", at.Setting, err)
}

// Where returns the address of a listener that may not be there.
func Where(l net.Listener) netip.AddrPort {
	if l == nil {
		return netip.AddrPort{}
	}
	ap, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil {
		return netip.AddrPort{}
	}
	return ap
}
