package main

import (
	"go/parser"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/signal/wire"
)

const root = "../.."

func TestGeneratedFilesAreFresh(t *testing.T) {
	t.Parallel()
	files, err := generate(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || string(got) != want {
			t.Errorf("%s is stale (%v): run go run ./internal/gen", name, err)
		}
	}
}

// Codes() and Kinds() are written by hand; the source says what they must hold.
func TestListsAreComplete(t *testing.T) {
	t.Parallel()
	faults, err := load(filepath.Join(root, "internal", "fault"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range faults.enums[0].values {
		if !slices.ContainsFunc(fault.Codes(), func(c fault.Code) bool { return `"`+string(c)+`"` == v.value }) {
			t.Errorf("fault.Codes lacks %s", v.name)
		}
	}
	w, err := load(filepath.Join(root, "signal", "wire"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range w.enums {
		for _, v := range e.values {
			if e.name == "Kind" && !slices.ContainsFunc(wire.Kinds(), func(k wire.Spec) bool { return `"`+string(k.Kind)+`"` == v.value }) {
				t.Errorf("wire.Kinds lacks %s", v.name)
			}
		}
	}
}

func TestRefusesTypesWithoutExactForm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typ      string
		optional bool
		want     string
	}{
		{"uint64", false, ""},
		{"int64", false, ""},
		{"any", false, ""},
		{"float64", false, ""},
		{"*string", true, ""},
		{"map[string]int", true, ""},
		{"[]string", false, ""}, // null when nil
		{"[]string", true, "readonly string[]"},
		{"List[ICEServer]", false, "readonly ICEServer[]"},
		{"id.Account", false, "AccountId"},
		{"fault.Code", false, "ErrorCode"},
	} {
		e, err := parser.ParseExpr(tt.typ)
		if err != nil {
			t.Fatal(err)
		}
		got, err := tsType(e, tt.optional)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("tsType(%s, %v) = %q, %v, want %q", tt.typ, tt.optional, got, err, tt.want)
		}
	}
}
