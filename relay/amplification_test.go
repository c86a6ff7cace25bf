package relay

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

// most is how many times as long as what it answers an answer to a stranger may
// be, in whole IP packets.
const most = 1.6

const wrongPrint = ", wrong fingerprint"

const longRealm = "turn.of-a-long-name.example.org"

// strangerRequests are what can be sent without a password, each in every way
// that it can be bad.
func strangerRequests(p *probe) map[string]wire.Message {
	out := make(map[string]wire.Message)
	methods := []wire.Method{
		0, wire.Binding, 2, wire.Allocate, wire.Refresh, 5, wire.Send, wire.Data, wire.CreatePermission, wire.ChannelBind,
		wire.Connect, wire.ConnectionBind, wire.ConnectionAttempt, 0x0d, 0x80, 0xfff,
	}
	for _, method := range methods {
		for _, class := range []wire.Class{wire.Request, wire.Indication, wire.Success, wire.Failure} {
			begin := func() wire.Message { return wire.New(nil, method, class, [wire.IDLen]byte{1}) }
			add := func(name string, m wire.Message) {
				name = fmt.Sprintf("method %x class %x %s", method, class, name)
				out[name] = m
				out[name+", fingerprint"] = append(wire.Message(nil), m...).AppendFingerprint()
				wrong := append(wire.Message(nil), m...).AppendFingerprint()
				wrong[len(wrong)-1] ^= 1
				out[name+wrongPrint] = wrong
			}
			add("bare", begin())
			add("of a browser", begin().AppendUint32(wire.RequestedTransport, protocolUDP<<24))
			add("signed by nobody", begin().Sign(nil))
			add("half named", begin().AppendText(wire.Username, "x").Sign(nil))
			add("named", begin().AppendText(wire.Username, "x").AppendText(wire.Realm, "").AppendText(wire.Nonce, "").Sign(nil))
			add("of the wrong realm", begin().AppendText(wire.Username, "x").AppendText(wire.Realm, "x").AppendText(wire.Nonce, p.front.nonces.make(p.street)).Sign(nil))
			add("with a wrong password", begin().AppendText(wire.Username, p.cred.Username).AppendText(wire.Realm, p.rig.cfg.Realm).AppendText(wire.Nonce, p.front.nonces.make(p.street)).Sign([]byte("x")))
			add("with a stale nonce", begin().AppendText(wire.Username, p.cred.Username).AppendText(wire.Realm, p.rig.cfg.Realm).AppendText(wire.Nonce, "AAAAAAAAAAAA").Sign(p.key))
			for n := 1; n <= 40; n++ {
				m, signed := begin(), begin()
				for i := range n {
					m, signed = m.Append(wire.Attr(0x7f00+i), nil), signed.Append(wire.Attr(0x7f00+i), nil)
				}
				add(fmt.Sprintf("of %d unknown attributes", n), m)
				add(fmt.Sprintf("of %d unknown attributes, signed", n), signed.Sign(nil))
			}
			add("of an attribute beyond the end", append(begin(), 0x7f, 0, 0xff, 0xff))
			add("of a long attribute", begin().Append(wire.Software, make([]byte, 700)))
		}
	}
	return out
}

// over is how long a STUN message is as an IP packet.
func over(c client, m []byte) int {
	if c.src.Addr().Is4() {
		return len(m) + overIPv4
	}
	return len(m) + overIPv6
}

// Nobody whose address may be forged makes the relay send more than 1.6 times
// what came, in whatever way they ask, once a few exceptions are used up.
func TestNobodyIsAmplified(t *testing.T) {
	t.Parallel()
	for _, realm := range []string{DefaultRealm, "x", longRealm} {
		p := newProbe(t, func(c *Config) { c.Realm = realm })
		p.front.strangers = newStrangers(0)
		six := p.street
		six.src = netip.MustParseAddrPort("[2001:db8::2]:4002")
		answers := p.strange(t, p.street) + p.strange(t, six)
		if answers < 1000 {
			t.Errorf("realm %s: %d answers, so that little was tested", realm, answers)
		}
	}
}

// strange asks for everything without a password, and counts the answers.
func (p *probe) strange(t *testing.T, from client) (answers int) {
	t.Helper()
	for name, m := range strangerRequests(p) {
		what, out := p.receive(from, m)
		if what == passed && m.Class() == wire.Request || what != dropped && strings.HasSuffix(name, wrongPrint) {
			t.Errorf("%s: got %d", name, what)
		}
		if what != answered {
			continue
		}
		answers++
		if in, out := over(from, m), over(from, out); float64(out) > most*float64(in) {
			t.Errorf("%s, realm %s: %d bytes are answered by %d", name, p.rig.cfg.Realm, in, out)
		}
	}
	return answers
}

// What browsers send first over UDP is answered at once, always, and within
// the bound: 28 bytes.
func TestBrowsersAreAlwaysAnswered(t *testing.T) {
	t.Parallel()
	p := newProbe(t, nil)
	p.front.strangers = newStrangers(0)
	m := wire.New(nil, wire.Allocate, wire.Request, [wire.IDLen]byte{1}).AppendUint32(wire.RequestedTransport, protocolUDP<<24)
	what, out := p.receive(p.street, m)
	if len(m) != 28 || what != answered {
		t.Fatalf("%d bytes: got %d", len(m), what)
	}
	if in, out := over(p.street, m), over(p.street, out); in != 56 || out != 88 {
		t.Errorf("%d bytes are answered by %d, want 56 by 88, which is 1.57 times as much", in, out)
	}
	if code := p.code(t, p.street, wire.New(nil, wire.Binding, wire.Request, [wire.IDLen]byte{1})); code != 200 {
		t.Errorf("a binding request is answered %d", code)
	}
}

// What would be too long is answered a few times: to each network of forged
// addresses, and to all together.
func TestLongAnswersAreFew(t *testing.T) {
	t.Parallel()
	p := newProbe(t, func(c *Config) { c.Realm = longRealm })
	bare := wire.New(nil, wire.Allocate, wire.Request, [wire.IDLen]byte{1})
	from := func(addr string) client {
		c := p.street
		c.src = netip.AddrPortFrom(netip.MustParseAddr(addr), 4002)
		return c
	}
	count := func(c func(i int) client) (n int) {
		for i := range 1000 {
			if what, _ := p.receive(c(i), bare); what == answered {
				n++
			}
		}
		return n
	}
	// One network, from all over it.
	if n := count(func(i int) client { return from(fmt.Sprintf("198.51.100.%d", i%256)) }); n != strangerBurst {
		t.Errorf("%d of 1000 answers to one network of IPv4, want %d", n, strangerBurst)
	}
	if n := count(func(i int) client { return from(fmt.Sprintf("2001:db8:7:%x::%x", i, i)) }); n != strangerBurst {
		t.Errorf("%d of 1000 answers to one network of IPv6, want %d", n, strangerBurst)
	}
	if n := p.rig.refused(RefusedAmplification); n != 2*(1000-strangerBurst) {
		t.Errorf("%d are counted", n)
	}
	// Others don't suffer from that, and all together get what there is.
	p.front.strangers = newStrangers(100)
	if n := count(func(i int) client { return from(fmt.Sprintf("20.%d.%d.1", i/256, i%256)) }); n != 100 {
		t.Errorf("%d of 1000 answers to as many networks, want 100", n)
	}
	// Who can't have forged the address is always answered.
	for _, via := range []Via{ViaTCP, ViaTLS} {
		c := p.street
		c.via = via
		if what, _ := p.receive(c, bare); what != answered {
			t.Errorf("via %v: got %d", via, what)
		}
	}
	if what, _ := p.receive(p.home, bare); what != answered {
		t.Errorf("from where an allocation is: got %d", what)
	}
	p.rig.clock.advance(secondsOf(strangerBurst / strangerRate))
	if n := count(func(i int) client { return from(fmt.Sprintf("198.51.100.%d", i%256)) }); n != strangerBurst {
		t.Errorf("%d of 1000 answers later, want %d", n, strangerBurst)
	}
}

func secondsOf(n int) time.Duration { return time.Duration(n) * time.Second }
