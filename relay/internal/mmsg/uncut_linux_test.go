//go:build amd64 || arm64

package mmsg

import (
	"bytes"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// refusing returns a socket on which the kernel cuts no runs: it does not where
// it is not to make checksums. And a socket to send to.
func refusing(t *testing.T) (fd int, to Name, at *net.UDPConn) {
	t.Helper()
	fd, err := Open(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
		t.Fatal(err)
	}
	at, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = at.Close() })
	return fd, NameOf(netip.MustParseAddrPort(at.LocalAddr().String())), at
}

func received(t *testing.T, at *net.UDPConn, want ...[]byte) {
	t.Helper()
	buf := make([]byte, 2000)
	for i, w := range want {
		_ = at.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := at.Read(buf)
		if err != nil || !bytes.Equal(buf[:n], w) {
			t.Fatalf("packet %d: %d bytes, %v; want %d bytes", i, n, err, len(w))
		}
	}
}

func run() [][]byte {
	return [][]byte{bytes.Repeat([]byte{1}, 1000), bytes.Repeat([]byte{2}, 1000), bytes.Repeat([]byte{3}, 300)}
}

// A run that the kernel does not cut goes out packet by packet, and it is told.
func TestRunThatIsNotCutGoesSingly(t *testing.T) {
	t.Parallel()
	fd, to, at := refusing(t)
	var r Run
	for _, p := range run() {
		if !r.Add(p) {
			t.Fatal("no room")
		}
	}
	if still, err := r.Send(fd, &to, true); still || err != nil {
		t.Errorf("cut again %v, %v", still, err)
	}
	received(t, at, run()...)
}

// So do those of a queue, with heads and without, and what waits behind them.
func TestQueueThatIsNotCutGoesSingly(t *testing.T) {
	t.Parallel()
	fd, to, at := refusing(t)
	for _, head := range [][]byte{nil, []byte("head")} {
		var o Out
		var want [][]byte
		for _, p := range run() {
			if !o.Add(&to, head, p, true) {
				t.Fatal("no room")
			}
			want = append(want, append(bytes.Clone(head), p...))
		}
		o.Add(&to, head, []byte("longer than the last one"), false)
		want = append(want, append(bytes.Clone(head), "longer than the last one"...))
		packets, n, still := o.Flush(fd, true)
		if packets != 4 || n != 2324+4*len(head) || still || o.Len() != 0 {
			t.Errorf("%d packets of %d bytes, cut again %v", packets, n, still)
		}
		received(t, at, want...)
	}
}
