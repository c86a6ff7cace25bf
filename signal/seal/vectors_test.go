package seal

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// obj is an op's fields as JSON has them.
type obj map[string]any

type vectorCase struct {
	Name   string `json:"name"`
	Op     string `json:"op"`
	In     obj    `json:"in"`
	Out    obj    `json:"out,omitempty"`
	Reason Reason `json:"reason,omitempty"`
}

type vectorFile struct {
	MadeBy string       `json:"made_by"`
	Cases  []vectorCase `json:"cases"`
}

// TestVectors does what every vector says, those made by Go and those made by
// TypeScript, and compares what comes out and why what doesn't.
func TestVectors(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/vectors/*.json")
	must(t, files, err)
	if len(files) == 0 {
		t.Fatal("no vectors")
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		var f vectorFile
		if err := json.Unmarshal(must(t, raw, err), &f); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if (f.MadeBy == "go") == strings.HasSuffix(name, "-ts.json") || len(f.Cases) == 0 {
			t.Errorf("%s: made by %q, %d cases", name, f.MadeBy, len(f.Cases))
		}
		for _, c := range f.Cases {
			t.Run(filepath.Base(name)+"/"+c.Name, func(t *testing.T) {
				t.Parallel()
				checkCase(t, c)
			})
		}
	}
}

func checkCase(t *testing.T, c vectorCase) {
	t.Helper()
	out, err := runOp(c.Op, c.In)
	if ReasonOf(err) != c.Reason || (err == nil) != (c.Reason == "") {
		t.Fatalf("got %v, want %q", err, c.Reason)
	}
	if err != nil {
		return
	}
	have := asJSON(t, out)
	for k, want := range c.Out {
		if fmt.Sprint(have[k]) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", k, have[k], want)
		}
	}
}

func asJSON(t *testing.T, x obj) (y obj) {
	t.Helper()
	b, err := json.Marshal(x)
	if err := json.Unmarshal(must(t, b, err), &y); err != nil {
		t.Fatal(err)
	}
	return y
}

// vector gives typed fields of JSON. A field that a vector does not have is a
// fault of the vector, and panics: these are tests.
type vector struct{ obj }

func field[T any](v vector, k string) T {
	x, ok := v.obj[k].(T)
	if !ok {
		panic("the vector has no right " + k)
	}
	return x
}

func (v vector) b(k string) []byte {
	b, err := hex.DecodeString(v.s(k))
	if err != nil {
		panic(k + ": " + err.Error())
	}
	return b
}

func (v vector) s(k string) string { return field[string](v, k) }
func (v vector) n(k string) uint64 { return uint64(field[float64](v, k)) }
func (v vector) yes(k string) bool { x, _ := v.obj[k].(bool); return x }
func (v vector) id(k string) ID    { return ID(v.b(k)) }
func (v vector) h(k string) Hash   { return Hash(v.b(k)) }
func (v vector) sub(k string) (vector, bool) {
	x, ok := v.obj[k].(map[string]any)
	return vector{x}, ok
}

func (v vector) list(k string) (all []vector) {
	x, _ := v.obj[k].([]any)
	for _, e := range x {
		if m, ok := e.(map[string]any); ok {
			all = append(all, vector{m})
		}
	}
	return all
}

// log verifies the log in field k: in the ops that take one it holds.
func (v vector) log(k string) *Log {
	x, ok := v.sub(k)
	if !ok {
		return nil
	}
	l, err := VerifyLog(x.b("log"), x.id("account"))
	if err != nil {
		panic("the vector's log " + k + " does not hold: " + err.Error())
	}
	return l
}

func hx(b []byte) string { return hex.EncodeToString(b) }

func headHex(h Head) string { return hx(h.append(nil)) }

func runOp(op string, in obj) (obj, error) {
	f := ops()[op]
	if f == nil {
		return nil, fmt.Errorf("no such op: %s", op)
	}
	return f(vector{in})
}

func ops() map[string]func(vector) (obj, error) {
	all := map[string]func(vector) (obj, error){}
	for _, m := range []map[string]func(vector) (obj, error){keyOps(), logOps(), friendOps(), envelopeOps(), callOps(), linkOps()} {
		maps.Copy(all, m)
	}
	return all
}

// TestVectorListIsWhole holds that the table of ops in the folder's README
// names each op that is here, and no other.
func TestVectorListIsWhole(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/vectors/README.md")
	var told []string
	for line := range strings.SplitSeq(string(must(t, raw, err)), "\n") {
		if rest, ok := strings.CutPrefix(line, "| `"); ok {
			name, _, _ := strings.Cut(rest, "`")
			told = append(told, name)
		}
	}
	slices.Sort(told)
	if have := slices.Sorted(maps.Keys(ops())); !slices.Equal(have, told) {
		t.Errorf("the README names %v, there are %v", told, have)
	}
}
