// Package hubtest owns the set-up in which calls are tested end to end without
// browsers: two hubs on one sealed data file and one bus within the process,
// each behind the real HTTP API, and a real relay.
package hubtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/cluster/local"
	"github.com/ringfence/ringfence/internal/devicelog"
	"github.com/ringfence/ringfence/internal/httpapi"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/relay"
	"github.com/ringfence/ringfence/signal"
	"github.com/ringfence/ringfence/signal/client"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/sealed"
)

// patience bounds every wait; nothing takes anywhere near as long.
const patience = 10 * time.Second

// World is two nodes of one cluster.
type World struct {
	TB    testing.TB
	DB    store.DB
	Keys  *keyring.Keyring
	Bus   *local.Bus
	Relay *relay.Server
	Nodes []*Node
}

// Node is one hub with its own HTTP server.
type Node struct {
	Hub     *signal.Hub
	Friends *friends.Service
	URL     string
}

// events breaks the circle between a hub and the services that tell it.
type events struct{ *signal.Hub }

// credentials gives calls a way through the relay.
type credentials struct {
	server *relay.Server
	minter *relay.Minter
}

func (c credentials) Servers(call id.Call, leg string) ([]wire.ICEServer, error) {
	cred, err := c.minter.Mint(call.String(), leg)
	if err != nil {
		return nil, fmt.Errorf("mint: %w", err)
	}
	_, turn := c.server.ICEURLs()
	return []wire.ICEServer{{URLs: turn, Username: cred.Username, Credential: cred.Password}}, nil
}

func (c credentials) Revoke(call id.Call)                { c.server.Revoke(relay.Revocation{Call: call.String()}) }
func (c credentials) RevokeLeg(call id.Call, leg string) { c.server.RevokeLeg(call.String(), leg) }

// New starts a world of n nodes. It ends with the test.
func New(tb testing.TB, n int) *World {
	tb.Helper()
	engine, err := bolt.Open(tb.Context(), bolt.Options{Path: filepath.Join(tb.TempDir(), "data.bolt")})
	check(tb, err)
	tb.Cleanup(func() { check(tb, engine.Close()) })
	keys := keyring.Ephemeral()
	w := &World{TB: tb, DB: sealed.New(engine, keys), Keys: keys, Bus: local.New(0)}
	tb.Cleanup(func() { check(tb, w.Bus.Close()) })
	c := w.startRelay()
	for range n {
		w.startNode(c)
	}
	return w
}

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// run runs serve until the test ends, and waits for it.
func (w *World) run(serve func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(w.TB.Context()))
	var done sync.WaitGroup
	done.Go(func() {
		if err := serve(ctx); err != nil {
			w.TB.Error(err)
		}
	})
	w.TB.Cleanup(func() {
		cancel()
		done.Wait()
	})
}

func (w *World) startRelay() credentials {
	w.TB.Helper()
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails
	secret, err := relay.NewSecret(b[:])
	check(w.TB, err)
	keys, err := relay.NewKeys(relay.Key{ID: "k1", Secret: secret})
	check(w.TB, err)
	minter, err := relay.NewMinter(keys, relay.MaxTTL, time.Now)
	check(w.TB, err)
	here := netip.MustParseAddrPort("127.0.0.1:0")
	w.Relay, err = relay.Listen(w.TB.Context(), relay.Config{
		UDP: []netip.AddrPort{here}, TCP: []netip.AddrPort{here}, Keys: keys,
	})
	check(w.TB, err)
	w.run(w.Relay.Serve)
	return credentials{w.Relay, minter}
}

func (w *World) startNode(c credentials) {
	w.TB.Helper()
	var ev events
	fr := friends.New(friends.Options{DB: w.DB, Events: &ev})
	hub := signal.New(signal.Options{Bus: w.Bus, Friends: fr, Relay: c})
	ev.Hub = hub
	accounts := account.New(account.Options{DB: w.DB, Keys: w.Keys, Friends: fr, Events: &ev})
	h, err := httpapi.New(httpapi.Options{Accounts: accounts, Friends: fr, Logs: devicelog.New(devicelog.Options{DB: w.DB, Reach: fr}), Presence: hub, Signal: hub.ServeWS})
	check(w.TB, err)
	srv := httptest.NewServer(h)
	w.TB.Cleanup(srv.Close)
	w.run(hub.Serve)
	for !hub.Ready() {
		<-time.After(time.Millisecond)
	}
	w.Nodes = append(w.Nodes, &Node{Hub: hub, Friends: fr, URL: srv.URL})
}

// Person is an account.
type Person struct {
	w  *World
	ID id.Account
}

// Person makes an account that can be signed in to from many devices.
func (w *World) Person(name string) *Person {
	w.TB.Helper()
	a := store.Account{ID: id.NewAccount(), Handle: name, DisplayName: name, CreatedAt: time.Now().UTC()}
	check(w.TB, w.Keys.CreateAccount(w.TB.Context(), a.ID))
	check(w.TB, w.DB.Update(w.TB.Context(), func(tx store.Tx) error { return tx.Accounts.PutAccount(w.TB.Context(), a) }))
	return &Person{w: w, ID: a.ID}
}

// Befriend makes two people friends.
func (w *World) Befriend(a, b *Person) {
	w.TB.Helper()
	now := time.Now().UTC()
	check(w.TB, w.DB.Update(w.TB.Context(), func(tx store.Tx) error {
		return w.Nodes[0].Friends.Befriend(w.TB.Context(), tx, a.ID, b.ID, now)
	}))
	w.Nodes[0].Friends.Announce(a.ID, b.ID)
}

// Device is a device with an open session.
type Device struct {
	*client.Session
	Incoming chan *client.Call
	Presence chan wire.Presence
	State    chan bool
}

// Device signs p in on a new device at a node and connects it. wrap, which may
// be nil, changes how it connects.
func (p *Person) Device(node int, wrap func(*client.Options)) *Device {
	tb := p.w.TB
	tb.Helper()
	token, hash := store.NewToken()
	now := time.Now().UTC()
	s := store.Session{
		Token: hash, ID: id.NewSession(), Account: p.ID, Device: id.NewDevice(),
		CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	check(tb, p.w.DB.Update(tb.Context(), func(tx store.Tx) error {
		if err := tx.Devices.PutDevice(tb.Context(), store.Device{ID: s.Device, Account: p.ID, CreatedAt: now, SeenOn: now}); err != nil {
			return fmt.Errorf("put device: %w", err)
		}
		return tx.Sessions.PutSession(tb.Context(), s)
	}))
	d := &Device{Incoming: make(chan *client.Call, 16), Presence: make(chan wire.Presence, 256), State: make(chan bool, 256)}
	o := client.Options{
		URL: p.w.Nodes[node].URL, Token: token,
		OnIncoming: func(c *client.Call) { d.Incoming <- c },
		OnPresence: func(x wire.Presence) { d.Presence <- x },
		OnState:    func(up bool) { d.State <- up },
	}
	if wrap != nil {
		wrap(&o)
	}
	var err error
	d.Session, err = client.Dial(context.WithoutCancel(tb.Context()), o)
	check(tb, err)
	tb.Cleanup(func() { check(tb, d.Close()) })
	return d
}

// Wait returns what comes from c, or fails the test.
func Wait[T any](tb testing.TB, c <-chan T, what string) T {
	tb.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		tb.Fatalf("waited in vain for %s", what)
		panic("not reached")
	}
}
