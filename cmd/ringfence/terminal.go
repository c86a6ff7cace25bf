package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// terminal is somebody to ask.
type terminal interface {
	// Ask prints a prompt and returns the line that is typed; a secret one is
	// not shown.
	Ask(ctx context.Context, prompt string, secret bool) ([]byte, error)
}

// tty is the terminal that the program was started in.
type tty struct {
	in  *os.File
	out io.Writer
}

// findTerminal returns nil where input or output is none.
func findTerminal(in, out *os.File) terminal {
	if !term.IsTerminal(int(in.Fd())) || !term.IsTerminal(int(out.Fd())) {
		return nil
	}
	return tty{in, out}
}

// maxLine bounds what is typed.
const maxLine = 4 << 10

// Ask implements terminal. Where ctx ends first the terminal is put back as it
// was, and the reader ends with the program: nothing else ends a read of a
// terminal.
func (t tty) Ask(ctx context.Context, prompt string, secret bool) ([]byte, error) {
	fd := int(t.in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return nil, fmt.Errorf("terminal: %w", err)
	}
	if _, err := fmt.Fprint(t.out, prompt); err != nil {
		return nil, err
	}
	type typed struct {
		line []byte
		err  error
	}
	done := make(chan typed, 1)
	go func() {
		var got typed
		if secret {
			got.line, got.err = term.ReadPassword(fd)
		} else {
			got.line, got.err = bufio.NewReader(io.LimitReader(t.in, maxLine)).ReadBytes('\n')
		}
		done <- got
	}()
	select {
	case got := <-done:
		if secret {
			_, _ = fmt.Fprintln(t.out) // the Enter was not shown either
		}
		if got.err != nil {
			return nil, fmt.Errorf("terminal: %w", got.err)
		}
		return bytes.TrimRight(got.line, "\r\n"), nil
	case <-ctx.Done():
		_, _ = fmt.Fprintln(t.out)
		if err := term.Restore(fd, before); err != nil {
			return nil, fmt.Errorf("terminal: %w", err)
		}
		return nil, ctx.Err()
	}
}
