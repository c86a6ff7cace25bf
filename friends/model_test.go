package friends_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// model says in a few maps what the service should do.
type model struct {
	edges map[[2]int]store.EdgeState
	asks  map[[2]int]modelAsk // from, to
	now   time.Time
}

type modelAsk struct {
	expires  time.Time
	declined bool
}

func (m *model) waits(from, to int) (modelAsk, bool) {
	a, ok := m.asks[[2]int{from, to}]
	return a, ok && m.now.Before(a.expires)
}

func (m *model) befriend(a, b int) {
	m.edges[[2]int{a, b}], m.edges[[2]int{b, a}] = store.EdgeFriend, store.EdgeFriend
	delete(m.asks, [2]int{a, b})
	delete(m.asks, [2]int{b, a})
}

func (m *model) reach(a, b int) bool {
	return a != b && m.edges[[2]int{a, b}] == store.EdgeFriend && m.edges[[2]int{b, a}] == store.EdgeFriend
}

// visible is what b is shown of a's request.
func (m *model) visible(from, to int) bool {
	a, ok := m.waits(from, to)
	return ok && !a.declined && m.edges[[2]int{to, from}] != store.EdgeBlocked
}

// run is a model beside the service that it models.
type run struct {
	*model
	w            *world
	people, refs []id.Account
}

// steps are the things that a can do about b, in the service and in the model.
// Each returns what the service said and whether it goes through in the model.
var steps = map[string]func(r run, a, b int) (error, bool){
	"asks": func(r run, a, b int) (error, bool) {
		_, err := r.w.AskByHandle(r.w.TB.Context(), r.people[a], handleOf(b))
		if a == b || r.edges[[2]int{a, b}] != store.EdgeNone {
			return err, false
		}
		if _, cross := r.waits(b, a); cross && r.edges[[2]int{b, a}] != store.EdgeBlocked {
			r.befriend(a, b)
		} else if _, open := r.waits(a, b); !open {
			r.asks[[2]int{a, b}] = modelAsk{expires: r.now.Add(friends.AskLife)}
		}
		return err, true
	},
	"accepts": func(r run, a, b int) (error, bool) {
		err := r.w.Accept(r.w.TB.Context(), r.people[a], r.people[b])
		ok := r.visible(b, a) && r.edges[[2]int{b, a}] != store.EdgeBlocked
		if ok {
			r.befriend(a, b)
		}
		return err, ok
	},
	"declines": func(r run, a, b int) (error, bool) {
		err := r.w.Decline(r.w.TB.Context(), r.people[a], r.people[b])
		ok := r.visible(b, a)
		if ok {
			x := r.asks[[2]int{b, a}]
			x.declined = true
			r.asks[[2]int{b, a}] = x
		}
		return err, ok
	},
	"withdraws from": func(r run, a, b int) (error, bool) {
		err := r.w.Withdraw(r.w.TB.Context(), r.people[a], r.refs[b])
		_, ok := r.waits(a, b)
		delete(r.asks, [2]int{a, b})
		return err, ok
	},
	"removes": func(r run, a, b int) (error, bool) {
		err := r.w.Remove(r.w.TB.Context(), r.people[a], r.people[b])
		if a != b && r.edges[[2]int{a, b}] == store.EdgeFriend {
			delete(r.edges, [2]int{a, b})
			if r.edges[[2]int{b, a}] == store.EdgeFriend {
				delete(r.edges, [2]int{b, a})
			}
		}
		return err, a != b
	},
	"blocks": func(r run, a, b int) (error, bool) {
		err := r.w.Block(r.w.TB.Context(), r.people[a], r.people[b])
		if a != b && r.edges[[2]int{a, b}] != store.EdgeBlocked {
			r.edges[[2]int{a, b}] = store.EdgeBlocked
			delete(r.asks, [2]int{a, b})
		}
		return err, a != b
	},
	"unblocks": func(r run, a, b int) (error, bool) {
		err := r.w.Unblock(r.w.TB.Context(), r.people[a], r.people[b])
		if a != b && r.edges[[2]int{a, b}] == store.EdgeBlocked {
			delete(r.edges, [2]int{a, b})
		}
		return err, a != b
	},
}

// likely is how often each step is taken: mostly those that bring people
// together.
var likely = []string{
	"asks", "asks", "asks", "accepts", "accepts", "declines", "withdraws from", "removes", "blocks", "unblocks",
}

func handleOf(i int) string { return fmt.Sprintf("p%d.0001", i) }

// compare checks everything that a is shown and may do.
func (m *model) compare(w *world, people []id.Account, a int) error {
	l := w.list(people[a])
	var in, out, fr, bl int
	for b := range people {
		reach := w.CheckReach(w.TB.Context(), people[a], people[b], friends.PurposeRing) == nil
		if reach != m.reach(a, b) {
			return fmt.Errorf("%d reaches %d: %v, want %v", a, b, reach, m.reach(a, b))
		}
		if m.visible(b, a) {
			in++
		}
		if _, ok := m.waits(a, b); ok {
			out++
		}
		switch m.edges[[2]int{a, b}] {
		case store.EdgeFriend:
			fr++
		case store.EdgeBlocked:
			bl++
		case store.EdgeNone:
		}
	}
	got := [4]int{len(l.Incoming), len(l.Outgoing), len(l.Friends), len(l.Blocked)}
	if want := [4]int{in, out, fr, bl}; got != want {
		return fmt.Errorf("%d is shown %v requests, own requests, friends, blocked; want %v", a, got, want)
	}
	return nil
}

func TestRandomOperationsAgainstAModel(t *testing.T) {
	t.Parallel()
	times := 1500
	if testing.Short() {
		times = 300
	}
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	w := newWorld(t)
	m := &model{edges: map[[2]int]store.EdgeState{}, asks: map[[2]int]modelAsk{}, now: w.Now()}
	r := run{model: m, w: w}
	for i := range 4 {
		r.people = append(r.people, w.person(fmt.Sprintf("p%d", i)))
	}
	w.OK(w.DB.View(t.Context(), func(tx store.Tx) error {
		for i := range r.people {
			r.refs = append(r.refs, tx.Handles.Phantom(handleOf(i)))
		}
		return nil
	}))
	for n := range times {
		if rng.IntN(8) == 0 {
			d := time.Duration(rng.IntN(72)) * time.Hour
			w.Pass(d)
			m.now = m.now.Add(d)
		}
		what, a, b := likely[rng.IntN(len(likely))], rng.IntN(len(r.people)), rng.IntN(len(r.people))
		if err, ok := steps[what](r, a, b); (err == nil) != ok {
			t.Fatalf("seed %d, step %d, %d %s %d: %v; in the model it goes through: %v", seed, n, a, what, b, err, ok)
		}
		if err := m.compare(w, r.people, n%len(r.people)); err != nil {
			t.Fatalf("seed %d, step %d, after %d %s %d: %v", seed, n, a, what, b, err)
		}
	}
}
