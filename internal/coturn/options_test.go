package coturn_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/coturn"
	"github.com/ringfence/ringfence/internal/testenv"
)

func names(t testing.TB, file string) []string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(raw))
}

// The lists hold the names that the sources of coturn give to getopt_long.
func TestEveryOptionOfCoturnHasAFate(t *testing.T) {
	t.Parallel()
	known := map[string]coturn.Option{}
	for _, o := range coturn.Options() {
		if _, twice := known[o.Name]; twice {
			t.Errorf("%s is there twice", o.Name)
		}
		if o.Says == "" || o.Fate.String() == "unknown" || (o.Fate == coturn.Refused || o.Fate == coturn.Unsafe) && o.Do == "" {
			t.Errorf("%s: %+v is not whole", o.Name, o)
		}
		known[o.Name] = o
	}
	old, later := names(t, "testdata/options-4.6.1.txt"), names(t, "testdata/options-later.txt")
	if len(old) != 115 {
		t.Errorf("%d options of 4.6.1, want 115", len(old))
	}
	for _, name := range old {
		if o, ok := known[name]; !ok || o.Since != "" {
			t.Errorf("%s of 4.6.1: %+v", name, o)
		}
	}
	for _, name := range later {
		if o, ok := known[name]; !ok || o.Since == "" || o.Since == "none" {
			t.Errorf("%s, which came later: %+v", name, o)
		}
	}
	for name, o := range known {
		if o.Since != "none" && !slices.Contains(old, name) && !slices.Contains(later, name) {
			t.Errorf("%s is no option of coturn's", name)
		}
	}
}

// Whichever coturn there is on this machine: what it takes is known here.
func TestEveryOptionOfTheProgramHasAFate(t *testing.T) {
	t.Parallel()
	program := "../../tmp/tools/coturn/usr/bin/turnserver"
	if _, err := os.Stat(program); err != nil {
		if program, err = exec.LookPath("turnserver"); err != nil {
			testenv.Skip(t, "coturn's turnserver is missing: run scripts/uclient.sh")
		}
	}
	known := map[string]bool{}
	for _, o := range coturn.Options() {
		known[o.Name] = true
	}
	options := longOptions(t, program)
	if len(options) < 100 {
		t.Fatalf("found %d options in %s: %v", len(options), program, options)
	}
	for _, name := range options {
		if !known[name] {
			t.Errorf("%s takes %s, which has no fate", program, name)
		}
	}
}

// longOptions reads the table for getopt_long out of a program: records of
// four words, of which the first points to the name. Pointers of a program
// that may lie anywhere are relocations, base and offset.
func longOptions(t *testing.T, program string) []string {
	t.Helper()
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if f.Class != elf.ELFCLASS64 || f.Section(".rela.dyn") == nil {
		testenv.Skip(t, program+" is not of 64 bits, or not of the usual kind")
	}
	raw, err := f.Section(".rela.dyn").Data()
	if err != nil {
		t.Fatal(err)
	}
	relocations := make([]elf.Rela64, len(raw)/24)
	if err := binary.Read(bytes.NewReader(raw), f.ByteOrder, relocations); err != nil {
		t.Fatal(err)
	}
	names, starts := map[uint64]string{}, []uint64{}
	for _, r := range relocations {
		if s := cString(f, uint64(r.Addend)); s != "" {
			names[r.Off] = s
			if s == "listening-device" {
				starts = append(starts, r.Off)
			}
		}
	}
	var best []string
	for _, at := range starts {
		var found []string
		for ; names[at] != ""; at += 32 {
			found = append(found, names[at])
		}
		if len(found) > len(best) {
			best = found
		}
	}
	return best
}

// cString returns the string at an address of the constants, or "".
func cString(f *elf.File, at uint64) string {
	s := f.Section(".rodata")
	if s == nil || at < s.Addr || at >= s.Addr+s.Size {
		return ""
	}
	buf := make([]byte, 64)
	n, _ := s.ReadAt(buf, int64(at-s.Addr))
	name, _, ok := bytes.Cut(buf[:n], []byte{0})
	if !ok {
		return ""
	}
	return string(name)
}

// sample is a line with an option, and a value if it wants one.
func sample(o coturn.Option) string {
	if v, ok := map[string]string{
		"listening-port": "1234", "tls-listening-port": "1235", "listening-ip": "10.0.0.9", "relay-ip": "10.0.0.9", "external-ip": "8.8.8.8",
		"aux-server": "10.0.0.9:99", "min-port": "50000", "max-port": "60000", "allocation-default-address-family": "ipv6", "user": "a:b",
		"static-auth-secret": "0123456789abcdef", "rest-api-separator": "|", "realm": "r", "stale-nonce": "300", "user-quota": "9",
		"total-quota": "9", "max-bps": "9", "bps-capacity": "9", "max-allocate-lifetime": "900", "cert": "/other", "pkey": "/other",
		"allowed-peer-ip": "10.0.0.9", "denied-peer-ip": "8.8.8.8", "prometheus-port": "99", "prometheus-address": "::1", "dtls": "0",
		"channel-lifetime": "600", "permission-lifetime": "300",
	}[o.Name]; ok {
		return o.Name + "=" + v
	}
	return o.Name + "=1"
}

// Honoured means that it does something, needless that it does not, and the
// others that the start is refused.
func TestEachFateIsWhatHappens(t *testing.T) {
	t.Parallel()
	effect := func(text string) (string, coturn.Result) {
		res := read(t, text)
		res.Notes = nil
		for i := range res.Settings {
			res.Settings[i].Line = 0
		}
		return dump(res) + string(res.Separator), res
	}
	for _, o := range coturn.Options() {
		base := "cert=/c\npkey=/k\nstatic-auth-secret=abcdefabcdefabcdef\nprometheus\n"
		switch o.Name {
		case "user":
			base = "realm=r\n"
		case "lt-cred-mech", "use-auth-secret":
			base = "" // they want what is missing here, instead of STUN alone
		case "prometheus":
			base = "syslog\n"
		}
		without, _ := effect(base)
		with, res := effect(base + sample(o) + "\n")
		if refused := len(res.Refusals) > 0; refused != (o.Fate == coturn.Refused || o.Fate == coturn.Unsafe) && base != "" {
			t.Errorf("%s is %s, and refused: %v", o.Name, o.Fate, res.Refusals)
		}
		if o.Name != "proc-user" && o.Name != "proc-group" && (without != with) != (o.Fate != coturn.Needless) {
			t.Errorf("%s is %s; without it\n%s\nwith it\n%s", o.Name, o.Fate, without, with)
		}
		if o.Fate != coturn.Needless && o.Fate != coturn.Honoured {
			continue
		}
		if res := read(t, base+sample(o)+"\n"); base != "" && !slices.ContainsFunc(res.Notes, func(n coturn.Note) bool { return n.Option == o.Name }) {
			t.Errorf("%s: no note tells of it: %v", o.Name, res.Notes)
		}
	}
}
