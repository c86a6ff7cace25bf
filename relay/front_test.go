package relay

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

// probe is a desk in front of no pion: what it says can be looked at. Behind
// its home there is an allocation of its credential, behind its street none.
type probe struct {
	*desk
	rig          *rig
	home, street client
	cred         Credential
	key          []byte
}

const innerNonce = "a nonce that only pion knows" // as long as pion's, and longer

var aPeer = netip.MustParseAddrPort("8.8.8.8:4000")

// newProbe makes one whose server is never served. change may be nil.
func newProbe(t testing.TB, change func(*Config)) *probe {
	t.Helper()
	r := newIdleRig(t, change)
	r.Server.front.inner.got(innerNonce, time.Now())
	at, _ := addrPort(r.udpAddr())
	p := &probe{
		desk: r.Server.front.newDesk(), rig: r, cred: r.mint(t, "call1", "a"),
		home:   client{ViaUDP, netip.MustParseAddrPort("192.0.2.1:4001"), at},
		street: client{ViaUDP, netip.MustParseAddrPort("192.0.2.2:4002"), at},
	}
	p.key = longTermKey(p.cred.Username, r.cfg.Realm, p.cred.Password)
	relayed := netip.AddrPortFrom(loopback(0).Addr(), 50000)
	s := r.newSocket(&echoConn{}, legOf("a"), relayed, relayed)
	s.id = "home"
	if err := r.table.add(s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.table.readers.Done)
	p.move(t, relayed)
	return p
}

// move makes the allocation at relayed one of home.
func (p *probe) move(t testing.TB, relayed netip.AddrPort) {
	t.Helper()
	if err := p.rig.table.join(p.home, relayed); err != nil {
		t.Fatal(err)
	}
}

// ask is a request that begins to be one of the probe's credential.
func (p *probe) ask(method wire.Method, from client) wire.Message {
	return wire.New(nil, method, wire.Request, [wire.IDLen]byte{1, 2, 3}).AppendText(wire.Username, p.cred.Username).
		AppendText(wire.Realm, p.rig.cfg.Realm).AppendText(wire.Nonce, p.front.nonces.make(from))
}

// code is what the desk answers m with: 0 where m goes to pion, -1 where it is
// dropped.
func (p *probe) code(t testing.TB, from client, m wire.Message) int {
	t.Helper()
	before := bytes.Clone(m)
	what, out := p.receive(from, m)
	p.check(t, before, what, out)
	if !bytes.Equal(before, m) && m.Class() != wire.Indication { // the data of a Send is cleared once it is sent
		t.Errorf("%x became %x", before, []byte(m))
	}
	if what == passed {
		return 0
	}
	if what == dropped {
		return -1
	}
	if code := codeOf(out); code != 0 {
		return code
	}
	return 200
}

// check holds what the desk said against what it may say: one thing, in a form
// that its reader understands, and nothing that the message did not ask for.
func (p *probe) check(t testing.TB, msg []byte, what next, out []byte) {
	t.Helper()
	req, err := wire.Parse(msg)
	if err != nil || what == dropped {
		if what != dropped || len(out) > 0 || p.waiting || p.intent != nil {
			t.Fatalf("%x: got %d, %x", msg, what, out)
		}
		return
	}
	m, err := wire.Parse(out)
	if err != nil || !req.CheckFingerprint() || m.ID() != req.ID() || m.Method() != req.Method() {
		t.Fatalf("%x becomes %x: %v", msg, out, err)
	}
	if what == passed {
		p.checkPassed(t, req, m)
		return
	}
	if p.waiting || p.intent != nil || req.Class() != wire.Request || m.Class() != wire.Success && m.Class() != wire.Failure {
		t.Fatalf("%x is answered by %x, and waits: %v", msg, out, p.waiting)
	}
	p.checkAnswer(t, req, m)
}

// checkAnswer checks what a client gets.
func (p *probe) checkAnswer(t testing.TB, req, m wire.Message) {
	t.Helper()
	_, asked := req.Get(wire.Fingerprint)
	_, has := m.Get(wire.Fingerprint)
	if asked != has || !m.CheckFingerprint() {
		t.Fatalf("%x is answered by %x: FINGERPRINT", []byte(req), []byte(m))
	}
	if _, signed := m.Get(wire.MessageIntegrity); signed && !m.CheckIntegrity(p.key) {
		t.Fatalf("%x is answered by %x: not signed right", []byte(req), []byte(m))
	}
	if v, failed := m.Get(wire.ErrorCode); failed != (m.Class() == wire.Failure) || failed && len(v) != 4 {
		t.Fatalf("%x is answered by %x: ERROR-CODE", []byte(req), []byte(m))
	}
}

// checkPassed checks what pion gets, and how its answer comes back.
func (p *probe) checkPassed(t testing.TB, req, m wire.Message) {
	t.Helper()
	if req.Class() != wire.Request {
		if req.Class() != wire.Indication || req.Method() != wire.Send || !bytes.Equal(req, m) || p.waiting {
			t.Fatalf("%x passes as %x", []byte(req), []byte(m))
		}
		return
	}
	asked := read(req)
	nonce, _ := asked.get(wire.Nonce)
	if !p.front.nonces.valid(nonce, p.client) || !req.CheckIntegrity(p.key) || !m.CheckIntegrity(p.front.inner.key) || len(m) > pionMTU {
		t.Fatalf("%x passes as %x, %d bytes", []byte(req), []byte(m), len(m))
	}
	other := &stun.Message{Raw: bytes.Clone(m)}
	if err := other.Decode(); err != nil {
		t.Fatalf("pion does not read %x: %v", []byte(m), err)
	}
	checkMeaning(t, req, m)
	p.checkReturn(t, req, m)
}

// forPion are the attributes that pion may see.
var forPion = []wire.Attr{
	wire.Username, wire.Realm, wire.Nonce, wire.MessageIntegrity, wire.XORPeerAddress, wire.RequestedTransport, wire.RequestedFamily,
	wire.Lifetime, wire.ChannelNumber,
}

// checkMeaning checks that pion is asked for what the client asked for.
func checkMeaning(t testing.TB, req, m wire.Message) {
	t.Helper()
	want, got := read(req), read(m)
	if !slices.EqualFunc(want.peers, got.peers, bytes.Equal) && m.Method() != wire.Allocate && m.Method() != wire.Refresh {
		t.Fatalf("peers %x become %x", want.peers, got.peers)
	}
	for at, a := range m.Attrs() {
		if !slices.Contains(forPion, a) {
			t.Fatalf("pion gets attribute %x: %x", a, m.ValueAt(at))
		}
	}
	for _, a := range []wire.Attr{wire.RequestedTransport, wire.RequestedFamily} {
		was, asked, _ := want.word(a)
		if is, has, _ := got.word(a); asked && has && is>>24 != was>>24 {
			t.Fatalf("%x: %x becomes %x", a, was, is)
		}
	}
	if n, has, _ := got.word(wire.Lifetime); has {
		asked, said, _ := want.word(wire.Lifetime)
		if end := said && asked == 0 && m.Method() == wire.Refresh; end != (n == 0) || !end && (n < defaultLifetime || n > longestLifetime) {
			t.Fatalf("a lifetime of %d becomes %d", asked, n)
		}
	}
	if v, has := got.get(wire.ChannelNumber); has {
		if was, _ := want.get(wire.ChannelNumber); !bytes.Equal(was[:2], v[:2]) || v[0]&0xf0 != 0x40 {
			t.Fatalf("channel %x becomes %x", was, v)
		}
	}
}

// checkReturn plays pion: its answer comes back once, and signed for the client.
func (p *probe) checkReturn(t testing.TB, req, m wire.Message) {
	t.Helper()
	if !p.waiting {
		t.Fatal("nobody waits for pion's answer")
	}
	foreign := wire.New(nil, m.Method(), wire.Success, [wire.IDLen]byte{0xff}).Sign(p.front.inner.key)
	if out, ok := p.answer(foreign); ok {
		t.Fatalf("another's answer comes back: %x", out)
	}
	back := wire.New(nil, m.Method(), wire.Success, m.ID()).AppendUint32(wire.Lifetime, 600).Sign(p.front.inner.key)
	out, ok := p.answer(back)
	got, err := wire.Parse(out)
	if !ok || err != nil || !got.CheckIntegrity(p.key) || got.ID() != req.ID() || got.Class() != wire.Success {
		t.Fatalf("pion's answer comes back as %x, %v", out, err)
	}
	p.checkAnswer(t, req, got)
	if out, ok := p.answer(back); ok || p.waiting || p.intent != nil || len(p.front.intents) != 0 {
		t.Fatalf("a second answer comes back: %x; intents %d", out, len(p.front.intents))
	}
}
