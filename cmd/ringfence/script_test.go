package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets this test program be the program itself, for scripts and for
// tests that need a process of their own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ringfence": main, "ringfence-probe": probeMain})
}

// TestScripts runs the command line as people do.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await": await,
			"mode":  mode,
			"grep1": grepOne,

			"samehosts": sameHosts,
		},
		Setup: func(e *testscript.Env) error {
			// As the first start would find it, but quicker and on free ports.
			e.Setenv("RINGFENCE_KEY_ITERATIONS", "600000")
			e.Setenv("RINGFENCE_LISTEN", "127.0.0.1:0")
			e.Setenv("RINGFENCE_TLS_LISTEN", "off")
			e.Setenv("RINGFENCE_ADMIN_LISTEN", "127.0.0.1:0")
			e.Setenv("RINGFENCE_TURN_LISTEN", "127.0.0.1:0")
			return nil
		},
	})
}

// await waits until a server over the data folder answers.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await DATA")
	}
	if err := awaitSocket(ts.MkAbs(args[0])); err != nil {
		ts.Fatalf("%v", err)
	}
}

func awaitSocket(data string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(2 * time.Minute)
	for {
		if _, ok := dialSocket(background(), data); ok {
			return nil
		}
		select {
		case <-tick.C:
		case <-end:
			return fmt.Errorf("no server over %s", data)
		}
	}
}

// mode compares the permissions of a file.
func mode(ts *testscript.TestScript, neg bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); (got == args[0]) == neg {
		ts.Fatalf("%s has mode %s", args[1], got)
	}
}

// sameHosts compares the hosts and pages of the links in two files; their ports
// and tokens differ.
func sameHosts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: samehosts FILE FILE")
	}
	links := regexp.MustCompile(`(https?://\S+):\d+(/\w+)`)
	var found [2][]string
	for i, name := range args {
		for _, m := range links.FindAllStringSubmatch(ts.ReadFile(name), -1) {
			found[i] = append(found[i], m[1]+m[2])
		}
	}
	if len(found[0]) == 0 || !slices.Equal(found[0], found[1]) {
		ts.Fatalf("%s has %q, %s has %q", args[0], found[0], args[1], found[1])
	}
}

// grepOne puts what a pattern's group finds in the last output into a variable.
func grepOne(ts *testscript.TestScript, neg bool, args []string) {
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile(args[2]))
	if neg || found == nil {
		ts.Fatalf("no match for %s", args[1])
	}
	ts.Setenv(args[0], found[1])
}
