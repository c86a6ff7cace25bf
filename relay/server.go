package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/pion/turn/v5"
)

// refreshEvery is how many seconds pass between two looks at the machine's
// addresses and at what can be forgotten.
const refreshEvery = 10

var errServed = errors.New("relay: served or closed before")

// Server is a relay whose listeners are open. Make one with [Listen].
type Server struct {
	cfg       Config
	packets   []*packets
	streams   []*streams
	heard     []netip.Addr // where clients are heard, best first
	byRoute   []netip.Addr // where peers are met, best first
	self      *self
	guard     *guard
	doors     []door
	table     *table
	counters  *counters
	front     *front
	reserved  *reservations
	virtuals  *virtuals // of a closed relay
	peerLinks *peerLinks
	plane     dataPlane // nil: all is left to pion
	crowd     *crowd    // connections of clients
	scour     scour
	lobby     *lobby        // handshakes of DTLS
	clock     *atomic.Int64 // seconds that Serve has run
	rates     *rates
	served    atomic.Bool
}

// Serve relays until ctx ends, and returns when everything that it started
// has ended. It works once.
func (s *Server) Serve(ctx context.Context) error {
	if s.served.Swap(true) {
		return errServed
	}
	// pion's own Close is not used: it waits for nothing.
	if _, err := turn.NewServer(s.turnConfig()); err != nil {
		s.closeListeners()
		return fmt.Errorf("relay: %w", err)
	}
	if s.plane != nil {
		s.plane.start()
	}
	go s.front.keepNonce()
	for _, p := range s.packets {
		if p.dtls != nil {
			p.dtls.start(ctx)
		}
	}
	for _, l := range s.streams {
		l.start(ctx)
	}
	tick, began := time.NewTicker(tickEvery), time.Now()
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			s.stop()
			return nil
		case <-tick.C:
			s.tick(time.Since(began))
		}
	}
}

// tick follows the time that Serve has run. A ticker leaves ticks out when the
// machine is busy.
func (s *Server) tick(running time.Duration) {
	for now := int64(running / tickEvery); s.rates.ticks.Load() < now; {
		if s.rates.ticks.Add(1)%ticksPerSecond == 0 {
			s.second()
		}
	}
}

// second is what a second brings.
func (s *Server) second() {
	s.scour.second(s.clock.Load())
	if s.clock.Add(1)%refreshEvery == 0 {
		s.self.refresh()
		s.table.sweep(s.cfg.Now())
		s.reserved.sweep(s.cfg.Now())
	}
}

// stop ends the listeners first, so that nothing new comes in.
func (s *Server) stop() {
	s.closeListeners()
	s.table.close()
	s.reserved.close()
	if s.plane != nil {
		s.plane.close()
	}
	_ = s.front.inner.Close() // always nil
	<-s.front.inner.done
	<-s.front.kept
	for _, p := range s.packets {
		<-p.done
		if p.dtls != nil {
			<-p.dtls.done
			p.dtls.open.Wait()
		}
	}
	for _, l := range s.streams {
		<-l.done
		l.open.Wait()
	}
}

// Close gives the listeners of a server back that never served. After Serve it
// does nothing: that ends by its context.
func (s *Server) Close() error {
	if !s.served.Swap(true) {
		s.closeListeners()
		if s.plane != nil {
			s.plane.close()
		}
	}
	return nil
}

func (s *Server) closeListeners() {
	for _, p := range s.packets {
		_ = p.Close() // always nil
	}
	for _, l := range s.streams {
		_ = l.Close() // always nil
	}
}

// Revoke ends calls and legs: their allocations are gone before it returns,
// and their credentials are refused from then on. Doing it again is harmless;
// those that [Revocation.Check] refuses are left out. It returns how many
// allocations ended.
func (s *Server) Revoke(r ...Revocation) (ended int) { return s.table.revoke(r, s.cfg.Now()) }

// RevokeLeg does so with one leg of a call. An empty leg is no leg.
func (s *Server) RevokeLeg(call, leg string) {
	if leg != "" {
		s.Revoke(Revocation{Call: call, Leg: leg})
	}
}

func (s *Server) turnConfig() turn.ServerConfig {
	c := turn.ServerConfig{
		LoggerFactory: quiet{s.cfg.Log}, Realm: s.cfg.Realm, InboundMTU: pionMTU,
		AuthHandler: s.front.known, EventHandler: s.events(),
		PacketConnConfigs: []turn.PacketConnConfig{{PacketConn: s.front.inner, RelayAddressGenerator: &generator{server: s}}},
	}
	for _, p := range s.packets {
		p.desk = s.front.newDesk()
		at, _ := addrPort(p.LocalAddr())
		halves := []net.PacketConn{p}
		if p.dtls != nil {
			p.dtls.desk = s.front.newDesk()
			halves = append(halves, p.dtls)
		}
		for _, half := range halves {
			c.PacketConnConfigs = append(c.PacketConnConfigs, turn.PacketConnConfig{
				PacketConn: half, RelayAddressGenerator: &generator{s, at.Addr(), p.conn},
				PermissionHandler: s.permission,
			})
		}
	}
	for _, l := range s.streams {
		l.front = s.front
		at, _ := addrPort(l.Addr())
		if l.shared {
			at = netip.AddrPort{} // may be any of the machine's: the best is taken
		}
		c.ListenerConfigs = append(c.ListenerConfigs, turn.ListenerConfig{
			Listener: l, RelayAddressGenerator: &generator{s, at.Addr(), nil}, PermissionHandler: s.permission,
		})
	}
	return c
}

// admit asks the doors who a request is from. fits reports whether it is
// signed with a key.
func (s *Server) admit(username string, allocate bool, fits func(key []byte) bool) (Principal, []byte, Refusal) {
	r := asked{username: username, realm: s.cfg.Realm, fits: fits, allocate: allocate, now: s.cfg.Now()}
	for _, d := range s.doors {
		p, key, known, refusal := d.open(r)
		switch {
		case !known:
			continue
		case refusal != "":
			return Principal{}, nil, refusal
		case s.table.refuses(&p, allocate):
			return Principal{}, nil, RefusedRevoked
		}
		return p, key, ""
	}
	// A name that nobody has takes as long as one with a wrong password.
	fits(longTermKey(username, s.cfg.Realm, hidden))
	return Principal{}, nil, RefusedCredential
}

// longTermKey is the key of RFC 8489 section 9.2.2, which no client of today
// asks for in another form.
func longTermKey(username, realm, password string) []byte {
	return turn.GenerateAuthKey(username, realm, password)
}

func (s *Server) newSocket(conn udpConn, who Principal, local, shown netip.AddrPort) *socket {
	sock := &socket{
		conn: conn, who: who, local: local, shown: shown, shownAddr: net.UDPAddrFromAddrPort(shown),
		guard: s.guard, table: s.table, counters: s.counters, clock: s.clock, peers: newAddrCache(peerSlots),
		channels: make(map[uint16]netip.AddrPort), gate: newGate(s.rates, who.Budget, s.counters.secrets[who.Secret]),
	}
	sock.permitted.Store(&map[netip.Addr]struct{}{})
	if t, ok := conn.(*tcpPeers); ok {
		sock.tcp, t.socket = t, sock
	}
	sock.fast, _ = conn.(passer)
	sock.used.Store(s.clock.Load())
	return sock
}
