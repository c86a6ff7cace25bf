package httpapi

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// Person is what one account is shown of another.
type Person struct {
	Account     string `json:"account"`
	Handle      string `json:"handle"`
	DisplayName string `json:"display_name"`
}

// Friend is a friend, and whether they are there.
type Friend struct {
	Person
	Since  time.Time `json:"since"`
	Online bool      `json:"online"`
}

// Incoming is a request that waits for an answer.
type Incoming struct {
	Person
	AskedAt   time.Time `json:"asked_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Outgoing is a request of one's own that waits.
type Outgoing struct {
	Account   string    `json:"account" doc:"a reference to take the request back by; nobody's id"`
	Handle    string    `json:"handle"`
	AskedAt   time.Time `json:"asked_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Relations is everything between an account and others.
type Relations struct {
	Friends  []Friend   `json:"friends" nullable:"false"`
	Incoming []Incoming `json:"incoming" nullable:"false"`
	Outgoing []Outgoing `json:"outgoing" nullable:"false"`
	Blocked  []Person   `json:"blocked" nullable:"false" doc:"with the names known when they were blocked, which may be empty"`
}

func shown(p friends.Person) Person {
	return Person{Account: p.Account.String(), Handle: p.Handle, DisplayName: p.DisplayName}
}

func outgoing(o friends.Outgoing) Outgoing {
	return Outgoing{Account: o.Ref.String(), Handle: o.Handle, AskedAt: o.AskedAt, ExpiresAt: o.ExpiresAt}
}

func (a *api) friendRoutes() {
	private(a, op("getFriends", "GET /friends", "Friends, requests and blocks"), a.getFriends)
	private(a, accepted(op("askFriend", "POST /friends/requests", "Ask somebody by handle")), a.askFriend)
	change := func(name, route, summary string, fn func(context.Context, id.Account, id.Account) error) {
		private(a, op(name, route, summary), func(ctx context.Context, s store.Session, in *accountPath) (*none, error) {
			other, err := in.id()
			if err != nil {
				return nil, err
			}
			return nil, fn(ctx, s.Account, other)
		})
	}
	f := a.Friends
	change("acceptRequest", "POST /friends/requests/{account}/accept", "Accept a request", f.Accept)
	change("declineRequest", "POST /friends/requests/{account}/decline", "Decline a request", f.Decline)
	change("withdrawRequest", "DELETE /friends/requests/{account}", "Take a request back", f.Withdraw)
	change("removeFriend", "DELETE /friends/{account}", "End a friendship", f.Remove)
	change("block", "PUT /friends/{account}/block", "Block an account", f.Block)
	change("unblock", "DELETE /friends/{account}/block", "Lift a block", f.Unblock)
}

type relationsOut struct{ Body Relations }

func (a *api) getFriends(ctx context.Context, s store.Session, _ *none) (*relationsOut, error) {
	l, err := a.Friends.List(ctx, s.Account)
	if err != nil {
		return nil, err
	}
	r := Relations{Friends: []Friend{}, Incoming: []Incoming{}, Outgoing: []Outgoing{}, Blocked: []Person{}}
	for _, f := range l.Friends {
		online := a.Presence != nil && a.Presence.Online(ctx, s.Account, f.Account)
		r.Friends = append(r.Friends, Friend{Person: shown(f.Person), Since: f.Since, Online: online})
	}
	for _, i := range l.Incoming {
		r.Incoming = append(r.Incoming, Incoming{Person: shown(i.Person), AskedAt: i.AskedAt, ExpiresAt: i.ExpiresAt})
	}
	for _, o := range l.Outgoing {
		r.Outgoing = append(r.Outgoing, outgoing(o))
	}
	for _, b := range l.Blocked {
		r.Blocked = append(r.Blocked, shown(b))
	}
	return &relationsOut{Body: r}, nil
}

type askIn struct {
	Body struct {
		Handle string `json:"handle" example:"anna.4821"`
	} `nameHint:"Ask"`
}

type askOut struct{ Body Outgoing }

func (a *api) askFriend(ctx context.Context, s store.Session, in *askIn) (*askOut, error) {
	handle, err := account.ParseHandle(in.Body.Handle)
	if err != nil {
		return nil, err
	}
	o, err := a.Friends.AskByHandle(ctx, s.Account, handle)
	if err != nil {
		return nil, err
	}
	return &askOut{Body: outgoing(o)}, nil
}
