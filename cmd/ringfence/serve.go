package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/localca"
	"github.com/ringfence/ringfence/internal/privacy"
	"github.com/ringfence/ringfence/internal/relayd"
	"github.com/ringfence/ringfence/internal/serving"
	"github.com/ringfence/ringfence/internal/trim"
	"github.com/ringfence/ringfence/relay"
	"github.com/ringfence/ringfence/web"
)

// serve is the server: it opens everything, says where it is, and serves until
// ctx ends or a part of it fails. It returns after the last part has ended.
func serve(ctx context.Context, p process, c *config.Loaded, log *slog.Logger) (err error) {
	if err := noCore(); err != nil {
		log.WarnContext(ctx, "core dumps stay on", slog.Any("error", err))
	}
	ls, err := openListeners(ctx, c)
	if err != nil {
		return err
	}
	defer ls.close()
	v, err := openVault(ctx, &p, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	if v.keys.Rotating() {
		log.WarnContext(ctx, "a rotation of the keys was begun and not ended; ringfence admin keys rotate goes on with it")
	}
	s := &server{c: c, p: p, log: log, ls: ls, vault: v}
	defer s.closeUnserved()
	if err := s.build(ctx); err != nil {
		return err
	}
	if err := s.announce(ctx); err != nil {
		return err
	}
	if s.socket, err = listenSocket(ctx, c.Data); err != nil {
		return err
	}
	return s.run(ctx)
}

// server holds the parts of a running program.
type server struct {
	c     *config.Loaded
	p     process
	log   *slog.Logger
	ls    *listeners
	vault *vault

	parts
	external  *relayd.PublicIP
	external6 *relayd.PublicIP
	doors     relayd.Doors
	certs     *relay.Certificates // of the relay; nil without turn.cert
	authority *localca.Authority  // nil where there is no LAN over TLS
	split     *relay.Split        // of that port with TURN; nil where it is not shared
	at        addresses
	sites     sites
	socket    net.Listener
	app       http.Handler
	admin     http.Handler
	ready     atomic.Bool
}

// build makes every part, bottom up. Nothing runs yet.
func (s *server) build(ctx context.Context) (err error) {
	if s.external, err = relayd.NewPublicIP(ctx, s.p.lookup, s.c.TURN.PublicIP, s.log); err != nil {
		return err
	}
	if s.external6, err = relayd.NewPublicIP6(ctx, s.p.lookup, s.c.TURN.PublicIP6, s.log); err != nil {
		return err
	}
	s.at = addresses{plain: serving.Where(s.ls.plain), tls: serving.Where(s.ls.tls), admin: serving.Where(s.ls.admin)}
	if s.authority, s.sites, err = findSites(ctx, s.c, s.at); err != nil {
		return err
	}
	if s.authority != nil && s.c.TURN.ShareHTTPS == config.On && s.c.TURN.Transports.Has("tls") {
		s.split = relay.SplitTLS(s.ls.tls, s.tls())
		s.split.Log = s.log
	}
	return s.wire(ctx)
}

// closeUnserved gives back what was opened and never served; after run it does
// nothing.
func (s *server) closeUnserved() {
	if s.socket != nil {
		_ = s.socket.Close()
	}
	if s.relay != nil {
		_ = s.relay.Close()
	}
}

// handler returns what both public listeners serve.
func (s *server) handler() (_ http.Handler, err error) {
	g := gate{app: s.app, secure: privacy.Secure(s.c.TrustedProxies), public: s.c.PublicURL, probe: s.p.probe}
	if s.authority != nil {
		g.trust, err = s.authority.Page(s.lanSite)
		if err != nil {
			return nil, fmt.Errorf("trust page: %w", err)
		}
	}
	return g, nil
}

// lanSite returns the https address to go on to from a request over plain
// HTTP: at the address that evidently works for this client, if it has a
// certificate.
func (s *server) lanSite(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	a, err := netip.ParseAddr(host)
	known := err == nil && !a.IsLoopback() && s.authority.Vouches(a)
	if names, addrs := machineNames(); known && slices.Contains(addrs, a) || slices.Contains(names, host) {
		return "https://" + net.JoinHostPort(host, portText(s.at.tls.Port()))
	}
	return newSites(r.Context(), s.c, s.at, s.authority.Vouches).lan // there may be a network by now
}

// invitePage returns where people on other devices open an invite: the page
// that says how to trust this server, which carries the invite on. With a
// public address everybody uses that one, and there is nothing to say.
func (s *server) invitePage(ctx context.Context) string {
	if s.authority == nil {
		return ""
	}
	return newSites(ctx, s.c, s.at, s.authority.Vouches).elsewhere() // there may be a network by now
}

// run serves all parts and stops them in this order: no longer ready and no
// new sessions, sessions told to come back, requests in flight finished, calls
// over the relay drained, relay, then what the operator looks at. The caller
// closes the store after that. Requests end before the drain, for whoever is
// blocked by one shall be cut off: the hub that would do that is gone by then.
func (s *server) run(ctx context.Context) error {
	h, err := s.handler()
	if err != nil {
		return err
	}
	s.ready.Store(true)
	defer s.ready.Store(false)
	defer func() { _ = s.bus.Close() }() // nobody is left on it
	stages := []serving.Stage{
		{Name: "readiness", Serve: func(ctx context.Context) error {
			<-ctx.Done()
			s.ready.Store(false)
			s.hub.Refuse()
			return nil
		}},
		{Name: "hub", Serve: s.hub.Serve},
		{Name: "http", Serve: func(ctx context.Context) error { return serving.HTTP(ctx, s.ls.plain, h, nil, s.log) }},
		{Name: "https", Serve: func(ctx context.Context) error {
			if s.split != nil {
				return serving.HTTP(ctx, s.split.HTTP(), h, nil, s.log)
			}
			return serving.HTTP(ctx, s.ls.tls, h, s.tls(), s.log)
		}},
		{Name: "drain", Serve: func(ctx context.Context) error { return s.drain.Serve(ctx, s.p.drain, false) }},
		{Name: "shared port", Serve: s.share},
		{Name: "admin socket", Serve: func(ctx context.Context) error {
			return serving.HTTP(ctx, s.socket, socketHandler(direct{s.accounts, func() (sites, error) { return s.sites, nil }}, s.vault, s.log), nil, s.log)
		}},
		{Name: "public address", Serve: s.external.Serve},
		{Name: "public address of IPv6", Serve: s.external6.Serve},
		{Name: "revocations", Serve: s.revoked.Serve},
		{Name: "relay", Serve: s.relay.Serve},
		{Name: "memory", Serve: trim.Run},
		{Name: "admin", Serve: func(ctx context.Context) error { return serving.HTTP(ctx, s.ls.admin, s.admin, nil, s.log) }},
	}
	if s.certs != nil {
		stages = append(stages, relayd.CertificateStages(s.certs, s.p.reload)...)
	}
	s.log.InfoContext(ctx, "serving")
	err = serving.InOrder(ctx, s.log, stages...)
	s.log.InfoContext(ctx, "stopped")
	return err
}

// share serves the port that HTTPS and the relay have in common, if they do.
func (s *server) share(ctx context.Context) error {
	if s.split == nil {
		<-ctx.Done()
		return nil
	}
	return s.split.Serve(ctx)
}

func (s *server) tls() *tls.Config {
	if s.authority == nil {
		return nil
	}
	return &tls.Config{GetCertificate: s.authority.GetCertificate, MinVersion: tls.VersionTLS12}
}

// announce makes the owner's invite, as long as there is no owner, and says
// everything that an operator wants to know at the start.
func (s *server) announce(ctx context.Context) error {
	token, _, err := s.accounts.CreateOwnerInvite(ctx)
	if err != nil {
		return fmt.Errorf("make the owner's invite: %w", err)
	}
	b := banner{
		sites: s.sites, admin: s.at.admin, invite: token,
		turn: turnSentence(s.c, s.external.Addr(), s.relay.Endpoints()), warnings: append(warnings(s.c), s.doors.Notes...),
	}
	if s.authority != nil && s.sites.lan != "" {
		b.fingerprint = s.authority.Fingerprint()
	}
	if s.c.TLSListen.On() && s.sites.lan == "" {
		b.warnings = append(b.warnings, "this machine has no network address that its authority vouches for, so phones have no way in yet; connect it to a network, or set public_url and a reverse proxy (docs/operations.md).")
	}
	if !web.Built() {
		b.warnings = append(b.warnings, "the browser client is not part of this program; run \"make build\".")
	}
	if token != "" {
		if err := writeInvite(s.c.OwnerInviteFile, s.sites.links(token)[0]); err != nil {
			return err
		}
	}
	if err := b.write(s.p.stdout); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
