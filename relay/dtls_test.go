package relay

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// hello returns a ClientHello of DTLS 1.2, as the first or as an answer to a
// cookie.
func hello(sequence uint16, cookie []byte) []byte {
	body := append([]byte{254, 253}, bytes.Repeat([]byte{7}, 32)...) // version, random
	body = append(body, 0, byte(len(cookie)))                        // no session
	body = append(body, cookie...)
	body = append(body, 0, 2, 0xc0, 0x2b, 1, 0)                                                      // a cipher, no compression
	body = append(body, 0, 22, 0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0, 0, 13, 0, 4, 0, 2, 4, 3) // extensions
	length := []byte{byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}
	msg := slices.Concat([]byte{clientHello}, length, binary.BigEndian.AppendUint16(nil, sequence), []byte{0, 0, 0}, length, body)
	head := []byte{recordHandshake, 254, 253, 0, 0, 0, 0, 0, 0, 0, byte(sequence)}
	return slices.Concat(head, binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg)
}

func TestFirstHello(t *testing.T) {
	t.Parallel()
	if !isFirstHello(hello(0, nil)) {
		t.Fatal("a first hello is none")
	}
	if isFirstHello(hello(1, make([]byte, 20))) {
		t.Error("the answer to a cookie begins a session")
	}
	for at, b := range map[int]byte{0: 23, 1: 3, 4: 1, 13: 2, 18: 1, 21: 1} {
		h := hello(0, nil)
		h[at] = b
		if isFirstHello(h) {
			t.Errorf("with byte %d as %d it begins a session", at, b)
		}
	}
	if isFirstHello(hello(0, nil)[:fragmentBody]) {
		t.Error("a header alone begins a session")
	}
}

// One client may use plain TURN and DTLS from one port at once: the 5-tuples
// are equal by number, and two all the same.
func TestPlainAndSealedFromOnePort(t *testing.T) {
	t.Parallel()
	r := everything(t, "127.0.0.1:0", nil)
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(loopback(0)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	split := &splitConn{PacketConn: udp, to: r.udpAddr(), plain: make(chan []byte, 16), sealed: make(chan []byte, 16)}
	go split.run()
	over, err := dtlsOver(t, split, r.udpAddr())
	if err != nil {
		t.Fatal(err)
	}
	var both []*peer
	for i, conn := range []net.PacketConn{&plainHalf{split}, &packetClient{over}} {
		cred := r.mint(t, "call1", string(rune('a'+i)))
		tc := clientOn(t, &way{conn, r.udpAddr()}, DefaultRealm, cred)
		pc, err := tc.Allocate()
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, &peer{pc, tc, cred})
	}
	exchange(t, both[0], both[1])
	exchange(t, both[1], both[0])
	if st := r.Stats(); st.UDP.Allocations != 1 || st.DTLS.Allocations != 1 || st.AllocationsLive != 2 {
		t.Errorf("got %d plain, %d sealed, %d live, want 1, 1 and 2", st.UDP.Allocations, st.DTLS.Allocations, st.AllocationsLive)
	}
	if err := refresh(both[0], 0); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "one gone", func() bool { return r.Stats().AllocationsLive == 1 })
	if err := refresh(both[1], 600*time.Second); err != nil {
		t.Errorf("the other: %v", err)
	}
}

// splitConn shares a socket between DTLS, which reads it, and what is plain.
type splitConn struct {
	net.PacketConn
	to            net.Addr
	plain, sealed chan []byte
}

func (c *splitConn) run() {
	b := make([]byte, 2000)
	for {
		n, _, err := c.PacketConn.ReadFrom(b)
		if err != nil {
			close(c.plain)
			close(c.sealed)
			return
		}
		if isDTLS(b[0]) {
			c.sealed <- bytes.Clone(b[:n])
		} else {
			c.plain <- bytes.Clone(b[:n])
		}
	}
}

func (c *splitConn) ReadFrom(b []byte) (int, net.Addr, error) {
	p, ok := <-c.sealed
	if !ok {
		return 0, nil, net.ErrClosed
	}
	return copy(b, p), c.to, nil
}

type plainHalf struct{ *splitConn }

func (c *plainHalf) ReadFrom(b []byte) (int, net.Addr, error) {
	p, ok := <-c.plain
	if !ok {
		return 0, nil, net.ErrClosed
	}
	return copy(b, p), c.to, nil
}

// Whoever sends hellos from addresses that they are not at gets a bounded
// share of one network, and nothing stays of it.
func TestSpoofedHellosAreBounded(t *testing.T) {
	t.Parallel()
	r := everything(t, "127.0.0.1:0", oneListener)
	d := r.packets[0].dtls
	for i := range 4 * lobbyPerNet {
		d.receive(hello(0, nil), netip.AddrPortFrom(netip.MustParseAddr("127.0.0.9"), uint16(1000+i)))
	}
	if n := d.lobby.count(); n != lobbyPerNet {
		t.Errorf("%d sessions of one network, want %d", n, lobbyPerNet)
	}
	if n := r.refused(RefusedHandshake); n != 3*lobbyPerNet {
		t.Errorf("got %d refusals, want %d", n, 3*lobbyPerNet)
	}
	r.allocate(t, "dtls", "call1", "a") // another network has room
	if n := r.Stats().DTLS.Connections; n != 1 {
		t.Errorf("got %d connections, want the one that finished its handshake", n)
	}
	eventually(t, helloTime+2*time.Second, "all forgotten", func() bool { return d.lobby.count() == 0 })
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.sessions) != 1 {
		t.Errorf("%d sessions are known, want 1", len(d.sessions))
	}
	for _, s := range d.sessions {
		if !s.proven.Load() {
			t.Error("a client that finished its handshake is not proven")
		}
	}
}

func TestLobbyMakesRoomForWhoIsThere(t *testing.T) {
	t.Parallel()
	l, now := newLobby(), time.Now()
	from := func(i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 1000)
	}
	var in []*session
	for i := range lobbyLimit {
		s := &session{src: from(i)}
		now = now.Add(lobbyEvery)
		if out, ok := l.enter(s, now); !ok || out != nil {
			t.Fatalf("session %d: got %v, %v", i, out, ok)
		}
		in = append(in, s)
	}
	l.prove(in[0])
	now = now.Add(time.Minute)
	out, ok := l.enter(&session{src: from(lobbyLimit)}, now)
	if !ok || out != in[1] {
		t.Errorf("the oldest that nobody has proven does not make room")
	}
	l.leave(out)
	if n := l.count(); n != lobbyLimit {
		t.Errorf("got %d, want %d", n, lobbyLimit)
	}
	for _, s := range in {
		l.prove(s)
	}
	l.unproven.Init()
	if _, ok := l.enter(&session{src: from(lobbyLimit + 1)}, now); ok {
		t.Error("somebody who is there made room")
	}
}

func TestLobbyPace(t *testing.T) {
	t.Parallel()
	l, now, passed := newLobby(), time.Now(), 0
	for i := range 3 * lobbyBurst {
		s := &session{src: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 1000)}
		if _, ok := l.enter(s, now); ok {
			passed++
			l.leave(s)
		}
	}
	if passed != lobbyBurst {
		t.Errorf("%d came at once, want %d", passed, lobbyBurst)
	}
	s := &session{src: loopback(1)}
	if _, ok := l.enter(s, now.Add(lobbyEvery)); !ok {
		t.Error("nobody came after a pause")
	}
}

// Anybody may send records in a client's name that cannot be decrypted.
func TestNonsenseDoesNotEndASession(t *testing.T) {
	t.Parallel()
	r := everything(t, "127.0.0.1:0", oneListener)
	a, b := r.allocate(t, "dtls", "call1", "a"), r.allocate(t, "udp", "call1", "b")
	exchange(t, a, b)
	d := r.packets[0].dtls
	d.mu.Lock()
	var src netip.AddrPort
	for src = range d.sessions {
	}
	d.mu.Unlock()
	for _, nonsense := range [][]byte{
		{23},
		{21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 0}, // a fatal alert without keys
		hello(0, nil), hello(1, make([]byte, 20)),
		{23, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 7},
		{20, 254, 253, 0, 0, 0, 0, 0, 0, 0, 10, 0, 1, 1},
		{21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 11, 0, 2, 1, 0},
		{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 12, 0, 2, 1, 0},
		{24, 254, 253, 0, 0, 0, 0, 0, 0, 0, 13, 0, 1, 1},
		{25, 254, 253, 0, 1, 0, 0, 0, 0, 0, 14, 0, 1, 1},
		append([]byte{23, 254, 253, 0, 1, 0, 0, 0, 0, 1, 0, 0, 40}, make([]byte, 40)...),
		append([]byte{21, 254, 253, 0, 1, 0, 0, 0, 0, 1, 1, 0, 40}, make([]byte, 40)...),
		bytes.Repeat([]byte{22}, 1500),
	} {
		d.receive(nonsense, src)
	}
	exchange(t, a, b)
	exchange(t, b, a)
}

func TestOnlyWhatIsEncryptedCounts(t *testing.T) {
	t.Parallel()
	record := func(epoch byte, size int) []byte {
		return append([]byte{23, 254, 253, 0, epoch, 0, 0, 0, 0, 0, 0, 0, byte(size)}, make([]byte, size)...)
	}
	one, two := record(1, 5), record(1, 0)
	for name, c := range map[string]struct{ in, want []byte }{
		"one":            {one, one},
		"two":            {slices.Concat(one, two), slices.Concat(one, two)},
		"clear":          {record(0, 5), nil},
		"clear at last":  {slices.Concat(one, record(0, 5)), one},
		"clear at first": {slices.Concat(record(0, 5), one), nil},
		"cut":            {one[:15], one[:15]}, // pion's to judge
		"cut head":       {slices.Concat(one, two[:12]), one},
		"nothing":        {nil, nil},
	} {
		if got := encrypted(c.in); !bytes.Equal(got, c.want) {
			t.Errorf("%s: got %x, want %x", name, got, c.want)
		}
	}
}

// An allocation ends with its session, at once where the client says so.
func TestAllocationEndsWithItsSession(t *testing.T) {
	t.Parallel()
	r := everything(t, "127.0.0.1:0", oneListener)
	conn, cred := dial(t, "dtls", r.udpAddr()), r.mint(t, "call1", "a")
	if _, err := clientOn(t, conn, DefaultRealm, cred).Allocate(); err != nil {
		t.Fatal(err)
	}
	if n := r.Stats().AllocationsLive; n != 1 {
		t.Fatalf("got %d allocations", n)
	}
	_ = conn.Close()
	eventually(t, patience, "all gone", func() bool {
		st := r.Stats()
		return st.AllocationsLive == 0 && st.DTLS.Connections == 0
	})
	if n := r.crowd.count(); n != 0 {
		t.Errorf("%d still count", n)
	}
	// And one that was made for a session that had just gone.
	d := r.packets[0].dtls
	gone := client{ViaDTLS, loopback(4000), d.at}
	sock := r.newSocket(&echoConn{}, legOf("b"), loopback(4001), loopback(4001))
	if err := r.table.add(sock); err != nil {
		t.Fatal(err)
	}
	defer r.table.readers.Done()
	r.allocated(sealed(net.UDPAddrFromAddrPort(gone.src)), d.local, loopback(4001))
	if n := r.Stats().AllocationsLive; n != 0 {
		t.Errorf("%d allocations without a session", n)
	}
}

func TestSessionWithoutAllocationGoes(t *testing.T) {
	t.Parallel()
	keys, err := NewKeys(testKey(t, "k1"))
	if err != nil {
		t.Fatal(err)
	}
	minter, err := NewMinter(keys, MaxTTL, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Listen(t.Context(), Config{Shards: oneShard(), UDP: []netip.AddrPort{loopback(0)}, Keys: keys, Certificate: certified(t, "localhost")})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.packets[0].dtls.idle; got != 60*time.Second {
		t.Errorf("idle sessions end after %v", got)
	}
	s.packets[0].dtls.idle = 500 * time.Millisecond
	serve(t, s)
	r := &rig{Server: s, keys: keys, minter: minter}
	a := r.allocate(t, "dtls", "call1", "a")
	idle := dial(t, "dtls", r.udpAddr())
	_ = idle.SetReadDeadline(time.Now().Add(patience))
	if _, _, err := idle.ReadFrom(make([]byte, 10)); err == nil {
		t.Error("got a message for nothing")
	}
	eventually(t, patience, "the idle one gone", func() bool { return s.Stats().DTLS.Connections == 1 })
	if err := refresh(a, 600*time.Second); err != nil {
		t.Errorf("the one with an allocation: %v", err)
	}
	if err := refresh(a, 0); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "that one gone too", func() bool { return s.Stats().DTLS.Connections == 0 })
}

// Close ends sessions in every state, and waits for them.
func TestStopEndsSessions(t *testing.T) {
	t.Parallel()
	keys, err := NewKeys(testKey(t, "k1"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Listen(t.Context(), Config{Shards: oneShard(), UDP: []netip.AddrPort{loopback(0)}, Keys: keys, Certificate: certified(t, "localhost")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	dial(t, "dtls", s.packets[0].LocalAddr())
	udp, err := net.Dial("udp", s.packets[0].LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	_, _ = udp.Write(hello(0, nil))
	eventually(t, patience, "both known", func() bool { return s.crowd.count() == 1 && s.lobby.count() == 1 })
	start := time.Now()
	cancel()
	if err := receive(t, done, "end of Serve"); err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d > helloTime/2 {
		t.Errorf("took %v", d)
	}
	if n, m := s.crowd.count(), s.lobby.count(); n != 0 || m != 0 {
		t.Errorf("%d sessions and %d handshakes are left", n, m)
	}
}

// The cookie costs who is asked less than who asks.
func TestHelloIsNotAmplified(t *testing.T) {
	t.Parallel()
	r := everything(t, "127.0.0.1:0", nil)
	udp, err := net.Dial("udp", r.udpAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	sent, got := hello(0, nil), 0
	if _, err := udp.Write(sent); err != nil {
		t.Fatal(err)
	}
	_ = udp.SetReadDeadline(time.Now().Add(helloTime + time.Second)) // until all is over
	b := make([]byte, 2000)
	for {
		n, err := udp.Read(b)
		if err != nil {
			break
		}
		got += n
	}
	if got == 0 || got > len(sent) {
		t.Errorf("%d bytes for %d", got, len(sent))
	}
}

// FuzzReceive: no datagram, from a stranger or from a client in a handshake,
// does more than be lost.
func FuzzReceive(f *testing.F) {
	f.Add(hello(0, nil), hello(1, make([]byte, 20)))
	f.Add([]byte{20}, bytes.Repeat([]byte{63}, 1600))
	f.Add(hello(0, nil)[:40], []byte{21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 0})
	r := everything(f, "127.0.0.1:0", oneListener)
	port := uint16(1000)
	f.Fuzz(func(t *testing.T, one, two []byte) {
		port = max(port+1, 1000)
		d, src := r.packets[0].dtls, loopback(port)
		_, _ = plausible(one), encrypted(one)
		d.receive(one, src)
		d.receive(two, src)
		d.mu.Lock()
		s := d.sessions[src]
		d.mu.Unlock()
		if s != nil {
			if !isFirstHello(one) && !isFirstHello(two) {
				t.Errorf("a session began with %x and %x", one, two)
			}
			_ = s.Close()
		}
	})
}
