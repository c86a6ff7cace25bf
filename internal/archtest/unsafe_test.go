package archtest_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unsafeIn lists the packages that may go past the type system: system calls
// that the standard library has no word for, of the relay, and of what measures
// it and shares no code with it.
var unsafeIn = []string{"relay/internal/mmsg", "internal/relaybench/rawudp"}

func TestUnsafeHasItsPlace(t *testing.T) {
	t.Parallel()
	found := 0
	for _, path := range tracked(t, ".go") {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if strings.Trim(i.Path.Value, `"`) != "unsafe" {
				continue
			}
			found++
			dir, err := filepath.Rel(repoRoot(t), filepath.Dir(path))
			if err != nil || !slices.Contains(unsafeIn, filepath.ToSlash(dir)) {
				t.Errorf("%s imports unsafe", path)
			}
		}
	}
	if found == 0 {
		t.Error("nothing was looked at")
	}
}
