package sealmodel

import "slices"

// person owns devices and an identity.
type person struct {
	name string
	ik   Term // signs the log
	id   Term // the account's 16 bytes in the signaling protocol
	acct Term
}

// device of a person, as others have it pinned.
type device struct {
	owner   *person
	name    string
	dk      Term
	vk      Term
	dev     Term
	honest  bool // the attacker does not have dk
	revoked bool
	prekeys []prekey
}

type prekey struct {
	seed, public Term
	once         bool
}

// thread is one go at a role. What it needs fresh is made before the start:
// names that nobody else has.
type thread struct {
	role   role
	self   *device
	target *device // of a caller; nil: the device of the friend that befriends made
	from   int     // of a requester or a caller without target: the thread of the inviter
	early  bool    // of a callee: it answers with stage 1, and the press comes later
	leg    int     // of a caller: branches of one leg have one number

	call, ephemeral, random, rnd, rndAnswer, salt, env, envAnswer, print, sdp, secret, nonce Term
}

type role uint8

const (
	caller role = iota
	callee
	inviter
	requester
)

// local is how far a thread has come. The zero value is a thread that has not begun.
type local struct {
	step    step
	peer    *device // whom it believes to be at the other end
	ring    Term    // wire
	answer  Term    // wire
	call    Term
	commit  Term // of a callee: cm
	public  Term // of a callee: EKp
	used    Term // of a callee: the prekey's public half
	context Term // of the ring

	printPeer Term
	send      Term // the keys of the frames
	take      Term
	sent      [4]Term
	got       [4]Term
	sends     uint8
	takes     uint8
	pressed   bool
	attached  bool
	revealed  bool
	broken    string // a promise that this very move broke
}

type step uint8

const (
	idle step = iota
	rung
	answered
	talking
	friend // of inviter and requester
)

// state is one moment. It is never changed, only copied.
type state struct {
	know   knowledge
	locals []local
	stolen bool
	trace  *line
}

type line struct {
	text string
	up   *line
}

func (s *state) with(i int, l local, move string) *state {
	locals := slices.Clone(s.locals)
	locals[i] = l
	return &state{know: s.know, locals: locals, stolen: s.stolen, trace: &line{move, s.trace}}
}

// world is what does not change in an exploration.
type world struct {
	*terms
	faults  Faults
	people  []*person
	devices []*device
	friends map[*device][]*device // whose devices a device has pinned, revoked ones too
	threads []*thread
	steals  bool // at any moment what devices keep may be stolen, and the exploration of that way ends
	evil    mallory
	leaky   bool // prekey seeds are the attacker's from the beginning
	start   knowledge
	// sendable remembers the wires that can be sent with one knowledge: many states share it.
	sendable map[string][]Term
}

// mallory has one value of its own for each field in which anything may stand.
type mallory struct {
	call, seed, public, random, rnd, salt, env, print, sdp Term
}

func (w *world) person(name string) *person {
	p := &person{name: name, ik: w.name("ik." + name), id: w.name("id." + name)}
	p.acct = w.account(p.id, p.ik)
	w.people = append(w.people, p)
	w.start = w.learn(w.start, p.id, w.make(opVerify, p.ik), p.acct)
	return p
}

func (w *world) account(id, ik Term) Term { return w.hash("account", id, w.make(opVerify, ik)) }

// device makes one, with a one-time prekey and one of last resort, and puts it
// into the log of its owner: the log and the prekeys are public.
func (w *world) device(p *person, name string, honest bool) *device {
	d := &device{owner: p, name: name, dk: w.name("dk." + name), honest: honest}
	d.vk = w.make(opVerify, d.dk)
	d.dev = w.hash("device", p.acct, d.vk)
	w.devices = append(w.devices, d)
	news := []Term{d.vk, d.dev, w.sign(p.ik, w.entry(p.acct, d.vk))}
	for _, k := range []prekey{{seed: w.name("once." + name), once: true}, {seed: w.name("last." + name)}} {
		k.public = w.public(k.seed)
		d.prekeys = append(d.prekeys, k)
		news = append(news, k.public, w.sign(d.dk, w.record(d, k.public)))
	}
	if !honest {
		news = append(news, d.dk, d.prekeys[0].seed, d.prekeys[1].seed)
	}
	w.start = w.learn(w.start, news...)
	return d
}

func (w *world) entry(acct, vk Term) Term { return w.tuple(w.label("log"), acct, vk) }

func (w *world) record(d *device, public Term) Term {
	return w.tuple(w.label("prekey"), d.dev, d.owner.acct, public)
}

// pins of a device: what it was born with and what friendships of this state made.
func (w *world) pins(s *state, d *device) []*device {
	out := slices.Clone(w.friends[d])
	for i, t := range w.threads {
		if t.self == d && s.locals[i].step == friend {
			out = append(out, s.locals[i].peer)
		}
	}
	if w.faults[HubMakesFriends] {
		for _, o := range w.devices {
			if !slices.Contains(out, o) && o != d {
				out = append(out, o)
			}
		}
	}
	return out
}
