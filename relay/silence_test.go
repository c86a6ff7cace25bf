package relay

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

// draw is a source of requests that are signed right, and otherwise anything.
type draw struct {
	*rand.Rand
	peers []netip.AddrPort
}

func (d draw) of(values ...uint32) uint32 { return values[d.IntN(len(values))] }

// attribute adds one that a request may have, mostly as it should be.
func (d draw) attribute(m wire.Message) wire.Message {
	switch d.IntN(12) {
	case 0:
		return m.AppendUint32(wire.RequestedTransport, d.of(protocolUDP, protocolUDP, protocolUDP, protocolTCP, 0)<<24)
	case 1:
		return m.AppendUint32(wire.RequestedFamily, d.of(wire.IPv4, wire.IPv4, wire.IPv6, 0)<<24)
	case 2:
		return m.Append(wire.AdditionalFamily, []byte{byte(d.of(wire.IPv4, wire.IPv6)), 0, 0, 0})
	case 3:
		return m.Append(wire.EvenPort, []byte{byte(d.of(0, 0x80, 0x7f))})
	case 4:
		return m.AppendUint32(wire.Lifetime, d.of(0, 1, 600, 3600, 1<<32-1))
	case 5:
		return m.AppendUint32(wire.ChannelNumber, d.of(0x4000, 0x4001, 0x4fff, 0x3fff, 0x5000)<<16|d.of(0, 0xffff))
	case 6:
		return m.Append(wire.DontFragment, nil)
	case 7:
		return m.Append(wire.Attr(d.Uint32()), make([]byte, d.IntN(9)))
	case 8:
		return m.Append(wire.ReservationToken, make([]byte, 7+d.IntN(3)))
	}
	return m.AppendXORAddr(wire.XORPeerAddress, d.peers[d.IntN(len(d.peers))])
}

// Whoever shows a credential is answered, whatever they ask: pion, which is
// silent about much, gets nothing that it could be silent about. And nothing of
// it stays.
func TestEveryRequestIsAnswered(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", loopback(0).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	open, _ := addrPort(listener.Addr())
	refused := []netip.AddrPort{
		netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("[2a00::5]:1"), netip.MustParseAddrPort("127.0.0.1:1"),
		netip.MustParseAddrPort("0.0.0.0:1"), netip.MustParseAddrPort("[::1]:1"),
	}
	for name, c := range map[string]struct {
		change func(*Config)
		peers  []netip.AddrPort
		codes  []int
	}{
		"packets": {
			func(*Config) {},
			append([]netip.AddrPort{aPeer, netip.MustParseAddrPort("8.8.4.4:0")}, refused...),
			[]int{codeTransport, codePeerFamily},
		},
		"connections": { // which leave this machine nowhere
			func(c *Config) { c.TCPPeers, c.AllowOwnAddresses = true, true },
			append([]netip.AddrPort{open, open, open, netip.MustParseAddrPort("127.0.0.1:0"), netip.MustParseAddrPort("127.0.0.2:1025")}, refused...),
			[]int{codeConnectFailed, codeConnectionExists},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			codes := askAnything(t, c.change, c.peers)
			for _, code := range append(c.codes, 0, codeBadRequest, codeForbidden, codeUnknownAttr, codeMismatch) {
				if codes[code] == 0 {
					t.Errorf("no answer %d among %v", code, codes)
				}
			}
			if codes[codeUnauthorized]+codes[codeStaleNonce] > 0 {
				t.Errorf("some were not let in: %v", codes)
			}
		})
	}
}

// askAnything counts the answers to requests about peers by their codes.
func askAnything(t *testing.T, change func(*Config), peers []netip.AddrPort) map[int]int {
	t.Helper()
	r := newRig(t, change)
	p := &probe{rig: r, cred: r.mint(t, "call1", "a")}
	p.key = longTermKey(p.cred.Username, r.cfg.Realm, p.cred.Password)
	p.desk = &desk{front: r.Server.front} // for its nonces
	d := draw{rand.New(rand.NewPCG(1, 2)), peers}
	methods := []wire.Method{
		wire.Allocate, wire.Allocate, wire.Refresh, wire.CreatePermission, wire.CreatePermission, wire.ChannelBind,
		wire.ChannelBind, wire.Connect, wire.Connect, wire.ConnectionBind, wire.Binding,
	}
	conns := []net.Conn{p.way(t, "udp"), p.way(t, "tcp")}
	codes := make(map[int]int)
	for i := range 8000 {
		conn := conns[i%2]
		m := p.ask(methods[d.IntN(len(methods))], p.seenAs(conn))
		switch {
		case d.IntN(4) == 0:
		case m.Method() == wire.Allocate:
			m = m.AppendUint32(wire.RequestedTransport, d.of(protocolUDP, protocolTCP)<<24)
		case m.Method() == wire.Connect, m.Method() == wire.CreatePermission:
			m = m.AppendXORAddr(wire.XORPeerAddress, peers[d.IntN(len(peers))])
		}
		for range d.IntN(4) {
			m = d.attribute(m)
		}
		if i%100 < 2 {
			m = p.ask(wire.Refresh, p.seenAs(conn)).AppendUint32(wire.Lifetime, 0) // begin anew
		}
		m[8], m[9], m[10] = byte(i>>16), byte(i>>8), byte(i)
		if m = m.Sign(p.key); d.IntN(2) == 0 {
			m = m.AppendFingerprint()
		}
		if _, err := conn.Write(m); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		b := make([]byte, 600)
		n, err := conn.Read(b)
		if err != nil {
			t.Fatalf("request %d, %x: no answer: %v", i, []byte(m), err)
		}
		answer, err := wire.Parse(b[:n])
		if err != nil {
			t.Fatalf("%x is answered by %x: %v", []byte(m), b[:n], err)
		}
		p.check(t, m, answered, answer)
		codes[codeOf(answer)]++
	}
	if n := len(r.Server.front.intents); n > 0 {
		t.Errorf("%d intents are left", n)
	}
	return codes
}

// way is a connection to the relay.
func (p *probe) way(t *testing.T, network string) net.Conn {
	t.Helper()
	conn, err := net.Dial(network, p.rig.front(network).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// seenAs is the client that conn is to the relay.
func (p *probe) seenAs(conn net.Conn) client {
	from, _ := addrPort(conn.LocalAddr())
	to, _ := addrPort(conn.RemoteAddr())
	via := ViaUDP
	if conn.LocalAddr().Network() == "tcp" {
		via = ViaTCP
	}
	return client{via, from, to}
}
