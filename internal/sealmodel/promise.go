package sealmodel

import "fmt"

// broken names the promise that does not hold in s, or is empty.
func (w *world) broken(s *state) string {
	j := w.judge(s.know)
	for i, l := range s.locals {
		if l.broken != "" {
			return l.broken
		}
		if l.step == idle {
			continue
		}
		var why string
		switch w.threads[i].role {
		case caller:
			why = w.callerBroken(s, j, i)
		case callee:
			why = w.calleeBroken(s, j, i)
		case inviter, requester:
			why = w.friendBroken(s, i)
		}
		if why != "" {
			return why
		}
	}
	return ""
}

func (w *world) callerBroken(s *state, j *judge, i int) string {
	t, l := w.threads[i], s.locals[i]
	if !l.peer.honest {
		return ""
	}
	switch {
	case l.sends > 0 && j.derives(t.secret):
		return "secrecy: what the caller says is known"
	case !s.stolen && !w.leaky && j.derives(t.sdp):
		return "secrecy: what the ring says is known"
	case s.stolen && w.spent(s, l) && j.derives(t.sdp):
		return "secrecy: a ring that was opened by a one-time key is known after a theft"
	case s.stolen || l.step == rung:
		return ""
	}
	u := w.partner(s, callee, l.peer, func(o local) bool { return o.ring == l.ring && o.answer == l.answer })
	if u < 0 {
		return "agreement: the caller takes an answer that nobody gave to this ring"
	}
	return w.framesBroken(s, i, u)
}

// spent tells whether a ring was taken with a one-time key.
func (w *world) spent(s *state, l local) bool {
	u := w.partner(s, callee, l.peer, func(o local) bool { return o.ring == l.ring })
	return u >= 0 && s.locals[u].used == l.peer.prekeys[0].public
}

func (w *world) calleeBroken(s *state, j *judge, i int) string {
	t, l := w.threads[i], s.locals[i]
	switch {
	case !w.known(s, t.self, l.peer):
		return "stranger: a ring of somebody who is no friend is taken"
	case !l.peer.honest:
		return ""
	case l.attached && j.derives(t.secret):
		return "secrecy: what the callee says is known"
	case s.stolen:
		return ""
	}
	u := w.partner(s, caller, l.peer, func(o local) bool { return o.ring == l.ring && o.peer == t.self })
	if u < 0 {
		return "agreement: a ring is taken that nobody sent to this device"
	}
	for k, o := range s.locals {
		if k != i && w.threads[k].role == callee && o.step != idle && o.ring == l.ring {
			return "replay: one ring rang twice"
		}
	}
	if l.attached && s.locals[u].answer != l.answer {
		return "agreement: somebody is heard and seen in a call that the caller does not have"
	}
	return w.framesBroken(s, i, u)
}

// framesBroken: what was opened is what the other side sent, in its order.
func (w *world) framesBroken(s *state, i, partner int) string {
	l, o := s.locals[i], s.locals[partner]
	for n := range l.takes {
		if l.got[n] != o.sent[n] {
			return fmt.Sprintf("order: frame %d is not what the other side sent as such", n)
		}
	}
	return ""
}

func (w *world) friendBroken(s *state, i int) string {
	t, l := w.threads[i], s.locals[i]
	if l.step != friend {
		return ""
	}
	if t.role == inviter {
		if u := w.partner(s, requester, l.peer, func(o local) bool { return o.ring == l.ring }); u < 0 {
			return "friends: somebody other than who was given the link is pinned"
		}
		return ""
	}
	if l.peer != w.threads[t.from].self || s.locals[t.from].ring != l.ring {
		return "friends: somebody other than who made the link is pinned"
	}
	return ""
}

// partner is the thread of a role on a device for which good holds, or -1.
func (w *world) partner(s *state, r role, d *device, good func(local) bool) int {
	for k, o := range s.locals {
		if w.threads[k].role == r && w.threads[k].self == d && o.step != idle && good(o) {
			return k
		}
	}
	return -1
}
