// Command gen writes what is derived from the Go types of the protocol: the
// TypeScript types of the browser SDK, the reference tables in docs, and the
// licences of the modules that are linked into the program; and what becomes
// of coturn's options, from their table. It
// reads source, not values, so that comments come along. It is a generator of
// our own because a detour over JSON Schema loses the comments, the closed
// unions and the limits; it refuses every Go type that has no exact form in
// TypeScript.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", ".", "top folder of the project")
	flag.Parse()
	if err := run(context.Background(), *root); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string) error {
	files, err := generate(ctx, root)
	if err != nil {
		return err
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	for name, text := range files {
		if err := dir.WriteFile(name, []byte(text), 0o600); err != nil { // those that exist keep their rights
			return errors.Join(fmt.Errorf("write: %w", err), dir.Close())
		}
	}
	return dir.Close()
}

// generate returns the text of every generated file by its path below root.
func generate(ctx context.Context, root string) (map[string]string, error) {
	wire, err := load(filepath.Join(root, "signal", "wire"))
	if err != nil {
		return nil, err
	}
	faults, err := load(filepath.Join(root, "internal", "fault"))
	if err != nil {
		return nil, err
	}
	ts, err := typescript(wire, faults)
	if err != nil {
		return nil, err
	}
	ref, err := reference(wire)
	if err != nil {
		return nil, err
	}
	errs, err := errorTable(faults)
	if err != nil {
		return nil, err
	}
	others, err := licences(ctx, root)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"web/sdk/src/wire.gen.ts":   ts,
		"docs/signaling.md":         ref,
		"docs/errors.md":            errs,
		"docs/coturn.md":            coturnTable(),
		"web/build/licences-go.txt": others,
	}, nil
}
