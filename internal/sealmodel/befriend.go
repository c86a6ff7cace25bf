package sealmodel

import "slices"

// ask are the moves of somebody who opens a link: one for each device that the
// hub's log may show for the account in it.
func (w *world) ask(s *state, j *judge, i int) []*state {
	t := w.threads[i]
	link := w.threads[t.from]
	var out []*state
	for _, d := range w.devices {
		if d.owner.acct != link.self.owner.acct && !w.faults[LogUnbound] || !j.derives(w.sign(d.owner.ik, w.entry(d.owner.acct, d.vk))) {
			continue
		}
		f := w.tuple(w.label("F"), t.self.owner.acct, link.self.owner.acct, t.self.dev, t.nonce)
		request := w.tuple(f, w.sign(t.self.dk, f), w.hash("friend-req", link.secret, f))
		next := s.with(i, local{step: answered, peer: d, ring: request}, t.self.name+" asks, and takes "+d.name+" for the one who invited")
		next.know = w.learn(s.know, request)
		out = append(out, next)
	}
	return out
}

// welcome are the moves of who made a link: one for each request.
func (w *world) welcome(s *state, j *judge, i int) []*state {
	t := w.threads[i]
	var requests []Term
	for _, k := range s.know {
		if n := w.at(k); n.op == opTuple && len(n.args) == 3 && w.at(n.args[1]).op == opSig {
			requests = append(requests, k)
		}
	}
	for _, d := range w.devices {
		f := w.tuple(w.label("F"), d.owner.acct, t.self.owner.acct, d.dev, w.evil.random)
		mac := w.hash("friend-req", t.secret, f)
		if w.faults[NoFriendMAC] && !j.derives(mac) {
			mac = w.evil.random
		}
		requests = append(requests, w.tuple(f, w.sign(d.dk, f), mac))
	}
	var out []*state
	for _, r := range requests {
		n := w.at(r)
		f := w.at(n.args[0])
		if !j.derives(r) || f.op != opTuple || len(f.args) != 5 || f.args[2] != t.self.owner.acct {
			continue
		}
		d := w.find(f.args[3])
		if d == nil || d.owner == t.self.owner || f.args[1] != d.owner.acct || n.args[1] != w.sign(d.dk, n.args[0]) {
			continue
		}
		if n.args[2] != w.hash("friend-req", t.secret, n.args[0]) && !w.faults[NoFriendMAC] {
			continue
		}
		a := w.tuple(w.label("A"), w.hash("friend-req-id", r), t.self.owner.acct, t.self.dev)
		next := s.with(i, local{step: friend, peer: d, ring: r}, t.self.name+" accepts "+d.name)
		next.know = w.learn(s.know, a, w.sign(t.self.dk, a))
		out = append(out, next)
	}
	return out
}

// settled are the moves of who waits for an accept.
func (w *world) settled(s *state, j *judge, i int) []*state {
	t, l := w.threads[i], s.locals[i]
	a := w.tuple(w.label("A"), w.hash("friend-req-id", l.ring), l.peer.owner.acct, l.peer.dev)
	if !j.derives(a) || !j.derives(w.sign(l.peer.dk, a)) {
		return nil
	}
	l.step = friend
	return []*state{s.with(i, l, t.self.name+" has a friend, "+l.peer.name)}
}

// known tells whether d is a friend by the specification, whatever is left out.
func (w *world) known(s *state, self, d *device) bool {
	if d.revoked {
		return false
	}
	return slices.Contains(w.friends[self], d) || slices.ContainsFunc(w.threads, func(t *thread) bool {
		l := s.locals[slices.Index(w.threads, t)]
		return t.self == self && l.step == friend && l.peer == d
	})
}
