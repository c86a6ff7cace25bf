package main

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// operator is what the admin commands ask for, of a running server through its
// socket or of the data itself.
type operator interface {
	// Invite makes a one-time token; it is the owner's as long as there is none.
	Invite(ctx context.Context) (invited, error)
	// ResetPassword gives an account a temporary password.
	ResetPassword(ctx context.Context, handle string) (temporary, error)
	// List returns one page of accounts after an id.
	List(ctx context.Context, after string) (listed, error)
}

// invited is a new invite.
type invited struct {
	Token     string    `json:"token"`
	Owner     bool      `json:"owner"`
	ExpiresAt time.Time `json:"expires_at"`
	Links     []string  `json:"links"`
}

// temporary is a password to be changed.
type temporary struct {
	Password string `json:"password"`
}

// listed is a page of accounts; Next is empty at the end.
type listed struct {
	Accounts []listedAccount `json:"accounts"`
	Next     string          `json:"next"`
}

type listedAccount struct {
	Handle      string     `json:"handle"`
	DisplayName string     `json:"display_name"`
	Role        store.Role `json:"role"`
	CreatedAt   time.Time  `json:"created_at"`
}

// direct is an operator over the account service.
type direct struct {
	accounts *account.Service
	sites    func() (sites, error)
}

// Invite implements operator.
func (d direct) Invite(ctx context.Context) (invited, error) {
	at, err := d.sites()
	if err != nil {
		return invited{}, err
	}
	token, made, err := d.accounts.CreateOwnerInvite(ctx)
	if err != nil {
		return invited{}, err
	}
	if made {
		return invited{Token: token, Owner: true, ExpiresAt: now().Add(account.InviteLife), Links: at.links(token)}, nil
	}
	token, inv, err := d.accounts.CreateOperatorInvite(ctx)
	if err != nil {
		return invited{}, err
	}
	return invited{Token: token, ExpiresAt: inv.ExpiresAt, Links: at.links(token)}, nil
}

// ResetPassword implements operator.
func (d direct) ResetPassword(ctx context.Context, handle string) (temporary, error) {
	parsed, err := account.ParseHandle(handle)
	if err != nil {
		return temporary{}, err
	}
	password, err := d.accounts.ResetPassword(ctx, parsed)
	return temporary{Password: password}, err
}

// List implements operator.
func (d direct) List(ctx context.Context, after string) (listed, error) {
	var from id.Account
	if err := from.UnmarshalText([]byte(after)); err != nil {
		return listed{}, err
	}
	page, err := d.accounts.ListAccounts(ctx, from, store.MaxPage)
	if err != nil {
		return listed{}, err
	}
	var out listed
	for _, a := range page {
		out.Accounts = append(out.Accounts, listedAccount{a.Handle, a.DisplayName, a.Role, a.CreatedAt})
	}
	if len(page) == store.MaxPage {
		out.Next = page[len(page)-1].ID.String()
	}
	return out, nil
}
