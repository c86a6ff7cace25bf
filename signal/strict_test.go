package signal_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// badInput is a row of the table "What is refused" in docs/protocol.md.
type badInput struct {
	row, answer string
	send        []string // frames, of which the last is the bad one
	do          func(d *dev)
	bare        bool // no hello comes before
	old         bool // d takes part in a call that rings it
}

// frameOf is a frame with a plain body.
func frameOf(kind, more, body string) string {
	return fmt.Sprintf(`{"v":1,"kind":%q%s,"body":%q}`, kind, more, base64.RawURLEncoding.EncodeToString([]byte(body)))
}

func fields(n int, f string) (out string) {
	for i := range n {
		out += fmt.Sprintf(f, i)
	}
	return out
}

func badInputs() []badInput {
	call := `,"call":"` + id.NewCall().String() + `"`
	ring := call + `,"to":{"account":"` + id.NewAccount().String() + `"}`
	named := fmt.Sprintf(`,"from":{"account":%q}`, id.NewAccount())
	frame := func(row, rule string, send ...string) badInput {
		return badInput{row: row, answer: "`bad_frame`, `" + rule + "`", send: send}
	}
	return []badInput{
		frame("`from` or `seq`, which the hub sets", "set_by_hub",
			frameOf("hangup", call+named, "{}"), frameOf("hangup", call+`,"seq":1`, "{}")),
		frame("a kind that the hub sends", "set_by_hub", frameOf("ended", call, "{}"), frameOf("welcome", "", "{}")),
		frame("a key twice", "duplicate", frameOf("hangup", call+call, "{}"), frameOf("hangup", call+`,"x":1,"x":2`, "{}"),
			frameOf("hangup", call+`,"to":{"x":1,"x":1}`, "{}")),
		frame("a key twice in the body", "duplicate",
			frameOf("ring", ring, `{"media":"audio","media":"video"}`), frameOf("decline", call, `{"busy":true,"busy":false}`)),
		frame("a key, or a value of the envelope, with escapes", "escaped", frameOf("hangup", call+`,"t\u006f":{}`, "{}"),
			`{"v":1,"kind":"h\u0061ngup"`+call+`,"body":""}`, frameOf("decline", call, `{"b\u0075sy":true}`)),
		frame("a key in the body with capitals or other letters than a to z", "format",
			frameOf("ring", ring, `{"media":"audio","MEDIA":"video"}`), frameOf("ring", ring, `{"MEDIA":"audio"}`), frameOf("ring", ring, `{"ſealed":"","media":"audio"}`)),
		frame("what is not UTF-8", "utf8", frameOf("hangup", call+",\"x\":\"\xff\"", "{}"), frameOf("decline", call, "{\"x\":\"\xff\"}")),
		frame("what is not one JSON object and nothing else", "json", "", "[]", "hello", frameOf("hangup", call, "{}")+"{}",
			frameOf("decline", call, `{}{}`), `{"v":1,`),
		frame("more than 16 fields, or 64 in the body, that nobody knows", "maximum", frameOf("hangup", call+fields(17, `,"x%d":1`), "{}"),
			frameOf("decline", call, "{"+strings.TrimPrefix(fields(65, `,"x%d":1`), ",")+"}")),
		frame("a field that must be there and is not", "required", frameOf("hangup", "", "{}"), `{"kind":"hangup","body":""}`, `{"v":1,"body":""}`,
			`{"v":1,"kind":"hello"}`),
		frame("a value of another type", "type", frameOf("hangup", `,"call":1`, "{}"), `{"v":"1","kind":"hangup","body":""}`,
			frameOf("decline", call, `[]`)),
		frame("an identifier or a body that is not spelt as it must be", "format", frameOf("hangup", `,"call":"x"`, "{}"),
			frameOf("hangup", `,"call":"`+strings.Repeat("a", 26)+`x"`, "{}"), `{"v":1,"kind":"hangup"`+call+`,"body":"e30="}`),
		{row: "a body of more than 49,152 characters", answer: "`too_large`", send: []string{
			`{"v":1,"kind":"media"` + call + `,"body":"` + strings.Repeat("A", wire.MaxBody+4) + `"}`,
		}},
		{row: "another version", answer: "`version`", send: []string{`{"v":2,"kind":"hangup"` + call + `,"body":""}`}},
		{row: "a kind that the hub does not know", answer: "`unknown_kind`", send: []string{frameOf("sparkle", "", "{}")}},
		{row: "a field of the body that breaks its rule", answer: "`invalid`", send: []string{
			frameOf("ring", ring, `{"media":"smell"}`), frameOf("ring", ring, `{"media":1}`), frameOf("ring", call, `{"media":"audio"}`),
			frameOf("ring", ring, `{"media":"audio","sealed":"?"}`), frameOf("ring", ring, `{"media":"audio","sealed":"`+strings.Repeat("A", wire.MaxSealed+4)+`"}`),
			frameOf("rejoin", call, `{"media":"audio"}`), frameOf("measured", call, `{"tenths":-1,"way":"udp"}`),
			frameOf("measured", call, fmt.Sprintf(`{"tenths":%d,"way":"udp"}`, wire.MaxConnectTenths+1)), frameOf("measured", call, `{"tenths":1e99,"way":"udp"}`),
			frameOf("measured", call, `{"tenths":1,"way":"203.0.113.7"}`), frameOf("measured", call, `{"tenths":1}`),
		}},
		{row: "`hello` once more", answer: "`out_of_turn`", send: []string{frameOf("hello", "", `{"min":1,"max":1}`)}},
		{row: "what the state of the call does not allow", answer: "`out_of_turn`", old: true, send: []string{"description", "candidate", "media", "warm"}},
		{row: "`measured` before the call is answered", answer: "`out_of_turn`", do: func(d *dev) { d.measured(d.r.rings(d.friend(), d)) }},
		{row: "`measured` a second time from one leg", answer: "`out_of_turn`", do: func(d *dev) {
			c := d.r.running(d.friend(), d)
			d.ok(wire.KindMeasured, c, measured)
			d.measured(c)
		}},
		{row: "a call that the session has no part in", answer: "`call_gone`", send: []string{
			frameOf("hangup", call, "{}"), frameOf("answer", call, `{"media":"audio"}`), frameOf("media", call, "{}"), frameOf("relay", call, "{}"),
			frameOf("ringing", call, "{}"), frameOf("decline", call, "{}"), frameOf("warm", call, "{}"),
			frameOf("measured", call, `{"tenths":0,"way":"direct"}`),
		}},
		{row: "somebody who cannot be reached", answer: "`unreachable`", send: []string{frameOf("ring", ring, `{"media":"audio"}`)}},
		{row: "an 11th call that would ring the same person", answer: "`too_many`", do: func(d *dev) {
			x := id.NewAccount()
			d.r.graph.befriend(d.addr.Account, x)
			for range wire.MaxRinging + 1 {
				d.ring(x)
			}
		}},
		{row: "more than 10 rings a minute", answer: "`rate_limited`", do: func(d *dev) {
			for range wire.MaxRings + 1 {
				d.ring(id.NewAccount())
			}
		}},
		{row: "more frames than the rate allows", answer: "`rate_limited`", do: func(d *dev) {
			for range wire.MaxFrameBurst + 1 {
				d.raw(nonsense)
				d.r.rest() // it reads what comes back
			}
		}},
		{row: "as many again", answer: "close 4504", do: func(d *dev) {
			for range 2*wire.MaxFrameBurst + 1 {
				if d.try(nonsense) != nil {
					return
				}
				d.r.rest() // it reads what comes back
			}
		}},
		{row: "more than 64 pings, or pongs that answer none, at once, or 10 a second in the long run", answer: "close 4504", do: func(d *dev) { d.controls(0x89) }},
		{row: "a message of more than 64 KiB", answer: "close 4502", do: func(d *dev) { _ = d.try(make([]byte, wire.MaxFrame+1)) }},
		{row: "a message that is not text", answer: "close 4502", do: func(d *dev) {
			_ = d.conn.Write(d.r.t.Context(), websocket.MessageBinary, []byte(frameOf("relay", call, "{}")))
		}},
		{row: "what is not WebSocket", answer: "close 1002", do: func(d *dev) { _, _ = d.gate.Write([]byte{0x81, 1, 'a'}) }},
		{row: "no hello within 10 seconds", answer: "close 4502", bare: true, do: func(*dev) { <-time.After(wire.HelloSeconds*time.Second + 1) }},
		{row: "something else before hello, or a hello that is refused by one of the rules above", answer: "close 4502", bare: true, send: []string{frameOf("relay", call, "{}")}},
		{row: "more than 32 features, or one of more than 32 characters", answer: "close 4502", bare: true, send: []string{
			frameOf("hello", "", `{"min":1,"max":1,"features":["`+strings.Repeat("f", wire.MaxFeatureName+1)+`"]}`),
		}},
		{row: "no version in common", answer: "`version`, then close 4502", bare: true, send: []string{frameOf("hello", "", `{"min":2,"max":9}`)}},
		{row: "a 17th session of the account", answer: "close 4503", bare: true, do: func(d *dev) {
			for range wire.MaxSessions {
				d.r.on(0, d.addr.Account)
			}
			d.raw([]byte(frameOf("hello", "", `{"min":1,"max":1}`)))
		}},
		{row: "connecting too often", answer: "`rate_limited`, then close 4003", bare: true, do: func(d *dev) {
			for range wire.MaxHellos {
				_ = d.r.on(0, d.addr.Account).conn.Close(websocket.StatusNormalClosure, "")
				synctest.Wait()
			}
			d.raw([]byte(frameOf("hello", "", `{"min":1,"max":1}`)))
		}},
	}
}

// controls sends control frames until one is too many.
func (d *dev) controls(op byte) {
	for range wire.MaxControlBurst + 1 {
		if _, err := d.gate.Write([]byte{op, 0x80, 0, 0, 0, 0}); err != nil {
			return
		}
		d.r.rest() // it reads what comes back
	}
}

// TestPingsAreCounted: those of clients are answered, but for a flood of them;
// pongs to pings of the hub are no flood.
func TestPingsAreCounted(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		<-time.After(37 * time.Millisecond) // the hub's own pings come on the second, and pipes hold nothing
		for range 100 * wire.MaxControlRate {
			if _, err := a.gate.Write([]byte{0x89, 0x80, 0, 0, 0, 0}); err != nil {
				t.Fatal(err)
			}
			r.rest()
			<-time.After(time.Second / wire.MaxControlRate)
		}
		c := r.running(a, b)
		for range 20 * wire.MaxControlBurst { // each 64 frames ask for a pong
			b.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: []byte("AAAA")}, nil)
			a.want(wire.KindMedia)
			<-time.After(time.Second / wire.MaxFrameRate)
		}
		b.controls(0x8a) // pongs that nobody asked for
		r.rest()
		select {
		case code := <-b.closed:
			if int(code) != int(wire.CloseFlood) {
				t.Errorf("closed with %d, want %d", code, wire.CloseFlood)
			}
		default:
			t.Error("a flood of pongs is read for ever")
		}
		if len(a.closed) > 0 {
			t.Error("whoever keeps to the limits is closed")
		}
	})
}

// TestEveryBadInputHasItsAnswer sends what docs/protocol.md lists as refused,
// over WebSockets, and holds that list to what comes back.
func TestEveryBadInputHasItsAnswer(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## What is refused")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := strings.Count(table, "\n| ") - 1
	all := badInputs()
	if rows != len(all) {
		t.Errorf("%d rows in docs/protocol.md, %d tried", rows, len(all))
	}
	for _, in := range all {
		if !strings.Contains(table, "\n| "+in.row+" | "+in.answer+" |") {
			t.Errorf("docs/protocol.md does not say\n| %s | %s |", in.row, in.answer)
		}
		t.Run(in.row, func(t *testing.T) {
			t.Parallel()
			sends := in.send
			if in.do != nil {
				sends = []string{""}
			}
			for _, s := range sends {
				inBubble(t, 1, func(t *testing.T, r *rig) { in.try(t, r, s) })
			}
		})
	}
}

func (in *badInput) try(t *testing.T, r *rig, send string) {
	t.Helper()
	a, d := r.pair()
	if in.bare {
		d = r.device(id.NewAccount())
		d.open()
	}
	if in.old {
		c := a.ring(d.addr.Account)
		d.want(wire.KindIncoming)
		send = frameOf(send, `,"call":"`+c.String()+`"`, "{}")
	}
	if in.do != nil {
		in.do(d)
	} else {
		d.raw([]byte(send))
	}
	r.rest()
	var got []string
	if errs := d.all()[wire.KindError]; len(errs) > 0 {
		var e wire.Error
		body(t, errs[len(errs)-1], &e)
		word := "`" + string(e.Code) + "`"
		if e.Code == "bad_frame" {
			word += ", `" + e.Rule + "`"
		}
		got = append(got, word)
		if (e.Code == "rate_limited") != (e.RetryAfter > 0) {
			t.Errorf("%s says to wait %d s", e.Code, e.RetryAfter)
		}
	}
	select {
	case code := <-d.closed:
		got = append(got, fmt.Sprintf("close %d", code))
	default:
		<-time.After(time.Minute)
		r.rest()
		d.all()
		d.raw([]byte(frameOf("sparkle", "", "{}"))) // it goes on
		d.wantError("unknown_kind")
	}
	answer := strings.Join(got, ", then ")
	if strings.HasSuffix(in.answer, "4504") {
		answer = answer[strings.LastIndex(answer, "close"):]
	}
	if answer != in.answer {
		t.Errorf("%.200q is answered by %s, want %s", send, answer, in.answer)
	}
}
