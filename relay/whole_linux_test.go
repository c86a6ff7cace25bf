package relay

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

type dontFragmentAttr struct{}

func (dontFragmentAttr) AddTo(m *stun.Message) error {
	m.Add(stun.AttrDontFragment, nil)
	return nil
}

// sniffer sees the packets to a sink, with their headers. Both are at an
// address of their own: a raw socket hears all UDP to its address, whosever it
// is. It is nil where that is not permitted; what the kernel is set to may
// always be asked, see [TestFragmentsAreForbiddenByFamily].
func sniffer(t *testing.T) (*net.IPConn, *net.UDPConn) {
	t.Helper()
	at := net.IPv4(127, byte(1+rand.IntN(250)), byte(rand.IntN(250)), byte(1+rand.IntN(250)))
	sink, err := net.ListenUDP("udp4", &net.UDPAddr{IP: at})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sink.Close() })
	conn, err := net.ListenIP("ip4:udp", &net.IPAddr{IP: at})
	if errors.Is(err, syscall.EPERM) {
		return nil, sink
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, sink
}

// dontFragment reads the DF bit of the next packet to a port.
func dontFragment(t *testing.T, on *net.IPConn, to uint16) bool {
	t.Helper()
	raw, err := on.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = on.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 2000)
	for {
		var n int
		var failed error
		err := raw.Read(func(fd uintptr) bool {
			n, _, failed = syscall.Recvfrom(int(fd), b, 0) // with the header of IP, which package net takes off
			return !errors.Is(failed, syscall.EAGAIN)
		})
		if err != nil || failed != nil {
			t.Fatal(err, failed)
		}
		if header := int(b[0]&0xf) * 4; n >= header+8 && binary.BigEndian.Uint16(b[header+2:]) == to {
			return b[6]&0x40 != 0
		}
	}
}

func TestRFC8656_14_DontFragmentIsOfOnePacket(t *testing.T) {
	t.Parallel()
	packets, sink := sniffer(t)
	to, _ := addrPort(sink.LocalAddr())
	udp, err := listenPeers(loopback(0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	conn, err := newPeerConn(udp, loopback(0).Addr())
	if err != nil {
		t.Fatal(err)
	}
	for i, whole := range []bool{false, true, true, false, true, false, false} {
		write := conn.WriteToUDPAddrPort
		if whole {
			write = conn.writeWhole
		}
		if n, err := write([]byte("packet"), to); err != nil || n != 6 {
			t.Fatalf("got %d, %v", n, err)
		}
		if packets == nil {
			continue
		}
		if got := dontFragment(t, packets, to.Port()); got != whole {
			t.Errorf("packet %d: DF is %v, want %v", i, got, whole)
		}
	}
}

// A client gets DF for the one packet that it asks it for, over packets and
// over streams, and may say so at Allocate.
func TestRFC8656_14_DontFragmentOfASend(t *testing.T) {
	t.Parallel()
	packets, sink := sniffer(t)
	r := newRig(t, func(c *Config) { c.AllowOwnAddresses = true })
	to, _ := addrPort(sink.LocalAddr())
	for _, network := range []string{"udp", "tcp"} {
		conn, cred := dial(t, network, r.front(network)), r.mint(t, "call1", network)
		a := &peer{nil, clientOn(t, conn, r.cfg.Realm, cred), cred}
		var err error
		if a.PacketConn, err = a.client.Allocate(); err != nil {
			t.Fatal(err)
		}
		if err := ask(a, stun.MethodAllocate, udpTransport{}, dontFragmentAttr{}); !errors.Is(err, codeError(codeMismatch)) {
			t.Errorf("%s: got %v, want the answer to a second Allocate", network, err)
		}
		if err := bindChannel(a, 0x4000, sink.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		for i, whole := range []bool{false, true, true, false} {
			msg := wire.New(nil, wire.Send, wire.Indication, [wire.IDLen]byte{byte(i)}).AppendXORAddr(wire.XORPeerAddress, to).AppendText(wire.DataAttr, "hello")
			if whole {
				msg = msg.Append(wire.DontFragment, nil)
			}
			if _, err := conn.WriteTo(msg, conn.to); err != nil {
				t.Fatal(err)
			}
			_ = sink.SetReadDeadline(time.Now().Add(patience))
			b := make([]byte, 100)
			if n, err := sink.Read(b); err != nil || string(b[:n]) != "hello" {
				t.Fatalf("%s: packet %d: got %q, %v", network, i, b[:n], err)
			}
			if packets == nil {
				continue
			}
			if got := dontFragment(t, packets, to.Port()); got != whole {
				t.Errorf("%s: packet %d: DF is %v, want %v", network, i, got, whole)
			}
		}
	}
}

// What goes to clients may be split: RFC 8656 section 14, the alternate
// behaviour, since nobody tells us whether the peer's packet had DF.
func TestRFC8656_14_DontFragmentTowardsClients(t *testing.T) {
	t.Parallel()
	packets, sock := sniffer(t)
	if packets == nil {
		return
	}
	r := newRig(t, nil)
	at, _ := addrPort(sock.LocalAddr())
	if _, err := sock.WriteTo(wire.New(nil, wire.Binding, wire.Request, [wire.IDLen]byte{1}), r.udpAddr()); err != nil {
		t.Fatal(err)
	}
	if dontFragment(t, packets, at.Port()) {
		t.Error("the answer has DF")
	}
}

// The same by what the kernel says, which may always be asked.
func TestFragmentsAreForbiddenByFamily(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		udp, err := listenPeers(netip.MustParseAddrPort(at))
		if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = udp.Close() }()
		level, option, free := syscall.IPPROTO_IP, syscall.IP_MTU_DISCOVER, syscall.IP_PMTUDISC_DONT
		local, _ := addrPort(udp.LocalAddr())
		if local.Addr().Is6() {
			level, option, free = syscall.IPPROTO_IPV6, syscall.IPV6_MTU_DISCOVER, syscall.IPV6_PMTUDISC_WANT
		}
		mode := func() (v int) {
			raw, err := udp.SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			_ = raw.Control(func(fd uintptr) { v, err = syscall.GetsockoptInt(int(fd), level, option) })
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		conn, err := newPeerConn(udp, local.Addr())
		if err != nil {
			t.Fatal(err)
		}
		if got := mode(); got != free {
			t.Errorf("%s: got %d from the start, want %d", at, got, free)
		}
		_, _ = conn.writeWhole([]byte("x"), local)
		if got := mode(); got != syscall.IP_PMTUDISC_PROBE {
			t.Errorf("%s: got %d for a packet that has to stay whole", at, got)
		}
		_, _ = conn.WriteToUDPAddrPort([]byte("x"), local)
		if got := mode(); got != free {
			t.Errorf("%s: got %d for the next, want %d", at, got, free)
		}
	}
}

func TestRFC8656_13_DontFragmentIsIgnoredBetweenFamilies(t *testing.T) {
	t.Parallel()
	four, six := netip.MustParseAddrPort("192.0.2.1:1"), netip.MustParseAddrPort("[2001:db8::1]:1")
	for _, c := range []struct {
		via     Via
		src     netip.AddrPort
		relayed netip.Addr
		counts  bool
	}{
		{ViaUDP, four, four.Addr(), true},
		{ViaDTLS, four, four.Addr(), true},
		{ViaUDP, four, six.Addr(), false},
		{ViaUDP, six, four.Addr(), false},
		{ViaUDP, six, six.Addr(), false},
		{ViaTCP, four, four.Addr(), true},
		{ViaTLS, six, six.Addr(), true},
	} {
		if got := staysWhole(client{via: c.via, src: c.src}, c.relayed); got != c.counts {
			t.Errorf("%v from %s to %s: it counts: %v", c.via, c.src, c.relayed, got)
		}
	}
}

// A packet that was asked for costs no allocation, whichever way it goes.
func TestSendingWholeAllocatesNothing(t *testing.T) {
	udp, err := listenPeers(loopback(0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	conn, err := newPeerConn(udp, loopback(0).Addr())
	if err != nil {
		t.Fatal(err)
	}
	to, _ := addrPort(udp.LocalAddr())
	b := make([]byte, 100)
	for name, write := range map[string]func([]byte, netip.AddrPort) (int, error){"whole": conn.writeWhole, "split": conn.WriteToUDPAddrPort} {
		_, _ = write(b, to)
		if n := testing.AllocsPerRun(100, func() { _, _ = write(b, to) }); n != 0 {
			t.Errorf("%s: %v allocations a packet", name, n)
		}
	}
}
