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
	"strings"
	"syscall"
	"time"

	"github.com/ringfence/ringfence/internal/promises"
)

const perTest = 10 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	only := flag.String("only", "", "run this promise alone, e.g. P07")
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
	var faults []error
	red := 0
	for _, p := range all {
		if only != "" && p.ID != only {
			continue
		}
		if err := breakOne(ctx, root, p); err != nil {
			_, _ = fmt.Fprintf(out, "%s STAYS GREEN  %s: %v\n", p.ID, p.Title, err)
			faults = append(faults, fmt.Errorf("%s: %w", p.ID, err))
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

// breakOne returns nil when every test of p goes red under its patch.
func breakOne(ctx context.Context, root string, p promises.Promise) error {
	dir, err := os.MkdirTemp("", "ringfence-sabotage-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := copyTree(ctx, root, dir); err != nil {
		return err
	}
	if text, err := command(ctx, dir, "git", "apply", "--recount", filepath.Join(root, p.Patch)); err != nil {
		return fmt.Errorf("the patch does not apply: %w: %s", err, text)
	}
	// A test that is red because nothing compiles proves nothing either.
	if text, err := command(ctx, dir, "go", "build", "./..."); err != nil {
		return fmt.Errorf("the patched tree does not build: %w: %s", err, text)
	}
	for _, t := range p.Tests {
		text, err := runTest(ctx, dir, t)
		if err == nil {
			return fmt.Errorf("%s %s %s passes although the promise is broken", t.Runner, t.Where, t.Name)
		}
		if t.Runner == promises.Go && !strings.Contains(text, "--- FAIL") && !strings.Contains(text, "panic:") {
			return fmt.Errorf("%s %s did not fail as a test does: %s", t.Where, t.Name, text)
		}
	}
	return nil
}

func runTest(ctx context.Context, dir string, t promises.Test) (string, error) {
	switch t.Runner {
	case promises.Go:
		return command(ctx, dir, "go", "test", "-count=1", "-run", "^"+t.Name+"$", t.Where)
	case promises.Vitest:
		return command(ctx, filepath.Join(dir, "web"), "npx", "vitest", "run", t.Where)
	case promises.E2E:
		if text, err := command(ctx, dir, "make", "build"); err != nil {
			return "", fmt.Errorf("build: %w: %s", err, text)
		}
		return command(ctx, filepath.Join(dir, "web"), "env", "RINGFENCE_BIN="+filepath.Join(dir, "bin/ringfence"), "node", "--test", "e2e/"+t.Where)
	default:
		return "", fmt.Errorf("no runner %q", t.Runner)
	}
}

// copyTree copies what git tracks, the built client and, as a link, npm's
// packages. A commit in the copy lets git apply work there.
func copyTree(ctx context.Context, root, dir string) error {
	script := `git ls-files -z | xargs -0 tar cf - | tar xf - -C "$0" && ` +
		`mkdir -p "$0/web/dist" && cp -r web/dist/. "$0/web/dist/" && ` +
		`{ [ ! -d web/node_modules ] || cp -r --reflink=auto web/node_modules "$0/web/node_modules"; } && git -C "$0" init -q`
	if text, err := command(ctx, root, "bash", "-c", script, dir); err != nil {
		return fmt.Errorf("copy the tree: %w: %s", err, text)
	}
	return nil
}

func command(ctx context.Context, dir, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, perTest)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // the commands are this file's, the names the project's own list's
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}
