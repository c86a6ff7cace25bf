package wire_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// FuzzScan holds the scanner to encoding/json: whatever the scanner takes,
// encoding/json takes too and reads the same out of it; and it survives being
// written again.
func FuzzScan(f *testing.F) {
	vs := load[frameVectors](f, "frames.json")
	for _, v := range append(vs.Valid, vs.Invalid...) {
		f.Add(v.bytes())
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		h, err := wire.ScanHub(frame)
		if err != nil {
			return // stricter than JSON, as it should be
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(frame, &fields); err != nil {
			t.Fatalf("took %q, which is not JSON: %v", frame, err)
		}
		var want wire.Envelope
		for name, into := range map[string]any{
			"v": &want.V, "kind": &want.Kind, "id": &want.ID, "call": &want.Call, "from": &want.From,
			"to": &want.To, "seq": &want.Seq, "body": &want.Body,
		} {
			if raw, ok := fields[name]; ok {
				if err := json.Unmarshal(exactAddress(t, raw), into); err != nil {
					t.Fatalf("%s of %q: %v", name, frame, err)
				}
			}
		}
		if got := envelope(h); got != want {
			t.Fatalf("scanned %+v, encoding/json reads %+v", got, want)
		}
		again, err := wire.ScanHub(wire.AppendFrame(nil, &h))
		if err == nil && envelope(again) != dropDeviceAlone(want) {
			t.Fatalf("written again: %+v, want %+v", again, want)
		}
		if _, err := wire.ScanClient(frame); err == nil && (fields["from"] != nil || fields["seq"] != nil) {
			t.Fatalf("a client set from or seq: %q", frame)
		}
	})
}

// exactAddress drops keys that encoding/json would take in another case.
func exactAddress(t *testing.T, raw json.RawMessage) json.RawMessage {
	t.Helper()
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return raw
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	keep := map[string]json.RawMessage{}
	for _, k := range []string{"account", "device"} {
		if v, ok := m[k]; ok {
			keep[k] = v
		}
	}
	out, err := json.Marshal(keep)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// dropDeviceAlone: an address without an account is not written.
func dropDeviceAlone(e wire.Envelope) wire.Envelope {
	if e.From.Account.IsZero() {
		e.From = wire.Address{}
	}
	if e.To.Account.IsZero() {
		e.To = wire.Address{}
	}
	return e
}

// FuzzBody: whatever is taken is a JSON object without doubtful keys.
func FuzzBody(f *testing.F) {
	vs := load[bodyVectors](f, "bodies.json")
	for _, v := range vs.Valid {
		f.Add([]byte(v.Body))
	}
	for _, v := range vs.Invalid {
		f.Add([]byte(v.Body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var m, same wire.Measured
		if wire.DecodeClientBody(body, &m) == nil {
			if err := wire.DecodeClientBody(wire.EncodeBody(m), &same); err != nil || same != m {
				t.Fatalf("%+v came back as %+v, %v", m, same, err)
			}
		}
		var r wire.Ring
		if wire.DecodeBody(body, &r) != nil {
			return
		}
		var again wire.Ring
		if err := wire.DecodeBody(wire.EncodeBody(r), &again); err != nil || again != r {
			t.Fatalf("%+v came back as %+v, %v", r, again, err)
		}
	})
}

// passFrame is a description of 1.5 KB, as a client sends it.
func passFrame() []byte {
	h := wire.Head{
		Kind: wire.KindDescription, ID: id.NewFrame(), Call: id.NewCall(),
		To: wire.Address{Account: id.NewAccount(), Device: id.NewDevice()}, Body: bytes.Repeat([]byte("AAAA"), 330),
	}
	return wire.AppendFrame(nil, &h)
}

func TestPassingOnAllocatesNothing(t *testing.T) {
	frame, out := passFrame(), make([]byte, 0, 4096)
	from := wire.Address{Account: id.NewAccount(), Device: id.NewDevice()}
	if n := testing.AllocsPerRun(100, func() {
		h, err := wire.ScanClient(frame)
		if err != nil {
			t.Fatal(err)
		}
		h.From, h.Seq = from, 7
		out = wire.AppendFrame(out[:0], &h)
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkPassOn(b *testing.B) {
	frame := passFrame()
	from := wire.Address{Account: id.NewAccount(), Device: id.NewDevice()}
	b.Run("scan and splice", func(b *testing.B) {
		b.SetBytes(int64(len(frame)))
		b.ReportAllocs()
		out := make([]byte, 0, 4096)
		for b.Loop() {
			h, err := wire.ScanClient(frame)
			if err != nil {
				b.Fatal(err)
			}
			h.From, h.Seq = from, 7
			out = wire.AppendFrame(out[:0], &h)
		}
	})
	b.Run("encoding json", func(b *testing.B) {
		b.SetBytes(int64(len(frame)))
		b.ReportAllocs()
		for b.Loop() {
			var e wire.Envelope
			if err := json.Unmarshal(frame, &e); err != nil {
				b.Fatal(err)
			}
			e.From, e.Seq = from, 7
			if _, err := json.Marshal(e); err != nil {
				b.Fatal(err)
			}
		}
	})
}
