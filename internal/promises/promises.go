// Package promises reads docs/promises.md: each promise of Ringfence in a
// person's words, how it is kept, the test that fails when it breaks, and the
// patch that breaks it. It refuses a list that is not complete.
package promises

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Runner says which program runs a promise's test.
type Runner string

// The runners.
const (
	Go     Runner = "go"     // a Go test: package folder and test name
	Vitest Runner = "vitest" // a unit test of the client: file below web/
	E2E    Runner = "e2e"    // a test with real browsers: file in web/e2e/
)

// Test names one test.
type Test struct {
	Runner Runner
	Where  string // package folder, or file
	Name   string // Go: the test's name; others: empty
}

// Promise is one section of the list.
type Promise struct {
	ID    string // "P07"
	Title string
	Kept  string
	Tests []Test
	Patch string // path from the repository's root
}

var (
	heading = regexp.MustCompile(`^## (P[0-9]{2,3}) (.+)$`)
	field   = regexp.MustCompile(`^- (Kept by|Test|Broken by): (.+)$`)
	test    = regexp.MustCompile("^`(go|vitest|e2e) ([^ `]+)(?: ([^ `]+))?`$")
	patch   = regexp.MustCompile("^`([^`]+\\.patch)`$")
)

// Parse reads the list, or says what is wrong with which promise.
func Parse(r io.Reader) ([]Promise, error) {
	var all []Promise
	var faults []error
	for lines := bufio.NewScanner(r); ; {
		if !lines.Scan() {
			return all, errors.Join(append(faults, lines.Err(), complete(all))...)
		}
		line := lines.Text()
		if m := heading.FindStringSubmatch(line); m != nil {
			all = append(all, Promise{ID: m[1], Title: m[2]})
			continue
		}
		m := field.FindStringSubmatch(line)
		if m == nil || len(all) == 0 {
			continue // prose
		}
		p := &all[len(all)-1]
		if err := p.set(m[1], m[2]); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", p.ID, err))
		}
	}
}

func (p *Promise) set(name, value string) error {
	switch name {
	case "Kept by":
		p.Kept = value
	case "Broken by":
		m := patch.FindStringSubmatch(value)
		if m == nil {
			return fmt.Errorf("%q is not a patch file in backquotes", value)
		}
		p.Patch = m[1]
	case "Test":
		for one := range strings.SplitSeq(value, ", ") {
			m := test.FindStringSubmatch(one)
			if m == nil {
				return fmt.Errorf("%q is not a test: `go ./folder TestName`, `vitest file` or `e2e file`", one)
			}
			p.Tests = append(p.Tests, Test{Runner: Runner(m[1]), Where: m[2], Name: m[3]})
		}
	}
	return nil
}

func complete(all []Promise) error {
	var faults []error
	seen := map[string]bool{}
	for _, p := range all {
		switch {
		case seen[p.ID]:
			faults = append(faults, fmt.Errorf("%s stands twice", p.ID))
		case p.Kept == "", len(p.Tests) == 0, p.Patch == "":
			faults = append(faults, fmt.Errorf("%s needs the lines Kept by, Test and Broken by", p.ID))
		}
		seen[p.ID] = true
	}
	if len(all) == 0 {
		faults = append(faults, errors.New("no promise found"))
	}
	return errors.Join(faults...)
}
