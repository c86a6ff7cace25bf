package conformance

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/netip"
	"strings"
	"testing"
)

// The vectors of RFC 5769 sections 2.1 to 2.4.
const (
	vectorRequest = `00010058 2112a442 b7e7a701 bc34d686 fa87dfae
		80220010 5354554e 20746573 7420636c 69656e74
		00240004 6e0001ff
		80290008 932ff9b1 51263b36
		00060009 6576746a 3a683676 59202020
		00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
		80280004 e57a3bcf`
	vectorResponse4 = `0101003c 2112a442 b7e7a701 bc34d686 fa87dfae
		8022000b 74657374 20766563 746f7220
		00200008 0001a147 e112a643
		00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
		80280004 c07d4c96`
	vectorResponse6 = `01010048 2112a442 b7e7a701 bc34d686 fa87dfae
		8022000b 74657374 20766563 746f7220
		00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
		00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41
		80280004 c8fb0b4c`
	vectorLongTerm = `00010060 2112a442 78ad3433 c6ad72c0 29da412e
		00060012 e3839ee3 8388e383 aae38383 e382afe3 82b90000
		0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341
		0014000b 6578616d 706c652e 6f726700
		00080014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666`

	vectorPassword = "VOkJxbRl1RmTxUk/WvJxBt"
)

func vector(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// padZero makes the padding of a vector what RFC 8489 section 14 has since
// asked for; the vectors pad with spaces, and sign them.
func padZero(b []byte, at ...int) []byte {
	b = bytes.Clone(b)
	for _, i := range at {
		b[i] = 0
	}
	return b
}

// The codec of these tests itself: what it accepts and makes has to be right.
func TestRFC5769_2_CodecReadsTheVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name, hex string
		pads      []int // where the padding is that is not zero
		key       []byte
		mapped    string
	}{
		{"2.1", vectorRequest, []int{73, 74, 75}, []byte(vectorPassword), ""},
		{"2.2", vectorResponse4, []int{35}, []byte(vectorPassword), "192.0.2.1:32853"},
		{"2.3", vectorResponse6, []int{35}, []byte(vectorPassword), "[2001:db8:1234:5678:11:2233:4455:6677]:32853"},
		{"2.4", vectorLongTerm, nil, longTermKey("\u30DE\u30C8\u30EA\u30C3\u30AF\u30B9", "example.org", "TheMatrIX"), ""},
	} {
		raw := vector(t, v.hex)
		if _, err := decode(raw); len(v.pads) > 0 && err == nil {
			t.Errorf("%s: padding of spaces went through", v.name)
		}
		m, err := decode(padZero(raw, v.pads...))
		if err != nil && (len(v.pads) == 0 || !errors.Is(err, errFingerprint)) { // which covers the padding
			t.Errorf("%s: %v", v.name, err)
		}
		m.raw = raw
		if !m.signedBy(v.key) {
			t.Errorf("%s: MESSAGE-INTEGRITY is not that of the vector", v.name)
		}
		if err := m.checkFingerprint(); err != nil {
			t.Errorf("%s: %v", v.name, err)
		}
		if v.mapped == "" {
			continue
		}
		if got, err := m.addr(attrMapped); err != nil || got != netip.MustParseAddrPort(v.mapped) {
			t.Errorf("%s: XOR-MAPPED-ADDRESS: got %v (%v), want %s", v.name, got, err, v.mapped)
		}
	}
}

// The sample request again, made by the encoder of these tests.
func TestRFC5769_2_1_CodecMakesTheVector(t *testing.T) {
	t.Parallel()
	want := vector(t, vectorRequest)
	p := request(binding)
	copy(p[8:], want[8:headerLen])
	p = p.add(attrSoftware, []byte("STUN test client")...).add(0x0024, 0x6e, 0, 1, 0xff).
		add(0x8029, want[52:60]...).addPadded(' ', attrUsername, []byte("evtj:h6vY")...).
		integrity([]byte(vectorPassword)).fingerprint()
	if !bytes.Equal(p, want) {
		t.Errorf("got  %x\nwant %x", []byte(p), want)
	}
}

// A response is no business of a server: RFC 8489 section 6.3.
func TestRFC5769_2_2_ResponsesAreDropped(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.dial(t, network, "a")
		c.silent(vector(t, vectorResponse4))
		c.silent(vector(t, vectorResponse6))
	})
}

// A Binding needs no credential, so one that the relay does not know does no
// harm: RFC 8489 section 6.3.1.1.
func TestRFC5769_2_4_LongTermRequestIsAnswered(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.dial(t, network, "a")
		m := c.ask(vector(t, vectorLongTerm))
		c.wantCode(m, 0)
		if got, err := m.addr(attrMapped); err != nil || got != c.local() {
			t.Errorf("XOR-MAPPED-ADDRESS: got %v (%v), want %v", got, err, c.local())
		}
	})
}

// The sample request is one of ICE. PRIORITY is for checks between ICE agents
// and means nothing to a relay: it is told so (RFC 8489 section 6.3.1), our
// choice. That the answer lists it alone says that all else was understood,
// FINGERPRINT and padding of spaces among it.
func TestRFC5769_2_1_SampleRequestIsUnderstood(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.dial(t, network, "a")
		c.wantUnknown(c.ask(vector(t, vectorRequest)), 0x0024)
	})
}

// One wrong bit in what FINGERPRINT covers, or in FINGERPRINT, and the sample
// request is none.
func TestRFC5769_2_1_SpoiltRequestIsDropped(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.dial(t, "udp", "a")
	raw := vector(t, vectorRequest)
	for i := headerLen; i < len(raw); i++ {
		if i >= len(raw)-8 && i < len(raw)-4 {
			continue // without type or length it is no FINGERPRINT
		}
		spoilt := bytes.Clone(raw)
		spoilt[i] ^= 1
		c.silent(spoilt)
	}
}
