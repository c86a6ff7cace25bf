package signal

import (
	"context"
	"slices"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// This file tells people of each other: who is there, and what has changed.

// news is that a friend came, before it is checked whether it may be told.
type news struct {
	node id.Node
	ask  bool // the friend's hub wants to know of us too
}

// maxComings is how many accounts may have come or gone of which friends are
// still to be told: more than there can be on one node.
const maxComings = 1 << 20

// announce tells the friends of an account whether it has sessions here, in
// the order of coming and going; of several only the last.
func (h *Hub) announce(a id.Account) { h.comings.add(a, struct{}{}) }

func (h *Hub) tellFriends(a id.Account, _ struct{}) {
	h.mu.Lock()
	online := h.people[a] != nil
	h.mu.Unlock()
	all, err := h.opt.Friends.Friends(h.base, a)
	if err != nil {
		h.log.ErrorContext(h.base, "friends not listed", "error", err)
	}
	for _, f := range all {
		h.publish(ofAccount(f), h.presenceOf(a, f, online, online))
	}
}

func (h *Hub) presenceOf(about, to id.Account, online, ask bool) *message {
	m := &message{op: opPresence, from: wire.Address{Account: about}, to: to, node: h.node}
	if online {
		m.flags |= flagOnline
	}
	if ask {
		m.flags |= flagAsk
	}
	return m
}

// onPresence takes news of a friend of somebody who is here.
func (h *Hub) onPresence(m *message) {
	about := m.from.Account
	h.mu.Lock()
	p := h.people[m.to]
	if p == nil {
		h.mu.Unlock()
		return
	}
	if m.flags&flagOnline == 0 {
		if n, ok := p.news[about]; ok && n.node == m.node {
			delete(p.news, about)
		}
		gone := p.dropNode(about, m.node)
		sessions := slices.Clone(p.sessions)
		h.mu.Unlock()
		if gone {
			tell(sessions, about, false)
		}
		return
	}
	if p.news == nil {
		p.news = map[id.Account]news{}
	}
	p.news[about] = news{node: m.node, ask: m.flags&flagAsk != 0}
	if !p.checking {
		p.checking = h.work.Go(func() { h.checkNews(p) })
	}
	h.mu.Unlock()
}

// dropNode notes that a friend has no sessions on a node any more and reports
// whether it has none left at all. Hub.mu is held.
func (p *person) dropNode(about id.Account, node id.Node) (gone bool) {
	nodes, ok := p.friends[about]
	if !ok {
		return false
	}
	nodes = slices.DeleteFunc(nodes, func(n id.Node) bool { return n == node })
	if len(nodes) > 0 {
		p.friends[about] = nodes
		return false
	}
	delete(p.friends, about)
	return true
}

func tell(sessions []*session, about id.Account, online bool) {
	for _, s := range sessions {
		s.news(about, online)
	}
}

// checkNews asks for each friend who came whether p may know, and tells it.
// Every delivery is checked, however recently the last one was.
func (h *Hub) checkNews(p *person) {
	for {
		h.mu.Lock()
		var about id.Account
		var n news
		for about, n = range p.news {
			break
		}
		if about.IsZero() {
			p.checking = false
			h.mu.Unlock()
			return
		}
		h.mu.Unlock()

		err := h.opt.Friends.CheckReach(h.base, about, p.account, friends.PurposePresence)

		h.mu.Lock()
		if now, still := p.news[about]; !still || now != n {
			h.mu.Unlock()
			continue // something newer came meanwhile
		}
		delete(p.news, about)
		if err != nil {
			h.mu.Unlock()
			continue
		}
		came := p.addNode(about, n.node)
		sessions := slices.Clone(p.sessions)
		here := len(sessions) > 0
		h.mu.Unlock()
		if came {
			tell(sessions, about, true)
		}
		if n.ask && here {
			h.publish(ofAccount(about), h.presenceOf(p.account, about, true, false))
		}
	}
}

func (p *person) addNode(about id.Account, node id.Node) (came bool) {
	nodes := p.friends[about]
	if slices.Contains(nodes, node) {
		return false
	}
	if p.friends == nil {
		p.friends = map[id.Account][]id.Node{}
	}
	p.friends[about] = append(nodes, node)
	return len(nodes) == 0
}

// Online reports whether friend is there, as far as viewer has been told:
// nothing is known of anybody whom viewer may not see, nor before viewer has a
// session of its own.
func (h *Hub) Online(_ context.Context, viewer, friend id.Account) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.people[viewer]
	return p != nil && len(p.friends[friend]) > 0
}

// FriendsChanged says that a changed its relation with b, and that this has
// been committed. Calls between the two that may not be any more end at once.
func (h *Hub) FriendsChanged(a, b id.Account) {
	if !h.serves() {
		return
	}
	h.publish(ofAccount(a), &message{op: opFriends, flags: flagActed, to: a, other: otherID(b), node: h.node})
	h.publish(ofAccount(b), &message{op: opFriends, to: b, other: otherID(a), node: h.node})
	// The bus may lose a message; this node does not rely on it.
	h.relations.add(relation{a, b}, relating{})
}

// maxChores is how many changes between accounts, and how many notices, may
// wait.
const maxChores = 4096

// relation is what two accounts are to each other, as seen by me.
type relation struct{ me, other id.Account }

// relating is what is to be done about a change of it, besides looking after
// the calls between the two: all that came while it waited.
type relating struct{ tell, acted bool }

func (r relating) and(more relating) relating {
	return relating{r.tell || more.tell, r.acted || more.acted}
}

func (h *Hub) recheckBetween(a, b id.Account) {
	for _, oc := range h.ownedWith(a) {
		if oc.between(a, b) {
			h.recheck(h.base, oc)
		}
	}
}

// onFriends acts on a change between an account that has sessions or calls
// here and another.
func (h *Hub) onFriends(m *message) {
	h.relations.add(relation{m.to, id.Account(m.other)}, relating{tell: true, acted: m.flags&flagActed != 0})
}

func (h *Hub) related(r relation, what relating) {
	me, other, acted := r.me, r.other, what.acted
	h.recheckBetween(me, other)
	if !what.tell {
		return
	}
	reach := h.opt.Friends.CheckReach(h.base, me, other, friends.PurposePresence) == nil
	if acted || reach { // whoever was removed or blocked is not told
		h.changedHere(me, wire.TopicFriends)
	}
	h.mu.Lock()
	p := h.people[me]
	if p == nil {
		h.mu.Unlock()
		return
	}
	var gone bool
	if !reach {
		delete(p.news, other)
		_, gone = p.friends[other]
		delete(p.friends, other)
	}
	sessions := slices.Clone(p.sessions)
	h.mu.Unlock()
	if gone {
		tell(sessions, other, false)
	}
	if reach {
		h.publish(ofAccount(other), h.presenceOf(me, other, true, true))
	}
}

// AsksChanged says that the requests or invites of an account changed.
func (h *Hub) AsksChanged(a id.Account) {
	h.changed(a, wire.TopicFriends)
	h.changed(a, wire.TopicInvites)
}

// NoticesChanged says that the notices of an account changed.
func (h *Hub) NoticesChanged(a id.Account) { h.changed(a, wire.TopicNotices) }

// changed tells every session of an account, wherever it is.
func (h *Hub) changed(a id.Account, t wire.Topic) {
	if h.serves() {
		h.publish(ofAccount(a), &message{op: opTopic, to: a, body: []byte(t)})
	}
}

func (h *Hub) onTopic(m *message) { h.changedHere(m.to, wire.Topic(m.body)) }
