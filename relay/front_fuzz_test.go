package relay

import (
	"encoding/binary"
	"strconv"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

// How FuzzFront makes a message of what it gets.
const (
	fuzzNamed    = 1 << iota // with user name, realm and nonce
	fuzzSigned               // by the right key
	fuzzPrinted              // with a FINGERPRINT
	fuzzHome                 // from where there is an allocation
	fuzzLast                 // name and nonce come last
	fuzzForged               // a byte is changed after signing
	fuzzIndirect             // another class than a request
	fuzzStale                // with a nonce of another address
)

// FuzzFront asks for anything in any way. Whatever it is, there is one outcome,
// and that has the form and the meaning that it may have.
func FuzzFront(f *testing.F) {
	p := newProbe(f, func(c *Config) { c.TCPPeers = true })
	p.stream = &stream{} // so that peers by TCP may be asked for
	whole := uint8(fuzzNamed | fuzzSigned | fuzzPrinted)
	peer := []byte{0x00, 0x12, 8, 0, 1, 0x2e, 0x8c, 0x29, 0x1a, 0xac, 0x4a} // 8.8.8.8:4030
	udp := []byte{0x00, 0x19, 4, 17, 0, 0, 0}
	for _, how := range []uint8{0, whole, whole | fuzzHome, whole | fuzzLast, whole | fuzzForged, fuzzIndirect, fuzzNamed | fuzzSigned, whole | fuzzStale, whole | fuzzHome | fuzzStale} {
		f.Add(uint16(wire.Allocate), how, udp)
		f.Add(uint16(wire.Allocate), how, append([]byte{0x00, 0x18, 1, 0x80}, udp...))
		f.Add(uint16(wire.Allocate), how, append([]byte{0x00, 0x22, 8, 1, 2, 3, 4, 5, 6, 7, 8}, udp...))
		f.Add(uint16(wire.Allocate), how, append([]byte{0x00, 0x0d, 4, 0, 0, 0, 0, 0x80, 0x00, 4, 2, 0, 0, 0}, udp...))
		f.Add(uint16(wire.Allocate), how, []byte{0x00, 0x19, 4, protocolTCP, 0, 0, 0})
		f.Add(uint16(wire.ConnectionBind), how, []byte{0x00, 0x2a, 4, 1, 2, 3, 4})
		f.Add(uint16(wire.Refresh), how, []byte{0x00, 0x0d, 4, 0, 0, 0, 0})
		f.Add(uint16(wire.CreatePermission), how, append(peer, peer...))
		f.Add(uint16(wire.ChannelBind), how, append([]byte{0x00, 0x0c, 4, 0x40, 0, 0, 0}, peer...))
		f.Add(uint16(wire.Connect), how, peer)
		f.Add(uint16(wire.Binding), how, []byte{0x7f, 0x01, 0, 0x7f, 0x02, 3, 1, 2, 3})
		f.Add(uint16(wire.Send), how, append([]byte{0x00, 0x13, 2, 1, 2, 0x00, 0x1a, 0}, peer...))
	}
	f.Fuzz(func(t *testing.T, method uint16, how uint8, attrs []byte) {
		// As it came.
		what, out := p.receive(p.home, attrs)
		if m, err := wire.Parse(attrs); what == passed && (err != nil || m.Class() == wire.Request) {
			t.Fatalf("%x passes as %x", attrs, out)
		}
		p.check(t, attrs, what, out)
		from, m := p.fuzzed(method, how, attrs)
		p.code(t, from, m)
	})
}

// fuzzed builds what a fuzzer has drawn: well formed, so that it gets further
// than to the reader. Attributes are two bytes of type, one of length, value.
func (p *probe) fuzzed(method uint16, how uint8, attrs []byte) (from client, m wire.Message) {
	from, class := p.street, wire.Request
	if how&fuzzHome != 0 {
		from = p.home
	}
	if how&fuzzIndirect != 0 {
		class = []wire.Class{wire.Indication, wire.Success, wire.Failure}[method%3]
	}
	asker := from
	if how&fuzzStale != 0 {
		asker.src = aPeer
	}
	named := func() {
		if how&fuzzNamed != 0 {
			m = m.AppendText(wire.Username, p.cred.Username).AppendText(wire.Realm, p.rig.cfg.Realm).AppendText(wire.Nonce, p.front.nonces.make(asker))
		}
	}
	m = wire.New(nil, wire.Method(method&0xfff), class, [wire.IDLen]byte{byte(len(attrs))})
	if how&fuzzLast == 0 {
		named()
	}
	for len(attrs) >= 3 && len(m) < inboundMTU-200 {
		n := min(int(attrs[2]), len(attrs)-3)
		m = m.Append(wire.Attr(binary.BigEndian.Uint16(attrs)), attrs[3:3+n])
		attrs = attrs[3+n:]
	}
	if how&fuzzLast != 0 {
		named()
	}
	if how&fuzzSigned != 0 {
		m = m.Sign(p.key)
	}
	if how&fuzzForged != 0 {
		m[len(m)-1] ^= 1
	}
	if how&fuzzPrinted != 0 {
		m = m.AppendFingerprint()
	}
	return from, m
}

// BenchmarkFront is what requests cost before pion sees them, by what becomes
// of them. Data is not among them: it meets no more than a look at a byte.
func BenchmarkFront(b *testing.B) {
	var secrets []NamedSecret
	for i := range MaxSecrets {
		s, err := NewSecret([]byte(strconv.Itoa(i) + strings.Repeat("x", 32)))
		if err != nil {
			b.Fatal(err)
		}
		secrets = append(secrets, NamedSecret{Name: "s" + strconv.Itoa(i), Secret: s})
	}
	p := newProbe(b, func(c *Config) { c.Secrets = secrets })
	p.home.via, p.street.via = ViaTCP, ViaTCP // no bucket runs empty
	wrong := append(wire.Message(nil), p.ask(wire.Refresh, p.street)...)
	rest := wire.New(nil, wire.Allocate, wire.Request, [wire.IDLen]byte{1}).AppendText(wire.Username, "4000000000:somebody").
		AppendText(wire.Realm, p.rig.cfg.Realm).AppendText(wire.Nonce, p.front.nonces.make(p.street))
	send := wire.New(nil, wire.Send, wire.Indication, [wire.IDLen]byte{1}).AppendXORAddr(wire.XORPeerAddress, aPeer).Append(wire.DataAttr, make([]byte, 1200))
	b.Run("Send", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if what, _ := p.receive(p.home, send); what != passed {
				b.Fatal(what)
			}
		}
	})
	for _, c := range []struct {
		name string
		m    wire.Message
	}{
		{"binding", wire.New(nil, wire.Binding, wire.Request, [wire.IDLen]byte{1})},
		{"first Allocate", wire.New(nil, wire.Allocate, wire.Request, [wire.IDLen]byte{1}).AppendUint32(wire.RequestedTransport, protocolUDP<<24)},
		{"no allocation", p.ask(wire.Refresh, p.street).Sign(p.key)},
		{"wrong password", wrong.Sign([]byte("x"))},
		{"wrong password of 16 secrets", rest.Sign([]byte("x"))},
		{"long nonsense of 16 secrets", rest.Append(wire.Software, make([]byte, 1200)).Sign([]byte("x"))},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if what, _ := p.receive(p.street, c.m); what != answered {
					b.Fatal(what)
				}
			}
		})
	}
}
