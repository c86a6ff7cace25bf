package account

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// SignUp is the form that makes an account.
type SignUp struct {
	Invite      string // the link's token
	Name        string // the handle's first part
	DisplayName string
	Password    string
	DeviceName  string
}

// Signed is a session that has just begun. Token is nowhere else.
type Signed struct {
	Token   string
	Session store.Session
	Profile Profile
}

// parse puts every field into its one spelling and returns all faults at once.
func (f SignUp) parse() (SignUp, error) {
	var errs [5]error
	if f.Invite == "" {
		errs[0] = fault.Field("invite", "required", 0, "An invite link is needed to sign up.")
	}
	f.Name, errs[1] = ParseName(f.Name)
	f.DisplayName, errs[2] = ParseDisplayName(f.DisplayName)
	f.Password, errs[3] = checkPassword(f.Password)
	f.DeviceName, errs[4] = parseDeviceName(f.DeviceName)
	return f, errors.Join(errs[:]...)
}

// SignUp makes an account by invite and signs it in. The invite is used up in
// the transaction that creates the account; who made it becomes a friend in
// the same one.
func (s *Service) SignUp(ctx context.Context, form SignUp) (Signed, error) {
	form, err := form.parse()
	if err != nil {
		return Signed{}, fmt.Errorf("sign up: %w", err)
	}
	now := s.clock()
	// Looked at first, so that a stranger costs no hash and no key.
	err = s.db.View(ctx, func(tx store.Tx) error {
		_, err := openInvite(ctx, tx, form.Invite, now)
		return err
	})
	if err != nil {
		return Signed{}, fmt.Errorf("sign up: %w", err)
	}
	if err := checkStrength(form.Password, form.Name, form.DisplayName); err != nil {
		return Signed{}, fmt.Errorf("sign up: %w", err)
	}
	hash, err := s.hasher.make(ctx, form.Password)
	if err != nil {
		return Signed{}, fmt.Errorf("sign up: %w", err)
	}
	n := newcomer{
		form: form, hash: hash, id: id.NewAccount(), device: id.NewDevice(), now: now,
		first: rand.IntN(handleNumbers), //nolint:gosec // which number a name gets is no secret
	}
	var tokenHash store.TokenHash
	n.token, tokenHash = store.NewToken()
	n.session = newSession(tokenHash, n.id, n.device, now)
	if err := s.keys.CreateAccount(ctx, n.id); err != nil {
		return Signed{}, fmt.Errorf("sign up: make the account's key: %w", err)
	}
	var inviter id.Account
	var p Profile
	err = s.db.Update(ctx, func(tx store.Tx) (err error) {
		inviter, p, err = s.enter(ctx, tx, n)
		return err
	})
	if err != nil {
		return Signed{}, fmt.Errorf("sign up: %w", err)
	}
	if !inviter.IsZero() {
		s.friends.Announce(inviter, n.id)
	}
	return Signed{Token: n.token, Session: n.session, Profile: p}, nil
}

// newcomer is all that enter needs and may not make up itself.
type newcomer struct {
	form    SignUp
	hash    string
	id      id.Account
	device  id.Device
	token   string
	session store.Session
	first   int // the number that is tried first
	now     time.Time
}

func (s *Service) enter(ctx context.Context, tx store.Tx, n newcomer) (inviter id.Account, p Profile, err error) {
	inv, err := openInvite(ctx, tx, n.form.Invite, n.now)
	if err != nil {
		return id.Account{}, Profile{}, err
	}
	if err := tx.Invites.DeleteInvite(ctx, inv.Token); err != nil {
		return id.Account{}, Profile{}, fmt.Errorf("delete invite: %w", err)
	}
	handle, err := claimHandle(ctx, tx, n)
	if err != nil {
		return id.Account{}, Profile{}, err
	}
	acc := store.Account{
		ID: n.id, Handle: handle, DisplayName: n.form.DisplayName, Role: inv.Role, Password: n.hash,
		CreatedAt: n.now, UpdatedAt: n.now,
	}
	if err := tx.Accounts.PutAccount(ctx, acc); err != nil {
		return id.Account{}, Profile{}, fmt.Errorf("put account: %w", err)
	}
	dev := store.Device{ID: n.device, Account: n.id, Name: n.form.DeviceName, CreatedAt: n.now, SeenOn: day(n.now)}
	if err := tx.Devices.PutDevice(ctx, dev); err != nil {
		return id.Account{}, Profile{}, fmt.Errorf("put device: %w", err)
	}
	if err := tx.Sessions.PutSession(ctx, n.session); err != nil {
		return id.Account{}, Profile{}, fmt.Errorf("put session: %w", err)
	}
	if !inv.Inviter.IsZero() {
		if err := s.friends.Befriend(ctx, tx, inv.Inviter, n.id, n.now); err != nil {
			return id.Account{}, Profile{}, fmt.Errorf("befriend inviter: %w", err)
		}
	}
	return inv.Inviter, profile(acc), audit(ctx, tx, n.now, n.id, store.AuditSignUp, string(inv.Role))
}

// claimHandle takes the first free number from a random one on. The step is
// coprime with their count, so that every number is tried once and the order
// of handles tells nothing of the order of people.
func claimHandle(ctx context.Context, tx store.Tx, n newcomer) (string, error) {
	const step = 3137
	for i := range handleNumbers {
		handle := fmt.Sprintf("%s.%0*d", n.form.Name, handleDigits, (n.first+i*step)%handleNumbers)
		err := tx.Handles.ClaimHandle(ctx, handle, n.id)
		switch {
		case errors.Is(err, store.ErrExists):
			continue
		case err != nil:
			return "", fmt.Errorf("claim handle: %w", err)
		}
		return handle, nil
	}
	return "", &fault.Error{
		Code: fault.NameTaken, Field: "name", Rule: "taken", Public: "Too many people have this name. Choose another.",
	}
}

func openInvite(ctx context.Context, tx store.Tx, token string, now time.Time) (store.Invite, error) {
	inv, err := store.OpenInvite(ctx, tx, token, now)
	if errors.Is(err, store.ErrNotFound) {
		return store.Invite{}, errInvite
	}
	return inv, err
}

// day forgets the hour.
func day(t time.Time) time.Time { return t.Truncate(24 * time.Hour) }
