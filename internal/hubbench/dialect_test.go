package hubbench

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"
)

const nobody = "abcdefghijklmnopqrstuvwxyz"

// TestDialectsSayWhatTheRivalsTake holds the bytes with which both servers have passed
// a message on: without them no test would tell that a change breaks the next run.
func TestDialectsSayWhatTheRivalsTake(t *testing.T) {
	t.Parallel()
	for kind, want := range map[Kind]string{
		CentrifugeJSON:     `{"id":2,"publish":{"channel":"#` + nobody + `","data":{"sealed":"BODY"}}}`,
		CentrifugeProtobuf: "\x27\x08\x02\x3a\x23\x0a\x1b#" + nobody + "\x12\x04BODY",
		CentrifugeLean:     "\x22\x62\x20\x0a\x1e" + nobody + "BODY",
		PeerJS: `{"type":"OFFER","payload":{"sdp":{"type":"offer","sdp":"BODY"},"type":"media","connectionId":"mc_0123456789"},"dst":"` +
			nobody + `"}`,
	} {
		d := dialects[kind]
		if got := string(d.pass(nobody, "BODY")); got != want {
			t.Errorf("%s: %q, want %q", kind, got, want)
		}
		m := d.sized(nobody, 1500)
		if len(m) < 1480 || len(m) > 1510 {
			t.Errorf("%s: a message of 1500 bytes has %d", kind, len(m))
		}
		putStamp(m, time.Hour)
		if got, ok := stamp(m); !ok || got != time.Hour {
			t.Errorf("%s: the time is %v %v", kind, got, ok)
		}
	}
}

// TestDialectsHear: of what a rival sends, with several messages in a frame,
// what was passed on is given out, the rest is not, and a ping is answered.
func TestDialectsHear(t *testing.T) {
	t.Parallel()
	for kind, c := range map[Kind]struct {
		frames []string
		pong   string
		want   []string
	}{
		CentrifugeJSON: {
			frames: []string{`{"id":1,"connect":{"client":"x"}}`, "{\"id\":2,\"publish\":{}}\n{}\n{\"push\":{\"pub\":1}}\n{\"push\":{\"pub\":2}}"},
			pong:   "\x81\x82\x00\x00\x00\x00{}", want: []string{`{"id":1,"connect":{"client":"x"}}`, `{"push":{"pub":1}}`, `{"push":{"pub":2}}`},
		},
		CentrifugeProtobuf: {
			frames: []string{"\x04\x08\x01\x2a\x00", "\x04\x08\x02\x42\x00\x00\x03\x22\x01a\x03\x22\x01b"},
			pong:   "\x82\x81\x00\x00\x00\x00\x00", want: []string{"\x08\x01\x2a\x00", "\x22\x01a", "\x22\x01b"},
		},
		PeerJS: {
			frames: []string{`{"type":"OPEN"}`, `{"type":"EXPIRE"}`, `{"type":"OFFER","src":"a"}`},
			want:   []string{`{"type":"OPEN"}`, `{"type":"OFFER","src":"a"}`},
		},
	} {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
		go func() {
			for _, f := range c.frames {
				_, _ = theirs.Write(append([]byte{0x81, byte(len(f))}, f...))
			}
		}()
		pong := make(chan string, 1)
		go func() {
			b := make([]byte, 20)
			n, _ := theirs.Read(b)
			pong <- string(b[:n])
		}()
		cl := &client{conn: ours, r: bufio.NewReader(ours), says: dialects[kind]}
		for _, want := range c.want {
			if m, err := cl.next(); err != nil || string(m) != want {
				t.Errorf("%s: %q %v, want %q", kind, m, err, want)
			}
		}
		if c.pong != "" {
			if got := <-pong; got != c.pong {
				t.Errorf("%s: pong %q, want %q", kind, got, c.pong)
			}
		}
	}
}

func TestDelimitedTakesNoMoreThanThereIs(t *testing.T) {
	t.Parallel()
	for _, b := range []string{"\x05abc", "\xff", strings.Repeat("\xff", 12)} {
		if m, rest := delimited([]byte(b)); string(m) != b || len(rest) != 0 {
			t.Errorf("%q: %q and %q", b, m, rest)
		}
	}
}
