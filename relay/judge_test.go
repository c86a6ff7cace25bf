package relay

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

// What an Allocate may ask for together, and what not: RFC 8656 section 7.2.
func TestRFC8656_7_2_WhatGoesTogether(t *testing.T) {
	t.Parallel()
	p := newProbe(t, nil)
	family := func(m wire.Message, f byte) wire.Message { return m.Append(wire.RequestedFamily, []byte{f, 0, 0, 0}) }
	second := func(m wire.Message, f byte) wire.Message { return m.Append(wire.AdditionalFamily, []byte{f, 0, 0, 0}) }
	even := func(m wire.Message, r byte) wire.Message { return m.Append(wire.EvenPort, []byte{r}) }
	token := func(m wire.Message) wire.Message { return m.Append(wire.ReservationToken, make([]byte, tokenLen)) }
	for name, c := range map[string]struct {
		more func(m wire.Message) wire.Message
		want int
	}{
		"nothing":                        {func(m wire.Message) wire.Message { return m }, 0},
		"IPv4":                           {func(m wire.Message) wire.Message { return family(m, wire.IPv4) }, 0},
		"IPv6 that is not served":        {func(m wire.Message) wire.Message { return family(m, wire.IPv6) }, codeFamily},
		"a family that is none":          {func(m wire.Message) wire.Message { return family(m, 3) }, codeFamily},
		"a short family":                 {func(m wire.Message) wire.Message { return m.Append(wire.RequestedFamily, []byte{1}) }, codeBadRequest},
		"two addresses":                  {func(m wire.Message) wire.Message { return second(m, wire.IPv6) }, 0},
		"IPv4 as the second":             {func(m wire.Message) wire.Message { return second(m, wire.IPv4) }, codeBadRequest},
		"a second family that is none":   {func(m wire.Message) wire.Message { return second(m, 3) }, codeBadRequest},
		"a short second":                 {func(m wire.Message) wire.Message { return m.Append(wire.AdditionalFamily, []byte{2}) }, codeBadRequest},
		"both kinds of family":           {func(m wire.Message) wire.Message { return second(family(m, wire.IPv4), wire.IPv6) }, codeBadRequest},
		"even":                           {func(m wire.Message) wire.Message { return even(m, 0) }, 0},
		"even and the next":              {func(m wire.Message) wire.Message { return even(m, 0x80) }, 0},
		"even without a value":           {func(m wire.Message) wire.Message { return m.Append(wire.EvenPort, nil) }, codeBadRequest},
		"even and two addresses":         {func(m wire.Message) wire.Message { return second(even(m, 0), wire.IPv6) }, 0},
		"even, the next, two addresses":  {func(m wire.Message) wire.Message { return second(even(m, 0x80), wire.IPv6) }, codeBadRequest},
		"a token of nobody":              {token, codeNoCapacity},
		"a token and even":               {func(m wire.Message) wire.Message { return even(token(m), 0) }, codeBadRequest},
		"a token and a family":           {func(m wire.Message) wire.Message { return family(token(m), wire.IPv4) }, codeBadRequest},
		"a token and two addresses":      {func(m wire.Message) wire.Message { return second(token(m), wire.IPv6) }, codeBadRequest},
		"a short token":                  {func(m wire.Message) wire.Message { return m.Append(wire.ReservationToken, make([]byte, 7)) }, codeBadRequest},
		"a short lifetime":               {func(m wire.Message) wire.Message { return m.Append(wire.Lifetime, []byte{0, 0, 1}) }, codeBadRequest},
		"no lifetime at all":             {func(m wire.Message) wire.Message { return m.AppendUint32(wire.Lifetime, 0) }, 0},
		"a lifetime of a century":        {func(m wire.Message) wire.Message { return m.AppendUint32(wire.Lifetime, 1<<32-1) }, 0},
		"what comes after is not signed": {func(m wire.Message) wire.Message { return m.Sign(p.key).Append(wire.EvenPort, nil) }, 0},
	} {
		m := c.more(p.ask(wire.Allocate, p.street).AppendUint32(wire.RequestedTransport, protocolUDP<<24))
		if _, signed := m.Get(wire.MessageIntegrity); !signed {
			m = m.Sign(p.key)
		}
		if got := p.code(t, p.street, m); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

// RFC 8656 section 12.2, and 12 for the numbers.
func TestRFC8656_12_2_WhatMayBeBound(t *testing.T) {
	t.Parallel()
	p := newProbe(t, nil)
	other := netip.MustParseAddrPort("8.8.8.9:4000")
	p.rig.table.of(p.home).channel(0x4001, aPeer, true)
	bind := func(number uint32, peers ...netip.AddrPort) wire.Message {
		m := p.ask(wire.ChannelBind, p.home).AppendUint32(wire.ChannelNumber, number<<16)
		for _, peer := range peers {
			m = m.AppendXORAddr(wire.XORPeerAddress, peer)
		}
		return m
	}
	for name, c := range map[string]struct {
		m    wire.Message
		want int
	}{
		"the first":             {bind(0x4000, other), 0},
		"the last":              {bind(0x4fff, other), 0},
		"below":                 {bind(0x3fff, other), codeBadRequest},
		"above":                 {bind(0x5000, other), codeBadRequest},
		"none":                  {bind(0, other), codeBadRequest},
		"again":                 {bind(0x4001, aPeer), 0},
		"another peer's":        {bind(0x4001, other), codeBadRequest},
		"a second of a peer":    {bind(0x4002, aPeer), codeBadRequest},
		"another port of it":    {bind(0x4002, netip.AddrPortFrom(aPeer.Addr(), 1)), 0},
		"no peer":               {bind(0x4002), codeBadRequest},
		"no number":             {p.ask(wire.ChannelBind, p.home).AppendXORAddr(wire.XORPeerAddress, other), codeBadRequest},
		"IPv6":                  {bind(0x4002, netip.MustParseAddrPort("[2a00::5]:1")), codePeerFamily},
		"IPv4 in IPv6":          {mapped(bind(0x4002, netip.MustParseAddrPort("[2a00::5]:1"))), codePeerFamily},
		"a private peer":        {bind(0x4002, netip.MustParseAddrPort("10.0.0.1:1")), codeForbidden},
		"the metadata's":        {bind(0x4002, netip.MustParseAddrPort("169.254.169.254:80")), codeForbidden},
		"what is too short":     {bind(0x4002).Append(wire.XORPeerAddress, []byte{0, 1, 2, 3}), codeBadRequest},
		"of a family that none": {bind(0x4002).Append(wire.XORPeerAddress, []byte{0, 3, 2, 3, 4, 5, 6, 7}), codeBadRequest},
	} {
		if got := p.code(t, p.home, c.m.Sign(p.key)); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
		if got := p.code(t, p.street, c.m.Sign(p.key)); got != codeStaleNonce {
			t.Errorf("%s: got %d with a nonce of another, want 438", name, got)
		}
	}
}

// mapped writes ::ffff:8.8.8.8 over the last address, which the builder would
// write as IPv4.
func mapped(m wire.Message) wire.Message {
	raw := netip.MustParseAddr("::ffff:8.8.8.8").As16()
	for i := range raw {
		m[len(m)-16+i] = raw[i] ^ m[4+i]
	}
	return m
}

// Peers of one request fit into what pion reads, however many there are, though
// pion's name and nonce may be longer than the client's.
func TestManyPeersReachPion(t *testing.T) {
	t.Parallel()
	user, err := NewUser("x", "a password")
	if err != nil {
		t.Fatal(err)
	}
	p := newProbe(t, func(c *Config) { c.Limits.Permissions, c.Users = 1000, []User{user} })
	p.cred.Username = "x"
	p.key = longTermKey("x", p.rig.cfg.Realm, "a password")
	p.rig.table.of(p.home).who.ID = "u:x"
	most := 0
	for n := 1; n < 140; n++ {
		m := p.ask(wire.CreatePermission, p.home)
		for i := range n {
			m = m.AppendXORAddr(wire.XORPeerAddress, netip.AddrPortFrom(netip.AddrFrom4([4]byte{8, 8, byte(i), 1}), 1))
		}
		if m = m.Sign(p.key); len(m) > inboundMTU {
			break
		}
		most = n
		if got := p.code(t, p.home, m); got != 0 {
			t.Errorf("%d peers: got %d", n, got)
		}
	}
	if most < 100 {
		t.Errorf("no more than %d peers", most)
	}
}

// RFC 8489 section 9.2.4: no nonce is for two sockets.
func TestRFC8489_9_2_4_NonceIsOfOneSocket(t *testing.T) {
	t.Parallel()
	p := newProbe(t, nil)
	seen := make(map[string]bool)
	for i := range 100 {
		c := p.street
		if c.src = netip.AddrPortFrom(c.src.Addr(), uint16(1000+i)); i%2 == 0 {
			c.src = netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 1000)
		}
		n := p.front.nonces.make(c)
		if seen[n] || len(n) != nonceLen || !p.front.nonces.valid([]byte(n), c) {
			t.Errorf("%v: got %q", c.src, n)
		}
		seen[n] = true
		c.via = ViaTCP
		if p.front.nonces.valid([]byte(n), c) {
			t.Error("it is valid on another transport")
		}
	}
}

func TestNoncesEnd(t *testing.T) {
	t.Parallel()
	now := time.Now()
	n := nonces{key: []byte("key"), life: 10 * time.Minute, now: func() time.Time { return now }}
	c := client{ViaUDP, aPeer, aPeer}
	nonce := []byte(n.make(c))
	now = now.Add(9 * time.Minute)
	if !n.valid(nonce, c) {
		t.Error("it ended too early")
	}
	now = now.Add(2 * time.Minute)
	if n.valid(nonce, c) {
		t.Error("it lives on")
	}
	for i := range nonce {
		for _, b := range []byte{'A', 'B', '\n', '=', 0, 0xff} {
			forged := append([]byte(nil), n.make(c)...)
			if forged[i] != b {
				if forged[i] = b; n.valid(forged, c) {
					t.Errorf("%q is valid", forged)
				}
			}
		}
	}
	other := nonces{key: []byte("another"), life: n.life, now: n.now}
	if other.valid([]byte(n.make(c)), c) {
		t.Error("it is valid under another key")
	}
}

// All unknown attributes are named, however many there are: RFC 8489 section
// 14.9.
func TestEveryUnknownAttributeIsNamed(t *testing.T) {
	t.Parallel()
	p := newProbe(t, nil)
	for _, n := range []int{1, 2, 9, 40, 300} {
		m := wire.New(nil, wire.Binding, wire.Request, [wire.IDLen]byte{1})
		for i := range n {
			m = m.Append(wire.Attr(0x7000+i), nil)
		}
		what, out := p.receive(p.street, m)
		v, _ := wire.Message(out).Get(wire.UnknownAttributes)
		if what != answered || len(v) != 2*n {
			t.Fatalf("%d unknown: %d are named", n, len(v)/2)
		}
		for i := range n {
			if got := binary.BigEndian.Uint16(v[2*i:]); int(got) != 0x7000+i {
				t.Errorf("%x is named in place %d", got, i)
			}
		}
	}
}

// A clock that is put back takes nothing from anybody for long.
func TestStrangersOutliveTheClock(t *testing.T) {
	t.Parallel()
	s := newStrangers(1000)
	a := netip.MustParseAddr("198.51.100.1")
	const now = 1_800_000_000
	for range 2 * strangerBurst {
		s.allow(a, now)
	}
	if s.allow(a, now-86400) {
		t.Error("a token appeared")
	}
	if !s.allow(a, now-86400+1) {
		t.Error("none in the second after that")
	}
}

// One user can't keep every port that is reserved.
func TestReservationsAreShared(t *testing.T) {
	t.Parallel()
	r := newReservations()
	defer r.close()
	now, kept := time.Now(), 0
	for range 2 * maxReserved {
		conn, err := listenPeers(loopback(0))
		if err != nil {
			t.Fatal(err)
		}
		at, _ := addrPort(conn.LocalAddr())
		if r.hold(conn, at, "greedy", now) == nil {
			_ = conn.Close()
			continue
		}
		kept++
	}
	conn, err := listenPeers(loopback(0))
	if err != nil {
		t.Fatal(err)
	}
	at, _ := addrPort(conn.LocalAddr())
	if token := r.hold(conn, at, "modest", now); token == nil {
		_ = conn.Close()
		t.Error("another gets nothing, after ", kept)
	} else if r.has([tokenLen]byte(token), "greedy") || !r.has([tokenLen]byte(token), "modest") {
		t.Error("a token is another's")
	}
}

// pion's nonces end by the clock on the wall. Where a machine slept, and has an
// old one, clients notice nothing; and where pion takes one for old for reasons
// of its own, they are asked to ask again.
func TestPionsNonceMayEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	inner := r.Server.front.inner
	for _, network := range []string{"udp", "tcp"} {
		a := r.allocate(t, network, "call1", network)
		for range 3 {
			inner.got("an old nonce", time.Now().Add(-nonceOld))
			if err := refresh(a, time.Minute); err != nil {
				t.Fatalf("%s: %v", network, err)
			}
			inner.got("another nonce", time.Now())
			if err := refresh(a, time.Minute); !errors.Is(err, codeError(codeStaleNonce)) {
				t.Fatalf("%s: got %v, want 438", network, err)
			}
			if err := refresh(a, time.Minute); err != nil {
				t.Fatalf("%s: after 438: %v", network, err)
			}
		}
		inner.got("an old nonce", time.Now().Add(-nonceOld))
		r.allocate(t, network, "call2", network)
	}
}

// A Send indication is looked at, and costs no allocation; the same goes for the
// question that everybody may ask.
func TestPassingByAllocatesNothing(t *testing.T) {
	p := newProbe(t, nil)
	for name, m := range map[string]wire.Message{
		"Send":    wire.New(nil, wire.Send, wire.Indication, [wire.IDLen]byte{1}).AppendXORAddr(wire.XORPeerAddress, aPeer).Append(wire.DataAttr, make([]byte, 1200)),
		"Binding": wire.New(nil, wire.Binding, wire.Request, [wire.IDLen]byte{1}),
	} {
		if n := testing.AllocsPerRun(100, func() { _, _ = p.receive(p.home, m) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// Who comes before pion has given a nonce waits for it: on a stream nothing is
// asked twice. At the end nobody waits.
func TestFirstRequestWaitsForANonce(t *testing.T) {
	t.Parallel()
	p := newProbe(t, nil)
	inner := newInner()
	p.front.inner = inner
	ask := p.ask(wire.Refresh, p.home).Sign(p.key)
	done := make(chan next, 1)
	go func() {
		what, _ := p.receive(p.home, ask)
		done <- what
	}()
	go p.front.keepNonce()
	b := make([]byte, pionMTU)
	for i := range 2 { // a first answer that is none
		n, from, err := inner.ReadFrom(b)
		m, bad := wire.Parse(b[:n])
		if err != nil || bad != nil {
			t.Fatal(err, bad)
		}
		select {
		case what := <-done:
			t.Fatalf("it did not wait: got %d", what)
		default:
		}
		out := wire.New(nil, wire.Allocate, wire.Failure, m.ID()).AppendError(codeUnauthorized)
		if i == 1 {
			out = out.AppendText(wire.Nonce, "another nonce")
		}
		if _, err := inner.WriteTo(out, from); err != nil {
			t.Fatal(err)
		}
	}
	if what := <-done; what != passed || p.nonce.text != "another nonce" {
		t.Errorf("got %d with %q", what, p.nonce.text)
	}
	inner.stale(inner.current())
	_ = inner.Close()
	<-p.front.kept
	inner.current()
}

// After a restart a client that refreshes learns in one round trip that its
// allocation is gone, and can believe it. That takes a key that stays; with
// another one it is asked for a new nonce first.
func TestRestartIsToldAtOnce(t *testing.T) {
	t.Parallel()
	p := newProbe(t, nil)
	m := p.ask(wire.Refresh, p.street).AppendUint32(wire.Lifetime, 600).Sign(p.key)
	for name, c := range map[string]struct {
		keys *Keys
		want int
	}{
		"the same key": {p.rig.keys, codeMismatch},
		"another key":  {newProbe(t, nil).rig.keys, codeUnauthorized},
	} {
		after := newProbe(t, func(cfg *Config) { cfg.Keys = c.keys })
		after.key = p.key
		if got := after.code(t, p.street, m); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
	// The same at a socket that was served before, through all of it.
	r := newRig(t, func(c *Config) { c.Keys = p.rig.keys })
	conn, err := net.Dial("udp", r.udpAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	from, _ := addrPort(conn.LocalAddr())
	at, _ := addrPort(r.udpAddr())
	here := client{ViaUDP, from, at}
	if _, err := conn.Write(p.ask(wire.Refresh, here).Sign(p.key)); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	b := make([]byte, 200)
	n, err := conn.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := wire.Parse(b[:n])
	if err != nil || codeOf(answer) != codeMismatch || !answer.CheckIntegrity(p.key) {
		t.Errorf("got %x, %v: want 437, signed", b[:n], err)
	}
}
