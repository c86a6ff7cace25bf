package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/netutil"

	"github.com/ringfence/ringfence/internal/config"
)

// maxConns bounds the connections that one listener holds open.
const maxConns = 16384

// listeners are the ones for HTTP; the relay opens its own.
type listeners struct {
	plain, tls, admin net.Listener // nil where off
}

// addresses says where the program listens; invalid where it does not.
type addresses struct {
	plain, tls, admin netip.AddrPort
}

// openListeners opens all of them or none.
func openListeners(ctx context.Context, c *config.Loaded) (_ *listeners, err error) {
	ls := &listeners{}
	defer func() {
		if err != nil {
			ls.close()
		}
	}()
	for _, l := range []struct {
		to      *net.Listener
		setting string
		at      config.Listen
	}{
		{&ls.plain, "listen", c.Listen},
		{&ls.tls, "tls_listen", c.TLSListen},
		{&ls.admin, "admin_listen", c.AdminListen},
	} {
		if !l.at.On() {
			continue
		}
		if *l.to, err = listen(ctx, l.setting, l.at, c.TrustedProxies); err != nil {
			return nil, err
		}
	}
	return ls, nil
}

func (ls *listeners) close() {
	for _, l := range []net.Listener{ls.plain, ls.tls, ls.admin} {
		if l != nil {
			_ = l.Close() // closing twice is what happens after a server used it
		}
	}
}

func listen(ctx context.Context, setting string, at config.Listen, proxies []netip.Prefix) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", at.String())
	if err == nil {
		return netutil.LimitListener(share(ln, maxPerNetwork, proxies), maxConns), nil
	}
	return nil, listenTrouble(setting, at, err)
}

// listenTrouble says which setting to change, and how.
func listenTrouble(setting string, at config.Listen, err error) error {
	flag := "--" + flagOf(setting)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: port %d is taken by another program, perhaps a Ringfence that runs already; stop it, or choose another port with %s", setting, at.Port(), flag)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: this user may not listen on port %d; choose one from 1024 up with %s, or give the program CAP_NET_BIND_SERVICE", setting, at.Port(), flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s: this machine does not have the address %s; choose one it has with %s", setting, at.Addr(), flag)
	}
	return fmt.Errorf("%s: %w", setting, err)
}

func flagOf(setting string) string {
	for _, s := range config.Settings() {
		if s.Key == setting {
			return s.Flag
		}
	}
	return setting
}

// where returns the address of a listener that may not be there.
func where(l net.Listener) netip.AddrPort {
	if l == nil {
		return netip.AddrPort{}
	}
	ap, err := netip.ParseAddrPort(l.Addr().String())
	if err != nil {
		return netip.AddrPort{}
	}
	return ap
}
