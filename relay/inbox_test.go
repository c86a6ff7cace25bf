package relay

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

func TestInboxKeepsOrderAndBound(t *testing.T) {
	t.Parallel()
	i, from := newInbox(3), loopback(1)
	for k := range 5 {
		if got, want := i.push(from, []byte(strconv.Itoa(k))), k < 3; got != want {
			t.Errorf("push %d: got %v, want %v", k, got, want)
		}
	}
	var b [8]byte
	for k := range 3 {
		n, at, err := i.pop(b[:])
		if err != nil || string(b[:n]) != strconv.Itoa(k) || at != from {
			t.Errorf("pop %d: got %q from %v, %v", k, b[:n], at, err)
		}
	}
	if !i.empty() || !i.push(from, nil) {
		t.Error("want it empty, and ready for an empty packet")
	}
	if n, _, err := i.pop(b[:]); n != 0 || err != nil {
		t.Errorf("an empty packet: got %d, %v", n, err)
	}
}

func TestInboxCutsWhatIsTooLong(t *testing.T) {
	t.Parallel()
	i := newInbox(4)
	for _, n := range []int{shortPacket, shortPacket + 1, longPacket} {
		if !i.push(loopback(1), make([]byte, n)) {
			t.Fatalf("%d bytes do not fit", n)
		}
	}
	if i.push(loopback(1), make([]byte, longPacket+1)) {
		t.Error("want more than UDP can carry refused")
	}
	var b [10]byte
	for range 3 {
		if n, _, err := i.pop(b[:]); n != len(b) || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
	}
}

func TestInboxClearsWhatWasRead(t *testing.T) {
	t.Parallel()
	i := newInbox(2)
	for _, end := range []func(){
		func() { _, _, _ = i.pop(make([]byte, 10)) },
		i.close,
	} {
		p := &parcel{from: loopback(1), buf: []byte("secret"), n: 6} // of no pool's size: nobody else gets it
		i.first, i.last, i.n = p, p, 1
		end()
		if string(p.buf) != "\x00\x00\x00\x00\x00\x00" || p.from != (netip.AddrPort{}) {
			t.Errorf("still there: %q", p.buf)
		}
	}
}

func TestInboxWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i, b := newInbox(2), make([]byte, 10)
		time.AfterFunc(time.Second, func() { i.push(loopback(7), []byte("late")) })
		if n, _, err := i.pop(b); err != nil || string(b[:n]) != "late" {
			t.Errorf("got %q, %v", b[:n], err)
		}
		i.setReadDeadline(time.Now().Add(time.Second))
		if _, _, err := i.pop(b); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
		i.setReadDeadline(time.Time{})
		time.AfterFunc(time.Second, i.close)
		for range 2 {
			if _, _, err := i.pop(b); !errors.Is(err, net.ErrClosed) {
				t.Errorf("got %v, want the end", err)
			}
		}
		if i.push(loopback(1), b) {
			t.Error("want nothing taken after the end")
		}
		i.close()
	})
}

func TestInboxHasManyWriters(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 500
	i, b := newInbox(4), make([]byte, 10)
	for w := range writers {
		go func() {
			for k := 0; k < each; {
				if i.push(loopback(uint16(w+1)), []byte{byte(k >> 8), byte(k)}) {
					k++
				}
			}
		}()
	}
	next := make([]int, writers+1)
	for range writers * each {
		n, from, err := i.pop(b)
		if k := int(b[0])<<8 | int(b[1]); err != nil || n != 2 || k != next[from.Port()] {
			t.Fatalf("writer %d: got packet %d, want %d; %v", from.Port(), k, next[from.Port()], err)
		}
		next[from.Port()]++
	}
}

func BenchmarkInbox(b *testing.B) {
	i, packet, buf := newInbox(32), make([]byte, 1200), make([]byte, 1600)
	b.ReportAllocs()
	for b.Loop() {
		i.push(loopback(1), packet)
		_, _, _ = i.pop(buf)
	}
}
