package keyring

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestProposalIsStrongEnough holds that what is proposed is taken.
func TestProposalIsStrongEnough(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 50 {
		p, err := Propose()
		if err != nil {
			t.Fatal(err)
		}
		if seen[string(p)] || strings.Count(string(p), "-") < proposedWords-1 {
			t.Fatalf("proposed %s", []byte(p))
		}
		seen[string(p)] = true
		if _, err := newPassphrase(t.TempDir(), p); err != nil {
			t.Errorf("%s: %v", []byte(p), err)
		}
	}
}

func TestFitMakesNothing(t *testing.T) {
	t.Parallel()
	o := quick(t)
	if first, err := Fit(o); err != nil || !first {
		t.Fatalf("Fit = %v, %v", first, err)
	}
	if _, err := os.Stat(o.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the key folder was made: %v", err)
	}
	wrong := o
	wrong.Dir = filepath.Join(o.DataDir, "keys")
	if _, err := Fit(wrong); !errors.Is(err, ErrFolder) {
		t.Errorf("Fit of keys in the data = %v", err)
	}
	wrong = o
	wrong.Existing = true
	if _, err := Fit(wrong); !errors.Is(err, ErrMissing) {
		t.Errorf("Fit of data without keys = %v", err)
	}
	mustClose(t, mustOpen(t, o))
	if first, err := Fit(o); err != nil || first {
		t.Errorf("Fit of keys that are there = %v, %v", first, err)
	}
	if err := os.Chmod(o.Dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if _, err := Fit(o); !errors.Is(err, ErrFolder) {
		t.Errorf("Fit of an open folder = %v", err)
	}
}
