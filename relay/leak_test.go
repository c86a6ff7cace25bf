package relay

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain fails the package when a goroutine of a server, ours or pion's,
// outlives the tests.
func TestMain(m *testing.M) {
	if secret := os.Getenv("RINGFENCE_TEST_MEMORY_CHILD"); secret != "" {
		if err := runMemoryChild(secret); err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if left := lingering(); code == 0 && left != "" {
		_, _ = os.Stderr.WriteString("goroutines left behind:\n" + left + "\n")
		code = 1
	}
	os.Exit(code)
}

// lingering waits a little for goroutines on their last lines, and returns the
// stacks of those that stay.
func lingering() string {
	deadline := time.After(3 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var left []string
		buf := make([]byte, 4<<20)
		for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(stack, "relay.(*") || strings.Contains(stack, "turn.(*Server)") ||
				strings.Contains(stack, "turn/v5/internal/allocation") || strings.Contains(stack, "pion/dtls") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return ""
		}
		select {
		case <-deadline:
			return strings.Join(left, "\n\n")
		case <-tick.C:
		}
	}
}
