package sealmodel

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Result of an exploration.
type Result struct {
	States int
	Broken string   // the promise that does not hold; empty: all hold within the bounds
	Trace  []string // the way there
	Heard  bool     // somebody was heard and seen: the exploration is not empty
}

// ErrTooLarge says that a scenario has more states than were allowed.
var ErrTooLarge = errors.New("sealmodel: more states than allowed")

// Explore visits every state of a scenario with some checks left out, breadth
// first, and stops at the first broken promise. It is deterministic.
func Explore(sc Scenario, faults Faults, most int) (Result, error) {
	w := newWorld(faults)
	sc.build(w)
	w.fresh()
	first := &state{know: w.start, locals: make([]local, len(w.threads))}
	seen := map[string]bool{w.key(first): true}
	var r Result
	for queue := []*state{first}; len(queue) > 0; queue = queue[1:] {
		s := queue[0]
		r.States++
		if r.States > most {
			return r, ErrTooLarge
		}
		r.Heard = r.Heard || slices.ContainsFunc(s.locals, func(l local) bool { return l.attached })
		if r.Broken = w.broken(s); r.Broken != "" {
			for m := s.trace; m != nil; m = m.up {
				r.Trace = append(r.Trace, m.text)
			}
			slices.Reverse(r.Trace)
			return r, nil
		}
		for _, next := range w.moves(s) {
			if k := w.key(next); !seen[k] {
				seen[k] = true
				queue = append(queue, next)
			}
		}
	}
	return r, nil
}

func (w *world) moves(s *state) []*state {
	if s.stolen {
		return nil
	}
	j := w.judge(s.know)
	var out []*state
	for i, t := range w.threads {
		switch step := s.locals[i].step; {
		case t.role == caller && step == idle:
			out = append(out, w.invite(s, j, i)...)
		case t.role == caller && step == rung:
			out = append(out, w.hear(s, j, i)...)
		case t.role == caller:
			if w.faults[AnswerTwice] {
				out = append(out, w.hear(s, j, i)...)
			}
			out = append(out, w.listen(s, j, i)...)
		case t.role == callee && step == idle:
			out = append(out, w.ring(s, j, i)...)
		case t.role == callee:
			if next := w.press(s, j, i); next != nil {
				out = append(out, next)
			}
			if step == answered {
				out = append(out, w.listen(s, j, i)...)
			}
		case t.role == inviter && step == idle:
			out = append(out, w.welcome(s, j, i)...)
		case t.role == requester && step == idle:
			out = append(out, w.ask(s, j, i)...)
		case t.role == requester && step == answered:
			out = append(out, w.settled(s, j, i)...)
		}
	}
	if w.steals {
		out = append(out, w.theft(s))
	}
	return out
}

// theft takes what the honest devices keep: signing keys, prekeys that were not
// used up, and the seeds of rings that nobody has answered.
func (w *world) theft(s *state) *state {
	var loot []Term
	for _, d := range w.devices {
		if !d.honest {
			continue
		}
		loot = append(loot, d.dk)
		for _, k := range d.prekeys {
			used := slices.ContainsFunc(s.locals, func(l local) bool { return l.used == k.public })
			if !k.once || !used || w.faults[KeysStay] {
				loot = append(loot, k.seed)
			}
		}
	}
	for i, t := range w.threads {
		if t.role == caller && (s.locals[i].step == rung || s.locals[i].step != idle && w.faults[EphemeralStays]) {
			loot = append(loot, t.ephemeral)
		}
	}
	return &state{know: w.learn(s.know, loot...), locals: s.locals, stolen: true, trace: &line{"what the devices keep is stolen", s.trace}}
}

// key is the same for states from which the same follows.
func (w *world) key(s *state) string {
	var b []byte
	u := func(v ...Term) {
		for _, t := range v {
			b = binary.BigEndian.AppendUint32(b, uint32(t))
		}
	}
	flag := func(v bool) {
		if v {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	flag(s.stolen)
	for _, l := range s.locals {
		b = append(b, byte(l.step), byte((slices.Index(w.devices, l.peer)+1)&0xff), l.sends, l.takes)
		flag(l.pressed)
		flag(l.attached)
		flag(l.revealed)
		flag(l.broken != "")
		u(l.ring, l.answer, l.call, l.commit, l.public, l.used)
		u(l.got[:]...)
		u(l.sent[:]...)
	}
	return string(b) + s.know.text()
}
