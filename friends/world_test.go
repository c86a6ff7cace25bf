package friends_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/worldtest"
	"github.com/ringfence/ringfence/store"
)

// world is a service over a real, sealed data file.
type world struct {
	*worldtest.World
	*friends.Service
	events *events
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: worldtest.New(t), events: &events{}}
	w.Service = friends.New(friends.Options{DB: w.DB, Now: w.Now, Events: w.events})
	return w
}

// person makes an account with a handle.
func (w *world) person(name string) id.Account {
	w.TB.Helper()
	a := id.NewAccount()
	if err := w.Keys.CreateAccount(w.TB.Context(), a); err != nil {
		w.TB.Fatal(err)
	}
	w.update(func(tx store.Tx) error {
		handle := name + ".0001"
		return errors.Join(
			tx.Accounts.PutAccount(w.TB.Context(), store.Account{ID: a, Handle: handle, DisplayName: "The " + name}),
			tx.Handles.ClaimHandle(w.TB.Context(), handle, a))
	})
	return a
}

func (w *world) update(fn func(store.Tx) error) {
	w.TB.Helper()
	if err := w.DB.Update(w.TB.Context(), fn); err != nil {
		w.TB.Fatal(err)
	}
}

// befriend makes two friends the long way.
func (w *world) befriend(a, b id.Account) {
	w.TB.Helper()
	token, _, err := w.CreateInvite(w.TB.Context(), a)
	w.OK(err)
	_, err = w.RedeemInvite(w.TB.Context(), b, token)
	w.OK(err)
}

func (w *world) list(a id.Account) friends.List {
	w.TB.Helper()
	l, err := w.List(w.TB.Context(), a)
	w.OK(err)
	return l
}

func (w *world) audited() (n int) {
	w.TB.Helper()
	w.OK(w.DB.View(w.TB.Context(), func(tx store.Tx) error {
		all, err := tx.Audit.Entries(w.TB.Context(), 0, store.MaxPage)
		n = len(all)
		return err
	}))
	return n
}

// events keeps what the service told.
type events struct {
	mu      sync.Mutex
	friends [][2]id.Account
	asks    []id.Account
	notices []id.Account
}

func (e *events) FriendsChanged(a, b id.Account) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.friends = append(e.friends, [2]id.Account{a, b})
}

func (e *events) AsksChanged(a id.Account) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asks = append(e.asks, a)
}

func (e *events) NoticesChanged(a id.Account) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.notices = append(e.notices, a)
}
