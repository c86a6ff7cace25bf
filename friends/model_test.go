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

// step does one random thing in both and reports whether it went through in
// the model.
func (m *model) step(rng *rand.Rand, w *world, people []id.Account, refs []id.Account) (what string, ok bool, err error) {
	ctx := w.t.Context()
	a, b := rng.IntN(len(people)), rng.IntN(len(people))
	pa, pb := people[a], people[b]
	mine := m.edges[[2]int{a, b}]
	switch rng.IntN(9) {
	case 0, 1, 2:
		_, err = w.AskByHandle(ctx, pa, handleOf(b))
		if ok = a != b && mine == store.EdgeNone; ok {
			if _, cross := m.waits(b, a); cross && m.edges[[2]int{b, a}] != store.EdgeBlocked {
				m.befriend(a, b)
			} else if _, open := m.waits(a, b); !open {
				m.asks[[2]int{a, b}] = modelAsk{expires: m.now.Add(friends.AskLife)}
			}
		}
		return fmt.Sprintf("%d asks %d", a, b), ok, err
	case 3, 4:
		err = w.Accept(ctx, pa, pb)
		if ok = m.visible(b, a) && m.edges[[2]int{b, a}] != store.EdgeBlocked; ok {
			m.befriend(a, b)
		}
		return fmt.Sprintf("%d accepts %d", a, b), ok, err
	case 5:
		err = w.Decline(ctx, pa, pb)
		if ok = m.visible(b, a); ok {
			x := m.asks[[2]int{b, a}]
			x.declined = true
			m.asks[[2]int{b, a}] = x
		}
		return fmt.Sprintf("%d declines %d", a, b), ok, err
	case 6:
		err = w.Withdraw(ctx, pa, refs[b])
		if _, ok = m.waits(a, b); ok {
			delete(m.asks, [2]int{a, b})
		}
		return fmt.Sprintf("%d withdraws from %d", a, b), ok, err
	case 7:
		err = w.Remove(ctx, pa, pb)
		if ok = a != b; ok && mine == store.EdgeFriend {
			delete(m.edges, [2]int{a, b})
			if m.edges[[2]int{b, a}] == store.EdgeFriend {
				delete(m.edges, [2]int{b, a})
			}
		}
		return fmt.Sprintf("%d removes %d", a, b), ok, err
	default:
		if rng.IntN(2) == 0 {
			err = w.Block(ctx, pa, pb)
			if ok = a != b; ok && mine != store.EdgeBlocked {
				m.edges[[2]int{a, b}] = store.EdgeBlocked
				delete(m.asks, [2]int{a, b})
			}
			return fmt.Sprintf("%d blocks %d", a, b), ok, err
		}
		err = w.Unblock(ctx, pa, pb)
		if ok = a != b; ok && mine == store.EdgeBlocked {
			delete(m.edges, [2]int{a, b})
		}
		return fmt.Sprintf("%d unblocks %d", a, b), ok, err
	}
}

func handleOf(i int) string { return fmt.Sprintf("p%d.0001", i) }

// compare checks everything that a is shown and may do.
func (m *model) compare(w *world, people []id.Account, a int) error {
	l := w.list(people[a])
	var in, out, fr, bl int
	for b := range people {
		reach := w.CheckReach(w.t.Context(), people[a], people[b], friends.PurposeRing) == nil
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
	steps := 1500
	if testing.Short() {
		steps = 300
	}
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	w := newWorld(t)
	m := &model{edges: map[[2]int]store.EdgeState{}, asks: map[[2]int]modelAsk{}, now: w.clock()}
	var people, refs []id.Account
	for i := range 4 {
		people = append(people, w.person(fmt.Sprintf("p%d", i)))
	}
	w.ok(w.db.View(t.Context(), func(tx store.Tx) error {
		for i := range people {
			refs = append(refs, tx.Handles.Phantom(handleOf(i)))
		}
		return nil
	}))
	for n := range steps {
		if rng.IntN(8) == 0 {
			d := time.Duration(rng.IntN(72)) * time.Hour
			w.pass(d)
			m.now = m.now.Add(d)
		}
		what, ok, err := m.step(rng, w, people, refs)
		if (err == nil) != ok {
			t.Fatalf("seed %d, step %d, %s: %v; in the model it succeeds: %v", seed, n, what, err, ok)
		}
		if err := m.compare(w, people, n%len(people)); err != nil {
			t.Fatalf("seed %d, step %d, after %s: %v", seed, n, what, err)
		}
	}
}
