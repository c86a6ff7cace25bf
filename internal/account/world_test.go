package account_test

import (
	"context"
	"sync"
	"testing"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/internal/worldtest"
)

// cheap is a cost at which tests are quick.
var cheap = account.Cost{Memory: 64, Time: 1, Threads: 1}

// world is the services over a real, sealed data file.
type world struct {
	*worldtest.World
	*account.Service
	friends *friends.Service
	keys    *keys

	mu    sync.Mutex // guards ended
	ended []id.Session
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: worldtest.New(t)}
	w.keys = &keys{Keyring: w.Keys}
	w.friends = friends.New(friends.Options{DB: w.DB, Now: w.Now})
	w.Service = account.New(account.Options{
		DB: w.DB, Keys: w.keys, Friends: w.friends, Events: w, Now: w.Now, Cost: cheap,
	})
	return w
}

func (w *world) SignedOut(s id.Session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = append(w.ended, s)
}

const password = "orange quiet lantern 7"

// join signs somebody up by the operator's invite.
func (w *world) join(name string) account.Signed {
	w.TB.Helper()
	token, _, err := w.CreateOperatorInvite(w.TB.Context())
	w.OK(err)
	s, err := w.SignUp(w.TB.Context(), form(token, name))
	w.OK(err)
	return s
}

func form(token, name string) account.SignUp {
	return account.SignUp{Invite: token, Name: name, DisplayName: "The " + name, Password: password, DeviceName: "test"}
}

// keys notes when keys are made.
type keys struct {
	*keyring.Keyring
	mu   sync.Mutex
	made []id.Account
}

func (k *keys) CreateAccount(ctx context.Context, a id.Account) error {
	k.mu.Lock()
	k.made = append(k.made, a)
	k.mu.Unlock()
	return k.Keyring.CreateAccount(ctx, a)
}
