//go:build linux

package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/memtest"
)

// TestRelayProgramKeepsNothing relays a pattern through the program as people
// start it, finds it in its memory while packets flow, and never after the end
// of the call: not in memory, not in a file, not in the log.
func TestRelayProgramKeepsNothing(t *testing.T) {
	p, secret, at := newRelay(t, "--log-level", "debug", "--turn-limits-bytes-per-second", "1000000000")
	pid := p.cmd.Process.Pid
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range keepNothing {
		if !bytes.Contains(environ, []byte(want)) {
			t.Errorf("the program runs without %s", want)
		}
	}
	var ends [2]*turnClient
	for i := range ends {
		username, password := credential(t, "--secret-file", secret, "--call", "memory", "--leg", fmt.Sprint(i))
		if ends[i], err = allocate(t, at, username, password); err != nil {
			t.Fatal(err)
		}
	}
	carry(t, ends[0], ends[1])

	pattern := make([]byte, 32)
	_, _ = rand.Read(pattern)
	packet := bytes.Repeat(pattern, 30)
	found := func() int {
		n, err := memtest.Found(pid, pattern)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	within := time.After(20 * time.Second)
	stop, flowing := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(flowing)
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = ends[0].relayed.WriteTo(packet, ends[1].relayed.LocalAddr())
				_, _ = ends[1].relayed.WriteTo(packet, ends[0].relayed.LocalAddr())
			}
		}
	}()
	for found() == 0 {
		select {
		case <-within:
			t.Fatal("the pattern was not found while packets flowed: the test sees nothing")
		default:
		}
	}
	close(stop)
	<-flowing
	for _, e := range ends {
		_ = e.relayed.Close()
		e.Close()
	}
	ended := time.After(5 * time.Second)
	for found() != 0 {
		select {
		case <-ended:
			t.Fatalf("the pattern is still there %d times, 5 s after the end", found())
		default:
		}
	}
	if made, err := os.ReadDir(p.cwd); err != nil || len(made) != 0 {
		t.Errorf("the relay made files: %v, %v", made, err)
	}
	if log := p.stderr.String() + p.stdout.String(); strings.Contains(log, string(pattern)) || log == "" {
		t.Error("the pattern is in the log, or there is none")
	}
}

func TestGodebugIsAddedTo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want []string }{
		{nil, []string{"GODEBUG=asyncpreemptoff=1,clobberfree=1"}},
		{[]string{"A=b", "GODEBUG=http2client=0"}, []string{"A=b", "GODEBUG=http2client=0,asyncpreemptoff=1,clobberfree=1"}},
		{[]string{"GODEBUG=asyncpreemptoff=1,clobberfree=1"}, nil},
		{[]string{"GODEBUG=asyncpreemptoff=0,clobberfree=0"}, nil}, // somebody wants it so
	} {
		got, changed := godebug(c.in)
		if changed != (c.want != nil) || changed && !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, %v", c.in, got, changed)
		}
	}
}
