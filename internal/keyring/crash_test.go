package keyring

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/testenv"
	"github.com/ringfence/ringfence/store/bolt"
)

// command returns this test binary as the child over p.
func (p place) command(t *testing.T, wrap []string, env ...string) *exec.Cmd {
	t.Helper()
	args := append(wrap, os.Args[0], "-test.run=^$")
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = append(os.Environ(), append(env, envData+"="+p.data, envKeys+"="+p.keys)...)
	cmd.Stderr = os.Stderr
	return cmd
}

// TestKillLosesNothing kills a writing process again and again. Another
// process, this one, holds what was acknowledged.
func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	killAgainAndAgain(t)
}

// TestKillWhileRotating does so while the keys of all that is written are
// exchanged.
func TestKillWhileRotating(t *testing.T) {
	t.Parallel()
	killAgainAndAgain(t, envRotate+"=1")
}

func killAgainAndAgain(t *testing.T, env ...string) {
	t.Helper()
	kills := 20
	if testenv.Long() {
		kills = 200
	}
	p := newPlace(t)
	_, _, shut := p.open(t) // makes both
	shut()
	acked := map[int]int{}
	amid := 0
	for n := range kills {
		killOnce(t, p, acked, env...)
		if err := bolt.Check(t.Context(), p.data); err != nil {
			t.Fatalf("after kill %d: %v", n+1, err)
		}
		db, keys, shut := p.open(t)
		if err := db.Check(t.Context()); err != nil {
			t.Fatalf("after kill %d: %v", n+1, err)
		}
		if keys.Rotating() {
			amid++
		}
		done, err := verify(t.Context(), db, acked)
		if err != nil {
			t.Fatalf("after kill %d: %v", n+1, err)
		}
		acked = done // what is there now must stay
		shut()
	}
	total := 0
	for _, n := range acked {
		total += n
	}
	t.Logf("%d kills, %d of them amid a rotation, %d steps", kills, amid, total)
	if len(env) > 0 && amid == 0 {
		t.Error("no rotation was under way at any kill")
	}
	if total < kills {
		t.Errorf("%d steps under %d kills: the child was hardly writing", total, kills)
	}
}

// killOnce starts a child, kills it at a random moment, and notes in acked
// what it acknowledged until then.
func killOnce(t *testing.T, p place, acked map[int]int, env ...string) {
	t.Helper()
	cmd := p.command(t, nil, env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	moment := time.Duration(rand.IntN(120_000)) * time.Microsecond
	var kill *time.Timer
	lines := bufio.NewScanner(out)
	for lines.Scan() { // until the pipe ends with the child
		if kill == nil {
			kill = time.AfterFunc(moment, func() { _ = cmd.Process.Kill() })
			defer kill.Stop()
		}
		var who, n int
		if _, err := fmt.Sscanf(lines.Text(), "%d %d", &who, &n); err != nil || n != acked[who] {
			t.Errorf("acknowledgement %q of the child, want step %d, %v", lines.Text(), acked[who], err)
		}
		acked[who] = n + 1
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err == nil || kill == nil {
		t.Fatalf("the child ended before it was killed: %v", err)
	}
}
