package config

import (
	"strconv"
	"strings"
)

// Fault is one thing that is wrong with the settings.
type Fault struct {
	Setting string // its key, as in the file
	Source  string // where the value came from
	Value   string // as given; empty where it may be a secret
	Must    string // the rule
	Fix     string // what to do
}

// String says all of it in one line.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.Setting)
	if f.Value != "" {
		b.WriteString(" = ")
		b.WriteString(strconv.Quote(f.Value))
	}
	if f.Source != "" {
		b.WriteString(" (" + f.Source + ")")
	}
	b.WriteString(": " + f.Must)
	if f.Fix != "" {
		b.WriteString("; " + f.Fix)
	}
	return b.String()
}

// FaultErrors are all the things that are wrong, found at once.
type FaultErrors []Fault

// Error lists every fault on a line of its own.
func (fs FaultErrors) Error() string {
	var b strings.Builder
	if len(fs) == 1 {
		b.WriteString("1 setting is wrong:")
	} else {
		b.WriteString(strconv.Itoa(len(fs)) + " settings are wrong:")
	}
	for _, f := range fs {
		b.WriteString("\n  " + f.String())
	}
	return b.String()
}

// nearest returns the known word that s most likely meant, or "".
func nearest(s string, known []string) string {
	best, bound := "", max(2, len(s)/3)
	for _, k := range known {
		if d := distance(s, k); d <= bound {
			best, bound = k, d-1
		}
	}
	return best
}

// distance is the number of letters to add, drop or change between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
