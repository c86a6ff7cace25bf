package seal

import (
	"slices"
	"testing"
)

// TestNewDeviceChecksWhatItJoins has an old device bring each wrong entry to a
// new one, which joins the right one alone.
func TestNewDeviceChecksWhatItJoins(t *testing.T) {
	t.Parallel()
	a, b := newPerson(t, "anna"), newPerson(t, "bob")
	key, other := deviceKey("anna new"), deviceKey("anna other")
	good, err := a.log.DraftAdd(a.keys[0], key.Public(), false, now)
	must(t, good, err)
	foreign, err := b.log.DraftAdd(b.keys[0], key.Public(), false, now)
	must(t, foreign, err)
	another, err := a.log.DraftAdd(a.keys[0], other.Public(), false, now)
	must(t, another, err)
	revoke, err := a.log.DraftRevoke(a.keys[0], a.dev(0), now)
	must(t, revoke, err)
	fork := flip(good.EntryBytes(), 40)
	later := flip(good.EntryBytes(), 34)
	for _, c := range []struct {
		name string
		e    []byte
		want Reason
	}{
		{"right", good.EntryBytes(), ""},
		{"nothing", nil, Malformed},
		{"of another identity", foreign.EntryBytes(), LogGenesis},
		{"of another key", another.EntryBytes(), LogJoin},
		{"that revokes", revoke.EntryBytes(), LogGenesis},
		{"after another entry", fork, LogFork},
		{"later", later, LogGap},
	} {
		if got := ReasonOf(CheckJoin(c.e, a.log.Acct(), a.log.Head(), key.Public())); got != c.want {
			t.Errorf("an entry %s: got %q, want %q", c.name, got, c.want)
		}
	}
	join, err := JoinEntry(good.EntryBytes(), key)
	good.Joined(must(t, join, err))
	a.extend(t, good)
	if d, ok := a.log.Device(DevOf(a.log.Acct(), key.Public())); !ok || !d.Active || d.Link {
		t.Errorf("got %+v, %v", d, ok)
	}
}

// TestRecoveryTakesTheThiefOut has a stolen device that may link add one of its
// own and revoke the owner's: the code outranks it, and it never comes back.
func TestRecoveryTakesTheThiefOut(t *testing.T) {
	t.Parallel()
	a := newPerson(t, "anna")
	a.add(t, deviceKey("anna phone"), true)
	pin := a.pin()
	thief := deviceKey("thief")
	d, err := a.log.DraftAdd(a.keys[1], thief.Public(), true, now)
	if err := must(t, d, err).Join(thief); err != nil {
		t.Fatal(err)
	}
	a.extend(t, d)
	d, err = a.log.DraftRevoke(thief, a.dev(0), now)
	a.extend(t, must(t, d, err))
	l, pin, reset, err := pin.Follow(a.log.Bytes())
	if err != nil || reset || len(l.Active()) != 2 {
		t.Fatalf("friends follow: %v, %v", reset, err)
	}
	d, err = a.log.DraftReset(a.rec.Root, a.log.Head().Seq, nil, now)
	raw := slices.Concat(a.log.Bytes(), must(t, d, err).Entry())
	fresh := deviceKey("anna fresh")
	after, err := VerifyLog(raw, a.account)
	d, err = must(t, after, err).DraftAdd(a.rec.Root, fresh.Public(), true, now)
	if err := must(t, d, err).Join(fresh); err != nil {
		t.Fatal(err)
	}
	raw = append(raw, d.Entry()...)
	l, _, reset, err = pin.Follow(raw)
	if err != nil || !reset || len(l.Active()) != 1 || l.Active()[0].Key != fresh.Public() {
		t.Fatalf("after the recovery: %v, %v", reset, err)
	}
	for _, key := range []DeviceKey{thief, a.keys[0], a.keys[1]} {
		d, err := l.DraftAdd(fresh, key.Public(), true, now)
		if err := must(t, d, err).Join(key); err != nil {
			t.Fatal(err)
		}
		_, err = l.Extend(d.Entry())
		wantReason(t, err, LogRepeated)
	}
	late, err := l.DraftRevoke(thief, l.Active()[0].Dev, now)
	_, err = l.Extend(must(t, late, err).Entry())
	wantReason(t, err, LogSigner)
}

// TestNumbersAreSealedOnce holds that no sealer gives two frames one number, not
// even when one of them was refused.
func TestNumbersAreSealedOnce(t *testing.T) {
	t.Parallel()
	var key FrameKey
	key.key[0] = 1
	s := FrameSealer{Dir: ToCallee, Key: key}
	seen := map[string]bool{}
	for i := range 10 {
		raw, err := s.Seal(Frame{Type: FrameMedia, Sends: uint8(i % 4)})
		head := string(must(t, raw, err)[:frameHeader])
		if seen[head] {
			t.Errorf("frame %d has a number that was used", i)
		}
		seen[head] = true
		_, err = s.Seal(Frame{Type: FrameCandidate, Text: make([]byte, MaxCandidate+1)})
		wantReason(t, err, Malformed)
	}
	s.seq = MaxFrames
	_, err := s.Seal(Frame{Type: FrameMedia})
	wantReason(t, err, FrameGap)
	end := FrameSealer{Dir: RingEnd, Key: key}
	_, err = end.Seal(Frame{Type: FrameMedia})
	wantReason(t, err, FrameRule)
	raw, err := end.Seal(Frame{Type: FrameEnd, Reason: 1})
	must(t, raw, err)
	_, err = end.Seal(Frame{Type: FrameEnd, Reason: 1})
	wantReason(t, err, FrameGap)
}

// TestManInTheMiddleIsSeen has somebody with own certificates answer Anna and
// ring Bob: over 2^16 tries of what they may choose blind, the emoji agree no
// more often than chance has it.
func TestManInTheMiddleIsSeen(t *testing.T) {
	t.Parallel()
	c := newCall(t)
	atA := c.atA.Emoji(c.caller, c.callee)
	other := newCall(t)
	hits := 0
	for i := range 1 << 16 {
		mallory := other.caller
		mallory.Fingerprint[0], mallory.Fingerprint[1] = byte(i), byte(i>>8)
		if other.atA.Emoji(mallory, other.callee) == atA {
			hits++
		}
	}
	if hits > 2 { // 2^-8 for one, 2^-17 for two, below 10^-8 for three
		t.Errorf("%d of 65,536 certificates give the same emoji", hits)
	}
}
