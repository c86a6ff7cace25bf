package sealmodel

import (
	"fmt"
	"slices"
)

// ring are the moves of a callee that has not begun: one for each ring that it takes.
func (w *world) ring(s *state, j *judge, i int) []*state {
	t := w.threads[i]
	for k := range i {
		// Threads of one device are alike, so they begin in their order.
		if o := w.threads[k]; o.role == callee && o.self == t.self && s.locals[k].step == idle {
			return nil
		}
	}
	keys := []Term{t.self.prekeys[0].public, t.self.prekeys[1].public}
	wires := w.wires(j, kindRing, t.self, keys, func(seen []Term) []Term { return w.ringBodies(s, t.self, seen) })
	var out []*state
	for _, wire := range wires {
		for _, k := range t.self.prekeys {
			if next := w.takeRing(s, i, wire, k); next != nil {
				out = append(out, next)
			}
		}
	}
	return out
}

// ringBodies are those that were seen, and what the attacker can put together of
// its own values and of those that pass through its hands.
func (w *world) ringBodies(s *state, d *device, seen []Term) []Term {
	out := w.bodies(seen, "ring")
	var commitments []Term
	for _, b := range out {
		commitments = append(commitments, w.at(b).args[3])
	}
	calls, ephemerals, prints := []Term{w.evil.call}, []Term{w.evil.public}, []Term{w.evil.print}
	for k, o := range w.threads {
		if o.role == caller && s.locals[k].step != idle {
			calls, prints = append(calls, o.call), append(prints, o.print)
			ephemerals = append(ephemerals, w.public(o.ephemeral))
		}
	}
	for _, c := range product(calls, ephemerals, prints) {
		for _, cm := range append(slices.Clone(commitments), w.commitment(c[0], d.dev, w.evil.random)) {
			out = append(out, w.tuple(w.label("ring"), c[0], c[1], cm, c[2], w.evil.sdp))
		}
	}
	return out
}

// product is every choice of one of each list.
func product(lists ...[]Term) [][]Term {
	out := [][]Term{nil}
	for _, list := range lists {
		var longer [][]Term
		for _, head := range out {
			for _, t := range list {
				longer = append(longer, append(slices.Clone(head), t))
			}
		}
		out = longer
	}
	return out
}

func (w *world) takeRing(s *state, i int, wire Term, key prekey) *state {
	t := w.threads[i]
	e, ok := w.open(kindRing, t.self, wire, key.public)
	if !ok {
		return nil
	}
	from := w.find(e.from)
	if from == nil || !slices.Contains(w.pins(s, t.self), from) || !w.sound(e, from, t.self) {
		return nil
	}
	body := w.at(e.body)
	if body.op != opTuple || len(body.args) != 6 || body.args[0] != w.label("ring") {
		return nil
	}
	call, public := body.args[1], body.args[2]
	for k, o := range w.threads {
		l := s.locals[k]
		if o.self != t.self || o.role != callee || l.step == idle {
			continue
		}
		before := w.at(w.at(l.ring).args[0])
		switch {
		case before.args[1] == e.from && before.args[4] == e.env && !w.faults[NoCache],
			key.once && l.used == key.public && !w.faults[KeysStay],
			l.call == call && !w.faults[NoCallIDs]:
			return nil
		}
	}
	l := local{
		step: rung, peer: from, ring: wire, call: call, public: public, commit: body.args[3],
		printPeer: body.args[4], context: e.context, used: key.public,
	}
	next := s.with(i, l, fmt.Sprintf("%s takes a ring of %s, %s", t.self.name, from.name, w.text(e.body)))
	if t.early {
		r := w.label("zero")
		if w.faults[RandomEarly] {
			r = t.random
		}
		next = w.reply(next, i, "ready", r)
	}
	return next
}

// reply seals the answer.
func (w *world) reply(s *state, i int, stage string, random Term) *state {
	t, l := w.threads[i], s.locals[i]
	body := w.tuple(w.label("answer"), w.hash("wire", l.ring), w.label(stage), random, t.print, t.sdp)
	l.answer = w.wire(kindAnswer, t.self, l.peer, l.public, t.rndAnswer, t.envAnswer, t.salt, body)
	down, up := w.keys(l.ring, l.answer, l.context, w.context(l.peer, l.public, t.rndAnswer))
	l.step, l.send, l.take = answered, up, down
	next := s.with(i, l, t.self.name+" answers, "+stage)
	next.know = w.learn(s.know, l.answer)
	return next
}

// press is the person's.
func (w *world) press(s *state, j *judge, i int) *state {
	t, l := w.threads[i], s.locals[i]
	if l.step == idle || l.pressed {
		return nil
	}
	l.pressed = true
	if j.derives(t.random) {
		l.broken = "emoji: the callee's value was known before the press"
	}
	next := s.with(i, l, "the person at "+t.self.name+" presses")
	if t.early {
		next = w.say(next, i, "accept", t.random)
	} else {
		next = w.reply(next, i, "accepted", t.random)
	}
	return w.attach(next, i)
}

// attach is the moment from which the person is heard and seen.
func (w *world) attach(s *state, i int) *state {
	t, l := w.threads[i], s.locals[i]
	if l.attached || !l.pressed || l.takes == 0 && !w.faults[TrackAtPress] {
		return s
	}
	l.attached = true
	return w.say(s.with(i, l, t.self.name+" is heard and seen"), i, "sdp", t.secret)
}
