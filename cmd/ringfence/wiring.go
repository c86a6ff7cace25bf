package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/cluster"
	"github.com/ringfence/ringfence/internal/cluster/local"
	"github.com/ringfence/ringfence/internal/devicelog"
	"github.com/ringfence/ringfence/internal/httpapi"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/metrics"
	"github.com/ringfence/ringfence/internal/metrics/hubmetrics"
	"github.com/ringfence/ringfence/internal/privacy"
	"github.com/ringfence/ringfence/internal/relayadmin"
	"github.com/ringfence/ringfence/internal/relayd"
	"github.com/ringfence/ringfence/relay"
	"github.com/ringfence/ringfence/signal"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/web"
)

// parts are the services of one node.
type parts struct {
	accounts *account.Service
	friends  *friends.Service
	relay    *relay.Server
	drain    *relayd.Drain
	revoked  *relayd.Revocations
	bus      *local.Bus
	hub      *signal.Hub
}

// wire makes the services over the vault and joins them.
func (s *server) wire(ctx context.Context) error {
	var err error
	if s.doors, err = relayd.OpenDoors(s.c.TURN, nil); err != nil {
		return err
	}
	keys, err := relayKeys(s.vault.keys.TURNKey(), s.doors)
	if err != nil {
		return fmt.Errorf("relay keys: %w", err)
	}
	minter, err := relay.NewMinter(keys, relay.MaxTTL, now)
	if err != nil {
		return fmt.Errorf("relay credentials: %w", err)
	}
	if s.certs, err = relayd.OpenCertificates(s.c.TURN, s.c.Origins, s.log); err != nil {
		return err
	}
	if s.relay, err = s.listenRelay(ctx, keys); err != nil {
		return err
	}
	s.drain = relayd.NewDrain(s.relay, time.Duration(s.c.TURN.DrainTime)*time.Second, s.log)
	s.bus = local.New(local.DefaultQueue)
	s.revoked = relayd.NewRevocations(s.relay, func(msg []byte) error {
		return s.bus.Publish(context.WithoutCancel(ctx), revokedSubject, msg)
	}, s.log)
	if _, err := s.bus.Subscribe(revokedSubject, s.revoked.Receive); err != nil {
		return fmt.Errorf("revocations: %w", err)
	}
	told := &events{} // the hub needs friends, and friends tell the hub
	s.friends = friends.New(friends.Options{DB: s.vault.db, Now: now, Events: told})
	s.accounts = account.New(account.Options{DB: s.vault.db, Keys: s.vault.keys, Friends: s.friends, Events: told, Now: now})
	s.hub = signal.New(signal.Options{
		Bus: s.bus, Friends: s.friends, Relay: relayDoor{s.relay, s.revoked, minter}, Alive: s.accounts.Alive,
		Origins: s.originHosts(), ClientPrefix: privacy.ClientPrefix(s.c.TrustedProxies), Log: s.log,
	})
	told.Hub = s.hub
	client, err := web.Handler()
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	s.app, err = httpapi.New(httpapi.Options{
		Accounts: s.accounts, Friends: s.friends, Logs: devicelog.New(devicelog.Options{DB: s.vault.db, Reach: s.friends}), Web: client,
		Presence: s.hub, Signal: s.hub.ServeWS,
		ClientPrefix: privacy.ClientPrefix(s.c.TrustedProxies), Secure: privacy.Secure(s.c.TrustedProxies),
		Origins: s.origins(), InvitePage: s.invitePage, Version: readVersion().Version, Log: s.log, Now: now,
	})
	if err != nil {
		return fmt.Errorf("api: %w", err)
	}
	m, err := metrics.Handler(metrics.Ready(func() bool { return s.state() == relayd.Ready }), metrics.Relay(s.relay.Stats), hubmetrics.New(s.hub.Stats))
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	page, err := relayd.TestPage(s.relay, keys, now)
	if err != nil {
		return fmt.Errorf("page that tests the relay: %w", err)
	}
	s.admin = relayd.Admin{Test: page, State: s.state, Metrics: m, Hosts: s.c.AdminHosts, Revoke: s.doors.RevokeHandler(s.revoked)}.Handler()
	return nil
}

// state is what /readyz says.
func (s *server) state() relayd.State {
	switch {
	case s.drain.Draining():
		return relayd.Draining
	case s.ready.Load() && s.hub.Ready():
		return relayd.Ready
	}
	return relayd.Starting
}

// revokedSubject is where the relays of all nodes hear what any of them has
// revoked. No account and no call has such a subject.
const revokedSubject cluster.Subject = "relay/revoked"

// relayKeyID names the key of the keyring in credentials.
const relayKeyID = "a"

func relayKeys(key [32]byte, doors relayd.Doors) (*relay.Keys, error) {
	secret, err := relay.NewSecret(key[:])
	if err != nil {
		return nil, err
	}
	var others []relay.Key
	if doors.Own { // who has the file of secrets may mint, too
		others = append(others, doors.Call)
	}
	return relay.NewKeys(relay.Key{ID: relayKeyID, Secret: secret}, others...)
}

func (s *server) listenRelay(ctx context.Context, keys *relay.Keys) (*relay.Server, error) {
	n := relayd.Node{
		Settings: s.c.TURN, Doors: s.doors, Keys: keys, Certificates: s.certs, OwnAddresses: s.c.OwnAddresses(), External: s.external, External6: s.external6, Log: s.log, Now: now,
	}
	if s.split != nil {
		n.Shared = []net.Listener{s.split.TURN()}
	}
	if s.authority != nil {
		n.Certificate = s.authority.GetCertificate
	}
	return relayd.Listen(ctx, n)
}

// origins are those of pages that may use the API besides the request's own
// host: a reverse proxy may send on another Host than the browser has.
func (s *server) origins() []string {
	if s.c.PublicURL.IsZero() {
		return nil
	}
	return []string{s.c.PublicURL.String()}
}

// originHosts are their hosts, as the hub wants them.
func (s *server) originHosts() []string {
	if s.c.PublicURL.IsZero() {
		return nil
	}
	return []string{s.c.PublicURL.Host()}
}

// events passes what services have changed on to the hub.
type events struct{ *signal.Hub }

// relayDoor gives calls their ICE servers and takes them away.
type relayDoor struct {
	server *relay.Server
	revoke relayadmin.Revoker // here and at other nodes
	minter *relay.Minter
}

// Servers returns the servers for one leg of a call, with a fresh credential.
func (d relayDoor) Servers(call id.Call, leg string) ([]wire.ICEServer, error) {
	c, err := d.minter.Mint(call.String(), leg)
	if err != nil {
		return nil, fmt.Errorf("mint: %w", err)
	}
	stun, turn := d.server.ICEURLs()
	var out []wire.ICEServer
	if len(stun) > 0 {
		out = append(out, wire.ICEServer{URLs: stun})
	}
	if len(turn) > 0 {
		out = append(out, wire.ICEServer{URLs: turn, Username: c.Username, Credential: c.Password})
	}
	return out, nil
}

// Revoke ends a call's credentials and allocations.
func (d relayDoor) Revoke(call id.Call) { d.revoke.Revoke(relay.Revocation{Call: call.String()}) }

// RevokeLeg ends those of one leg.
func (d relayDoor) RevokeLeg(call id.Call, leg string) {
	if leg != "" { // none would be the whole call
		d.revoke.Revoke(relay.Revocation{Call: call.String(), Leg: leg})
	}
}
