package coturn_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/coturn"
)

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.conf")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	for _, s := range []string{
		"", "\x00", "=", "-", "realm=\"", "no-auth = 0 # x", "denied-peer-ip=-", "denied-peer-ip=::-ffff::", "allowed-peer-ip=1.1.1.1-9.9.9.9\ndenied-peer-ip=2.2.2.2-3.3.3.3",
		"external-ip=/", "external-ip=a/1.1.1.1", "user=::", "user=a:0x", "aux-server=[::]:1", "stale-nonce=99999999999999999999", "\xef\xbb\xbf#\nno-udp\nno-tcp",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		res, err := coturn.Read(strings.NewReader(string(raw)), "f")
		if err != nil {
			return
		}
		lines := strings.Count(string(raw), "\n") + 1
		checkNotes(t, res, lines)
		checkSettings(t, res, lines)
		if !res.STUNOnly && len(res.Refusals) == 0 && len(res.Secrets)+len(res.Users) == 0 {
			t.Error("relays for everybody")
		}
	})
}

func checkNotes(t *testing.T, res coturn.Result, lines int) {
	t.Helper()
	size := 0
	for _, n := range slices.Concat(res.Notes, res.Refusals, res.RootRefusals) {
		if n.Line < 0 || n.Line > lines || n.Says == "" {
			t.Errorf("of %d lines: %v", lines, n)
		}
		size += len(n.String())
	}
	if most := 1000 * (lines + 10); size > most {
		t.Errorf("%d bytes of notes about %d lines", size, lines)
	}
	for _, n := range res.Refusals {
		if n.Line == 0 {
			t.Errorf("refused without a line: %v", n)
		}
	}
}

func checkSettings(t *testing.T, res coturn.Result, lines int) {
	t.Helper()
	keys := map[string]bool{}
	for _, s := range res.Settings {
		if keys[s.Key] || len(s.Values) == 0 || s.Line < 0 || s.Line > lines || len(s.Values) > max(lines, coturn.MaxPrefixes) {
			t.Errorf("setting %v", s)
		}
		keys[s.Key] = true
	}
}
