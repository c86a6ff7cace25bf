package main

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/localca"
)

// sites are the addresses under which people find the client; empty where
// there is no such way.
type sites struct {
	public string // through the reverse proxy
	local  string // on this machine
	lan    string // from the local network, over TLS
	trust  string // the page that says how to trust lan
}

// findSites opens the local authority, which there is where at.tls is, and
// finds the sites that it vouches for.
func findSites(ctx context.Context, c *config.Loaded, at addresses) (*localca.Authority, sites, error) {
	if !at.tls.IsValid() {
		return nil, newSites(ctx, c, at, localca.Private), nil
	}
	authority, err := localca.Open(localca.Options{Dir: c.Keys, Names: machineNames, Now: now})
	if err != nil {
		return nil, sites{}, fmt.Errorf("keys: %w", err)
	}
	return authority, newSites(ctx, c, at, authority.Vouches), nil
}

// offlineSites finds the sites that a server with these settings will have.
func offlineSites(ctx context.Context, c *config.Loaded) (sites, error) {
	_, s, err := findSites(ctx, c, configured(c))
	return s, err
}

// newSites finds out under which addresses what listens at at can be reached.
// vouches says which addresses have a certificate.
func newSites(ctx context.Context, c *config.Loaded, at addresses, vouches func(netip.Addr) bool) sites {
	s := sites{public: c.PublicURL.String()}
	if a := at.plain.Addr(); a.IsUnspecified() || a.IsLoopback() {
		s.local = "http://" + netipHost("localhost", at.plain.Port())
	}
	if !at.tls.IsValid() {
		return s
	}
	lan := at.tls.Addr().Unmap()
	if lan.IsUnspecified() {
		lan = lanAddr(ctx, vouches)
	}
	if !lan.IsValid() || lan.IsLoopback() || !vouches(lan) {
		return s
	}
	s.lan = "https://" + netip.AddrPortFrom(lan, at.tls.Port()).String()
	if a := at.plain.Addr().Unmap(); a.IsUnspecified() || a == lan {
		s.trust = "http://" + netip.AddrPortFrom(lan, at.plain.Port()).String() + localca.PagePath
	}
	return s
}

// configured returns where the listeners would be, for commands that open
// none.
func configured(c *config.Loaded) addresses {
	at := func(l config.Listen) netip.AddrPort {
		if !l.On() {
			return netip.AddrPort{}
		}
		a := l.Addr()
		if !a.IsValid() {
			a = netip.IPv6Unspecified()
		}
		return netip.AddrPortFrom(a, l.Port())
	}
	return addresses{plain: at(c.Listen), tls: at(c.TLSListen), admin: at(c.AdminListen)}
}

// links returns the links that carry an invite, the one to take first.
func (s sites) links(token string) []string {
	var out []string
	for _, site := range []string{s.public, s.local} {
		if site != "" {
			out = append(out, site+"/invite#"+token)
		}
	}
	if page := s.elsewhere(); page != "" {
		out = append(out, page+"#"+token)
	}
	return out
}

// elsewhere returns the page at which other devices in the network open an
// invite, without its fragment: first the one that says how to trust lan.
func (s sites) elsewhere() string {
	if s.trust != "" || s.lan == "" {
		return s.trust
	}
	return s.lan + "/invite"
}
