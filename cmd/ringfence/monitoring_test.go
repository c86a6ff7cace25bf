package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// expressions are those of the alert rules and of the dashboard, by where they
// stand.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	folder := filepath.Join("..", "..", "docs", "monitoring")
	rules, err := os.ReadFile(filepath.Join(folder, "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^ +- alert: (\w+)\n +expr: (.+)$`).FindAllStringSubmatch(string(rules), -1) {
		found[m[1]] = m[2]
	}
	if n := strings.Count(string(rules), "alert:"); n != len(found) || n < 9 {
		t.Errorf("%d alerts, of which %d were read", n, len(found))
	}
	text, err := os.ReadFile(filepath.Join(folder, "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil || len(board.Panels) < 10 {
		t.Fatalf("%d panels, %v", len(board.Panels), err)
	}
	for _, p := range board.Panels {
		for i, target := range p.Targets {
			found[fmt.Sprintf("%s %d", p.Title, i)] = target.Expr
		}
	}
	return found
}

var (
	selector = regexp.MustCompile(`\b(ringfence_\w+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`(\w+)(!=|=~|!~|=)"([^"]*)"`)
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring) \(([^)]*)\)`)
)

// labelsOf returns the labels that a metric has in a scrape, and whether it is
// there at all.
func labelsOf(name, scrape string) (has []string, there bool) {
	has = []string{"instance", "job"} // Prometheus adds these
	for line := range strings.Lines(scrape) {
		rest, ok := strings.CutPrefix(line, name)
		if !ok || rest[0] != ' ' && rest[0] != '{' {
			continue
		}
		there = true
		for _, l := range aLabel.FindAllStringSubmatch(line, -1) {
			has = append(has, l[1])
		}
	}
	return has, there || name == "ringfence_relay_certificate_expiry_seconds" // where there is a certificate
}

// strangeMatchers says what a selector asks of labels that are not there, or
// never say so.
func strangeMatchers(text string, has []string) (faults []string) {
	known := labels()
	for _, l := range matcher.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(has, l[1]) {
			faults = append(faults, "no label "+l[1])
		}
		for v := range strings.SplitSeq(l[3], "|") {
			if l[1] != "instance" && l[1] != "job" && !slices.Contains(known[l[1]], v) {
				faults = append(faults, fmt.Sprintf("%s is never %q", l[1], v))
			}
		}
	}
	return faults
}

// faultsOf says what an expression asks for that a scrape does not have.
func faultsOf(expr, scrape string) (faults []string) {
	var all []string
	for _, m := range selector.FindAllStringSubmatch(expr, -1) {
		has, there := labelsOf(m[1], scrape)
		if !there {
			faults = append(faults, "no metric "+m[1])
		}
		faults = append(faults, strangeMatchers(m[2], has)...)
		all = append(all, has...)
	}
	for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
		for l := range strings.SplitSeq(m[1], ", ") {
			if !slices.Contains(all, l) {
				faults = append(faults, "nothing in it has the label "+l)
			}
		}
	}
	return faults
}

// The alerts and the dashboard ask for metrics and labels that a running
// program has, and for nothing else.
func TestMonitoringAsksForWhatIsThere(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start()
	_, scrape := p.get("http://" + p.admin + "/metrics")
	for where, expr := range expressions(t) {
		for _, f := range faultsOf(expr, scrape) {
			t.Errorf("%s: %s", where, f)
		}
	}
	if ready, ok := value(scrape, "ringfence_ready"); !ok || ready != 1 {
		t.Errorf("ringfence_ready is %v, %v", ready, ok)
	}
	for _, planted := range []string{
		"ringfence_hub_callz", `ringfence_hub_calls{state="sleeping"}`, `ringfence_hub_calls{mood="ringing"}`,
		`ringfence_hub_dropped_total{reason=~"bus|bush"}`, `sum by (mood) (ringfence_hub_calls)`, "ringfence_hub_call",
	} {
		if len(faultsOf(planted, scrape)) == 0 {
			t.Errorf("%s passes", planted)
		}
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}
