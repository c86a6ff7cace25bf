package relay

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
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
