package account

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"

	"github.com/ringfence/ringfence/internal/fault"
)

func TestParseName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"anna": "anna", " Anna\n": "anna", "a1": "a1", "a-b_c": "a-b_c", strings.Repeat("a", 20): strings.Repeat("a", 20),
	} {
		if got, err := ParseName(in); err != nil || got != want {
			t.Errorf("ParseName(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for in, rule := range map[string]string{
		"": "required", " ": "required", "a": "min_length", strings.Repeat("a", 21): "max_length", "1a": "first_letter",
		"-a": "first_letter", "änna": "characters", "an na": "characters", "an.na": "characters", "аnna": "characters",
		"an\x00na": "characters", "\xff\xff": "characters",
	} {
		_, err := ParseName(in)
		if f := fault.Public(err); f.Field != "name" || f.Rule != rule {
			t.Errorf("ParseName(%q): rule %q, want %q", in, f.Rule, rule)
		}
	}
}

func TestParseDisplayName(t *testing.T) {
	t.Parallel()
	family := "👨‍👩‍👧‍👦"
	for in, want := range map[string]string{
		"Anna": "Anna", "  A\u00a0\u3000B ": "A B", "Zoe\u0308": "Zoë", "李雷": "李雷", "🇩🇪": "🇩🇪", "नि": "नि",
		strings.Repeat("é", 40): strings.Repeat("é", 40), family: family,
	} {
		if got, err := ParseDisplayName(in); err != nil || got != want {
			t.Errorf("ParseDisplayName(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for in, rule := range map[string]string{
		"": "required", " \u00a0": "required", strings.Repeat("a", 41): "max_length", strings.Repeat("李", 54): "max_bytes",
		"a" + strings.Repeat("\u0301", 90): "max_bytes", "a\nb": "characters", "a\u202eb": "characters",
		"a\u2066b": "characters", "a\u200bb": "characters", "\ufeffa": "characters", "a\ufffdb": "characters",
		"\ue000": "characters", "a\u2028b": "characters", "\u200d": "visible", "\u3164": "visible", "\u2800": "visible",
		"\u0301": "visible", "\xff": "characters", "a\u00adb": "characters", "a\u061cb": "characters",
	} {
		_, err := ParseDisplayName(in)
		if f := fault.Public(err); f.Field != "display_name" || f.Rule != rule {
			t.Errorf("ParseDisplayName(%+q): rule %q, want %q", in, f.Rule, rule)
		}
	}
}

func TestParseHandle(t *testing.T) {
	t.Parallel()
	if got, err := ParseHandle(" Anna.4821\n"); err != nil || got != "anna.4821" {
		t.Errorf("got %q, %v", got, err)
	}
	for in, rule := range map[string]string{
		"": "required", "anna": "format", "anna.482": "format", "anna.48211": "format", "anna.48 1": "format",
		".4821": "format", "1a.4821": "format", "anna..482": "format", "anna.４８２１": "format", "an na.4821": "format",
		"anna .4821": "format", strings.Repeat("a", 21) + ".4821": "format", "anna.48\x0021": "format",
	} {
		_, err := ParseHandle(in)
		if f := fault.Public(err); f.Field != "handle" || f.Rule != rule {
			t.Errorf("ParseHandle(%q): rule %q, want %q", in, f.Rule, rule)
		}
	}
}

func FuzzHandle(f *testing.F) {
	f.Add("anna.4821")
	f.Add(" A-_.0000")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := ParseHandle(s)
		if err != nil {
			return
		}
		if again, err := ParseHandle(h); err != nil || again != h {
			t.Fatalf("%q became %q and that %q, %v", s, h, again, err)
		}
		if len(h) > MaxName+1+handleDigits {
			t.Fatalf("%q is too long", h)
		}
	})
}

func FuzzDisplayName(f *testing.F) {
	for _, s := range []string{"Anna", "Zoe\u0308", "👨‍👩‍👧‍👦", "a\u202eb", "\u1112\u1161\u11ab"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseDisplayName(s)
		if err != nil {
			return
		}
		if again, err := ParseDisplayName(n); err != nil || again != n {
			t.Fatalf("%q became %q and that %q, %v", s, n, again, err)
		}
		if !utf8.ValidString(n) || !norm.NFC.IsNormalString(n) || len(n) > MaxDisplayNameBytes ||
			uniseg.GraphemeClusterCount(n) > MaxDisplayName || strings.ContainsFunc(n, unicode.IsControl) ||
			strings.TrimSpace(n) != n {
			t.Fatalf("%q became %q", s, n)
		}
	})
}

func FuzzDeviceName(f *testing.F) {
	f.Add("Firefox on a laptop")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := parseDeviceName(s)
		if err != nil {
			return
		}
		if again, err := parseDeviceName(n); err != nil || again != n {
			t.Fatalf("%q became %q and that %q, %v", s, n, again, err)
		}
	})
}
