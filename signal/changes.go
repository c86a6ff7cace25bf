package signal

import (
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// How often an account is told of one topic: a few times at once, for what
// people do by hand, and then at this rate. Somebody who asks for friendship
// and takes it back in a loop would else have the other side fetch as often.
const (
	changesAtOnce = 5
	changeRate    = 0.5
)

// change is a topic that an account was told of lately. Guarded by Hub.mu.
type change struct {
	rate bucket
	due  bool // something has changed since the last word about it
}

// changedHere tells the sessions of an account on this node that a topic has
// changed: now, or once it may. The last change is never left out.
func (h *Hub) changedHere(a id.Account, t wire.Topic) {
	h.mu.Lock()
	p := h.people[a]
	if p == nil {
		h.mu.Unlock()
		return
	}
	c := p.changes[t]
	if c == nil {
		if p.changes == nil {
			p.changes = map[wire.Topic]*change{}
		}
		c = &change{}
		p.changes[t] = c
	}
	wait := !c.due && c.rate.take(time.Now(), changeRate, changesAtOnce) > 0
	if c.due || wait {
		c.due = true
		h.late[a] = true
		h.mu.Unlock()
		return
	}
	h.mu.Unlock()
	h.tellChanged(a, t)
}

// tellLate tells what had to wait.
func (h *Hub) tellLate(now time.Time) {
	type word struct {
		to id.Account
		of wire.Topic
	}
	var words []word
	h.mu.Lock()
	for a := range h.late {
		left := false
		if p := h.people[a]; p != nil {
			for t, c := range p.changes {
				switch {
				case !c.due && c.rate.empty(now):
					delete(p.changes, t)
				case !c.due:
				case c.rate.take(now, changeRate, changesAtOnce) == 0:
					c.due = false
					words = append(words, word{a, t})
				default:
					left = true
				}
			}
		}
		if !left {
			delete(h.late, a)
		}
	}
	h.mu.Unlock()
	for _, w := range words {
		h.tellChanged(w.to, w.of)
	}
}

func (h *Hub) tellChanged(a id.Account, t wire.Topic) {
	for _, s := range h.sessionsOf(a) {
		s.deliver(&wire.Head{Kind: wire.KindChanged, Body: wire.EncodeBody(wire.Changed{Topic: t})})
	}
}
