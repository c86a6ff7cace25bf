package sealmodel

import (
	"fmt"
	"strings"
)

// Scenario is who is there and what they do.
type Scenario struct {
	Name  string
	build func(*world)
}

// Scenarios are all of them, the smaller ones first. In each, Mallory is the hub.
func Scenarios() []Scenario {
	return []Scenario{
		{"Anna rings Bob, whose device would take two rings", func(w *world) {
			c := w.circle()
			w.run(w.calls(c.anna, c.bob), w.called(c.bob, false), w.called(c.bob, false))
		}},
		{"Anna rings Bob, connected while it rings", func(w *world) {
			c := w.circle()
			w.run(w.calls(c.anna, c.bob), w.called(c.bob, true))
		}},
		{"Anna and Bob become friends by a link, then Anna rings", func(w *world) {
			anna, bob := w.device(w.person("Anna"), "anna", true), w.device(w.person("Bob"), "bob", true)
			w.device(w.person("Mallory"), "mallory", false)
			w.run(&thread{role: inviter, self: anna}, &thread{role: requester, self: bob, from: 0},
				&thread{role: caller, self: anna, from: 0}, w.called(bob, false))
		}},
		{"Anna rings Bob, and later what both devices keep is stolen", func(w *world) {
			c := w.circle()
			w.steals = true
			w.run(w.calls(c.anna, c.bob), w.called(c.bob, false))
		}},
		{"Anna rings Bob, whose prekeys Mallory has", func(w *world) {
			c := w.circle()
			w.leak(c.bob)
			w.run(w.calls(c.anna, c.bob), w.called(c.bob, false), w.called(c.bob, false))
		}},
		{"Anna rings Bob, whose prekeys Mallory has, connected while it rings", func(w *world) {
			c := w.circle()
			w.leak(c.bob)
			w.run(w.calls(c.anna, c.bob), w.called(c.bob, true))
		}},
		{"Anna rings Mallory, a friend, and Bob's device rings", func(w *world) {
			c := w.circle()
			w.run(w.calls(c.anna, c.mallory), w.called(c.bob, false))
		}},
		{"Anna rings Mallory, a friend, and Bob's device rings, connected while it rings", func(w *world) {
			c := w.circle()
			w.run(w.calls(c.anna, c.mallory), w.called(c.bob, true))
		}},
		{"Anna rings two devices of Mallory", func(w *world) {
			c := w.circle()
			second := w.device(c.mallory.owner, "mallory2", false)
			w.friends[c.anna] = append(w.friends[c.anna], second)
			a, b := w.calls(c.anna, c.mallory), w.calls(c.anna, second)
			a.leg, b.leg = 1, 1
			w.run(a, b)
		}},
		{"Anna rings both devices of Bob", func(w *world) {
			c := w.circle()
			second := w.device(c.bob.owner, "bob2", true)
			w.friends[c.anna] = append(w.friends[c.anna], second)
			w.friends[second] = w.friends[c.bob]
			a, b := w.calls(c.anna, c.bob), w.calls(c.anna, second)
			a.leg, b.leg = 1, 1
			w.run(a, b, w.called(c.bob, false), w.called(second, false))
		}},
		{"Anna rings Bob and Bob rings Anna", func(w *world) {
			c := w.circle()
			w.run(w.calls(c.anna, c.bob), w.called(c.bob, false), w.calls(c.bob, c.anna), w.called(c.anna, false))
		}},
	}
}

// circle is Anna and Bob, friends of each other and of Mallory; a device of Anna
// that was stolen and revoked; and an account that nobody is a friend of.
type circle struct{ anna, bob, mallory *device }

func (w *world) circle() circle {
	anna := w.person("Anna")
	c := circle{w.device(anna, "anna", true), w.device(w.person("Bob"), "bob", true), w.device(w.person("Mallory"), "mallory", false)}
	revoked := w.device(anna, "stolen", false)
	revoked.revoked = true
	w.device(w.person("Nobody"), "nobody", false)
	w.friends[c.anna] = []*device{c.bob, c.mallory}
	w.friends[c.bob] = []*device{c.anna, revoked, c.mallory}
	return c
}

// leak gives the seeds of a device's prekeys away.
func (w *world) leak(d *device) {
	w.leaky = true
	w.start = w.learn(w.start, d.prekeys[0].seed, d.prekeys[1].seed)
}

func (w *world) calls(self, target *device) *thread {
	return &thread{role: caller, self: self, target: target}
}

func (w *world) called(self *device, early bool) *thread {
	return &thread{role: callee, self: self, early: early}
}

func (w *world) run(threads ...*thread) { w.threads = threads }

func newWorld(faults Faults) *world {
	w := &world{terms: newTerms(), faults: faults, friends: make(map[*device][]*device), sendable: make(map[string][]Term)}
	w.name("") // so that no term is zero, which stands for none
	e := &w.evil
	for _, v := range []fresh{
		{"call", &e.call},
		{"random", &e.random},
		{"rnd", &e.rnd},
		{"salt", &e.salt},
		{"env", &e.env},
		{"print", &e.print},
		{"sdp", &e.sdp},
		{"seed", &e.seed},
	} {
		*v.term = w.name(v.name + ".evil")
	}
	e.public = w.public(e.seed)
	w.start = w.learn(w.start, e.call, e.random, e.rnd, e.salt, e.env, e.print, e.sdp, e.seed, e.public)
	return w
}

// fresh is a name to be made.
type fresh struct {
	name string
	term *Term
}

// fresh gives each thread names that nobody else has.
func (w *world) fresh() {
	for i, t := range w.threads {
		for _, v := range []fresh{
			{"call", &t.call},
			{"ephemeral", &t.ephemeral},
			{"random", &t.random},
			{"rnd", &t.rnd},
			{"rnd2", &t.rndAnswer},
			{"salt", &t.salt},
			{"env", &t.env},
			{"env2", &t.envAnswer},
			{"print", &t.print},
			{"sdp", &t.sdp},
			{"secret", &t.secret},
			{"nonce", &t.nonce},
		} {
			*v.term = w.name(fmt.Sprintf("%s.%d", v.name, i))
		}
		if t.leg == 0 {
			continue
		}
		for k := range i {
			// One call id and one certificate for the branches of a leg.
			if o := w.threads[k]; o.leg == t.leg {
				t.call, t.print = o.call, o.print
				if w.faults[OneRandom] {
					t.random = o.random
				}
			}
		}
	}
}

// String is the trace, a line for each move.
func (r Result) String() string {
	if r.Broken == "" {
		return fmt.Sprintf("%d states, nothing broken", r.States)
	}
	return fmt.Sprintf("%d states, %s:\n  %s", r.States, r.Broken, strings.Join(r.Trace, "\n  "))
}
