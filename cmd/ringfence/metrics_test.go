package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/relay"
	"github.com/ringfence/ringfence/signal/wire"
)

// value reads one series of a scrape.
func value(text, series string) (float64, bool) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			return v, err == nil
		}
	}
	return 0, false
}

// labels are all that a label of the hub or the relay may say, by its name. The
// names of an operator's secrets are not among them: there are none in tests.
func labels() map[string][]string {
	known := map[string][]string{
		"state": {"connected", "detached", "ringing", "running"}, "class": {"acted", "passed"},
		"result":  {"resumed", "fresh", "other_hub"},
		"outcome": {"answered", "cancelled", "declined", "busy", "no_answer", "offline", "lost", "reach", "glare", "stopped", "other"},
		"reason": {
			"bus", "malformed", "presence", "rate", "gone",
			"left", "lost", "slow", "behind", "silent", "replaced", "signed_out", "protocol", "flood", "too_many", "too_often", "stop",
		},
		"le":        {"0.5", "1", "2", "5", "10", "15", "20", "30", "46", "+Inf"},
		"transport": {"udp", "tcp", "tls", "dtls"}, "direction": {"in", "out"}, "way": {"direct", "udp", "tcp", "tls", "relay"}, "path": {"fast", "memory"},
		"limit": {
			"per_user", "per_secret", "per_prefix", "allocations", "permissions", "connections", "bytes_per_second",
			"bytes_per_second_total", "budget", "unauthenticated_per_second",
		},
	}
	for _, k := range wire.Kinds() {
		known["kind"] = append(known["kind"], string(k.Kind))
	}
	for _, r := range relay.Refusals() {
		known["reason"] = append(known["reason"], string(r))
	}
	return known
}

var aLabel = regexp.MustCompile(`(\w+)="([^"]*)"`)

// strangeLabels finds what labels does not know.
func strangeLabels(text string) (faults []string) {
	known, series := labels(), 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "ringfence_") {
			continue
		}
		series++
		for _, m := range aLabel.FindAllStringSubmatch(line, -1) {
			if !slices.Contains(known[m[1]], m[2]) {
				faults = append(faults, fmt.Sprintf("%s is %q in %s", m[1], m[2], strings.TrimSpace(line)))
			}
		}
	}
	if series < 100 {
		faults = append(faults, fmt.Sprintf("%d series, want those of a hub and a relay", series))
	}
	return faults
}

// A name or an address that got into a label would be found, in a label that is
// there as in one that is new.
func TestPlantedLabelsAreFound(t *testing.T) {
	t.Parallel()
	clean := strings.Repeat("ringfence_hub_calls{state=\"ringing\"} 0\n", 100)
	if faults := strangeLabels(clean); len(faults) != 0 {
		t.Errorf("found %q where nothing is", faults)
	}
	for _, planted := range []string{
		`ringfence_hub_sessions{state="anna#1234"} 1`, `ringfence_hub_sessions{account="aeimquy4"} 1`,
		`ringfence_hub_dropped_total{reason="203.0.113.7"} 1`, `ringfence_hub_received_frames_total{class="acted",kind="anna"} 1`,
	} {
		if faults := strangeLabels(clean + planted + "\n"); len(faults) != 1 {
			t.Errorf("%s: found %q", planted, faults)
		}
	}
}

var (
	typeLine = regexp.MustCompile(`(?m)^# TYPE (ringfence_\w+) (\w+)$`)
	docRow   = regexp.MustCompile("(?m)^\\| `(ringfence_\\w+)`[^|]*\\| (\\w+) \\| [^|]+ \\| [^|]+ \\|$")
)

// docs/operations.md names each metric that a running program exports with its
// type, and no other.
func TestMetricsAreDocumented(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start()
	_, scrape := p.get("http://" + p.admin + "/metrics")
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	there, said := map[string]string{}, map[string]string{}
	for _, m := range typeLine.FindAllStringSubmatch(scrape, -1) {
		there[m[1]] = m[2]
	}
	for _, m := range docRow.FindAllStringSubmatch(string(text), -1) {
		said[m[1]] = m[2]
	}
	for name, kind := range there {
		if said[name] != kind {
			t.Errorf("%s is a %s; docs/operations.md says %q", name, kind, said[name])
		}
	}
	for name := range said {
		// Not there without a certificate and without secrets.
		if there[name] == "" && name != "ringfence_relay_certificate_expiry_seconds" && !strings.HasPrefix(name, "ringfence_relay_secret_") {
			t.Errorf("docs/operations.md has %s, the program has not", name)
		}
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}
