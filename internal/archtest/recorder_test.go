package archtest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mayWrite lists the packages that may open files for writing. Nothing on the
// way of a call is among them.
var mayWrite = []string{
	"cmd/ringfence", "internal/keyring", "internal/localca", "internal/config", "store/bolt",
	"internal/gen", "internal/sabotage", "internal/relaybench/cmd/benchrelay",
}

var (
	writesFiles = regexp.MustCompile(`\bos\.(Create|CreateTemp|WriteFile|OpenFile|Rename|MkdirAll|Mkdir|MkdirTemp)\(`)
	// What pion and the browsers offer for recording.
	records = regexp.MustCompile(`pkg/media/(ivf|ogg|h26[45]|rtpdump|oggwriter|ivfwriter)|\bMediaRecorder\b|\bMediaStreamTrackProcessor\b|\bshowSaveFilePicker\b`)
)

func TestNothingRecordsMedia(t *testing.T) {
	t.Parallel()
	root := repoRoot(t)
	for _, path := range tracked(t, ".go", ".ts", ".tsx") {
		rel, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(rel, "_test.go") || strings.Contains(rel, ".test.") || strings.HasPrefix(rel, "web/e2e") {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if m := records.Find(src); m != nil {
			t.Errorf("%s uses %s, which records media", rel, m)
		}
		if m := writesFiles.Find(src); m != nil && rel != "internal/testenv/testenv.go" && strings.HasSuffix(rel, ".go") && !slices.Contains(mayWrite, filepath.Dir(rel)) {
			t.Errorf("%s calls %s): only %v may write files", rel, m, mayWrite)
		}
	}
}
