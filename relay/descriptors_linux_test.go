package relay

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/testenv"
)

// childOfDescriptors names the test that runs again, in a process of its own.
const childOfDescriptors = "RELAY_TEST_FEW_DESCRIPTORS"

// When the process runs out of file descriptors, nothing ends for good.
func TestOutOfDescriptors(t *testing.T) {
	if os.Getenv(childOfDescriptors) == "" {
		ctx, cancel := context.WithTimeout(t.Context(), 12*patience)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestOutOfDescriptors$", "-test.v")
		cmd.Env = append(os.Environ(), childOfDescriptors+"=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestOutOfDescriptors") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	r := everything(t, "127.0.0.1:0", nil)
	for _, over := range transports() {
		r.client(t, over, r.mint(t, "call0", "a")) // everything lazy is open now
	}
	open := descriptors(t)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: uint64(open + 8), Max: uint64(open + 8)}); err != nil {
		t.Fatal("no limit can be set: ", err)
	}
	var held []net.Conn
	for range 12 {
		conn, err := net.Dial("tcp", r.tcpAddr().String())
		if err != nil {
			break // the client's side has run out
		}
		held = append(held, conn)
	}
	if len(held) < 4 {
		t.Fatalf("only %d connections", len(held))
	}
	eventually(t, patience, "failed accept counted", func() bool { return r.Stats().TCP.Errors > 0 })
	for _, conn := range held {
		_ = conn.Close()
	}
	eventually(t, patience, "connections gone", func() bool { return r.crowd.count() <= 3 }) // those of the three clients
	exchange(t, r.allocate(t, "tls", "call1", "a"), r.allocate(t, "udp", "call1", "b"))
}

// descriptors returns how many file descriptors are open.
func descriptors(t testing.TB) int {
	t.Helper()
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal("no list of descriptors: ", err)
	}
	return len(d)
}

// A server that has ended leaves no descriptor and no goroutine, whatever
// state its clients were in. It runs alone: it counts what the process has.
func TestStopLeavesNothingOpen(t *testing.T) {
	round := func() {
		keys, err := NewKeys(testKey(t, "k1"))
		if err != nil {
			t.Fatal(err)
		}
		minter, err := NewMinter(keys, MaxTTL, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		where := []netip.AddrPort{loopback(0)}
		s, err := Listen(t.Context(), Config{Shards: testenv.Shards(), UDP: where, TCP: where, TLS: where, Keys: keys, Certificate: certified(t, "localhost")})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Serve(ctx) }()
		r := &rig{Server: s, keys: keys, minter: minter}
		var clients []io.Closer
		for _, over := range transports() {
			conn := dial(t, over, r.front(over))
			tc := clientOn(t, conn, DefaultRealm, r.mint(t, "call1", over))
			if _, err := tc.Allocate(); err != nil {
				t.Fatal(err)
			}
			clients = append(clients, closer(tc.Close), conn, dial(t, over, r.front(over)))
		}
		for _, says := range []string{"", "\x16", "\x16\x03\x01\x00\xc8\x01"} {
			conn, err := net.Dial("tcp", r.tcpAddr().String())
			if err != nil {
				t.Fatal(err)
			}
			_, _ = conn.Write([]byte(says))
			clients = append(clients, conn)
		}
		eventually(t, patience, "all known", func() bool { return s.crowd.count() == 9 })
		cancel()
		if err := receive(t, done, "end of Serve"); err != nil {
			t.Error(err)
		}
		for _, c := range clients {
			_ = c.Close()
		}
	}
	round() // everything lazy is open after it
	before := descriptors(t)
	for range 3 {
		round()
	}
	eventually(t, patience, "descriptors given back", func() bool { return descriptors(t) <= before })
	if left := lingering(); left != "" {
		t.Errorf("goroutines left behind:\n%s", left)
	}
}

type closer func()

func (c closer) Close() error {
	c()
	return nil
}
