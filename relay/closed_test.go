package relay

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

func closed(c *Config) { c.Closed = true }

// onBoth runs a test in a closed relay, with a data plane where there can be
// one, and without.
func onBoth(t *testing.T, test func(t *testing.T, rig func(change func(*Config)) *rig)) {
	t.Helper()
	for name, shards := range map[string]int{"shards": 2, "no shards": ShardsOff} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, func(change func(*Config)) *rig {
				return newRig(t, func(c *Config) {
					c.Closed, c.Shards = true, shards
					if change != nil {
						change(c)
					}
				})
			})
		})
	}
}

// Each way in leads to each other one, by indications first and then over the
// channels that pion's client binds. Everything stays in memory.
func TestClosedRelayJoinsAllWaysIn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, rig func(func(*Config)) *rig) {
		r := rig(func(c *Config) { c.Certificate = certified(t, "relay.example"); c.Limits.PerLeg = 64 })
		ways := []string{"udp", "tcp", "tls", "dtls"}
		var packets uint64
		for _, from := range ways {
			for _, to := range ways {
				call := from + "-" + to
				a, b := r.allocate(t, from, call, "a"), r.allocate(t, to, call, "b")
				exchange(t, a, b)
				exchange(t, b, a)
				for range 3 {
					say(t, a, b, call)
					say(t, b, a, call)
				}
				packets += 8
			}
		}
		st := r.Stats()
		if st.Memory != packets || st.Peers.PacketsOut != packets || st.Peers.PacketsIn != packets {
			t.Errorf("%d packets in memory, %d out and %d in; want %d each", st.Memory, st.Peers.PacketsOut, st.Peers.PacketsIn, packets)
		}
		for why, n := range st.Refusals {
			if n > 0 {
				t.Errorf("%d refused: %s", n, why)
			}
		}
	})
}

// evenPort is EVEN-PORT, and reservation RESERVATION-TOKEN.
type (
	evenPort byte
	tokenOf  []byte
)

func (e evenPort) AddTo(m *stun.Message) error {
	m.Add(stun.AttrEvenPort, []byte{byte(e)})
	return nil
}

func (r tokenOf) AddTo(m *stun.Message) error {
	m.Add(stun.AttrReservationToken, r)
	return nil
}

// relayedOf is the relayed address that an answer names.
func relayedOf(t testing.TB, m *stun.Message) *net.UDPAddr {
	t.Helper()
	var at stun.XORMappedAddress
	if err := at.GetFromAs(m, stun.AttrXORRelayedAddress); err != nil {
		t.Fatalf("%v: %v", m, err)
	}
	return &net.UDPAddr{IP: at.IP, Port: at.Port}
}

// say sends text from a to b and wants it there.
func say(t testing.TB, a, b *peer, text string) {
	t.Helper()
	if _, err := a.WriteTo([]byte(text), b.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	_ = b.SetReadDeadline(time.Now().Add(patience))
	buf := make([]byte, 1500)
	n, from, err := b.ReadFrom(buf)
	if err != nil || string(buf[:n]) != text || from.String() != a.LocalAddr().String() {
		t.Fatalf("got %q from %v, %v; want %q from %v", buf[:n], from, err, text, a.LocalAddr())
	}
}

// Nobody else is a peer, whatever the settings open: not the internet, not a
// network that is allowed, not this machine. A refused one does no harm to the
// allocation, for ICE tries all that the other side names.
func TestClosedRelayHasNoOtherPeers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, rig func(func(*Config)) *rig) {
		r := rig(func(c *Config) {
			c.AllowOwnAddresses = true
			c.Peers.Allow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		})
		a, b := r.allocate(t, "udp", "call1", "a"), r.allocate(t, "tcp", "call1", "b")
		for i, ip := range []string{"8.8.8.8", "10.1.2.3", "192.168.1.1", "169.254.169.254", "224.0.0.1"} {
			to := &net.UDPAddr{IP: net.ParseIP(ip), Port: 4000}
			before := r.refused(RefusedClosed)
			if err := a.client.CreatePermission(to); err == nil || !strings.Contains(err.Error(), "403") {
				t.Errorf("permission for %s: got %v, want 403", ip, err)
			}
			if err := bindChannel(a, uint16(0x4100+i), to); !errors.Is(err, codeError(codeForbidden)) {
				t.Errorf("channel for %s: got %v, want 403", ip, err)
			}
			if n := r.refused(RefusedClosed) - before; n != 2 {
				t.Errorf("%s: %d refusals counted, want 2", ip, n)
			}
		}
		if err := ask(a, stun.MethodCreatePermission, peerAttr{&net.UDPAddr{IP: net.IPv4(127, 0, 0, 9), Port: 1}}); !errors.Is(err, codeError(codeForbidden)) {
			t.Errorf("permission for another address of this machine: got %v, want 403", err)
		}
		exchange(t, a, b)
		exchange(t, b, a)
	})
}

// The operator is told what that means, once, and of nobody.
func TestClosedRelayIsInTheLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := newRig(t, func(c *Config) { c.Closed, c.Log = true, slog.New(slog.NewTextHandler(&out, nil)) })
	a := r.allocate(t, "udp", "call1", "a")
	for i := range byte(3) {
		_ = a.client.CreatePermission(&net.UDPAddr{IP: net.IPv4(8, 8, 8, i), Port: 4000})
	}
	eventually(t, patience, "refusals", func() bool { return r.refused(RefusedClosed) == 3 })
	if got := out.String(); strings.Count(got, "turn.closed") != 1 || strings.Contains(got, "8.8.8") {
		t.Errorf("the log says %q", got)
	}
}

// Send indications are counted, too, over whichever way they come.
func TestClosedRelayDropsSends(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, rig func(func(*Config)) *rig) {
		r := rig(nil)
		for i, network := range []string{"udp", "tcp"} {
			conn := dial(t, network, r.front(network))
			if _, err := clientOn(t, conn, r.cfg.Realm, r.mint(t, "call1", network)).Allocate(); err != nil {
				t.Fatal(err)
			}
			msg := wire.New(nil, wire.Send, wire.Indication, [wire.IDLen]byte{1}).AppendXORAddr(wire.XORPeerAddress, netip.MustParseAddrPort("8.8.8.8:53")).AppendText(wire.DataAttr, "hello")
			if _, err := conn.WriteTo(msg, conn.to); err != nil {
				t.Fatal(err)
			}
			eventually(t, patience, "refusal over "+network, func() bool { return r.refused(RefusedClosed) == uint64(i+1) })
		}
		if st := r.Stats(); st.Peers.PacketsOut != 0 {
			t.Errorf("%d packets out", st.Peers.PacketsOut)
		}
	})
}

// A permission is for an address, and those of the relay are one: what decides
// is the port of each packet.
func TestClosedRelayDecidesByPort(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, rig func(func(*Config)) *rig) {
		r := rig(func(c *Config) { c.AllowOwnAddresses = true })
		service, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(loopback(0)))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = service.Close() }()
		a, b := r.allocate(t, "udp", "call1", "a"), r.allocate(t, "udp", "call1", "b")
		exchange(t, a, b)
		other := r.allocate(t, "udp", "call2", "c")
		if err := tryExchange(a, other, 100*time.Millisecond); !errors.Is(err, errNothing) {
			t.Errorf("between two calls: got %v, want nothing to arrive", err)
		}
		defer func() {
			if t.Failed() {
				t.Logf("%+v", r.Stats())
			}
		}()
		for i, to := range []net.Addr{service.LocalAddr(), r.udpAddr()} {
			if _, err := a.WriteTo([]byte("x"), to); err != nil {
				t.Fatal(err)
			}
			eventually(t, patience, "refusal counted", func() bool { return r.refused(RefusedClosed) == uint64(i+1) })
		}
		_ = service.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		if n, err := service.Read(make([]byte, 10)); err == nil {
			t.Errorf("%d bytes left the relay", n)
		}
		if st := r.Stats(); st.Peers.PacketsOut != 1 || st.Refusals[RefusedOtherCall] != 1 {
			t.Errorf("%d packets out, want one; refusals %v", st.Peers.PacketsOut, st.Refusals)
		}
	})
}

// Behind NAT clients see the outer address, and meet by it.
func TestClosedRelayBehindNAT(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, rig func(func(*Config)) *rig) {
		r := rig(func(c *Config) { c.PublicIP = func() netip.Addr { return netip.MustParseAddr("198.51.100.7") } })
		a, b := r.allocate(t, "udp", "call1", "a"), r.allocate(t, "udp", "call1", "b")
		if got := a.LocalAddr().String(); !strings.HasPrefix(got, "198.51.100.7:") {
			t.Errorf("the client sees %s, want the external address", got)
		}
		exchange(t, a, b)
		exchange(t, b, a)
	})
}

// Two whose clients come by packets and have channels for each other meet
// without pion; nothing is lost or turned round before and after.
func TestClosedRelayKeepsOrder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, rig func(func(*Config)) *rig) {
		r := rig(nil)
		a, b := dialRaw(t, r.udpAddr(), r.mint(t, "call1", "a")), dialRaw(t, r.udpAddr(), r.mint(t, "call1", "b"))
		toB := relayedOf(t, b.do(t, stun.MethodAllocate, udpTransport{}))
		toA := relayedOf(t, a.do(t, stun.MethodAllocate, udpTransport{}))
		a.do(t, stun.MethodChannelBind, channelAttr(0x4000), peerAttr{toB})
		b.do(t, stun.MethodCreatePermission, peerAttr{toA})
		send := func(n int) {
			t.Helper()
			_ = b.SetReadDeadline(time.Now().Add(patience))
			buf := make([]byte, 1600)
			for i := range n {
				_, _ = a.Write(channelData(0x4000, fmt.Appendf(nil, "packet %d", i), false))
			}
			for i := range n {
				got, err := b.Read(buf)
				if err != nil || !strings.Contains(string(buf[:got]), fmt.Sprintf("packet %d", i)) {
					t.Fatalf("packet %d of %d: got %q, %v", i, n, buf[:got], err)
				}
			}
		}
		send(100) // as Data indications, by way of pion
		b.do(t, stun.MethodChannelBind, channelAttr(0x4001), peerAttr{toA})
		send(100)
		if st := r.Stats(); st.Memory != 200 {
			t.Errorf("%d packets in memory, want 200; refusals %v", st.Memory, st.Refusals)
		}
	})
}

// What revokes, bounds and meters does so here as well.
func TestClosedRelayHoldsTheLimits(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, rig func(func(*Config)) *rig) {
		t.Run("revocation", func(t *testing.T) {
			r := rig(nil)
			a, b, c := r.allocate(t, "udp", "call1", "a"), r.allocate(t, "tcp", "call1", "b"), r.allocate(t, "udp", "call2", "c")
			exchange(t, a, b)
			r.Revoke("call1")
			for name, p := range map[string]*peer{"a": a, "b": b} {
				if err := refresh(p, 600*time.Second); err == nil {
					t.Errorf("%s: a revoked allocation was refreshed", name)
				}
			}
			if err := refresh(c, 600*time.Second); err != nil {
				t.Errorf("another call: %v", err)
			}
			if n := len(r.virtuals.taken); n != 1 {
				t.Errorf("%d addresses are taken, want 1", n)
			}
		})
		t.Run("budget", func(t *testing.T) {
			r := rig(nil)
			a, b := r.allocateWith(t, "udp", r.mintBudget(t, "a", 4*kib)), r.allocate(t, "udp", "call1", "b")
			exchange(t, a, b)
			for range 4 {
				_, _ = a.WriteTo(make([]byte, 1300), b.LocalAddr())
			}
			eventually(t, patience, "the spent allocation gone", func() bool { return r.Stats().AllocationsLive == 1 && r.refused(RefusedBudget) > 0 })
		})
		t.Run("rate", func(t *testing.T) {
			r := rig(func(c *Config) { c.Limits.BytesPerSecond = 10_000 })
			a, b := r.allocate(t, "udp", "call1", "a"), r.allocate(t, "udp", "call1", "b")
			exchange(t, a, b)
			for range 30 {
				_, _ = a.WriteTo(make([]byte, 1000), b.LocalAddr())
			}
			eventually(t, patience, "each packet passed or refused", func() bool { return r.Stats().Peers.PacketsOut+r.refused(RefusedRate) >= 31 })
			if n := r.refused(RefusedRate); n < 15 || n > 21 {
				t.Errorf("%d packets refused of 30, want about 20", n)
			}
		})
		t.Run("silence", func(t *testing.T) {
			r := rig(func(c *Config) { c.Limits.PerLeg = 1 })
			cred := r.mint(t, "call1", "a")
			r.allocateWith(t, "udp", cred)
			b := r.allocate(t, "udp", "call1", "b")
			r.Server.clock.Add(idleAfter)
			exchange(t, r.allocateWith(t, "udp", cred), b)
		})
	})
}

// EVEN-PORT holds the port above, which nobody else gets meanwhile, and
// RESERVATION-TOKEN gives it out.
func TestClosedRelayReservesPorts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, rig func(func(*Config)) *rig) {
		r := rig(func(c *Config) { c.MinPort, c.MaxPort = 50002, 50004 })
		alloc := func(leg string, attrs ...stun.Setter) *stun.Message {
			t.Helper()
			c := dialRaw(t, r.udpAddr(), r.mint(t, "call1", leg))
			return c.do(t, stun.MethodAllocate, append([]stun.Setter{udpTransport{}}, attrs...)...)
		}
		first := alloc("a", evenPort(0x80))
		if got := relayedOf(t, first).Port; got != 50002 {
			t.Errorf("got port %d, want the even one below another", got)
		}
		token, err := first.Get(stun.AttrReservationToken)
		if err != nil {
			t.Fatal(err)
		}
		other := alloc("b")
		if got := relayedOf(t, other).Port; got != 50004 {
			t.Errorf("got port %d, want the one that is left", got)
		}
		if c, err := r.client(t, "udp", r.mint(t, "call1", "c")).Allocate(); err == nil {
			t.Errorf("got %v, and the only one left is held", c.LocalAddr())
		}
		second := alloc("a", tokenOf(token))
		if got := relayedOf(t, second).Port; got != 50003 {
			t.Errorf("got port %d, want the one that was held", got)
		}
	})
}

// What nobody comes for can be had again.
func TestClosedRelayGivesReservationsBack(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, rig func(func(*Config)) *rig) {
		r := rig(nil)
		c := dialRaw(t, r.udpAddr(), r.mint(t, "call1", "a"))
		c.do(t, stun.MethodAllocate, udpTransport{}, evenPort(0x80))
		count := func() int {
			r.virtuals.mu.Lock()
			defer r.virtuals.mu.Unlock()
			return len(r.virtuals.taken)
		}
		if n := count(); n != 2 {
			t.Fatalf("%d addresses are taken, want 2", n)
		}
		r.reserved.sweep(r.clock.now().Add(2 * reservedFor))
		c.do(t, stun.MethodRefresh, lifetimeAttr(0))
		eventually(t, patience, "both given back", func() bool { return count() == 0 })
	})
}

// Connections with peers by TCP have no place, as a setting and as a request.
func TestClosedRelayHasNoTCPPeers(t *testing.T) {
	t.Parallel()
	cfg := Config{UDP: []netip.AddrPort{loopback(0)}, STUNOnly: true, Closed: true, TCPPeers: true}
	if _, err := Listen(t.Context(), cfg); !errors.Is(err, errClosedTCP) {
		t.Errorf("got %v, want %v", err, errClosedTCP)
	}
	r := newRig(t, closed)
	if _, err := r.client(t, "tcp", r.mint(t, "call1", "a")).AllocateTCP(); err == nil {
		t.Error("allocated towards peers by TCP")
	}
}

// In an open relay with sockets of the data plane, those of two allocations
// meet in memory as well, even where channels are missing; without it they
// meet by way of the kernel.
func TestOpenRelayMeetsInMemory(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		for shards, want := range map[int]uint64{1: 2, ShardsOff: 0} {
			r := newRig(t, func(c *Config) { c.Shards = shards })
			a, b := r.allocate(t, network, "call1", "a"), r.allocate(t, network, "call1", "b")
			_, memory := r.table.at(addrPortOf(a.LocalAddr())).conn.(taker)
			if !memory {
				want = 0 // no data plane on this system
			}
			exchange(t, a, b)
			exchange(t, b, a)
			eventually(t, patience, "packets counted", func() bool { return r.Stats().Peers.PacketsOut == 2 })
			if got := r.Stats().Memory; got != want {
				t.Errorf("%s, %d shards: %d packets in memory, want %d", network, shards, got, want)
			}
		}
	}
}

// More than the other side takes is dropped and counted, and nothing waits.
func TestBusyAllocationDropsPackets(t *testing.T) {
	r := newIdleRig(t, func(c *Config) { c.Closed, c.Shards = true, ShardsOff })
	sockets := make([]*socket, 2)
	for i := range sockets {
		at := loopback(uint16(50000 + i))
		conn, err := r.openPeers(at)
		if err != nil {
			t.Fatal(err)
		}
		sockets[i] = r.newSocket(conn, legOf("a"), at, at)
		sockets[i].permit(at.Addr(), true)
		if err := r.table.add(sockets[i]); err != nil {
			t.Fatal(err)
		}
		defer func() {
			_ = sockets[i].Close()
			r.table.readers.Done()
		}()
	}
	for range peerInbox + 3 {
		if _, err := sockets[0].send([]byte("packet"), sockets[1].shown, false); err != nil {
			t.Fatal(err)
		}
	}
	if st := r.Stats(); st.Memory != peerInbox || st.Peers.PacketsOut != peerInbox || st.Refusals[RefusedBusy] != 3 {
		t.Errorf("%d passed, %d out, %d refused", st.Memory, st.Peers.PacketsOut, st.Refusals[RefusedBusy])
	}
	b, in := []byte("packet"), make([]byte, 1600)
	if n := testing.AllocsPerRun(100, func() {
		_, _, _ = sockets[1].ReadFrom(in)
		_, _ = sockets[0].send(b, sockets[1].shown, false)
	}); n > 0 {
		t.Errorf("%v allocations for a packet", n)
	}
}
