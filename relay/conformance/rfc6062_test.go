package conformance

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/ringfence/ringfence/relay"
)

// RFC 6062: allocations towards peers by TCP.

const (
	connect           = 0x00a
	connectionBind    = 0x00b
	connectionAttempt = 0x00c
	attrConnection    = 0x002a

	overTCP = 6
)

func tcpPeers(c *relay.Config) { c.TCPPeers = true }

// byStream runs a test over each transport that TCP allocations may be made by.
func byStream(t *testing.T, run func(t *testing.T, network string)) {
	t.Helper()
	for _, network := range []string{"tcp", "tls"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			run(t, network)
		})
	}
}

// control is a client with a TCP allocation.
func (s *server) control(t testing.TB, network, leg string) *client {
	t.Helper()
	c := s.login(t, network, leg)
	c.mustAllocate(request(allocate).transport(overTCP))
	return c
}

// door is a peer that listens.
type door struct {
	t    testing.TB
	ln   *net.TCPListener
	addr netip.AddrPort
}

func newDoor(t testing.TB) *door {
	t.Helper()
	ln, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at(loopback4, 0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return &door{t, ln, ln.Addr().(*net.TCPAddr).AddrPort()} //nolint:forcetypeassert // of a TCP listener
}

// shutDoor is an address that refuses connections for the whole test: the end
// of a connection has it, so that no other test gets it to listen on.
func shutDoor(t testing.TB) netip.AddrPort {
	t.Helper()
	conn := knock(t, newDoor(t).addr)
	return netip.MustParseAddrPort(conn.LocalAddr().String())
}

func (d *door) accept() *net.TCPConn {
	d.t.Helper()
	_ = d.ln.SetDeadline(time.Now().Add(patience))
	conn, err := d.ln.AcceptTCP()
	if err != nil {
		d.t.Fatalf("peer: nobody connected: %v", err)
	}
	d.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// knock connects to a relayed address.
func knock(t testing.TB, to netip.AddrPort) *net.TCPConn {
	t.Helper()
	conn, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

func connectTo(to netip.AddrPort) packet { return request(connect).peers(to) }

func connectionOf(t testing.TB, m message) uint32 {
	t.Helper()
	v, ok := m.find(attrConnection)
	if !ok || len(v) != 4 {
		t.Fatalf("CONNECTION-ID: %x", v)
	}
	return binary.BigEndian.Uint32(v)
}

// connected returns the number of a connection to d, and the peer's end of it.
func (c *client) connected(d *door) (uint32, *net.TCPConn) {
	c.t.Helper()
	m := c.want(0, connectTo(d.addr))
	return connectionOf(c.t, m), d.accept()
}

// attempted waits for a ConnectionAttempt.
func (c *client) attempted(from netip.AddrPort) uint32 {
	c.t.Helper()
	m, err := decode(c.next())
	if err != nil {
		c.t.Fatal(err)
	}
	peer, err := m.addr(attrPeer)
	if m.class != classIndication || m.method != connectionAttempt || err != nil || peer != from {
		c.t.Fatalf("got class %d, method %#03x, peer %v (%v), want a ConnectionAttempt of %v", m.class, m.method, peer, err, from)
	}
	return connectionOf(c.t, m)
}

func bindTo(id uint32) packet { return request(connectionBind).add32(attrConnection, id) }

// data opens a client data connection.
func (s *server) data(t testing.TB, network, leg string, id uint32) *client {
	t.Helper()
	c := s.login(t, network, leg)
	if m := c.want(0, bindTo(id)); connectionOf(t, m) != id {
		t.Error("the answer is about another connection")
	}
	return c
}

// wantBytes fails unless exactly want comes next.
func wantBytes(t testing.TB, from net.Conn, want string) {
	t.Helper()
	_ = from.SetReadDeadline(time.Now().Add(patience))
	got := make([]byte, len(want))
	if n, err := io.ReadFull(from, got); err != nil || string(got) != want {
		t.Fatalf("got %q (%v), want %q", got[:n], err, want)
	}
}

func say(t testing.TB, to net.Conn, what string) {
	t.Helper()
	if _, err := to.Write([]byte(what)); err != nil {
		t.Fatal(err)
	}
}

// wantOver fails unless conn ends.
func wantOver(t testing.TB, conn net.Conn) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	n, err := conn.Read(make([]byte, 1))
	if n > 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the connection goes on: %d bytes, %v", n, err)
	}
}

// Only a client that came by TCP or TLS may ask: 400.
func TestRFC6062_5_1_OnlyOverStreams400(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	for _, network := range []string{"udp", "dtls"} {
		c := s.login(t, network, "a")
		c.want(400, request(allocate).transport(overTCP))
		c.mustAllocate(request(allocate).transport(17))
	}
}

// What is about packets may not stand beside it: 400.
func TestRFC6062_5_1_Contradictions400(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	byStream(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		base := request(allocate).transport(overTCP)
		for _, p := range []packet{base.add(attrDontFragment), base.add(attrEvenPort, 0), base.add(attrEvenPort, 0x80), base.add(attrToken, []byte("8 bytes.")...)} {
			c.want(400, p)
		}
		m := c.mustAllocate(base)
		if m.has(attrToken) {
			t.Error("the answer has a RESERVATION-TOKEN")
		}
	})
}

// The relayed address is one of TCP, and listens.
func TestRFC6062_5_1_Listens(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	byStream(t, func(t *testing.T, network string) {
		c := s.control(t, network, "a")
		_ = knock(t, c.relayed)
		c.want(437, request(allocate).transport(overTCP))
		c.want(0, request(refresh).lifetime(0))
		eventually(t, "the port is closed", func() bool {
			conn, err := net.Dial("tcp", c.relayed.String())
			if err == nil {
				_ = conn.Close()
			}
			return err != nil
		})
		c.mustAllocate(request(allocate).transport(overTCP)) // and its forerunner does not end it
		c.want(0, request(refresh))
	})
}

func TestRFC6062_5_1_BothFamilies(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *relay.Config) { both(c); tcpPeers(c) })
	c := s.login(t, "tcp", "a")
	c.mustAllocate(request(allocate).transport(overTCP).family(2))
	c.permit(at(loopback6, 1))
	peer := knock(t, c.relayed)
	id := c.attempted(netip.MustParseAddrPort(peer.LocalAddr().String()))
	data := s.data(t, "tcp", "a", id)
	say(t, peer, "six")
	wantBytes(t, data.conn, "six")
	c.want(443, connectTo(at(loopback4, 4000)))
}

// There are neither channels nor Send indications.
func TestRFC6062_4_NoPackets(t *testing.T) {
	t.Parallel()
	byStream(t, func(t *testing.T, network string) {
		s := newServer(t, tcpPeers)
		c, p := s.control(t, network, "a"), newPeer(t, loopback4)
		c.want(403, request(channelBind).channel(0x4000).peers(p.addr))
		c.permit(p.addr)
		c.send(p.addr, "lost")
		c.quiet()
		p.send(p.addr, "mark")
		p.expect(p.addr, "mark")
		if n := s.Stats().Refusals[relay.RefusedTransport]; n != 2 {
			t.Errorf("refused %d, want the channel and the indication", n)
		}
	})
}

func TestRFC6062_5_2_Codes(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	d := newDoor(t)
	byStream(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		c.want(437, connectTo(d.addr))
		udp := s.allocated(t, network, "a")
		udp.want(400, connectTo(d.addr))
		c.mustAllocate(request(allocate).transport(overTCP))
		other := c.cred
		c.cred = s.credential(t, "b")
		c.want(441, connectTo(d.addr))
		c.cred = other
		c.want(400, request(connect))
		c.want(400, request(connect).add(attrPeer, 0, 1, 2))
		c.want(400, connectTo(at(d.addr.Addr(), 0)))
		c.want(443, connectTo(at(loopback6, 4000)))
		c.want(403, connectTo(netip.MustParseAddrPort("10.1.2.3:4000")))
		for _, port := range []uint16{25, 465, 587} {
			c.want(403, connectTo(at(netip.MustParseAddr("8.8.8.8"), port)))
		}
		c.want(403, connectTo(s.addr(t, "tcp"))) // the relay's own door
	})
}

func TestRFC6062_5_2_Exists446(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	byStream(t, func(t *testing.T, network string) {
		c, d := s.control(t, network, "a"), newDoor(t)
		id, peer := c.connected(d)
		c.want(446, connectTo(d.addr)) // pending
		data := s.data(t, network, "a", id)
		say(t, data.conn, "x")
		wantBytes(t, peer, "x")
		c.want(446, connectTo(d.addr)) // active
	})
}

func TestRFC6062_5_2_Refused447(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	shut := shutDoor(t)
	byStream(t, func(t *testing.T, network string) {
		c := s.control(t, network, "a")
		c.want(447, connectTo(shut))
		c.want(447, connectTo(shut)) // and not 446
	})
}

// The local endpoint is the relayed address, and CONNECTION-IDs differ.
func TestRFC6062_5_2_FromTheRelayedAddress(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	byStream(t, func(t *testing.T, network string) {
		c := s.control(t, network, "a")
		seen := make(map[uint32]bool)
		for range 3 {
			id, peer := c.connected(newDoor(t))
			if seen[id] {
				t.Error("two connections have one CONNECTION-ID")
			}
			seen[id] = true
			if got := peer.RemoteAddr().String(); got != c.relayed.String() {
				t.Errorf("connected from %s, want %v", got, c.relayed)
			}
		}
	})
}

// An allocation has at most 16 connections.
func TestRFC6062_5_2_Limit508(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	c := s.control(t, "tcp", "a")
	var last *net.TCPConn
	var id uint32
	for range 16 {
		id, last = c.connected(newDoor(t))
	}
	d := newDoor(t)
	c.want(508, connectTo(d.addr))
	data := s.data(t, "tcp", "a", id)
	_ = last.Close()
	_ = data.conn.Close()
	eventually(t, "room again", func() bool {
		code, _ := c.do(connectTo(d.addr)).code()
		return code == 0
	})
}

// A peer without permission is closed at once; the client hears nothing.
func TestRFC6062_5_3_NoPermission(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	byStream(t, func(t *testing.T, network string) {
		c := s.control(t, network, "a")
		wantOver(t, knock(t, c.relayed))
		c.quiet()
	})
}

func TestRFC6062_5_3_Attempt(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	byStream(t, func(t *testing.T, network string) {
		c := s.control(t, network, "a")
		c.permit(at(loopback4, 9))
		peer := knock(t, c.relayed)
		say(t, peer, "early ") // is kept for the client
		id := c.attempted(netip.MustParseAddrPort(peer.LocalAddr().String()))
		data := s.data(t, network, "a", id)
		say(t, peer, "late")
		wantBytes(t, data.conn, "early late")
		say(t, data.conn, "back")
		wantBytes(t, peer, "back")
	})
}

func TestRFC6062_5_4_Codes400(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	byStream(t, func(t *testing.T, network string) {
		c, d := s.control(t, network, "a"), newDoor(t)
		id, _ := c.connected(d)
		c.want(400, bindTo(id)) // on the control connection
		for _, packets := range []string{"udp", "dtls"} {
			s.login(t, packets, "a").want(400, bindTo(id))
		}
		data := s.login(t, network, "a")
		data.want(400, request(connectionBind))
		data.want(400, request(connectionBind).add(attrConnection, 1, 2, 3))
		data.want(400, bindTo(id+1))
		s.login(t, network, "b").want(400, bindTo(id)) // somebody else
		data.want(0, bindTo(id))
		s.login(t, network, "a").want(400, bindTo(id)) // not pending any more
	})
}

// Where it is off, it is off.
func TestRFC6062_OffByDefault(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	byStream(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		c.want(442, request(allocate).transport(overTCP))
		c.want(400, bindTo(1))
		c.mustAllocate(request(allocate).transport(17))
		c.want(400, connectTo(at(loopback4, 4000)))
	})
}

// What comes right behind a ConnectionBind, in one segment, is not lost.
func TestRFC6062_5_4_NothingIsLost(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	byStream(t, func(t *testing.T, network string) {
		c := s.control(t, network, "a")
		id, peer := c.connected(newDoor(t))
		data := s.login(t, network, "a")
		p := data.sign(bindTo(id))
		data.write(append(bytes.Clone(p), "right behind"...))
		data.wantCode(data.answer(p), 0)
		wantBytes(t, peer, "right behind")
		say(t, data.conn, ", and after")
		wantBytes(t, peer, ", and after")
	})
}

// Data passes as it is, a lot of it, both ways at once.
func TestRFC6062_5_4_AsItIs(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *relay.Config) { tcpPeers(c); c.Limits.BytesPerSecond = relay.Unlimited })
	byStream(t, func(t *testing.T, network string) {
		c := s.control(t, network, "a")
		id, peer := c.connected(newDoor(t))
		data := s.data(t, network, "a", id)
		for _, v := range []struct{ from, to net.Conn }{{data.conn, peer}, {peer, data.conn}} {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				sent, got := make([]byte, 1<<20), make([]byte, 1<<20)
				_, _ = rand.Read(sent)
				_ = v.to.SetReadDeadline(time.Now().Add(4 * patience))
				_ = v.from.SetWriteDeadline(time.Now().Add(4 * patience))
				done := make(chan error, 1)
				go func() {
					_, err := v.from.Write(sent)
					done <- err
				}()
				if n, err := io.ReadFull(v.to, got); err != nil || !bytes.Equal(got, sent) {
					t.Errorf("after %d bytes: %v", n, err)
				}
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		}
	})
}

// The end of one side is the end of the other, after all that was said.
func TestRFC6062_5_5_EndsTogether(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	byStream(t, func(t *testing.T, network string) {
		c := s.control(t, network, "a")
		for _, who := range []string{"client", "peer"} {
			id, peer := c.connected(newDoor(t))
			data := s.data(t, network, "a", id)
			first, second := data.conn, net.Conn(peer)
			if who == "peer" {
				first, second = peer, data.conn
			}
			say(t, first, "bye")
			_ = first.Close()
			wantBytes(t, second, "bye")
			wantOver(t, second)
		}
	})
}

// One side may be done and still listen.
func TestRFC6062_5_5_HalfClosed(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	byStream(t, func(t *testing.T, network string) {
		c := s.control(t, network, "a")
		id, peer := c.connected(newDoor(t))
		data := s.data(t, network, "a", id)
		say(t, data.conn, "question")
		if err := data.conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil { //nolint:forcetypeassert // TCP and TLS have it
			t.Fatal(err)
		}
		asked, err := io.ReadAll(peer)
		if err != nil || string(asked) != "question" {
			t.Fatalf("peer got %q: %v", asked, err)
		}
		say(t, peer, "answer")
		_ = peer.Close()
		wantBytes(t, data.conn, "answer")
		wantOver(t, data.conn)
	})
}

// The end of an allocation is the end of its connections: of those with a
// client, and of those that wait for one.
func TestRFC6062_5_5_EndsWithTheAllocation(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	for name, end := range map[string]func(c *client){
		"refresh": func(c *client) { c.want(0, request(refresh).lifetime(0)) },
		"control": func(c *client) { _ = c.conn.Close() },
		"revoked": func(c *client) { s.RevokeLeg("call", "revoked") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.control(t, "tcp", name)
			id, bound := c.connected(newDoor(t))
			data := s.data(t, "tls", name, id)
			_, pending := c.connected(newDoor(t))
			end(c)
			wantOver(t, bound)
			wantOver(t, pending)
			wantOver(t, data.conn)
		})
	}
}

// Two allocations of one call reach each other.
func TestRFC6062_AllocationToAllocation(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(c *relay.Config) { tcpPeers(c); c.AllowOwnAddresses = false })
	a, b := s.control(t, "tcp", "a"), s.control(t, "tls", "b")
	b.permit(a.relayed)
	from := connectionOf(t, a.want(0, connectTo(b.relayed)))
	to := b.attempted(a.relayed)
	left, right := s.data(t, "tcp", "a", from), s.data(t, "tls", "b", to)
	say(t, left.conn, "ping")
	wantBytes(t, right.conn, "ping")
	say(t, right.conn, "pong")
	wantBytes(t, left.conn, "pong")
	// And nothing else of this machine, nor an allocation of packets.
	a.want(403, connectTo(newDoor(t).addr))
	a.want(403, connectTo(s.allocated(t, "tcp", "c").relayed))
}

// What passes is counted, and nothing is left in the end.
func TestRFC6062_Counted(t *testing.T) {
	t.Parallel()
	s := newServer(t, tcpPeers)
	c := s.control(t, "tcp", "a")
	id, peer := c.connected(newDoor(t))
	data := s.data(t, "tcp", "a", id)
	say(t, data.conn, "four")
	wantBytes(t, peer, "four")
	say(t, peer, "eleven here")
	wantBytes(t, data.conn, "eleven here")
	eventually(t, "both counted", func() bool {
		p := s.Stats().Peers
		return p.BytesOut == 4 && p.BytesIn == 11
	})
	_ = data.conn.Close()
	wantOver(t, peer)
	_ = c.conn.Close()
	eventually(t, "all gone", func() bool {
		st := s.Stats()
		return st.AllocationsLive == 0 && st.TCP.Connections == 0 && st.AllocationsTotal == 1
	})
}
