package archtest_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// skipCall is spelt in two parts so that this file does not find itself.
var skipCall = regexp.MustCompile(`\b[tbf]\.` + `Skip(f|Now)?\(|\b(test|it|describe)\.` + `(skip|only|todo)\(`)

func TestSkippingGoesThroughTestenv(t *testing.T) {
	t.Parallel()
	for _, path := range tracked(t, ".go", ".ts", ".tsx", ".mjs") {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if m := skipCall.Find(src); m != nil && !strings.Contains(path, "internal/testenv/") {
			t.Errorf("%s calls %s): use testenv.Skip, which is loud and fails where checks must be complete", path, m)
		}
	}
}
