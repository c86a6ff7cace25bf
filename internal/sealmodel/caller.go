package sealmodel

import "slices"

// invite are the moves of a caller that has not begun: one for each prekey that
// it may be given.
func (w *world) invite(s *state, j *judge, i int) []*state {
	t := w.threads[i]
	target := t.target
	if target == nil {
		if s.locals[t.from].step != friend {
			return nil
		}
		target = s.locals[t.from].peer
	}
	var out []*state
	for _, public := range s.know {
		if w.at(public).op != opPublic || !w.prekeyGood(s, j, t.self, target, public) {
			continue
		}
		body := w.tuple(w.label("ring"), t.call, w.public(t.ephemeral), w.commitment(t.call, target.dev, t.random), t.print, t.sdp)
		wire := w.wire(kindRing, t.self, target, public, t.rnd, t.env, t.salt, body)
		next := s.with(i, local{step: rung, peer: target, ring: wire, call: t.call, context: w.context(target, public, t.rnd)},
			t.self.name+" rings "+target.name+" with "+w.text(public))
		next.know = w.learn(s.know, wire, t.call)
		out = append(out, next)
	}
	return out
}

func (w *world) commitment(call, dev, random Term) Term {
	return w.hash("sas/commit", call, dev, random)
}

func (w *world) prekeyGood(s *state, j *judge, self, target *device, public Term) bool {
	if w.faults[PrekeyUnsigned] || j.derives(w.sign(target.dk, w.record(target, public))) {
		return true
	}
	return w.faults[PrekeyAnyDevice] && slices.ContainsFunc(w.pins(s, self), func(d *device) bool {
		return j.derives(w.sign(d.dk, w.record(d, public)))
	})
}

// hear are the moves of a caller that rings: one for each answer that it takes.
func (w *world) hear(s *state, j *judge, i int) []*state {
	t, l := w.threads[i], s.locals[i]
	ephemeral := w.public(t.ephemeral)
	wires := w.wires(j, kindAnswer, t.self, []Term{ephemeral}, func(seen []Term) []Term {
		out := w.bodies(seen, "answer")
		for _, stage := range []string{"accepted", "ready"} {
			for _, ring := range []Term{l.ring, w.evil.call} {
				out = append(out, w.tuple(w.label("answer"), w.hash("wire", ring), w.label(stage), w.evil.random, w.evil.print, w.evil.sdp))
			}
		}
		return out
	})
	var out []*state
	for _, wire := range wires {
		if wire == l.answer {
			continue
		}
		if next := w.takeAnswer(s, j, i, wire); next != nil {
			out = append(out, next)
		}
	}
	return out
}

func (w *world) bodies(seen []Term, kind string) []Term {
	var out []Term
	for _, b := range seen {
		if n := w.at(b); n.op == opTuple && len(n.args) == 6 && n.args[0] == w.label(kind) && !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	return out
}

func (w *world) takeAnswer(s *state, j *judge, i int, wire Term) *state {
	t, l := w.threads[i], s.locals[i]
	e, ok := w.open(kindAnswer, t.self, wire, w.public(t.ephemeral))
	if !ok {
		return nil
	}
	from := w.find(e.from)
	anyone := w.faults[AnswerAnyDevice] && slices.Contains(w.pins(s, t.self), from)
	if from == nil || from != l.peer && !anyone || !w.sound(e, from, t.self) {
		return nil
	}
	body := w.at(e.body)
	if body.op != opTuple || len(body.args) != 6 || body.args[0] != w.label("answer") {
		return nil
	}
	if body.args[1] != w.hash("wire", l.ring) && !w.faults[AnswerAnyRing] {
		return nil
	}
	accepted := body.args[2] == w.label("accepted")
	if accepted && w.branchTaken(s, i) && !w.faults[RevealTwice] {
		return nil
	}
	l.step, l.answer, l.printPeer = answered, wire, body.args[4]
	l.send, l.take = w.keys(l.ring, wire, l.context, e.context)
	l.sends, l.takes = 0, 0
	next := s.with(i, l, t.self.name+" takes an answer of "+from.name)
	if accepted {
		next = w.reveal(next, j, i)
	}
	next = w.say(next, i, "sdp", t.secret)
	if !accepted && w.faults[RevealEarly] {
		next = w.say(next, i, "reveal", t.random)
	}
	return next
}

func (w *world) find(dev Term) *device {
	for _, d := range w.devices {
		if d.dev == dev {
			return d
		}
	}
	return nil
}

// branchTaken tells whether another branch of this leg has been answered by a person.
func (w *world) branchTaken(s *state, i int) bool {
	for k, t := range w.threads {
		if k != i && t.role == caller && t.leg == w.threads[i].leg && t.leg != 0 && s.locals[k].revealed {
			return true
		}
	}
	return false
}

// reveal is what follows a press at the other end: j is what the attacker knew
// when it had to choose the other half of the emoji.
func (w *world) reveal(s *state, j *judge, i int) *state {
	t, l := w.threads[i], s.locals[i]
	l.revealed = true
	switch {
	case j.derives(t.random):
		l.broken = "emoji: the caller's value was known when the callee's was taken"
	case w.branchTaken(s, i):
		l.broken = "emoji: two branches of a leg were revealed to"
	}
	return w.say(s.with(i, l, t.self.name+" reveals"), i, "reveal", t.random)
}

// keys of the frames: from the caller, from the callee.
func (w *world) keys(ring, answer, first, second Term) (down, up Term) {
	var parts []Term
	if !w.faults[SecondKeyAlone] {
		parts = append(parts, w.hash("call/ring", first))
	}
	if !w.faults[FirstKeyAlone] {
		parts = append(parts, w.hash("call/answer", second))
	}
	if !w.faults[NoTranscript] {
		parts = append(parts, w.hash("call/th", w.hash("wire", ring), w.hash("wire", answer)))
	}
	if w.faults[NoDirection] {
		k := w.hash("call/frames", parts...)
		return k, k
	}
	return w.hash("call/frames", append(slices.Clone(parts), w.label("dir/1"))...), w.hash("call/frames", append(parts, w.label("dir/2"))...)
}
