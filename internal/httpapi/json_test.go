package httpapi

import (
	"encoding/json"
	"strings"
	"testing"
)

func FuzzCheckJSON(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":1}`, `{"a":{"b":[1,{"c":null}]},"b":"\ud800"}`, `{"a":1,"A":2}`, `{"k":1,"\u212a":2}`, `{"a":[{"x":1},{"x":2}]}`,
		`{"a":"b","b":"a"}`, "{} \n", `{"a":1}}`, `[{"a":1,"a":2}]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if checkJSON(b) != nil {
			return
		}
		var v map[string]any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatalf("let through what is no object: %q: %v", b, err)
		}
		// Nothing was lost to a name that came twice: as many names go in as
		// come out.
		if in, out := names(t, b), countNames(v); in != out {
			t.Fatalf("%q names %d fields, of which %d are left", b, in, out)
		}
	})
}

// names counts names the slow way: strings before a colon.
func names(t *testing.T, b []byte) int {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(b)))
	n := 0
	var read func()
	read = func() {
		token, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		d, ok := token.(json.Delim)
		if !ok {
			return
		}
		for dec.More() {
			if d == '{' {
				n++
				if _, err := dec.Token(); err != nil {
					t.Fatal(err)
				}
			}
			read()
		}
		if _, err := dec.Token(); err != nil {
			t.Fatal(err)
		}
	}
	read()
	return n
}

func countNames(v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			n += 1 + countNames(x)
		}
	case []any:
		for _, x := range v {
			n += countNames(x)
		}
	}
	return n
}

func FuzzBearer(f *testing.F) {
	f.Add("Bearer abc")
	f.Add("bearer a b")
	f.Add("Bearer\tabc")
	f.Fuzz(func(t *testing.T, s string) {
		token, ok := parseBearer(s)
		if ok != (token != "") {
			t.Fatalf("%q: %q, %v", s, token, ok)
		}
		if !ok {
			return
		}
		if len(token) > maxToken || !isToken(token) || !strings.EqualFold(s, "Bearer "+token) {
			t.Fatalf("%q gave %q", s, token)
		}
	})
}

func TestBearer(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Bearer abc-_9": "abc-_9", "bEARER x": "x", "Bearer": "", "Bearer ": "", "Bearer  x": "", "Bearer x ": "", "Basic x": "",
		"Bearer x y": "", "Bearer x\n": "", "Bearer é": "", "": "", "Bearer " + strings.Repeat("x", 129): "",
	} {
		if got, ok := parseBearer(in); got != want || ok != (want != "") {
			t.Errorf("parseBearer(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
}
