package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/relaybench"
)

// The program measures the program: in words for people, and as JSON.
func TestBenchMeasuresARelay(t *testing.T) {
	t.Parallel()
	p, secret, at := newRelay(t, "--turn-allow-own-addresses", "on")
	file := filepath.Join(t.TempDir(), "report.json")
	var out, errs strings.Builder
	err := run(t.Context(), process{stdout: &out, stderr: &errs, args: []string{
		"bench", "relay", "turn:" + at, "--secret-file", secret, "--pid", strconv.Itoa(p.cmd.Process.Pid), "--allocations", "2", "--shapes", "160x1",
		"--ways", "to-peer,echo", "--rates", "500", "--seconds", "0.2", "--warm", "0", "--json", file,
	}})
	if err != nil || errs.String() != "" {
		t.Fatalf("%v, %s", err, errs.String())
	}
	if !strings.Contains(out.String(), "160×1") || !strings.Contains(out.String(), "500/s") {
		t.Errorf("it says\n%s", out.String())
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r relaybench.Report
	if err := json.Unmarshal(raw, &r); err != nil || len(r.Runs) != 2 || r.Runs[1].Relayed == 0 || r.Runs[0].CPUMicros == 0 {
		t.Errorf("%v: %s", err, raw)
	}
	for _, kept := range []string{"0123456789abcdef", "bench0"} {
		if strings.Contains(string(raw)+out.String(), kept) {
			t.Errorf("it shows %s", kept)
		}
	}
}
