package wire_test

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"testing"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

// The messages of RFC 5769.
const (
	// section 2.1: a request with MESSAGE-INTEGRITY and FINGERPRINT
	sampleRequest = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74" +
		"002400046e0001ff80290008932ff9b151263b36" + "000600096576746a3a68367659202020" +
		"000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
	// section 2.2: an answer with an IPv4 address
	sampleIPv4 = "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220" +
		"002000080001a147e112a643" + "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
	// section 2.3: an answer with an IPv6 address
	sampleIPv6 = "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220" +
		"002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9" + "00080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"
	samplePassword = "VOkJxbRl1RmTxUk/WvJxBt"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRFC5769_2_SampleMessages(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		class  wire.Class
		mapped string
	}{
		sampleRequest: {wire.Request, ""},
		sampleIPv4:    {wire.Success, "192.0.2.1:32853"},
		sampleIPv6:    {wire.Success, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"},
	} {
		m, err := wire.Parse(unhex(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if m.Class() != want.class || m.Method() != wire.Binding || !m.CheckFingerprint() || !m.CheckIntegrity([]byte(samplePassword)) {
			t.Errorf("%s: class %x method %x fingerprint %v integrity %v", text, m.Class(), m.Method(), m.CheckFingerprint(), m.CheckIntegrity([]byte(samplePassword)))
		}
		if m.CheckIntegrity([]byte("another")) {
			t.Error("signed with another key as well")
		}
		for i := wire.HeaderLen; i < len(m); i++ {
			forged := append(wire.Message(nil), m...)
			forged[i] ^= 1
			if again, err := wire.Parse(forged); err == nil && again.CheckFingerprint() {
				if _, has := again.Get(wire.Fingerprint); has {
					t.Errorf("byte %d changed and nothing was noticed", i)
				}
			}
		}
		if want.mapped == "" {
			continue
		}
		v, _ := m.Get(wire.XORMappedAddress)
		if got, err := m.XORAddr(v); err != nil || got != netip.MustParseAddrPort(want.mapped) {
			t.Errorf("got %s, %v, want %s", got, err, want.mapped)
		}
	}
}

// What is built reads the same here and in another implementation.
func TestBuiltIsRead(t *testing.T) {
	t.Parallel()
	key := turn.GenerateAuthKey("user", "realm", "pass")
	id := [wire.IDLen]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	peer := netip.MustParseAddrPort("[2001:db8::7]:4000")
	m := wire.New(nil, wire.CreatePermission, wire.Request, id).AppendText(wire.Username, "user").AppendXORAddr(wire.XORPeerAddress, peer).
		AppendUint32(wire.Lifetime, 600).Append(wire.Nonce, []byte("abcde")).AppendUnknown([]wire.Attr{wire.EvenPort}).AppendError(437).Sign(key).AppendFingerprint()

	other := &stun.Message{Raw: bytes.Clone(m)}
	if err := other.Decode(); err != nil {
		t.Fatal(err)
	}
	if err := other.Check(stun.MessageIntegrity(key), stun.Fingerprint); err != nil {
		t.Error(err)
	}
	var code stun.ErrorCodeAttribute
	var unknown stun.UnknownAttributes
	var at stun.XORMappedAddress
	if err := other.Parse(&code, &unknown); err != nil || code.Code != 437 || len(unknown) != 1 {
		t.Errorf("got %v %v, %v", code, unknown, err)
	}
	if err := at.GetFromAs(other, stun.AttrXORPeerAddress); err != nil || at.String() != peer.String() {
		t.Errorf("got %s, %v", at, err)
	}
	if other.Type.Method != stun.MethodCreatePermission || other.Type.Class != stun.ClassRequest {
		t.Errorf("got %s", other.Type)
	}

	again, err := wire.Parse(m)
	if err != nil || !again.CheckIntegrity(key) || !again.CheckFingerprint() || again.Method() != wire.CreatePermission || again.ID() != id {
		t.Errorf("got %x, %v", []byte(again), err)
	}
	if v, ok := again.Get(wire.Username); !ok || string(v) != "user" {
		t.Errorf("got %q", v)
	}
}

func TestEveryMethodAndClassIsKept(t *testing.T) {
	t.Parallel()
	for method := wire.Method(1); method < 0x1000; method++ {
		for _, class := range []wire.Class{wire.Request, wire.Indication, wire.Success, wire.Failure} {
			m, err := wire.Parse(wire.New(nil, method, class, [wire.IDLen]byte{}))
			if err != nil || m.Method() != method || m.Class() != class {
				t.Fatalf("%x %x: got %x %x, %v", method, class, m.Method(), m.Class(), err)
			}
		}
	}
}

func TestMalformedIsRefused(t *testing.T) {
	t.Parallel()
	good := unhex(t, sampleRequest)
	for name, b := range map[string][]byte{
		"empty":               {},
		"short":               good[:19],
		"cut":                 good[:len(good)-4],
		"longer than it says": append(bytes.Clone(good), 0, 0, 0, 0),
		"another cookie":      append(append(bytes.Clone(good[:4]), 1, 2, 3, 4), good[8:]...),
		"an attribute beyond": append(append(bytes.Clone(good[:22]), 0xff, 0xff), good[24:]...),
		"ChannelData":         {0x40, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
	} {
		if m, err := wire.Parse(b); err == nil {
			t.Errorf("%s: got %x", name, []byte(m))
		}
	}
	m, _ := wire.Parse(good)
	for _, v := range [][]byte{nil, {0, 1, 2, 3}, {0, 1, 2, 3, 4, 5, 6}, {0, 3, 2, 3, 4, 5, 6, 7}, {0, 2, 2, 3, 4, 5, 6, 7}} {
		if a, err := m.XORAddr(v); err == nil {
			t.Errorf("%x: got %s", v, a)
		}
	}
}

func TestChannel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"400000020102": "0102", "4000000201020000": "0102", "4fff0000": "", // padded or not
	} {
		if n, data, ok := wire.Channel(unhex(t, text)); !ok || hex.EncodeToString(data) != want || n < 0x4000 {
			t.Errorf("%s: got %x %x %v", text, n, data, ok)
		}
	}
	for _, text := range []string{"", "400000", "4000000301", "50000000", "00010000"} {
		if _, _, ok := wire.Channel(unhex(t, text)); ok {
			t.Errorf("%s is taken for ChannelData", text)
		}
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	m, err := wire.Parse(unhex(t, sampleIPv6))
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		m, _ := wire.Parse(m)
		v, _ := m.Get(wire.XORMappedAddress)
		_, _ = m.XORAddr(v)
		_ = m.CheckFingerprint()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzParse holds this reader against another one: what it takes the other
// takes, with the same attributes, and it never panics.
func FuzzParse(f *testing.F) {
	for _, text := range []string{sampleRequest, sampleIPv4, sampleIPv6} {
		b, _ := hex.DecodeString(text)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _ = wire.Channel(b)
		m, err := wire.Parse(b)
		if err != nil {
			return
		}
		other := &stun.Message{Raw: bytes.Clone(b)}
		if err := other.Decode(); err != nil {
			t.Fatalf("another reader refuses it: %v", err)
		}
		i, signed := 0, false
		for at, a := range m.Attrs() {
			if signed { // the other leaves out what is not signed
				break
			}
			signed = a == wire.MessageIntegrity || a == wire.IntegritySHA256
			if a == 0x8020 { // an old draft's XOR-MAPPED-ADDRESS, which the other reader renames
				a = wire.XORMappedAddress
			}
			if i >= len(other.Attributes) || other.Attributes[i].Type != stun.AttrType(a) || !bytes.Equal(other.Attributes[i].Value, m.ValueAt(at)) {
				t.Fatalf("attribute %d differs", i)
			}
			i++
			_, _ = m.XORAddr(m.ValueAt(at))
		}
		if !signed && i != len(other.Attributes) || uint16(other.Type.Method) != uint16(m.Method()) {
			t.Fatalf("%d attributes of %d, method %x of %x", i, len(other.Attributes), m.Method(), other.Type.Method)
		}
		_ = m.CheckIntegrity(nil)
		_ = m.CheckFingerprint()
	})
}
