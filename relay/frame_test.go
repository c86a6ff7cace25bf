package relay

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
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

// pieces is a stream that comes in pieces of one size.
type pieces struct {
	left []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.left) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.left[:min(p.size, len(p.left))])
	p.left = p.left[n:]
	return n, nil
}

// cut returns the messages of a stream that comes in pieces.
func cut(stream []byte, size int) (out [][]byte, err error) {
	m, r := newMessages(), &pieces{stream, size}
	for {
		msg, err := m.next(r)
		if err != nil {
			return out, err
		}
		out = append(out, bytes.Clone(msg))
	}
}

func TestMessagesHoweverTheStreamIsCut(t *testing.T) {
	t.Parallel()
	var want [][]byte
	for i := range 5 {
		want = append(want, stunMessage(t), channelData(0x4001, bytes.Repeat([]byte{0xff}, i), true))
	}
	want = append(want, channelData(0x4001, make([]byte, inboundMTU-channelHeader), true))
	stream := bytes.Join(want, nil)
	for piece := 1; piece <= len(stream); piece++ {
		got, err := cut(stream, piece)
		if !errors.Is(err, io.EOF) || !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("pieces of %d: got %d messages and %v, want %d", piece, len(got), err, len(want))
		}
	}
}

func TestStreamsOfNoTURNEnd(t *testing.T) {
	t.Parallel()
	for name, b := range map[string][]byte{
		"channel": {0x40, 0, 0xff, 0xfc}, "stun": {0, 1, 0x10, 0}, "odd stun": {0, 1, 0, 3}, "http": []byte("GET /"),
		"no cookie": make([]byte, 20), "tls": {22, 3, 1, 0, 80},
	} {
		if got, err := cut(b, 1); !errors.Is(err, errNotTURN) || len(got) != 0 {
			t.Errorf("%s: got %d messages and %v, want %v", name, len(got), err, errNotTURN)
		}
	}
}

// What was handed out and used is nowhere in the buffer any more.
func TestMessagesAreWiped(t *testing.T) {
	t.Parallel()
	secret := []byte("spoken in confidence")
	stream := bytes.Join([][]byte{
		channelData(0x4001, secret, true), channelData(0x4001, secret, true), stunMessage(t), channelData(0x4001, secret, true),
	}, nil)
	for _, piece := range []int{1, 7, 33, len(stream)} {
		m, r := newMessages(), &pieces{stream, piece}
		for range 4 {
			if _, err := m.next(r); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := m.next(r); !errors.Is(err, io.EOF) || bytes.Contains(m.buf, secret[:5]) {
			t.Errorf("pieces of %d: got %v, and the buffer still holds %q", piece, err, bytes.Trim(m.buf, "\x00"))
		}
	}
}

// However a stream is cut, the same messages come out, and each is one that
// the front door would let in.
func FuzzMessages(f *testing.F) {
	f.Add(append(stunMessage(f), channelData(0x4001, []byte("abc"), true)...), uint8(3))
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, stream []byte, piece uint8) {
		want, wantErr := cut(stream, len(stream)+1)
		got, err := cut(stream, int(piece)+1)
		if !errors.Is(err, wantErr) || !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("whole: %d and %v; cut: %d and %v", len(want), wantErr, len(got), err)
		}
		for _, msg := range got {
			if !plausible(msg) || len(msg) > inboundMTU {
				t.Fatalf("handed out %x", msg)
			}
		}
	})
}
