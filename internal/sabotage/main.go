// Command sabotage breaks each promise of docs/promises.md in turn, in a copy
// of the tree, and demands that the promise's test goes red. A test that stays
// green proves nothing, and ends the run with an error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ringfence/ringfence/internal/promises"
)

const perTest = 10 * time.Minute

// trimpath makes what is built independent of the copy's folder, so that the
// build cache of one run serves the next.
const trimpath = "-trimpath"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	only := flag.String("only", "", "break these promises alone, e.g. P07 or P07,P12")
	flag.Parse()
	if err := run(ctx, *only, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sabotage:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, out io.Writer) error {
	list, err := os.Open("docs/promises.md")
	if err != nil {
		return fmt.Errorf("run it in the repository's root: %w", err)
	}
	defer func() { _ = list.Close() }()
	all, err := promises.Parse(list)
	if err != nil {
		return fmt.Errorf("docs/promises.md: %w", err)
	}
	root, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "ringfence-sabotage-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := copyTree(ctx, root, dir); err != nil {
		return err
	}
	var faults []error
	red := 0
	for _, p := range all {
		if only != "" && !slices.Contains(strings.Split(only, ","), p.ID) {
			continue
		}
		if err := breakOne(ctx, dir, p); err != nil {
			_, _ = fmt.Fprintf(out, "%s FAILS  %s: %v\n", p.ID, p.Title, err)
			faults = append(faults, fmt.Errorf("%s is not proved", p.ID))
			continue
		}
		red++
		_, _ = fmt.Fprintf(out, "%s red, as it must be  %s\n", p.ID, p.Title)
	}
	_, _ = fmt.Fprintf(out, "%d passed, %d failed\n", red, len(faults))
	if red == 0 {
		faults = append(faults, errors.New("no promise was broken"))
	}
	return errors.Join(faults...)
}

// breakOne returns nil when every test of p goes red under its patch. It
// leaves the tree in dir as it was.
func breakOne(ctx context.Context, dir string, p promises.Promise) (err error) {
	if text, err := command(ctx, dir, "git", "apply", "--recount", p.Patch); err != nil {
		return fmt.Errorf("the patch does not apply: %w: %s", err, text)
	}
	defer func() {
		if text, undone := command(ctx, dir, "git", "apply", "--recount", "--reverse", p.Patch); undone != nil {
			err = errors.Join(err, fmt.Errorf("the patch does not come off: %w: %s", undone, text))
		}
	}()
	// A test that is red because nothing compiles proves nothing either.
	if text, err := command(ctx, dir, "go", "build", trimpath, "./..."); err != nil {
		return fmt.Errorf("the patched tree does not build: %w: %s", err, text)
	}
	for _, t := range p.Tests {
		text, err := runTest(ctx, dir, t)
		if err == nil {
			return fmt.Errorf("%s %s %s passes although the promise is broken", t.Runner, t.Where, t.Name)
		}
		if !failed(t.Runner, text) {
			return fmt.Errorf("%s %s %s did not fail as a test does: %.2000s", t.Runner, t.Where, t.Name, text)
		}
	}
	return nil
}

// failed tells a test that went red from one that could not run.
func failed(r promises.Runner, text string) bool {
	switch r {
	case promises.Go:
		return goFailed.MatchString(text)
	case promises.Vitest:
		return vitestFailed.MatchString(text)
	case promises.E2E:
		return e2eFailed.MatchString(text)
	}
	return false
}

var (
	goFailed     = regexp.MustCompile(`(?m)^\s*--- FAIL|^(panic|fatal error):`)
	vitestFailed = regexp.MustCompile(`Tests .*[0-9]+ failed`)
	e2eFailed    = regexp.MustCompile(`(?m)^. fail [1-9]`)
)

func runTest(ctx context.Context, dir string, t promises.Test) (string, error) {
	switch t.Runner {
	case promises.Go:
		return command(ctx, dir, "go", "test", trimpath, "-count=1", "-run", "^"+t.Name+"$", t.Where)
	case promises.Vitest:
		return command(ctx, filepath.Join(dir, "web"), "npx", "vitest", "run", t.Where)
	case promises.E2E:
		const build = "(cd web && npx vite build) && CGO_ENABLED=0 go build " + trimpath + " -o bin/ringfence ./cmd/ringfence"
		if text, err := command(ctx, dir, "bash", "-c", build); err != nil {
			return "", fmt.Errorf("build: %w: %s", err, text)
		}
		return command(ctx, filepath.Join(dir, "web"), "env", "RINGFENCE_BIN="+filepath.Join(dir, "bin/ringfence"), "node", "e2e/run.mjs", t.Where)
	default:
		return "", fmt.Errorf("no runner %q", t.Runner)
	}
}

// copyTree copies what git tracks and the built client. npm's packages become
// links, all but the workspace's own, which lead into the copy. Adding
// everything to an index lets git list and patch the copy.
func copyTree(ctx context.Context, root, dir string) error {
	const script = `git ls-files -z | xargs -0 tar cf - | tar xf - -C "$0"
mkdir -p "$0/web/dist" "$0/web/node_modules"
cp -r web/dist/. "$0/web/dist/"
for entry in web/node_modules/* web/node_modules/.[!.]*; do
  case "$entry" in
    */@ringfence) cp -a "$entry" "$0/$entry" ;;
    *) [ ! -e "$entry" ] || ln -s "$PWD/$entry" "$0/$entry" ;;
  esac
done
cd "$0" && git init -q && git add -A`
	if text, err := command(ctx, root, "bash", "-euo", "pipefail", "-c", script, dir); err != nil {
		return fmt.Errorf("copy the tree: %w: %s", err, text)
	}
	return nil
}

func command(ctx context.Context, dir, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, perTest)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the commands are this file's, the names the project's own list's
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
