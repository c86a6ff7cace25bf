// Package doctor owns the checks of a relay that an operator runs before
// anybody calls: can it be bound, does each way in carry a packet, will its
// certificate be believed, is the machine set up for it. It says what it found
// in words, and what to do about it.
//
// It knows no settings and starts nothing: the program hands it plain values.
// What it prints is for the operator's own terminal and may name addresses; it
// writes to no log.
package doctor

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Level is how bad a finding is. They are ordered: the worst is the highest.
type Level uint8

// The levels. The zero value is the one that claims nothing.
const (
	Unknown Level = iota // could not be told from here
	Good
	Warning // works, for some or for now
	Failure // does not work
)

func (l Level) String() string {
	return [...]string{"?", "ok", "warning", "FAILED"}[min(l, Failure)]
}

// Finding is one thing that was looked at.
type Finding struct {
	Level Level
	Check string // what was looked at: "turn over tls, [2001:db8::1]:5349"
	Says  string // what was found, one sentence
	Do    string // what to do about it; empty where nothing is to be done
}

// Check looks at something. It returns at least one finding, and keeps to ctx.
type Check func(ctx context.Context) []Finding

// Run runs checks in order, hands each finding to report as soon as it is
// known, and returns how many there were of each level.
func Run(ctx context.Context, checks []Check, report func(Finding)) [Failure + 1]int {
	var counts [Failure + 1]int
	for _, check := range checks {
		for _, f := range check(ctx) {
			counts[f.Level]++
			report(f)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return counts
}

// Print writes f for people: a line of what was found, and indented below it
// what to do.
func Print(w io.Writer, f Finding) error {
	if _, err := fmt.Fprintf(w, "%-8s %s: %s\n", f.Level, f.Check, f.Says); err != nil {
		return err
	}
	if f.Do == "" {
		return nil
	}
	_, err := fmt.Fprintf(w, "         → %s\n", strings.ReplaceAll(f.Do, "\n", "\n           "))
	return err
}

// Summary is the last line.
func Summary(counts [Failure + 1]int) string {
	switch {
	case counts[Failure] > 0:
		return fmt.Sprintf("%s and %s. Mend what failed first: later findings may follow from it.",
			plural(counts[Failure], "failure"), plural(counts[Warning], "warning"))
	case counts[Warning] > 0:
		return fmt.Sprintf("It works, with %s.", plural(counts[Warning], "warning"))
	case counts[Unknown] > 0:
		return fmt.Sprintf("All that can be told from here is well; %s could not be told.", plural(counts[Unknown], "thing"))
	}
	return "All is well."
}

func plural(n int, word string) string {
	switch n {
	case 0:
		return "no " + word + "s"
	case 1:
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
