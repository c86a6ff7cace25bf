package seal

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
)

// call is Anna's ring at Bob's first device, opened and answered there.
type call struct {
	a, b       *person
	as, bs     State
	ring       Sealed
	rung       *Opened
	answer     Sealed
	answered   *Opened
	ringKey    Seed
	caller     Side
	callee     Side
	atA, atB   CallKeys
	commitment Hash
}

func newCall(t testing.TB) *call {
	t.Helper()
	c := &call{a: newPerson(t, "anna"), b: newPerson(t, "bob")}
	c.run(t)
	return c
}

// run is the set-up of the call, on both sides.
func (c *call) run(t testing.TB) {
	t.Helper()
	c.ringKey = NewSeed()
	pub, err := c.ringKey.Public()
	must(t, pub, err)
	c.caller = Side{Acct: c.a.log.Acct(), Dev: c.a.dev(0), Fingerprint: testFingerprint(), Random: Random32()}
	c.callee = Side{Acct: c.b.log.Acct(), Dev: c.b.dev(0), Fingerprint: testFingerprint(), Random: Random32()}
	c.commitment = Commitment(ID{1}, 0, c.b.dev(0), c.caller.Random)
	body, err := RingBody{CallID: ID{1}, Media: Sound, EKp: pub, Commit: c.commitment, Fingerprint: testFingerprint(), SDP: []byte(testSDP)}.Bytes()
	must(t, body, err)
	k := c.b.prekey(t, &c.bs, 0, OneTime)
	c.ring, err = Seal(c.a.log, c.a.keys[0], Message{Kind: Ring, To: c.b.log, ToDev: c.b.dev(0), Pub: k.Pub, MS: now, Body: body})
	must(t, c.ring, err)
	c.as.AddKey(PKID(pub), Key{Sort: SortRing, OneTime: true, Seed: c.ringKey, NotAfter: now + 60_000, RingTo: c.b.dev(0)})
	c.rung, err = Open(c.b.own(&c.bs, 0, c.a), c.ring.Wire, now)
	must(t, c.rung, err)
	if err := c.bs.Commit(c.rung, now); err != nil {
		t.Fatal(err)
	}
	r, err := ReadRing(c.rung.Body, ID{1})
	must(t, r, err)
	c.answer, err = Seal(c.b.log, c.b.keys[0], c.answerTo(t, r.EKp))
	must(t, c.answer, err)
	c.answered, err = Open(c.a.own(&c.as, 0, c.b), c.answer.Wire, now)
	must(t, c.answered, err)
	if err := c.as.Commit(c.answered, now); err != nil {
		t.Fatal(err)
	}
	c.atA = NewCallKeys(c.ring.Secret, c.answered.Secret, WireHash(c.ring.Wire), c.answered.Hash)
	c.atB = NewCallKeys(c.rung.Secret, c.answer.Secret, c.rung.Hash, WireHash(c.answer.Wire))
}

func (c *call) answerTo(t testing.TB, ekp []byte) Message {
	t.Helper()
	body, err := AnswerBody{Ring: c.rung.Hash, Random: c.callee.Random, Fingerprint: testFingerprint(), SDP: []byte(testSDP)}.Bytes()
	return Message{Kind: Answer, To: c.a.log, ToDev: c.a.dev(0), Pub: ekp, MS: now, Body: must(t, body, err)}
}

func TestTwoPeopleCallEachOther(t *testing.T) {
	t.Parallel()
	c := newCall(t)
	if len(c.ring.Wire) != RingWireSize || len(c.answer.Wire) != RingWireSize {
		t.Errorf("ring and answer have %d and %d bytes, want %d", len(c.ring.Wire), len(c.answer.Wire), RingWireSize)
	}
	if c.atA != c.atB {
		t.Error("the two sides have not the same keys")
	}
	l := Leg{Call: ID{1}}
	out := FrameSealer{Leg: l, Dir: ToCallee, Key: c.atA.Frames(ToCallee)}
	in := FrameOpener{Leg: l, Dir: ToCallee, Key: c.atB.Frames(ToCallee)}
	rules := LegRules{Commit: c.commitment, RungDev: c.b.dev(0), Leg: l, Stage: Accepted}
	for i, f := range []Frame{{Type: FrameReveal, Random: c.caller.Random}, {Type: FrameSDP, Text: []byte(testSDP)}, {Type: FrameMedia, Sends: 1}} {
		raw, err := out.Seal(f)
		got, err2 := in.Open(must(t, raw, err))
		if err2 != nil || got.Type != f.Type || rules.Take(got) != nil {
			t.Errorf("frame %d: got %+v, %v", i, got, err2)
		}
	}
	if !rules.Revealed() {
		t.Error("the reveal has come, and does not show")
	}
	if x, y := c.atA.Emoji(c.caller, c.callee), c.atB.Emoji(c.caller, c.callee); x != y {
		t.Errorf("Anna sees %v, Bob %v", x, y)
	}
}

func TestWhatWasOpenedOpensNoMore(t *testing.T) {
	t.Parallel()
	c := newCall(t)
	_, err := Open(c.b.own(&c.bs, 0, c.a), c.ring.Wire, now)
	wantReason(t, err, Replay)
	_, err = Open(c.a.own(&c.as, 0, c.b), c.answer.Wire, now)
	wantReason(t, err, Replay)
	pub, err := c.ringKey.Public()
	second, err2 := Seal(c.b.log, c.b.keys[0], c.answerTo(t, must(t, pub, err)))
	_, err = Open(c.a.own(&c.as, 0, c.b), must(t, second, err2).Wire, now)
	wantReason(t, err, AnswerTwice)
	if k, _ := c.as.Key(PKID(pub)); !zero(k.Seed[:]) {
		t.Error("the seed of a ring's key outlived its answer")
	}
}

// TestOneOfManyOpens has many goroutines open one envelope: one may keep it.
func TestOneOfManyOpens(t *testing.T) {
	t.Parallel()
	a, b := newPerson(t, "anna"), newPerson(t, "bob")
	var s State
	k := b.prekey(t, &s, 0, OneTime)
	seed := NewSeed()
	pub, err := seed.Public()
	body, err2 := RingBody{CallID: ID{1}, Media: Sound, EKp: must(t, pub, err), Fingerprint: testFingerprint(), SDP: []byte(testSDP)}.Bytes()
	m := Message{Kind: Ring, To: b.log, ToDev: b.dev(0), Pub: k.Pub, MS: now, Body: must(t, body, err2)}
	one, err := Seal(a.log, a.keys[0], m)
	must(t, one, err)
	two, err := Seal(a.log, a.keys[0], m)
	must(t, two, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[Reason]int{}
	for i := range 20 {
		wg.Go(func() {
			o, err := Open(b.own(&s, 0, a), [][]byte{one.Wire, two.Wire}[i%2], now)
			if err == nil {
				err = s.Commit(o, now)
			}
			mu.Lock()
			defer mu.Unlock()
			got[ReasonOf(err)]++
		})
	}
	wg.Wait()
	if got[""] != 1 || got[Replay] != 9 || got[PrekeyUsed] != 10 {
		t.Errorf("got %v, want one kept, nine known, ten without a key", got)
	}
}

// TestTheTransactionLooksAgain has everything opened before anything is kept, as
// it is where several are at work: what was opened twice is kept once, and a
// key opens for one envelope.
func TestTheTransactionLooksAgain(t *testing.T) {
	t.Parallel()
	var s State
	s.AddKey(Hash{1}, Key{Sort: SortPrekey, OneTime: true, Seed: Seed{1}, NotAfter: now})
	s.AddKey(Hash{2}, Key{Sort: SortRing, OneTime: true, Seed: Seed{2}, NotAfter: now})
	s.AddKey(Hash{3}, Key{Sort: SortPrekey, Seed: Seed{3}, NotAfter: now})
	for i, c := range []struct {
		o    Opened
		want Reason
	}{
		{Opened{PKID: Hash{1}, EnvID: ID{1}, Hash: Hash{1}}, ""},
		{Opened{PKID: Hash{1}, EnvID: ID{1}, Hash: Hash{1}}, Replay},
		{Opened{PKID: Hash{3}, EnvID: ID{1}, Hash: Hash{1}}, Replay},
		{Opened{PKID: Hash{3}, EnvID: ID{1}, Hash: Hash{2}}, Conflict},
		{Opened{PKID: Hash{1}, EnvID: ID{2}, Hash: Hash{2}}, PrekeyUsed},
		{Opened{PKID: Hash{2}, EnvID: ID{3}, Hash: Hash{3}}, ""},
		{Opened{PKID: Hash{2}, EnvID: ID{4}, Hash: Hash{4}}, AnswerTwice},
		{Opened{PKID: Hash{3}, EnvID: ID{5}, Hash: Hash{5}}, ""},
		{Opened{PKID: Hash{3}, EnvID: ID{6}, Hash: Hash{6}}, ""},
		{Opened{PKID: Hash{4}, EnvID: ID{7}, Hash: Hash{7}}, PrekeyUnknown},
	} {
		if got := ReasonOf(s.Commit(&c.o, now)); got != c.want {
			t.Errorf("%d: got %q, want %q", i, got, c.want)
		}
	}
}

// TestReplayCacheHasItsBounds fills it for one device, and for an account with
// many, and then lets time pass.
func TestReplayCacheHasItsBounds(t *testing.T) {
	t.Parallel()
	var s State
	s.AddKey(Hash{1}, Key{Sort: SortPrekey, Seed: Seed{1}, NotAfter: now})
	n := 0
	fill := func(a Acct, d Dev, want int) {
		t.Helper()
		done := 0
		for {
			n++
			err := s.Commit(&Opened{Account: a, FromDev: d, PKID: Hash{1}, EnvID: ID{byte(n), byte(n >> 8), byte(n >> 16)}}, now)
			if err != nil {
				wantReason(t, err, ReplayFull)
				break
			}
			done++
		}
		if done != want {
			t.Errorf("%d entries, want %d", done, want)
		}
	}
	fill(Acct{1}, Dev{1}, MaxSeenPerDevice)
	fill(Acct{1}, Dev{2}, MaxSeenPerDevice)
	fill(Acct{1}, Dev{3}, MaxSeenPerDevice)
	fill(Acct{1}, Dev{4}, 0)
	fill(Acct{2}, Dev{5}, MaxSeenPerDevice)
	_, _, room := s.Seen(Dev{1}, ID{})
	if room {
		t.Error("there is room where none is")
	}
	s.Sweep(now + graceAfter + keptAfterKey)
	fill(Acct{1}, Dev{4}, 0)
	s.Sweep(now + graceAfter + keptAfterKey + 1)
	s.AddKey(Hash{1}, Key{Sort: SortPrekey, Seed: Seed{1}, NotAfter: now})
	fill(Acct{1}, Dev{1}, MaxSeenPerDevice)
}

func TestSweepForgetsKeys(t *testing.T) {
	t.Parallel()
	var s State
	s.AddKey(Hash{1}, Key{Sort: SortPrekey, Seed: Seed{1}, NotAfter: now})
	s.AddKey(Hash{2}, Key{Sort: SortRing, Seed: Seed{1}, NotAfter: now})
	for _, c := range []struct {
		at       uint64
		one, two bool
	}{{now, true, true}, {now + 1, true, false}, {now + graceAfter, true, false}, {now + graceAfter + 1, false, false}} {
		s.Sweep(c.at)
		_, one := s.Key(Hash{1})
		_, two := s.Key(Hash{2})
		if one != c.one || two != c.two {
			t.Errorf("after %d ms: %v, %v, want %v, %v", c.at-now, one, two, c.one, c.two)
		}
	}
}

// TestZeroValuesAreSafe has everything that has a zero value used as such.
func TestZeroValuesAreSafe(t *testing.T) {
	t.Parallel()
	a := newPerson(t, "anna")
	var l *Log
	if l.Contains(Head{}) || (&Log{}).Contains(Head{}) || len(l.Active()) != 0 || l.Head() != (Head{}) || l.Bytes() != nil || l.Until(0) != nil {
		t.Error("a log that is none contains something")
	}
	_, err := Seal(l, DeviceKey{}, Message{})
	wantReason(t, err, BadKind)
	_, err = Seal(a.log, DeviceKey{}, Message{Kind: Ring, To: newPerson(t, "bob").log, ToDev: newPerson(t, "bob").dev(0)})
	wantReason(t, err, Malformed)
	_, err = Open(Own{}, make([]byte, wireMin+528), now)
	wantReason(t, err, Version)
	s, err := Seal(a.log, a.keys[0], Message{Kind: OwnSync, CType: SyncPins, To: a.log, ToDev: a.dev(0)})
	wantReason(t, err, OwnEcho)
	_, err = Open(Own{}, s.Wire, now)
	wantReason(t, err, Malformed)
	_, err = DeviceKey{}.sign(nil)
	wantReason(t, err, KeyInvalid)
	_, err = RootKey{}.sign(nil)
	wantReason(t, err, KeyInvalid)
	_, err = DeviceKeyFrom(nil)
	wantReason(t, err, KeyInvalid)
	_, err = Seed{}.Public()
	wantReason(t, err, KeyInvalid)
	_, err = (&FrameSealer{Dir: ToCallee}).Seal(Frame{Type: FrameMedia})
	wantReason(t, err, FrameOpen)
	_, err = (&FrameOpener{}).Open(make([]byte, FrameSize))
	wantReason(t, err, Version)
	wantReason(t, (&LegRules{}).Take(Frame{}), BadCommit)
	var st State
	wantReason(t, st.Commit(&Opened{}, now), PrekeyUnknown)
	st.Sweep(now)
	_, err = NewBackup(l, DeviceKey{}, nil, Backup{})
	wantReason(t, err, BadCode)
	_, err = OpenBackup(l, Recovery{}, nil)
	wantReason(t, err, BadCode)
	wantReason(t, l.Owner(Recovery{}), BadCode)
	wantReason(t, a.log.Owner(a.rec), "")
	if ReasonOf(errors.New("other")) != "" || ReasonOf(fmt.Errorf("wrapped: %w", refuse(Replay))) != Replay {
		t.Error("ReasonOf does not find what is there")
	}
}

// TestSmallOrderKeySignsForNobody holds what Go's own verifier does not: under
// the key 01 00… it takes any message.
func TestSmallOrderKeySignsForNobody(t *testing.T) {
	t.Parallel()
	key, sig := SigningKey{1}, append([]byte{1}, make([]byte, 63)...)
	if !ed25519.Verify(key[:], []byte("anything"), sig) {
		t.Log("Go's verifier has become stricter")
	}
	if key.verify([]byte("anything"), sig) {
		t.Error("a key of small order has signed")
	}
}

// TestSecretsDoNotPrint prints everything that is secret in every way.
func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	c := newCall(t)
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	for _, x := range []any{c.ringKey, c.ring.Secret, c.atA, c.atA.Frames(ToCallee), c.a.keys[0], c.a.rec.Root, LinkSecret{1, 2, 3}, Key{Seed: c.ringKey}} {
		fmt.Fprintf(&out, "%v %+v %#v %s\n", x, x, x, x)
		log.Info("x", "x", x)
	}
	text := out.String()
	for _, b := range [][]byte{c.ringKey[:], c.ring.Secret[:], c.atA.Media[:], c.atA.toCallee.key[:]} {
		raw := string(b[:8])
		for _, form := range []string{hx(b[:4]), strings.Trim(fmt.Sprintf("%d", b[:4]), "[]"), raw, strings.Trim(fmt.Sprintf("%#v", b[:4]), "[]byte{}")} {
			if strings.Contains(text, form) {
				t.Errorf("a secret stands in %q", form)
			}
		}
	}
}

func TestMergingPinsTakesTheLaterAndTheNewerHead(t *testing.T) {
	t.Parallel()
	a, b := newPerson(t, "anna"), newPerson(t, "bob")
	old := a.pin()
	a.add(t, deviceKey("anna phone"), true)
	fresh := a.pin()
	fresh.MS, old.MS = now-5, now
	old.State = Blocked
	got := MergePins([]Pin{fresh}, []Pin{old, b.pin()})
	i := slices.IndexFunc(got, func(p Pin) bool { return p.Account == a.account })
	if len(got) != 2 || got[i].State != Blocked || got[i].Head != fresh.Head {
		t.Errorf("got %+v", got)
	}
	swapped := MergePins([]Pin{old, b.pin()}, []Pin{fresh})
	if !slices.Equal(got, swapped) {
		t.Error("who told whom makes a difference")
	}
	got[i].By, got[i].Verified = Dev{7}, VerifiedVoice
	if touched := Distrust(got, Dev{7}); !slices.Equal(touched, []ID{a.account}) || got[i].Verified != NotVerified {
		t.Errorf("a pin that a revoked device made is still verified: %v", touched)
	}
}

func TestALogThatIsFull(t *testing.T) {
	t.Parallel()
	a := newPerson(t, "anna")
	raw, prev := slices.Clone(a.log.Bytes()), a.log.Head().Hash
	for seq := uint32(1); seq <= MaxEntries; seq++ {
		h := header{acct: a.log.Acct(), seq: seq, prev: prev, typ: Reset}
		d, err := newDraft(a.rec.Root, h, append(u32(u32(nil, seq-1), seq), 0))
		e := must(t, d, err).Entry()
		raw, prev = append(raw, e...), hash("log-head", e)
		if seq == MaxEntries-1 {
			l, err := VerifyLog(raw, a.account)
			if must(t, l, err).Head().Seq != seq {
				t.Errorf("the log ends at %d", l.Head().Seq)
			}
		}
	}
	_, err := VerifyLog(raw, a.account)
	wantReason(t, err, LogFull)
	_, err = VerifyLog(make([]byte, MaxLogSize+1), a.account)
	wantReason(t, err, LogFull)
}
