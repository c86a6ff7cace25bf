package store

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/internal/id"
)

// Role says what an account may do besides being a person.
type Role string

// The roles. The zero value may do nothing special.
const (
	RoleMember Role = ""
	RoleOwner  Role = "owner" // signed up with the first invite
)

// Account is a person under a pseudonym. It is sealed under the account's own
// key.
type Account struct {
	ID          id.Account
	Handle      string // "anna.4821": chosen name, dot, four digits from the server
	DisplayName string
	Role        Role
	Password    string // argon2id in PHC string format, salt inside
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// AccountTable holds one record per account.
type AccountTable interface {
	// Account returns ErrNotFound where there is none.
	Account(ctx context.Context, a id.Account) (Account, error)
	PutAccount(ctx context.Context, a Account) error
	// Accounts pages through all accounts in the order of their ids.
	Accounts(ctx context.Context, after id.Account, limit int) ([]Account, error)
}

// HandleTable finds an account by its handle. Only a keyed blind index of the
// handle is stored, so the data does not tell which handles exist.
type HandleTable interface {
	// Handle returns ErrNotFound where nobody has this handle.
	Handle(ctx context.Context, handle string) (id.Account, error)
	// ClaimHandle returns ErrExists where somebody has it.
	ClaimHandle(ctx context.Context, handle string, a id.Account) error
	// Phantom returns an account id that is always the same for a handle and
	// that no account has: what asking for a handle that does not exist is
	// about. It costs no read.
	Phantom(handle string) id.Account
}
