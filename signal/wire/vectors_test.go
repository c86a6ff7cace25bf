package wire_test

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

type frameVector struct {
	Name   string
	From   wire.Sender
	Frame  string
	Base64 []byte `json:"frame_base64"` // where the frame is not text
	Want   wire.Envelope
	Code   fault.Code
	Field  string
	Rule   string
}

func (v frameVector) bytes() []byte {
	if v.Base64 != nil {
		return v.Base64
	}
	return []byte(v.Frame)
}

func (v frameVector) scan() (wire.Head, error) {
	if v.From == wire.FromClient {
		return wire.ScanClient(v.bytes())
	}
	return wire.ScanHub(v.bytes())
}

type frameVectors struct {
	IDs            struct{ Valid, Invalid []string }
	Valid, Invalid []frameVector
}

func load[V any](tb testing.TB, name string) V {
	tb.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	var v V
	if err := json.Unmarshal(raw, &v); err != nil {
		tb.Fatal(err)
	}
	return v
}

func envelope(h wire.Head) wire.Envelope {
	return wire.Envelope{V: h.V, Kind: h.Kind, ID: h.ID, Call: h.Call, From: h.From, To: h.To, Seq: h.Seq, Body: string(h.Body)}
}

func TestFrameVectors(t *testing.T) {
	t.Parallel()
	vs := load[frameVectors](t, "frames.json")
	for _, v := range vs.Valid {
		h, err := v.scan()
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		if got := envelope(h); got != v.Want {
			t.Errorf("%s: got %+v, want %+v", v.Name, got, v.Want)
		}
		again, err := wire.ScanHub(wire.AppendFrame(nil, &h))
		if err != nil || envelope(again) != v.Want {
			t.Errorf("%s: written and read again: %+v, %v", v.Name, again, err)
		}
	}
	for _, v := range vs.Invalid {
		_, err := v.scan()
		got := fault.Public(err)
		if err == nil || got.Code != v.Code || got.Field != v.Field || got.Rule != v.Rule {
			t.Errorf("%s: got %v %q %q, want %s %q %q", v.Name, got.Code, got.Field, got.Rule, v.Code, v.Field, v.Rule)
		}
	}
	for _, s := range vs.IDs.Valid {
		if x, err := id.ParseAccount(s); err != nil || x.IsZero() {
			t.Errorf("id %q: %v", s, err)
		}
	}
	for _, s := range vs.IDs.Invalid {
		if x, err := id.ParseAccount(s); err == nil && !x.IsZero() {
			t.Errorf("id %q was taken", s)
		}
	}
}

type bodyVectors struct {
	Valid []struct {
		Kind wire.Kind
		JSON json.RawMessage
		Body string
	}
	Invalid []struct {
		Name       string
		Kind       wire.Kind
		Body       string
		Code, Rule string
	}
}

func newBody(t *testing.T, kind wire.Kind) any {
	t.Helper()
	spec, ok := wire.Lookup([]byte(kind))
	if !ok {
		t.Fatalf("no kind %q", kind)
	}
	return reflect.New(reflect.TypeOf(spec.Body)).Interface()
}

func TestBodyVectors(t *testing.T) {
	t.Parallel()
	vs := load[bodyVectors](t, "bodies.json")
	seen := map[wire.Kind]bool{}
	for _, v := range vs.Valid {
		seen[v.Kind] = true
		b := newBody(t, v.Kind)
		if err := wire.DecodeBody([]byte(v.Body), b); err != nil {
			t.Errorf("%s %s: %v", v.Kind, v.JSON, err)
			continue
		}
		if got := string(wire.EncodeBody(b)); got != v.Body {
			t.Errorf("%s: written as %s, want %s", v.Kind, got, v.Body)
		}
	}
	for _, k := range wire.Kinds() {
		if !seen[k.Kind] {
			t.Errorf("no vector for the body of %s", k.Kind)
		}
	}
	for _, v := range vs.Invalid {
		got := fault.Public(wire.DecodeBody([]byte(v.Body), newBody(t, v.Kind)))
		if string(got.Code) != v.Code || got.Rule != v.Rule {
			t.Errorf("%s: got %s %q, want %s %q", v.Name, got.Code, got.Rule, v.Code, v.Rule)
		}
	}
}

func TestEmptyBodyIsAnEmptyObject(t *testing.T) {
	t.Parallel()
	if err := wire.DecodeBody(nil, &wire.Hangup{}); err != nil {
		t.Error(err)
	}
}

func TestLargestFrameAndBody(t *testing.T) {
	t.Parallel()
	body := make([]byte, wire.MaxBody+4)
	for i := range body {
		body[i] = 'A'
	}
	h := wire.Head{Kind: wire.KindDescription, Call: id.NewCall(), Body: body[:wire.MaxBody]}
	if _, err := wire.ScanClient(wire.AppendFrame(nil, &h)); err != nil {
		t.Errorf("a body of the most that is allowed: %v", err)
	}
	h.Body = body
	if _, err := wire.ScanClient(wire.AppendFrame(nil, &h)); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a body of more: %v, want too_large", err)
	}
	if _, err := wire.ScanClient(make([]byte, wire.MaxFrame+1)); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a frame of more: %v, want too_large", err)
	}
}
