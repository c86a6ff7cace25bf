package signal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strconv"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal"
	"github.com/ringfence/ringfence/signal/wire"
)

// pieces is a connection that remembers what was written at once, and how
// long what it was to read into was.
type pieces struct {
	net.Conn
	wrote [][]byte
	sizes []int
	in    io.Reader
}

func (p *pieces) Write(b []byte) (int, error) {
	p.wrote = append(p.wrote, bytes.Clone(b))
	return len(b), nil
}

func (p *pieces) Read(b []byte) (int, error) {
	p.sizes = append(p.sizes, len(b))
	return p.in.Read(b)
}

// frameOf returns a text frame of n bytes as a server sends it.
func frameOf(n int) []byte {
	frame := []byte{0x81}
	switch {
	case n < 126:
		frame = append(frame, byte(n))
	case n < 65536:
		frame = binary.BigEndian.AppendUint16(append(frame, 126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, 127), uint64(n))
	}
	return append(frame, bytes.Repeat([]byte{0x81}, n)...)
}

func TestFrameIsWrittenAtOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 14, 15, 125, 126, 127, 1500, 65535, 65536, 70000} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			under := &pieces{}
			c := signal.Thin(under)
			frame := frameOf(n)
			for range 2 {
				first := min(16, len(frame))
				for _, part := range [][]byte{frame[:first], frame[first:]} {
					if len(part) == 0 {
						continue
					}
					if w, err := c.Write(part); w != len(part) || err != nil {
						t.Fatalf("got %d, %v of %d", w, err, len(part))
					}
				}
			}
			if len(under.wrote) != 2 || !bytes.Equal(under.wrote[0], frame) || !bytes.Equal(under.wrote[1], frame) {
				t.Errorf("two frames of %d bytes were written in %d pieces", len(frame), len(under.wrote))
			}
		})
	}
}

// TestWaitingTakesNoBuffer reads as the library does: a head of at most 16
// bytes, then the rest of the frame.
func TestWaitingTakesNoBuffer(t *testing.T) {
	t.Parallel()
	sent := bytes.Repeat([]byte("0123456789abcdef"), 300)
	under := &pieces{in: bytes.NewReader(sent)}
	c := signal.Thin(under)
	var got []byte
	for _, n := range []int{16, 1000, 16, 1000, 16} {
		b := make([]byte, n)
		if _, err := io.ReadFull(c, b); err != nil {
			t.Fatal(err)
		}
		got = append(got, b...)
	}
	if !bytes.Equal(got, sent[:len(got)]) {
		t.Error("what was read is not what was sent")
	}
	if s := under.sizes; len(s) != 2 || s[0] != 16 || s[1] <= 1000 {
		t.Errorf("read into %v bytes, want 16 and then all that is here", s)
	}
	rest, err := io.ReadAll(c)
	if err != nil || len(got)+len(rest) != len(sent) {
		t.Errorf("%d bytes in all, %v; want %d", len(got)+len(rest), err, len(sent))
	}
}

// TestEarlyFrame sends hello along with the request, before the answer.
func TestEarlyFrame(t *testing.T) {
	t.Parallel()
	addr := server(t, newGraph())
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	hello := wire.Head{Kind: wire.KindHello, Body: wire.EncodeBody(wire.Hello{Min: 1, Max: 1})}
	x := &raw{c: c, in: make([]byte, 64<<10)}
	if err := x.upgrade(addr, id.NewAccount(), masked(wire.AppendFrame(nil, &hello))); err != nil {
		t.Fatal(err)
	}
	if err := x.read(wire.KindWelcome); err != nil {
		t.Errorf("no welcome: %v", err)
	}
}

// TestPanicCostsOneConnection: the session is there still and can be resumed.
func TestPanicCostsOneConnection(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := id.NewAccount(), id.NewAccount()
		r.graph.befriend(a, b)
		caller := r.on(0, a)
		r.on(0, b)
		r.graph.mu.Lock()
		r.graph.after = func() { panic(errors.New("a fault of ours")) }
		r.graph.mu.Unlock()
		caller.ring(b)
		<-caller.closed
		caller.resume()
		if !caller.welcome.Resumed {
			t.Error("the session is gone")
		}
	})
}
