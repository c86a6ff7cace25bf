package config_test

import (
	"encoding"
	"os"
	"path/filepath"
	"testing"

	"github.com/ringfence/ringfence/internal/config"
)

type text interface {
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}

// FuzzSpelling holds that whatever a setting accepts, it prints in one
// spelling that it accepts again.
func FuzzSpelling(f *testing.F) {
	for _, s := range []string{":8080", "off", "[::1]:1", "203.0.113.7", "Call.Example.org.", "https://Call.Example.org:443/", "http://[::1]:8080", "::ffff:1.2.3.4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, pair := range [][2]text{
			{new(config.Listen), new(config.Listen)}, {new(config.Host), new(config.Host)}, {new(config.URL), new(config.URL)},
		} {
			if pair[0].UnmarshalText([]byte(s)) != nil {
				continue
			}
			once, _ := pair[0].MarshalText()
			if err := pair[1].UnmarshalText(once); err != nil {
				t.Fatalf("%T: read %q, printed %q, and that: %v", pair[0], s, once, err)
			}
			if twice, _ := pair[1].MarshalText(); string(twice) != string(once) {
				t.Fatalf("%T: %q became %q, then %q", pair[0], s, once, twice)
			}
		}
	})
}

// FuzzFile holds that no file brings Load down and that what it accepts can be
// printed and read back.
func FuzzFile(f *testing.F) {
	f.Add("listen = ':1'\n[turn]\nmin_port = 50000\n")
	f.Add("trusted_proxies = ['10.0.0.0/8', 1]\n")
	f.Add("turn = 1\nlog.level = 'info'\nlisten = {a = 1}\n")
	f.Fuzz(func(t *testing.T, s string) {
		path := filepath.Join(t.TempDir(), "c.toml")
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := config.Load(config.Input{File: path})
		if err != nil {
			return
		}
		out, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Print(out); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(config.Input{File: path}); err != nil {
			t.Fatalf("printed what it refuses: %v", err)
		}
	})
}
