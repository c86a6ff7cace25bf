package id_test

import (
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
)

func TestOneSpellingPerValue(t *testing.T) {
	t.Parallel()
	good := id.NewAccount().String()
	// The last character carries three bits; its other two must be zero.
	bad := good[:id.TextSize-1] + "b"
	for _, s := range []string{
		bad, strings.ToUpper(good), good + "a", good[1:], strings.Repeat("a", id.TextSize),
		"1" + good[1:], "\n" + good[1:],
	} {
		if _, err := id.ParseAccount(s); err == nil {
			t.Errorf("ParseAccount(%q) = nil, want an error", s)
		}
	}
	x, err := id.ParseAccount(good)
	if err != nil || x.String() != good {
		t.Errorf("ParseAccount(%q) = %v, %v", good, x, err)
	}
}

func FuzzIDText(f *testing.F) {
	f.Add(id.NewAccount().String())
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		var x id.Account
		if x.UnmarshalText([]byte(s)) != nil {
			return
		}
		if got := x.String(); got != s {
			t.Fatalf("parsed %q, printed %q", s, got)
		}
	})
}
