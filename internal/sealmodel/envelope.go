package sealmodel

import "slices"

// envelope is one, taken apart by whoever could open it.
type envelope struct {
	from, to, pkid, env Term // what stands in the clear
	enc, context        Term
	acctFrom, acctTo    Term
	body, salt, sig     Term
	clear, accounts     Term
}

const (
	kindRing   = "O/ring"
	kindAnswer = "O/answer"
)

func (w *world) keyID(public Term) Term { return w.hash("prekey-id", public) }

// wire is what goes to the hub. from and to are devices, acctFrom and acctTo their
// accounts; rnd is the sender's randomness.
func (w *world) wire(kind string, from, to *device, public, rnd, env, salt, body Term) Term {
	o := w.tuple(w.label(kind), from.dev, to.dev, w.keyID(public), env)
	p := w.tuple(w.label("P"), from.owner.acct, to.owner.acct)
	sig := w.sign(from.dk, w.signed(o, w.encap(public, rnd), p, salt, body))
	pt := w.tuple(p, body, salt, sig)
	return w.tuple(o, w.encap(public, rnd), w.seal(w.context(to, public, rnd), o, pt))
}

// context is the HPKE context: its info names the receiver.
func (w *world) context(to *device, public, rnd Term) Term {
	info := w.tuple(w.label("envelope"), to.owner.acct, to.dev, w.keyID(public))
	return w.make(opContext, public, rnd, info)
}

// signed is T.
func (w *world) signed(o, enc, p, salt, body Term) Term {
	parts := []Term{w.label("sig/envelope")}
	for _, part := range []struct {
		out  Fault
		term Term
	}{{OpenUnsigned, o}, {EncapUnsigned, enc}, {AccountsUnsigned, p}, {BodyUnsigned, w.hash("commit", salt, body)}} {
		if !w.faults[part.out] {
			parts = append(parts, part.term)
		}
	}
	return w.tuple(parts...)
}

// open is what device d makes of a wire with the key of which public is a half.
func (w *world) open(kind string, d *device, wire, public Term) (envelope, bool) {
	var e envelope
	n := w.at(wire)
	if n.op != opTuple || len(n.args) != 3 {
		return e, false
	}
	o, enc, ct := w.at(n.args[0]), w.at(n.args[1]), w.at(n.args[2])
	if o.op != opTuple || len(o.args) != 5 || o.args[0] != w.label(kind) || enc.op != opEncap || ct.op != opAEAD {
		return e, false
	}
	e = envelope{clear: n.args[0], from: o.args[1], to: o.args[2], pkid: o.args[3], env: o.args[4], enc: n.args[1]}
	e.context = w.context(d, public, enc.args[1])
	if enc.args[0] != public || e.pkid != w.keyID(public) || ct.args[0] != e.context || ct.args[1] != e.clear {
		return e, false
	}
	pt := w.at(ct.args[2])
	if pt.op != opTuple || len(pt.args) != 4 {
		return e, false
	}
	e.accounts, e.body, e.salt, e.sig = pt.args[0], pt.args[1], pt.args[2], pt.args[3]
	p := w.at(e.accounts)
	if p.op != opTuple || len(p.args) != 3 || p.args[0] != w.label("P") {
		return e, false
	}
	e.acctFrom, e.acctTo = p.args[1], p.args[2]
	return e, true
}

// sound are the checks of an opened envelope that do not depend on its kind.
func (w *world) sound(e envelope, from, self *device) bool {
	if e.to != self.dev && !w.faults[NoDevice] || e.from != from.dev || from == self {
		return false
	}
	if from.revoked && !w.faults[RevokedTaken] {
		return false
	}
	if e.acctFrom != from.owner.acct || e.acctTo != self.owner.acct && !w.faults[NoRecipient] {
		return false
	}
	t := w.signed(e.clear, e.enc, e.accounts, e.salt, e.body)
	return e.sig == w.sign(from.dk, t) || w.faults[NoSignature]
}

// wires are those that the attacker can send to d under one of the keys: what was
// seen, and what it can make.
func (w *world) wires(j *judge, kind string, d *device, keys []Term, bodies func(seen []Term) []Term) []Term {
	memo := kind + d.name + knowledge(keys).text() + j.know.text()
	out, ok := w.sendable[memo]
	if !ok {
		out = w.makeWires(j, kind, d, keys, bodies)
		w.sendable[memo] = out
	}
	return out
}

// content is what one envelope that the attacker could open had in it.
type content struct{ body, salt Term }

func (w *world) makeWires(j *judge, kind string, d *device, keys []Term, bodies func(seen []Term) []Term) []Term {
	out, envs, seen := w.overheard(j, kind)
	var opened []Term
	for _, c := range seen {
		opened = append(opened, c.body)
	}
	var own []content
	for _, body := range bodies(opened) {
		own = append(own, content{body, w.evil.salt})
	}
	for _, public := range keys {
		for _, rnd := range w.randomness(j, public) {
			for _, from := range w.devices {
				send := func(contents []content, envs []Term) {
					for _, c := range contents {
						for _, env := range envs {
							out = w.add(out, j, w.wire(kind, from, d, public, rnd, env, c.salt, c.body))
						}
					}
				}
				switch {
				case !from.honest || w.faults[NoSignature]:
					send(own, []Term{w.evil.env})
				case w.faults[BodyUnsigned]:
					send(own, envs)
				default:
					send(seen, envs)
				}
			}
		}
	}
	return out
}

// overheard are the wires of a kind that passed, the env_ids that an envelope may
// have, and what the attacker could open.
func (w *world) overheard(j *judge, kind string) (wires, envs []Term, seen []content) {
	envs = []Term{w.evil.env}
	for _, t := range j.know {
		switch n := w.at(t); {
		case n.op != opTuple:
		case len(n.args) == 3 && w.isClear(n.args[0], kind):
			wires, envs = append(wires, t), append(envs, w.at(n.args[0]).args[4])
		case len(n.args) == 4 && w.at(n.args[3]).op == opSig:
			seen = append(seen, content{n.args[1], n.args[2]})
		}
	}
	return wires, envs, seen
}

func (w *world) isClear(t Term, kind string) bool {
	n := w.at(t)
	return n.op == opTuple && len(n.args) == 5 && n.args[0] == w.label(kind)
}

// randomness behind the encapsulations to a key that the attacker has or can make.
func (w *world) randomness(j *judge, public Term) []Term {
	out := []Term{w.evil.rnd}
	for _, t := range j.know {
		if n := w.at(t); n.op == opEncap && n.args[0] == public && n.args[1] != w.evil.rnd {
			out = append(out, n.args[1])
		}
	}
	return out
}

// add appends a wire if the attacker can make it. One whose signature it lacks
// counts where signatures are not looked at.
func (w *world) add(out []Term, j *judge, wire Term) []Term {
	if w.faults[NoSignature] {
		n := w.at(wire)
		ct := w.at(n.args[2])
		pt := w.at(ct.args[2])
		forged := w.tuple(pt.args[0], pt.args[1], pt.args[2], w.sign(w.evil.seed, w.label("sig/envelope")))
		wire = w.tuple(n.args[0], n.args[1], w.seal(ct.args[0], ct.args[1], forged))
	}
	if slices.Contains(out, wire) || !j.derives(wire) {
		return out
	}
	return append(out, wire)
}
