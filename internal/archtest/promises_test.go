package archtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/promises"
)

// TestPromisesNameRealTests holds docs/promises.md to the code: each test it
// names exists, and each patch still applies.
func TestPromisesNameRealTests(t *testing.T) {
	t.Parallel()
	root := repoRoot(t)
	list, err := os.Open(filepath.Join(root, "docs", "promises.md"))
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	all, err := promises.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		for _, one := range p.Tests {
			if !testExists(t, root, one) {
				t.Errorf("%s: no test %s %s %s", p.ID, one.Runner, one.Where, one.Name)
			}
		}
		cmd := exec.CommandContext(t.Context(), "git", "apply", "--check", "--recount", p.Patch)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %s does not apply: %s", p.ID, p.Patch, out)
		}
	}
}

func testExists(t *testing.T, root string, one promises.Test) bool {
	t.Helper()
	switch one.Runner {
	case promises.Go:
		files, err := filepath.Glob(filepath.Join(root, one.Where, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		decl := regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(one.Name) + `\(`)
		for _, name := range files {
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if decl.Match(src) && strings.HasPrefix(one.Name, "Test") {
				return true
			}
		}
		return false
	case promises.Vitest:
		return exists(filepath.Join(root, "web", one.Where))
	case promises.E2E:
		return exists(filepath.Join(root, "web", "e2e", one.Where))
	}
	return false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
