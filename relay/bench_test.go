package relay

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// rawClient is a TURN client of one socket and no goroutine.
type rawClient struct {
	*net.UDPConn
	cred  Credential
	nonce stun.Nonce
}

func dialRaw(tb testing.TB, server net.Addr, c Credential) *rawClient {
	tb.Helper()
	at, _ := addrPort(server)
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(at))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return &rawClient{UDPConn: conn, cred: c}
}

// do asks until the nonce is right.
func (c *rawClient) do(tb testing.TB, method stun.Method, attrs ...stun.Setter) *stun.Message {
	tb.Helper()
	for range 2 {
		all := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, attrs...)
		if c.nonce != nil {
			all = append(all, stun.NewUsername(c.cred.Username), stun.NewRealm(DefaultRealm), c.nonce,
				stun.NewLongTermIntegrity(c.cred.Username, DefaultRealm, c.cred.Password))
		}
		msg, err := stun.Build(all...)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := c.Write(msg.Raw); err != nil {
			tb.Fatal(err)
		}
		res := c.answer(tb)
		if res.Type.Class == stun.ClassSuccessResponse {
			return res
		}
		if err := c.nonce.GetFrom(res); err != nil {
			tb.Fatal("refused: ", res)
		}
	}
	tb.Fatal("refused twice")
	return nil
}

// answer passes over relayed packets that are still under way.
func (c *rawClient) answer(tb testing.TB) *stun.Message {
	tb.Helper()
	for {
		buf := make([]byte, 1600)
		n, err := c.Read(buf)
		if err != nil {
			tb.Fatal(err)
		}
		if res := (&stun.Message{Raw: buf[:n]}); res.Decode() == nil {
			return res
		}
	}
}

type udpTransport struct{}

func (udpTransport) AddTo(m *stun.Message) error {
	m.Add(stun.AttrRequestedTransport, []byte{17, 0, 0, 0})
	return nil
}

// channel makes an allocation and a channel, and returns the relayed address.
func (c *rawClient) channel(tb testing.TB, to net.Addr) net.Addr {
	tb.Helper()
	res := c.do(tb, stun.MethodAllocate, udpTransport{})
	var relayed stun.XORMappedAddress
	if err := relayed.GetFromAs(res, stun.AttrXORRelayedAddress); err != nil {
		tb.Fatal(err)
	}
	at, _ := addrPort(to)
	c.do(tb, stun.MethodChannelBind, channelAttr(0x4000), peerAttr{net.UDPAddrFromAddrPort(at)})
	return &net.UDPAddr{IP: relayed.IP, Port: relayed.Port}
}

// plainServer is pion/turn with its own parts, to compare with.
func plainServer(b *testing.B, c Credential) net.Addr {
	b.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	log := logging.NewDefaultLoggerFactory()
	log.Writer = io.Discard
	s, err := turn.NewServer(turn.ServerConfig{
		Realm: DefaultRealm, LoggerFactory: log,
		AuthHandler: func(r *turn.RequestAttributes) (string, []byte, bool) {
			return r.Username, turn.GenerateAuthKey(r.Username, r.Realm, c.Password), true
		},
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn: conn,
			RelayAddressGenerator: &turn.RelayAddressGeneratorPortRange{
				RelayAddress: net.IPv4(127, 0, 0, 1), Address: "127.0.0.1", MinPort: DefaultMinPort, MaxPort: DefaultMaxPort,
			},
		}},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return conn.LocalAddr()
}

// BenchmarkRelay moves packets through the relay and through pion/turn as it
// comes. Compare within one run; the cost of client and peer is in both.
func BenchmarkRelay(b *testing.B) {
	r := newRig(b, func(c *Config) {
		c.AllowOwnAddresses = true
		c.Limits.BytesPerSecond, c.Limits.BytesPerSecondTotal = 1<<30, 1<<30 // counted, and never reached
	})
	cred := r.mint(b, "call1", "a")
	servers := []struct {
		name string
		addr net.Addr
	}{{"pion", plainServer(b, cred)}, {"ours", r.udpAddr()}}
	for _, size := range []int{160, 1200} {
		for _, s := range servers {
			b.Run(fmt.Sprintf("to peer/%d/%s", size, s.name), func(b *testing.B) {
				client, peer, _ := path(b, s.addr, cred)
				pump(b, client, peer, channelData(0x4000, make([]byte, size), false), nil)
			})
			b.Run(fmt.Sprintf("from peer/%d/%s", size, s.name), func(b *testing.B) {
				client, peer, relayed := path(b, s.addr, cred)
				pump(b, peer, client, make([]byte, size), relayed)
			})
		}
	}
}

func path(b *testing.B, server net.Addr, c Credential) (*rawClient, *net.UDPConn, net.Addr) {
	b.Helper()
	peer, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(loopback(0)))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = peer.Close() })
	client := dialRaw(b, server, c)
	relayed := client.channel(b, peer.LocalAddr())
	b.Cleanup(func() { client.do(b, stun.MethodRefresh, lifetimeAttr(0)) })
	return client, peer, relayed
}

type packetEnd interface {
	io.ReadWriter
	WriteTo(b []byte, to net.Addr) (int, error)
}

// pump sends in bursts that fit into every buffer, and takes each out again.
func pump(b *testing.B, from, to packetEnd, packet []byte, dst net.Addr) {
	b.Helper()
	const burst = 16
	in := make([]byte, 1600)
	b.SetBytes(int64(len(packet)))
	b.ReportAllocs()
	for sent := 0; b.Loop(); sent++ {
		var err error
		if dst == nil {
			_, err = from.Write(packet)
		} else {
			_, err = from.WriteTo(packet, dst)
		}
		if err != nil {
			b.Fatal(err)
		}
		for i := 0; sent%burst == burst-1 && i < burst; i++ {
			if _, err := to.Read(in); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// echoConn gives the same packet for ever and swallows what it gets.
type echoConn struct {
	udpConn
	packet []byte
	from   netip.AddrPort
}

func (c *echoConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	return copy(b, c.packet), c.from, nil
}
func (c *echoConn) Close() error                                               { return nil }
func (c *echoConn) WriteToUDPAddrPort(b []byte, _ netip.AddrPort) (int, error) { return len(b), nil }

func TestPacketsAllocateNothing(t *testing.T) {
	r := newRig(t, nil)
	outside := netip.MustParseAddrPort("8.8.8.8:4000")
	own := netip.AddrPortFrom(loopback(0).Addr(), 4000)
	mate := r.newSocket(&echoConn{}, legOf("b"), own, own)
	if err := r.table.add(mate); err != nil {
		t.Fatal(err)
	}
	defer r.table.readers.Done()
	for name, peer := range map[string]netip.AddrPort{"outside": outside, "of the call": own} {
		conn := &echoConn{packet: make([]byte, 1200), from: peer}
		s := r.newSocket(conn, legOf("a"), loopback(4001), loopback(4001))
		s.permit(peer.Addr(), true)
		l := newPackets(&echoConn{packet: channelData(0x4000, make([]byte, 1200), false), from: outside}, nil, r.counters)
		to := net.UDPAddrFromAddrPort(peer)
		b := make([]byte, 1600)
		m := newMessages()
		var again io.Reader = repeating(channelData(0x4000, make([]byte, 1200), true))
		for what, fn := range map[string]func(){
			"relay read":      func() { _, _, _ = s.ReadFrom(b) },
			"relay write":     func() { _, _ = s.WriteTo(b[:1200], to) },
			"listener read":   func() { _, _, _ = l.ReadFrom(b) },
			"listener write":  func() { _, _ = l.WriteTo(b[:1200], to) },
			"stream read":     func() { _, _ = m.next(again) },
			"refused to peer": func() { _, _ = r.guard.toPeer(inCall("call2"), own) },
		} {
			if n := testing.AllocsPerRun(200, fn); n != 0 {
				t.Errorf("%s, peer %s: %v allocations a packet, want 0", what, name, n)
			}
		}
	}
	if n := r.Stats().Peers.PacketsIn; n == 0 {
		t.Error("nothing was relayed")
	}
}

func BenchmarkGuard(b *testing.B) {
	r := newRig(b, nil)
	for name, peer := range map[string]string{"outside": "8.8.8.8:4000", "own": "127.0.0.1:4000", "IPv6": "[2a00::5]:4000"} {
		at := netip.MustParseAddrPort(peer)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _ = r.guard.toPeer(inCall("call1"), at)
			}
		})
	}
}

// repeating is a stream of one message, again and again.
type repeating []byte

func (r repeating) Read(b []byte) (int, error) { return copy(b, r), nil }
