package archtest_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	maxGoLines    = 700
	maxFuncLines  = 100
	maxMethods    = 10
	maxTSLines    = 500
	maxNolintPerK = 1
)

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// tracked returns the checkout's files whose name ends in one of the suffixes:
// what git tracks, and what it would track.
func tracked(t *testing.T, suffixes ...string) []string {
	t.Helper()
	root := repoRoot(t)
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var files []string
	for name := range strings.SplitSeq(string(out), "\x00") {
		for _, s := range suffixes {
			path := filepath.Join(root, name)
			if _, err := os.Stat(path); err == nil && name != "" && strings.HasSuffix(name, s) {
				files = append(files, path)
				break
			}
		}
	}
	if len(files) == 0 {
		t.Fatalf("no file ends in %v", suffixes)
	}
	return files
}

func repoRoot(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(strings.TrimSpace(string(out)))
}

func TestGoFilesStaySmall(t *testing.T) {
	t.Parallel()
	nolints, lines := 0, 0
	for _, path := range tracked(t, ".go") {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if generated.Match(src) {
			continue
		}
		isTest := strings.HasSuffix(path, "_test.go")
		n := bytes.Count(src, []byte("\n"))
		if n > maxGoLines && !isTest {
			t.Errorf("%s has %d lines, more than %d", path, n, maxGoLines)
		}
		if !isTest {
			lines += n
			nolints += bytes.Count(src, []byte("//nolint"))
		}
		checkDeclarations(t, path, src, isTest)
	}
	if nolints*1000 > lines*maxNolintPerK {
		t.Errorf("%d nolint comments on %d lines, more than %d in a thousand", nolints, lines, maxNolintPerK)
	}
}

func checkDeclarations(t *testing.T, path string, src []byte, isTest bool) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, path, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			length := fset.Position(n.End()).Line - fset.Position(n.Pos()).Line + 1
			if length > maxFuncLines && !isTest {
				t.Errorf("%s: func %s has %d lines, more than %d", path, n.Name.Name, length, maxFuncLines)
			}
			if n.Name.Name == "init" && n.Recv == nil {
				t.Errorf("%s: init is not used here: do it where it is needed", path)
			}
		case *ast.InterfaceType:
			if n.Methods.NumFields() > maxMethods {
				t.Errorf("%s:%d: interface with %d methods, more than %d", path, fset.Position(n.Pos()).Line, n.Methods.NumFields(), maxMethods)
			}
		}
		return true
	})
}

func TestTypeScriptFilesStaySmall(t *testing.T) {
	t.Parallel()
	for _, path := range tracked(t, ".ts", ".tsx", ".mjs") {
		if strings.Contains(path, ".gen.") || strings.Contains(path, ".test.") {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(src, []byte("\n")); n > maxTSLines {
			t.Errorf("%s has %d lines, more than %d", path, n, maxTSLines)
		}
	}
}

// sleepCall is spelt in two parts so that this file does not find itself.
var sleepCall = regexp.MustCompile(`\btime\.` + `Sleep\(`)

func TestNoTestSleeps(t *testing.T) {
	t.Parallel()
	for _, path := range tracked(t, "_test.go") {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if sleepCall.Match(src) {
			t.Errorf("%s sleeps: wait for an event, or use synctest", path)
		}
	}
}
