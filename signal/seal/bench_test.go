package seal

import "testing"

// What sealing adds to the set-up of a call: the caller seals a ring, the callee
// opens it, answers, and the caller opens that. The budget is 50 ms.

func BenchmarkSealRing(b *testing.B) {
	c := newCall(b)
	k := c.b.prekey(b, &c.bs, 0, LastResort)
	m := Message{Kind: Ring, To: c.b.log, ToDev: c.b.dev(0), Pub: k.Pub, MS: now, Body: c.rung.Body}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Seal(c.a.log, c.a.keys[0], m); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenRing(b *testing.B) {
	c := newCall(b)
	k := c.b.prekey(b, &c.bs, 0, LastResort)
	s, err := Seal(c.a.log, c.a.keys[0], Message{Kind: Ring, To: c.b.log, ToDev: c.b.dev(0), Pub: k.Pub, MS: now, Body: c.rung.Body})
	must(b, s, err)
	own := c.b.own(&c.bs, 0, c.a)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(own, s.Wire, now); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSetUp is all of it for one device: prekey checked, ring sealed,
// opened and read, answered, opened and read, keys on both sides, the first frame.
func BenchmarkSetUp(b *testing.B) {
	a, bob := newPerson(b, "anna"), newPerson(b, "bob")
	b.ReportAllocs()
	for b.Loop() {
		c := &call{a: a, b: bob}
		c.run(b)
		s := FrameSealer{Leg: Leg{Call: ID{1}}, Dir: ToCallee, Key: c.atA.Frames(ToCallee)}
		raw, err := s.Seal(Frame{Type: FrameReveal, Random: c.caller.Random})
		o := FrameOpener{Leg: s.Leg, Dir: ToCallee, Key: c.atB.Frames(ToCallee)}
		if _, err := o.Open(must(b, raw, err)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFrame(b *testing.B) {
	c := newCall(b)
	l := Leg{Call: ID{1}}
	b.ReportAllocs()
	for b.Loop() {
		s := FrameSealer{Leg: l, Dir: ToCallee, Key: c.atA.Frames(ToCallee)}
		raw, err := s.Seal(Frame{Type: FrameCandidate, Text: []byte("candidate:1 1 udp 1 192.0.2.1 9 typ relay")})
		if err != nil {
			b.Fatal(err)
		}
		o := FrameOpener{Leg: l, Dir: ToCallee, Key: c.atB.Frames(ToCallee)}
		if _, err := o.Open(raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyLog is a log of 32 devices.
func BenchmarkVerifyLog(b *testing.B) {
	p := newPerson(b, "full")
	for i := range MaxDevices - 1 {
		p.add(b, deviceKey(string(rune('a'+i))), false)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := VerifyLog(p.log.Bytes(), p.account); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSafetyNumber(b *testing.B) {
	x, y := newPerson(b, "anna"), newPerson(b, "bob")
	for b.Loop() {
		SafetyNumber(x.account, x.rec.Root.Public(), y.account, y.rec.Root.Public())
	}
}

func BenchmarkRecover(b *testing.B) {
	for b.Loop() {
		if _, err := Recover([16]byte{1}, ID{1}); err != nil {
			b.Fatal(err)
		}
	}
}
