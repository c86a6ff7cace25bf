package seal

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"testing"
	"testing/cryptotest"
)

var update = flag.Bool("update", false, "write the vectors anew")

// gen collects a file's cases. Each is run when it is added: what a vector says
// comes out is what came out, and why it is refused is what its author said.
type gen struct {
	t     *testing.T
	cases []vectorCase
}

func (g *gen) add(name, op string, in obj, want Reason) obj {
	g.t.Helper()
	in = asJSON(g.t, in)
	out, err := runOp(op, in)
	if ReasonOf(err) != want || (err == nil) != (want == "") {
		g.t.Errorf("%s: got %v, want %q", name, err, want)
		return nil
	}
	if want != "" {
		out = nil
	}
	g.cases = append(g.cases, vectorCase{Name: name, Op: op, In: in, Out: out, Reason: want})
	return out
}

func (o obj) with(k string, v any) obj {
	x := obj{}
	maps.Copy(x, o)
	x[k] = v
	return x
}

// flip returns b with one bit changed.
func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

func (p *person) vlog() obj { return obj{"log": hx(p.log.Bytes()), "account": hx(p.account[:])} }

// TestVectorsAreWhatTheGeneratorMakes makes all vectors anew from fixed
// randomness and compares them with the files, or writes them with -update. It
// also holds that no two vectors of a file have one name.
func TestVectorsAreWhatTheGeneratorMakes(t *testing.T) {
	for name, build := range map[string]func(*gen){
		"keys": keyVectors, "log": logVectors, "friends": friendVectors, "prekeys": prekeyVectors, "envelopes": envelopeVectors,
		"calls": callVectors, "linking": linkVectors,
	} {
		t.Run(name, func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, 7)
			g := &gen{t: t}
			build(g)
			names := []string{}
			for _, c := range g.cases {
				if slices.Contains(names, c.Name) {
					t.Errorf("two vectors are called %q", c.Name)
				}
				names = append(names, c.Name)
			}
			b, err := json.MarshalIndent(vectorFile{"go", g.cases}, "", " ")
			b = append(must(t, b, err), '\n')
			path := "testdata/vectors/" + name + ".json"
			if *update {
				if err := os.WriteFile(path, b, 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			have, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(have, b) {
				t.Errorf("%s is not what the generator makes (%v); -update writes it", path, err)
			}
		})
	}
}
