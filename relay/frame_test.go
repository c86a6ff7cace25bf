package relay

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/pion/stun/v4"
)

func stunMessage(t testing.TB) []byte {
	t.Helper()
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewSoftware("x"), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

func channelData(number uint16, data []byte, pad bool) []byte {
	b := binary.BigEndian.AppendUint16(nil, number)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	b = append(b, data...)
	for pad && len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func TestPlausible(t *testing.T) {
	t.Parallel()
	msg := stunMessage(t)
	noCookie := bytes.Clone(msg)
	noCookie[4] ^= 1
	for name, c := range map[string]struct {
		b    []byte
		want bool
	}{
		"stun":           {msg, true},
		"no cookie":      {noCookie, false},
		"cut":            {msg[:len(msg)-4], false},
		"longer":         {append(bytes.Clone(msg), 0, 0, 0, 0), false},
		"channel":        {channelData(0x4001, []byte("abc"), false), true},
		"padded":         {channelData(0x4001, []byte("abc"), true), true},
		"empty channel":  {channelData(0x4001, nil, false), true},
		"cut channel":    {channelData(0x4001, []byte("abc"), false)[:6], false},
		"channel 0x5000": {channelData(0x5000, []byte("abc"), false), false},
		"dtls":           {[]byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0}, false},
		"rtp":            {[]byte{0x80, 96, 0, 0, 0, 0, 0, 0}, false},
		"empty":          {nil, false},
	} {
		if got := plausible(c.b); got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestFramerCountsMessagesHoweverTheyAreCut(t *testing.T) {
	t.Parallel()
	var stream []byte
	for i := range 5 {
		stream = append(stream, stunMessage(t)...)
		stream = append(stream, channelData(0x4001, bytes.Repeat([]byte{0xff}, i), true)...)
	}
	for piece := 1; piece <= len(stream); piece++ {
		var f framer
		total := 0
		for part := stream; len(part) > 0; {
			n := min(piece, len(part))
			began, ok := f.feed(part[:n])
			if !ok {
				t.Fatalf("pieces of %d: not TURN", piece)
			}
			total += began
			part = part[n:]
		}
		if total != 10 || f.left != 0 || f.have != 0 {
			t.Fatalf("pieces of %d: got %d messages, %d and %d bytes over, want 10", piece, total, f.left, f.have)
		}
	}
}

func TestFramerRefusesWhatIsTooLong(t *testing.T) {
	t.Parallel()
	for name, b := range map[string][]byte{
		"channel": {0x40, 0, 0xff, 0xfc}, "stun": {0, 1, 0x10, 0}, "odd stun": {0, 1, 0, 3}, "http": []byte("GET /"),
	} {
		var f framer
		if _, ok := f.feed(b); ok {
			t.Errorf("%s: passed", name)
		}
	}
}

// However a stream is cut, the same messages come out.
func FuzzFramer(f *testing.F) {
	f.Add(append(stunMessage(f), channelData(0x4001, []byte("abc"), true)...), uint8(3))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, stream []byte, piece uint8) {
		_ = plausible(stream)
		var whole, cut framer
		want, wantOK := whole.feed(stream)
		got, ok := 0, true
		for part := stream; len(part) > 0 && ok; {
			n := min(int(piece)+1, len(part))
			var began int
			began, ok = cut.feed(part[:n])
			got += began
			part = part[n:]
		}
		if got != want || ok != wantOK || ok && whole != cut {
			t.Fatalf("whole: %d %v %+v; cut: %d %v %+v", want, wantOK, whole, got, ok, cut)
		}
		if whole.left < -1 || whole.left > inboundMTU {
			t.Fatalf("waits for %d bytes", whole.left)
		}
	})
}
