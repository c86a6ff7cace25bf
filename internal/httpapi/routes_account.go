package httpapi

import (
	"context"

	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/ratelimit"
	"github.com/ringfence/ringfence/store"
)

// Me is an account as its own device is shown it.
type Me struct {
	ID          string `json:"id"`
	Handle      string `json:"handle" example:"anna.4821"`
	DisplayName string `json:"display_name"`
	Role        string `json:"role" enum:",owner" doc:"empty for everybody but the owner"`
	Device      string `json:"device" doc:"id of the device that asks"`
}

func me(p account.Profile, s store.Session) Me {
	return Me{
		ID: p.ID.String(), Handle: p.Handle, DisplayName: p.DisplayName, Role: string(p.Role), Device: s.Device.String(),
	}
}

type meOut struct{ Body Me }

type signUpIn struct {
	Body struct {
		Invite      string `json:"invite" doc:"token of the invite link"`
		Name        string `json:"name" minLength:"2" maxLength:"20" doc:"a to z, digits, - and _; begins with a letter"`
		DisplayName string `json:"display_name" maxLength:"40" doc:"what friends see"`
		Password    string `json:"password" minLength:"8" maxLength:"128"`
		DeviceName  string `json:"device_name,omitempty" maxLength:"60"`
		Bearer      bool   `json:"bearer,omitempty" doc:"answer with a token and set no cookie: for programs"`
	} `nameHint:"SignUp"`
}

type signInIn struct {
	Body struct {
		Handle     string `json:"handle"`
		Password   string `json:"password"`
		Device     string `json:"device,omitempty" doc:"id that this device had before"`
		DeviceName string `json:"device_name,omitempty" maxLength:"60"`
		Bearer     bool   `json:"bearer,omitempty" doc:"answer with a token and set no cookie: for programs"`
	} `nameHint:"SignIn"`
}

type signedOut struct {
	SetCookie string `header:"Set-Cookie" hidden:"true"`
}

type signedIn struct {
	SetCookie string `header:"Set-Cookie" hidden:"true"`
	Body      struct {
		Account Me     `json:"account"`
		Token   string `json:"token,omitempty" doc:"for Authorization: Bearer; with bearer only"`
	} `nameHint:"Signed"`
}

// begun answers with a session: in a cookie or, to programs, as a token.
func begun(ctx context.Context, s account.Signed, bearer bool) *signedIn {
	out := &signedIn{}
	out.Body.Account = me(s.Profile, s.Session)
	if bearer {
		out.Body.Token = s.Token
	} else {
		out.SetCookie = setCookie(callerOf(ctx).secure, s.Token)
	}
	return out
}

func (a *api) accountRoutes() {
	public(a, created(op("signUp", "POST /signup", "Make an account by invite")), a.signUp)
	public(a, op("signIn", "POST /login", "Begin a session"), a.signIn)
	private(a, op("signOut", "POST /logout", "End this session"), a.signOut)
	private(a, op("getMe", "GET /me", "The account of this session"), a.getMe)
	private(a, op("setMe", "PATCH /me", "Change the display name"), a.setMe)
	private(a, op("changePassword", "PUT /me/password", "Change the password and end every other session"), a.changePassword)
}

func (a *api) signUp(ctx context.Context, in *signUpIn) (*signedIn, error) {
	b := &in.Body
	done, err := a.invitesLeft(ctx)
	if err != nil {
		return nil, err
	}
	s, err := a.Accounts.SignUp(ctx, account.SignUp{
		Invite: b.Invite, Name: b.Name, DisplayName: b.DisplayName, Password: b.Password, DeviceName: b.DeviceName,
	})
	done(err)
	if err != nil {
		return nil, err
	}
	return begun(ctx, s, b.Bearer), nil
}

// invitesLeft counts an attempt with an invite. Only one that was not valid
// stays counted.
func (a *api) invitesLeft(ctx context.Context) (done func(error), err error) {
	key := callerOf(ctx).prefix
	if wait := a.limits.invite.Allow(key); wait > 0 {
		return nil, tooOften(wait)
	}
	return func(err error) {
		if !fault.Is(err, fault.InviteInvalid) {
			a.limits.invite.Refund(key)
		}
	}, nil
}

func (a *api) signIn(ctx context.Context, in *signInIn) (*signedIn, error) {
	b := &in.Body
	var device id.Device
	_ = device.UnmarshalText([]byte(b.Device)) // text that no device has is none
	keys := []ratelimit.Key{callerOf(ctx).prefix}
	if handle, err := account.ParseHandle(b.Handle); err == nil {
		keys = append(keys, a.handleKey(handle))
	}
	done, err := a.guessesLeft(keys)
	if err != nil {
		return nil, err
	}
	s, err := a.Accounts.SignIn(ctx, account.SignIn{
		Handle: b.Handle, Password: b.Password, Device: device, DeviceName: b.DeviceName,
	})
	done(err)
	if err != nil {
		return nil, err
	}
	return begun(ctx, s, b.Bearer), nil
}

// guessesLeft counts a password against each key. Only one that was wrong
// stays counted.
func (a *api) guessesLeft(keys []ratelimit.Key) (done func(error), err error) {
	for i, key := range keys {
		if wait := a.limits.signIn.Allow(key); wait > 0 {
			for _, other := range keys[:i] {
				a.limits.signIn.Refund(other)
			}
			return nil, tooOften(wait)
		}
	}
	return func(err error) {
		if fault.Is(err, fault.BadCredentials) {
			return
		}
		for _, key := range keys {
			a.limits.signIn.Refund(key)
		}
	}, nil
}

func (a *api) signOut(ctx context.Context, s store.Session, _ *none) (*signedOut, error) {
	if err := a.Accounts.SignOut(ctx, s); err != nil {
		return nil, err
	}
	return &signedOut{SetCookie: setCookie(callerOf(ctx).secure, "")}, nil
}

func (a *api) getMe(ctx context.Context, s store.Session, _ *none) (*meOut, error) {
	p, err := a.Accounts.Me(ctx, s.Account)
	if err != nil {
		return nil, err
	}
	return &meOut{Body: me(p, s)}, nil
}

type setMeIn struct {
	Body struct {
		DisplayName string `json:"display_name" maxLength:"40"`
	} `nameHint:"SetMe"`
}

func (a *api) setMe(ctx context.Context, s store.Session, in *setMeIn) (*meOut, error) {
	p, err := a.Accounts.SetDisplayName(ctx, s.Account, in.Body.DisplayName)
	if err != nil {
		return nil, err
	}
	return &meOut{Body: me(p, s)}, nil
}

type changePasswordIn struct {
	Body struct {
		Current  string `json:"current"`
		Password string `json:"password" minLength:"8" maxLength:"128"`
	} `nameHint:"ChangePassword"`
}

// changePassword counts a wrong current password with the failed sign-ins:
// who found a device open guesses no faster than somebody from outside.
func (a *api) changePassword(ctx context.Context, s store.Session, in *changePasswordIn) (*none, error) {
	p, err := a.Accounts.Me(ctx, s.Account)
	if err != nil {
		return nil, err
	}
	done, err := a.guessesLeft([]ratelimit.Key{callerOf(ctx).prefix, a.handleKey(p.Handle)})
	if err != nil {
		return nil, err
	}
	err = a.Accounts.ChangePassword(ctx, s, in.Body.Current, in.Body.Password)
	done(err)
	if err != nil {
		return nil, err
	}
	return &none{}, nil
}
