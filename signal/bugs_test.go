package signal_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestPlantedBugsAreFound proves TestInterleavings by faults: each patch in
// testdata/bugs breaks the hub in one way, and the run must then go red. That
// each applies is looked at always, that it is found unless tests are short: the
// tree is left as it is, the compiler gets the broken files in place of the
// whole ones.
func TestPlantedBugsAreFound(t *testing.T) {
	t.Parallel()
	patches, err := filepath.Glob("testdata/bugs/*.patch")
	if err != nil || len(patches) < 10 {
		t.Fatalf("%d patches, want at least 10 (%v)", len(patches), err)
	}
	for _, p := range patches {
		t.Run(strings.TrimSuffix(filepath.Base(p), ".patch"), func(t *testing.T) {
			overlay := plant(t, p)
			if testing.Short() {
				return
			}
			out, err := command(t, ".", "go", "test", "-overlay", overlay, "-count=1", "-run", "^TestInterleavings$", ".")
			if err == nil {
				t.Fatal("not found")
			}
			if !strings.Contains(out, "--- FAIL: TestInterleavings") {
				t.Fatalf("not red as a test is:\n%s", out)
			}
			first, _, _ := strings.Cut(out[strings.Index(out, "interleave_test.go"):], "the last steps")
			t.Log(first)
		})
	}
}

var patched = regexp.MustCompile(`(?m)^\+\+\+ b/signal/(\S+)$`)

// plant applies a patch to a copy of the files that it names, and returns what
// tells the compiler to take those.
func plant(t *testing.T, patch string) (overlay string) {
	t.Helper()
	text, err := os.ReadFile(patch)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	replace := map[string]string{}
	if err := os.Mkdir(filepath.Join(dir, "signal"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, m := range patched.FindAllStringSubmatch(string(text), -1) {
		whole, err := filepath.Abs(m[1])
		if err != nil {
			t.Fatal(err)
		}
		src, err := os.ReadFile(whole)
		if err != nil {
			t.Fatal(err)
		}
		broken := filepath.Join(dir, "signal", m[1])
		if err := os.WriteFile(broken, src, 0o600); err != nil {
			t.Fatal(err)
		}
		replace[whole] = broken
	}
	abs, err := filepath.Abs(patch)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, dir, "git", "apply", "--recount", abs); err != nil {
		t.Fatalf("the patch does not apply: %s", out)
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay = filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

func command(t *testing.T, dir, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "RINGFENCE_LONG=", "SIGNAL_SEED=", "SIGNAL_WORLD=")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
