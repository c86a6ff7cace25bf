package coturn_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/coturn"
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

// samples are lines with a value, for options that want one.
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
	if o.Fate == coturn.Needless && strings.HasPrefix(o.Name, "log") {
		return o.Name + "=1"
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
