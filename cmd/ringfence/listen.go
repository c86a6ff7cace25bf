package main

import (
	"context"
	"net"
	"net/netip"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/serving"
)

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
	return serving.Listen(ctx, serving.At{Setting: setting, Flag: flagOf(setting), Addr: at.String(), Port: at.Port()}, proxies)
}

func flagOf(setting string) string {
	for _, s := range config.Settings() {
		if s.Key == setting {
			return s.Flag
		}
	}
	return setting
}
