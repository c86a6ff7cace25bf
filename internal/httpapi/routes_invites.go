package httpapi

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// Inviter is who made an invite link.
type Inviter struct {
	Account     string `json:"account"`
	DisplayName string `json:"display_name"`
}

// Inspected is what an invite link is worth.
type Inspected struct {
	Kind      string    `json:"kind" enum:"operator,friend"`
	Inviter   *Inviter  `json:"inviter,omitempty" doc:"for friend"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Invite is an open invite link of one's own.
type Invite struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

type tokenIn struct {
	Body struct {
		Token string `json:"token" doc:"of the invite link"`
	} `nameHint:"InviteToken"`
}

func (in *tokenIn) token() (string, error) {
	if in.Body.Token == "" {
		return "", fault.Field("token", "required", 0, "An invite link is needed.")
	}
	return in.Body.Token, nil
}

type inspectOut struct{ Body Inspected }

type inviteOut struct {
	Body struct {
		ID        string    `json:"id"`
		Token     string    `json:"token" doc:"shown this once"`
		ExpiresAt time.Time `json:"expires_at"`
		Page      string    `json:"page,omitempty" doc:"address at which other devices open it, with # and the token behind; where missing /invite of the page's own address"`
	} `nameHint:"NewInvite"`
}

type invitesOut struct {
	Body struct {
		Invites []Invite `json:"invites" nullable:"false"`
	} `nameHint:"Invites"`
}

type invitePath struct {
	ID string `path:"id"`
}

type redeemOut struct{ Body Inviter }

func (a *api) inviteRoutes() {
	public(a, op("inspectInvite", "POST /invites/inspect", "What an invite link is worth"), a.inspectInvite)
	private(a, op("redeemInvite", "POST /invites/redeem", "Become friends by invite link"), a.redeemInvite)
	private(a, created(op("createInvite", "POST /invites", "Make an invite link")), a.createInvite)
	private(a, op("getInvites", "GET /invites", "The open invite links"), a.getInvites)
	private(a, op("revokeInvite", "DELETE /invites/{id}", "Make an invite link worthless"), a.revokeInvite)
}

func (a *api) inspectInvite(ctx context.Context, in *tokenIn) (*inspectOut, error) {
	token, err := in.token()
	if err != nil {
		return nil, err
	}
	done, err := a.invitesLeft(ctx)
	if err != nil {
		return nil, err
	}
	i, err := a.Friends.InspectInvite(ctx, token)
	done(err)
	if err != nil {
		return nil, err
	}
	out := &inspectOut{Body: Inspected{Kind: "operator", ExpiresAt: i.ExpiresAt}}
	if !i.Operator {
		out.Body.Kind = "friend"
		out.Body.Inviter = &Inviter{Account: i.Inviter.Account.String(), DisplayName: i.Inviter.DisplayName}
	}
	return out, nil
}

func (a *api) redeemInvite(ctx context.Context, s store.Session, in *tokenIn) (*redeemOut, error) {
	token, err := in.token()
	if err != nil {
		return nil, err
	}
	done, err := a.invitesLeft(ctx)
	if err != nil {
		return nil, err
	}
	p, err := a.Friends.RedeemInvite(ctx, s.Account, token)
	done(err)
	if err != nil {
		return nil, err
	}
	return &redeemOut{Body: Inviter{Account: p.Account.String(), DisplayName: p.DisplayName}}, nil
}

func (a *api) createInvite(ctx context.Context, s store.Session, _ *none) (*inviteOut, error) {
	token, inv, err := a.Friends.CreateInvite(ctx, s.Account)
	if err != nil {
		return nil, err
	}
	out := &inviteOut{}
	out.Body.ID, out.Body.Token, out.Body.ExpiresAt = inv.ID.String(), token, inv.ExpiresAt
	if a.InvitePage != nil {
		out.Body.Page = a.InvitePage(ctx)
	}
	return out, nil
}

func (a *api) getInvites(ctx context.Context, s store.Session, _ *none) (*invitesOut, error) {
	open, err := a.Friends.Invites(ctx, s.Account)
	if err != nil {
		return nil, err
	}
	out := &invitesOut{}
	out.Body.Invites = []Invite{}
	for _, i := range open {
		out.Body.Invites = append(out.Body.Invites, Invite{
			ID: i.ID.String(), CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt,
		})
	}
	return out, nil
}

func (a *api) revokeInvite(ctx context.Context, s store.Session, in *invitePath) (*none, error) {
	var invite id.Invite
	if err := invite.UnmarshalText([]byte(in.ID)); err != nil || invite.IsZero() {
		return nil, fault.New(fault.NotFound, "There is no such invite.")
	}
	return nil, a.Friends.RevokeInvite(ctx, s.Account, invite)
}
