package friends_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/storetest"
)

// relations are all the ways in which to can stand to from without being
// reachable. Each returns to.
var relations = map[string]func(w *world, from id.Account) id.Account{
	"stranger": func(w *world, _ id.Account) id.Account { return w.person("stranger") },
	"pending, asked by me": func(w *world, from id.Account) id.Account {
		to := w.person("pending")
		_, err := w.AskByHandle(w.TB.Context(), from, "pending.0001")
		w.OK(err)
		return to
	},
	"removed": func(w *world, from id.Account) id.Account {
		to := w.person("removed")
		w.befriend(from, to)
		w.OK(w.Remove(w.TB.Context(), to, from))
		return to
	},
	"blocked": func(w *world, from id.Account) id.Account {
		to := w.person("blocked")
		w.befriend(from, to)
		w.OK(w.Block(w.TB.Context(), to, from))
		return to
	},
	"blocked as a stranger": func(w *world, from id.Account) id.Account {
		to := w.person("blocker")
		w.OK(w.Block(w.TB.Context(), to, from))
		return to
	},
	"no such user": func(*world, id.Account) id.Account { return id.NewAccount() },
	"nobody":       func(*world, id.Account) id.Account { return id.Account{} },
	"oneself":      func(_ *world, from id.Account) id.Account { return from },
	"a handle nobody has": func(w *world, from id.Account) id.Account {
		o, err := w.AskByHandle(w.TB.Context(), from, "phantom.0001")
		w.OK(err)
		return o.Ref
	},
}

func TestUnreachableIsOneAnswerForOneWork(t *testing.T) {
	t.Parallel()
	var first error
	for name, relate := range relations {
		for _, purpose := range []friends.Purpose{
			friends.PurposeRing, friends.PurposePresence, friends.PurposeRelay, friends.PurposeKeys, friends.Purpose(0), friends.Purpose(99),
		} {
			w := newWorld(t)
			from := w.person("me")
			to := relate(w, from)
			w.Engine.Take()
			err := w.CheckReach(t.Context(), from, to, purpose)
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Code != fault.Unreachable {
				t.Fatalf("%s: got %v, want unreachable", name, err)
			}
			if first == nil {
				first = f
			}
			if !errors.Is(f, first) {
				t.Errorf("%s: the error is not the one value that all share", name)
			}
			edge := storetest.Ask{Op: "get", Table: store.TableFriends}
			if work := w.Engine.Take(); !slices.Equal(work, []storetest.Ask{edge, edge}) {
				t.Errorf("%s: asked for %v, want two edges and nothing else", name, work)
			}
		}
	}
}

func TestFriendsAreReachableForEveryKnownPurpose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.person("a1"), w.person("b1")
	w.befriend(a, b)
	for _, p := range []friends.Purpose{friends.PurposeRing, friends.PurposePresence, friends.PurposeRelay, friends.PurposeKeys} {
		w.Engine.Take()
		w.OK(w.CheckReach(t.Context(), a, b, p))
		w.OK(w.CheckReach(t.Context(), b, a, p))
		if work := w.Engine.Take(); len(work) != 4 {
			t.Errorf("two answers took %v, want four reads", work)
		}
	}
	w.Wants(w.CheckReach(t.Context(), a, b, friends.Purpose(0)), fault.Unreachable)
}

func TestEveryFriendIsListedPageByPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.person("a1")
	const n = 2*store.MaxPage + 3
	w.update(func(tx store.Tx) error {
		for i := range n {
			e := store.Edge{From: a, To: id.NewAccount(), State: store.EdgeFriend}
			if i == 0 {
				e.State = store.EdgeBlocked
			}
			if err := tx.Friends.PutEdge(t.Context(), e); err != nil {
				return err
			}
		}
		return nil
	})
	all, err := w.Friends(t.Context(), a)
	w.OK(err)
	if len(all) != n-1 {
		t.Errorf("%d friends, want %d", len(all), n-1)
	}
}
