package sealmodel

import "fmt"

// frames that a thread takes at most: the script of a call has no more.
const frames = 3

// say seals a frame.
func (w *world) say(s *state, i int, kind string, data Term) *state {
	t, l := w.threads[i], s.locals[i]
	if int(l.sends) == len(l.sent) {
		return s
	}
	pt := w.tuple(w.label("frame/"+kind), data)
	l.sent[l.sends] = pt
	frame := w.seal(l.send, w.header(l.call, t.role, l.sends), pt)
	l.sends++
	next := s.with(i, l, fmt.Sprintf("%s sends %s", t.self.name, kind))
	next.know = w.learn(s.know, frame, w.header(l.call, t.role, l.sends-1))
	return next
}

// header of a frame that a thread of this role sends.
func (w *world) header(call Term, from role, seq uint8) Term {
	dir := "dir/1"
	if from == callee {
		dir = "dir/2"
	}
	if w.faults[NoDirection] {
		dir = "dir"
	}
	return w.tuple(w.label("frame"), call, w.label(dir), w.label(fmt.Sprint("seq/", seq)))
}

// listen are the moves of a thread that has keys: one for each frame that opens.
func (w *world) listen(s *state, j *judge, i int) []*state {
	t, l := w.threads[i], s.locals[i]
	if l.takes == frames {
		return nil
	}
	other := caller
	if t.role == caller {
		other = callee
	}
	var contents []Term
	for _, f := range s.know {
		n := w.at(f)
		if n.op != opAEAD || n.args[0] != l.take {
			continue
		}
		for seq := range uint8(len(l.sent)) {
			if n.args[1] == w.header(l.call, other, seq) && (seq == l.takes || w.faults[NoSequence]) {
				contents = append(contents, n.args[2])
			}
		}
	}
	if j.derives(l.take) {
		for _, kind := range []string{"sdp", "reveal", "accept"} {
			contents = append(contents, w.tuple(w.label("frame/"+kind), w.evil.random))
		}
	}
	var out []*state
	for _, pt := range contents {
		if next := w.takeFrame(s, j, i, pt); next != nil {
			out = append(out, next)
		}
	}
	return out
}

func (w *world) takeFrame(s *state, j *judge, i int, pt Term) *state {
	t, l := w.threads[i], s.locals[i]
	n := w.at(pt)
	l.got[l.takes] = pt
	l.takes++
	move := t.self.name + " opens " + w.text(pt)
	switch kind := n.args[0]; {
	case kind == w.label("frame/sdp"):
		return w.attach(s.with(i, l, move), i)
	case kind == w.label("frame/accept") && t.role == caller && !l.revealed:
		if w.branchTaken(s, i) && !w.faults[RevealTwice] {
			return nil
		}
		return w.reveal(s.with(i, l, move), j, i)
	case kind == w.label("frame/reveal") && t.role == callee && l.pressed && !l.revealed:
		if w.commitment(l.call, t.self.dev, n.args[1]) != l.commit {
			if !w.faults[NoCommitment] {
				return nil
			}
			l.broken = "emoji: what was revealed is not what was committed to"
		}
		l.revealed = true
		return w.attach(s.with(i, l, move), i)
	}
	return nil
}
