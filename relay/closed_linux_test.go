package relay

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// udpSockets counts those of a process, by what the kernel has of them.
func udpSockets(t *testing.T, pid int) (n int) {
	t.Helper()
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	own := map[string]bool{} // inodes
	files, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		to, _ := os.Readlink(filepath.Join(proc, "fd", f.Name()))
		if inode, ok := strings.CutPrefix(to, "socket:["); ok {
			own[strings.TrimSuffix(inode, "]")] = true
		}
	}
	for _, table := range []string{"udp", "udp6"} {
		text, err := os.ReadFile(filepath.Join(proc, "net", table))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) > 9 && own[fields[9]] {
				n++
			}
		}
	}
	return n
}

// However many allocations there are and whatever they carry, a closed relay
// has the sockets that it is heard at, and no other: there is nothing that a
// packet could leave by. An open one has some.
func TestClosedRelayOpensNothing(t *testing.T) {
	t.Parallel()
	for env, opens := range map[string]bool{memoryClosed + "=1": false, memoryClosed + "=": true} {
		pid, at, minter := startMemoryChild(t, env)
		before := udpSockets(t, pid)
		if before == 0 {
			t.Fatal("no listener is seen")
		}
		enter := func(leg, network string) *peer {
			c, err := minter.Mint("call", leg)
			if err != nil {
				t.Fatal(err)
			}
			return enterAt(t, network, at[network], c)
		}
		for _, network := range []string{"udp", "tcp", "tls", "dtls"} {
			a, b := enter("a", network), enter("b", "udp")
			exchange(t, a, b)
			for range 3 * 50 { // enough for a channel to be called busy
				say(t, a, b, "to b")
				say(t, b, a, "to a")
			}
		}
		if now := udpSockets(t, pid); now > before != opens {
			t.Errorf("%s: %d sockets of UDP with 8 allocations, %d without", env, now, before)
		}
	}
}
