package conformance

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/ringfence/ringfence/relay"
)

// wantUnknown fails unless m is 420 with exactly this list.
func (c *client) wantUnknown(m message, want ...int) {
	c.t.Helper()
	c.wantCode(m, 420)
	slices.Sort(want)
	if got := m.unknown(); !slices.Equal(got, want) {
		c.t.Errorf("UNKNOWN-ATTRIBUTES: got %#04x, want %#04x", got, want)
	}
}

// What breaks a rule of the header is dropped, over UDP without a word.
// RFC 3489's clients, who know no cookie, are not served: section 11 leaves
// that open.
func TestRFC8489_5_HeaderRules(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.dial(t, "udp", "a")
	good := request(binding)
	with := func(i int, b byte) []byte {
		p := slices.Clone(good)
		p[i] = b
		return p
	}
	software := good.add(attrSoftware, 'a', 'b', 'c', 'd')
	for name, b := range map[string][]byte{
		"first bit set":                with(0, 0x80),
		"second bit set":               with(0, 0x40),
		"both bits set":                with(0, 0xc0),
		"another cookie":               with(4, 0x22),
		"no cookie":                    slices.Concat(good[:4], make([]byte, 4), good[8:]),
		"length not a multiple of 4":   append(good.sized(1), 0),
		"length past the end":          good.sized(4),
		"length short of the end":      software.sized(4),
		"length of nothing, with more": software.sized(0),
		"half a header":                good[:10],
		"header less a byte":           good[:headerLen-1],
		"no byte but one":              {0},
		"nothing":                      {},
		"a method of the DTLS range":   request(0xfff), // reserved, section 18.2
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			c.silent(b)
		})
	}
}

// An attribute that claims more than the message holds makes the message
// malformed: it is dropped, our choice over 400.
func TestRFC8489_14_AttributePastTheEnd(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.dial(t, "udp", "a")
	for _, length := range []uint16{5, 8, 64, 0xffff} {
		p := request(binding).add(attrSoftware, 1, 2, 3, 4)
		binary.BigEndian.PutUint16(p[headerLen+2:], length)
		c.silent(p)
	}
}

// On a stream nobody can say where the next message begins after such
// rubbish: the stream ends, our choice.
func TestRFC8489_5_RubbishEndsAStream(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	for name, b := range map[string][]byte{
		"no STUN":                    []byte("GET / HTTP/1.1\r\nHost: relay\r\n\r\n"),
		"length not a multiple of 4": append(request(binding).sized(1), 0),
		"longer than any message":    request(binding).sized(0xfffc),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.dial(t, "tcp", "a")
			c.write(b)
			c.wantEnd()
		})
	}
}

// The method has to be one that is served and the class one that the method
// has: else silence.
func TestRFC8489_6_3_MethodsAndClassesThatAreNot(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.dial(t, network, "a")
		for name, p := range map[string]packet{
			"shared secret":                request(0x002),
			"an unknown method":            request(0x0ff),
			"Send as a request":            request(sendMethod),
			"Data as a request":            request(dataMethod),
			"Data as an indication":        indication(dataMethod),
			"Allocate as an indication":    indication(allocate),
			"Refresh as an indication":     indication(refresh),
			"ChannelBind as an indication": indication(channelBind),
			"a success nobody waits for":   newPacket(classSuccess, binding),
			"an error nobody waits for":    newPacket(classError, allocate).add(attrErrorCode, 0, 0, 4, 1),
		} {
			t.Run(name, func(t *testing.T) {
				c.t = t
				c.silent(p)
			})
		}
	})
}

func TestRFC8489_6_3_1_1_Binding(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*relay.Config){"IPv4": nil, "IPv6": only6} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, change)
			transports(t, func(t *testing.T, network string) {
				c := s.dial(t, network, "a")
				m := c.ask(request(binding))
				c.wantCode(m, 0)
				if got, err := m.addr(attrMapped); err != nil || got != c.local() {
					t.Errorf("XOR-MAPPED-ADDRESS: got %v (%v), want %v", got, err, c.local())
				}
				if m.has(attrIntegrity) {
					t.Error("the answer to an unsigned Binding is signed")
				}
			})
		})
	}
}

// Over UDP an answer comes from the address that was asked.
func TestRFC8489_6_3_1_2_AnswersComeFromWhereWasAsked(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	p := newPeer(t, loopback4)
	req := request(binding)
	p.send(s.addr(t, "udp"), string(req))
	got, from, err := p.next()
	if err != nil || from != s.addr(t, "udp") || len(got) < headerLen || got[8:headerLen] != req.id() {
		t.Errorf("got %x from %v (%v), want the answer from %v", got, from, err, s.addr(t, "udp"))
	}
}

// The same request again gets the same answer.
func TestRFC8489_6_3_1_BindingIsIdempotent(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.dial(t, "udp", "a")
	p := request(binding)
	if first, second := c.ask(p), c.ask(p); !bytes.Equal(first.raw, second.raw) {
		t.Errorf("got %x, then %x", first.raw, second.raw)
	}
}

func TestRFC8489_6_3_1_UnknownAttributes(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.dial(t, network, "a")
		c.wantUnknown(c.ask(request(binding).add(0x7fff)), 0x7fff)
		c.wantUnknown(c.ask(request(binding).add(0x7001, 1).add(attrSoftware, 'x').add(0x7002, 1, 2, 3, 4, 5)), 0x7001, 0x7002)
	})
}

// Unknown attributes of the optional half are nobody's business.
func TestRFC8489_6_3_UnknownOptionalAttributesAreIgnored(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		c.wantCode(c.ask(request(binding).add(0xffff, 1, 2, 3).add(0x8fff)), 0)
		c.mustAllocate(request(allocate).add(0xff01, 1).transport(17).add(0xff02))
	})
}

// Attributes that are known, where they mean nothing, are ignored.
func TestRFC8489_6_3_KnownButUnexpectedAttributesAreIgnored(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		c.wantCode(c.ask(request(binding).lifetime(5).channel(0x4001).add(attrData, 1)), 0)
		c.want(0, request(refresh).channel(0x4001).transport(17))
		c.want(0, request(createPermission).peers(at(loopback4, 9)).lifetime(0))
		c.want(0, request(refresh)) // the LIFETIME of 0 above was none of that request
	})
}

// A request has to show who sends it before it is told what is not known.
func TestRFC8489_6_3_UnknownAttributesComeAfterThePassword(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		c.wantCode(c.ask(request(allocate).transport(17).add(0x7001)), 401)
		m := c.do(request(allocate).transport(17).add(0x7001).add(0x7002))
		c.wantUnknown(m, 0x7001, 0x7002)
		c.mustAllocate(request(allocate).transport(17)) // the refused one left nothing
		for _, p := range []packet{
			request(refresh), request(createPermission).peers(at(loopback4, 9)),
			request(channelBind).channel(0x4001).peers(at(loopback4, 9)),
		} {
			c.wantUnknown(c.do(p.add(0x7003)), 0x7003)
		}
	})
}

// An indication with an unknown attribute of the required half is dropped.
func TestRFC8489_6_3_2_IndicationWithUnknownAttributeIsDropped(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p := newPeer(t, loopback4)
		c.permit(p.addr)
		c.write(indication(sendMethod).peers(p.addr).add(attrData, 'n', 'o').add(0x7001))
		c.write(indication(sendMethod).peers(p.addr).add(attrData, 'n', 'o').add(0x0024, 0, 0, 0, 1)) // PRIORITY
		c.write(indication(sendMethod).peers(p.addr).add(attrData, 'y', 'e', 's').add(0xf001))
		p.expect(c.relayed, "yes")
	})
}

// No indication is ever answered.
func TestRFC8489_6_3_2_IndicationsAreNotAnswered(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.dial(t, network, "a")
		for _, p := range []packet{
			indication(binding), indication(binding).add(0x7001), indication(binding).fingerprint(),
			indication(sendMethod), indication(sendMethod).peers(at(loopback4, 9)).add(attrData, 1),
		} {
			c.silent(p)
		}
	})
}

// A stream carries message after message with nothing between, however the
// network cuts it.
func TestRFC8489_6_2_2_MessagesOnAStream(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.dial(t, "tcp", "a")
	one, two, three := request(binding), request(binding).add(attrSoftware, 'a', 'b', 'c'), request(binding)
	c.write(slices.Concat(one, two, three))
	for _, p := range []packet{one, two, three} {
		c.wantCode(c.answer(p), 0)
	}
	one = request(binding).add(attrSoftware, 'a', 'b', 'c')
	_ = c.conn.(*net.TCPConn).SetNoDelay(true) //nolint:forcetypeassert // dialled as TCP
	for _, b := range one {
		c.write([]byte{b})
	}
	c.wantCode(c.answer(one), 0)
}

// A client may have several transactions under way over one socket.
func TestRFC8489_6_2_SeveralTransactions(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.dial(t, network, "a")
		asked := map[string]bool{}
		for range 10 {
			p := request(binding)
			asked[p.id()] = true
			c.write(p)
		}
		for range 10 {
			m, err := decode(c.next())
			if err != nil || !asked[m.id()] {
				t.Fatalf("got %x (%v), want an answer to one that was asked", m.raw, err)
			}
			delete(asked, m.id())
		}
	})
}

// FINGERPRINT is optional, but one that is there has to be right.
func TestRFC8489_7_Fingerprint(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		for _, p := range []packet{request(binding), request(refresh), c.sign(request(refresh)), c.sign(request(allocate).transport(17))} {
			// Who sends it gets it, our choice; decode has looked whether it is right.
			if m := c.ask(p.fingerprint()); !m.has(attrFingerprint) {
				t.Errorf("no FINGERPRINT in the answer to %#03x", m.method)
			}
		}
		c.want(0, request(refresh))
	})
}

func TestRFC8489_7_WrongFingerprintIsDropped(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.allocated(t, network, "a")
		p := newPeer(t, loopback4)
		c.permit(p.addr)
		send := indication(sendMethod).peers(p.addr).add(attrData, 'n', 'o')
		for name, p := range map[string]packet{
			"Binding":            request(binding).fingerprint(),
			"unsigned Allocate":  request(allocate).fingerprint(),
			"signed Refresh":     c.sign(request(refresh)).fingerprint(),
			"Send":               send.fingerprint(),
			"Binding indication": indication(binding).fingerprint(),
		} {
			t.Run(name, func(t *testing.T) {
				c.t = t
				p[len(p)-1] ^= 1
				c.silent(p)
			})
		}
		c.t = t
		c.send(p.addr, "yes")
		p.expect(c.relayed, "yes")
	})
}

// What follows FINGERPRINT is not covered by it: section 14.7 has it last.
// One that is not is as good as wrong, our choice.
func TestRFC8489_14_7_FingerprintIsLast(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.dial(t, "udp", "a")
	p := request(binding).fingerprint()
	c.silent(p.add(attrSoftware, 'a', 'b', 'c', 'd'))
	c.silent(request(binding).add(attrFingerprint))
	c.silent(request(binding).add(attrFingerprint, 1, 2, 3))
}

// Padding may be anything.
func TestRFC8489_14_PaddingIsIgnored(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		c.wantCode(c.ask(request(binding).addPadded(0xff, attrSoftware, 'x')), 0)
		c.mustAllocate(request(allocate).addPadded(0xaa, attrSoftware, 'x', 'y').transport(17))
	})
}

// Of two attributes of a kind the first counts.
func TestRFC8489_14_FirstOccurrenceCounts(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		m := c.mustAllocate(request(allocate).transport(17).transport(99).lifetime(700).lifetime(900))
		if got, _ := m.lifetime(); got != 700 {
			t.Errorf("LIFETIME: got %d, want the first, 700", got)
		}
		c.want(0, request(refresh).lifetime(800).lifetime(0))
		c.want(0, request(refresh))
	})
}

// XOR-MAPPED-ADDRESS over IPv6 takes the transaction id into its mask.
func TestRFC8489_14_2_XORMappedAddressIPv6(t *testing.T) {
	t.Parallel()
	s := newServer(t, only6)
	c := s.dial(t, "udp", "a")
	seen := map[string]bool{}
	for range 4 {
		m := c.ask(request(binding))
		v, _ := m.find(attrMapped)
		if got, err := m.addr(attrMapped); err != nil || got != c.local() || got.Addr() != netip.IPv6Loopback() {
			t.Errorf("got %v (%v), want %v", got, err, c.local())
		}
		if seen[string(v)] {
			t.Errorf("two transactions, one mask: %x", v)
		}
		seen[string(v)] = true
	}
}
