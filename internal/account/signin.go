package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// SignIn is the form that begins a session.
type SignIn struct {
	Handle     string
	Password   string
	Device     id.Device // one that the account has had; a new one is made otherwise
	DeviceName string
}

// SignIn begins a session on a device; an earlier session of the device ends.
// A wrong handle and a wrong password give the same error for the same work:
// the same reads, one hash, one audit entry.
func (s *Service) SignIn(ctx context.Context, form SignIn) (Signed, error) {
	handle, handleErr := ParseHandle(form.Handle)
	deviceName, nameErr := parseDeviceName(form.DeviceName)
	form.DeviceName = deviceName
	if err := errors.Join(handleErr, nameErr); err != nil {
		return Signed{}, fmt.Errorf("sign in: %w", err)
	}
	password := norm.NFC.String(form.Password)
	acc, err := s.credentials(ctx, handle, password)
	if err != nil {
		return Signed{}, fmt.Errorf("sign in: %w", err)
	}
	newHash := ""
	if p, err := parsePHC(acc.Password); err == nil && p.cost != s.hasher.cost {
		if newHash, err = s.hasher.make(ctx, password); err != nil {
			return Signed{}, fmt.Errorf("sign in: %w", err)
		}
	}
	signed, ended, err := s.begin(ctx, acc, form, newHash)
	if err != nil {
		return Signed{}, fmt.Errorf("sign in: %w", err)
	}
	s.signedOut(ended)
	return signed, nil
}

// credentials returns the account that handle and password belong to.
func (s *Service) credentials(ctx context.Context, handle, password string) (store.Account, error) {
	var acc store.Account
	err := s.db.View(ctx, func(tx store.Tx) error {
		acc = store.Account{}
		a, err := tx.Handles.Handle(ctx, handle)
		if errors.Is(err, store.ErrNotFound) {
			a = tx.Handles.Phantom(handle) // read all the same
		} else if err != nil {
			return fmt.Errorf("find handle: %w", err)
		}
		found, err := tx.Accounts.Account(ctx, a)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read account: %w", err)
		}
		acc = found
		return nil
	})
	if err != nil {
		return store.Account{}, err
	}
	hash := s.dummy
	if !acc.ID.IsZero() {
		if hash, err = parsePHC(acc.Password); err != nil {
			return store.Account{}, err
		}
	}
	ok, err := s.hasher.matches(ctx, hash, password)
	if err != nil {
		return store.Account{}, err
	}
	if ok && !acc.ID.IsZero() {
		return acc, nil
	}
	now := s.clock()
	err = s.db.Update(ctx, func(tx store.Tx) error {
		return audit(ctx, tx, now, acc.ID, store.AuditSignInFailed, "")
	})
	if err != nil {
		return store.Account{}, err
	}
	return store.Account{}, errCredentials
}

// begin writes the session. acc is as it was when its password matched.
func (s *Service) begin(
	ctx context.Context, acc store.Account, form SignIn, newHash string,
) (Signed, []id.Session, error) {
	now := s.clock()
	token, hash := store.NewToken()
	fresh := id.NewDevice()
	signed := Signed{Token: token}
	var ended []id.Session
	err := s.db.Update(ctx, func(tx store.Tx) error {
		ended = nil
		current, err := read(ctx, tx, acc.ID)
		if err != nil {
			return err
		}
		if current.Password != acc.Password { // reset meanwhile
			return errCredentials
		}
		if newHash != "" {
			current.Password = newHash
			if err := tx.Accounts.PutAccount(ctx, current); err != nil {
				return fmt.Errorf("put account: %w", err)
			}
		}
		device, gone, err := useDevice(ctx, tx, acc.ID, form, fresh, now)
		if err != nil {
			return err
		}
		signed.Session = newSession(hash, acc.ID, device, now)
		signed.Profile = profile(current)
		ended, err = endSessions(ctx, tx, acc.ID, func(o store.Session) bool {
			return o.Device == device || o.Device == gone || store.Expired(o.ExpiresAt, now)
		})
		if err != nil {
			return err
		}
		if err := tx.Sessions.PutSession(ctx, signed.Session); err != nil {
			return fmt.Errorf("put session: %w", err)
		}
		return audit(ctx, tx, now, acc.ID, store.AuditSignIn, "")
	})
	return signed, ended, err
}

// useDevice returns the device of a sign-in: the named one where the account
// has it, otherwise fresh, for which the one not seen for longest is forgotten
// once there are too many.
func useDevice(
	ctx context.Context, tx store.Tx, a id.Account, form SignIn, fresh id.Device, now time.Time,
) (device, gone id.Device, err error) {
	d := store.Device{ID: fresh, Account: a, CreatedAt: now}
	if !form.Device.IsZero() {
		known, err := tx.Devices.Device(ctx, a, form.Device)
		switch {
		case err == nil:
			d = known
		case !errors.Is(err, store.ErrNotFound):
			return id.Device{}, id.Device{}, fmt.Errorf("read device: %w", err)
		}
	}
	if d.ID == fresh {
		if gone, err = makeRoom(ctx, tx, a); err != nil {
			return id.Device{}, id.Device{}, err
		}
	}
	d.SeenOn = day(now)
	if form.DeviceName != "" {
		d.Name = form.DeviceName
	}
	if err := tx.Devices.PutDevice(ctx, d); err != nil {
		return id.Device{}, id.Device{}, fmt.Errorf("put device: %w", err)
	}
	return d.ID, gone, nil
}

// makeRoom forgets the device not seen for longest where there are as many as
// there may be. MaxDevices is less than a page.
func makeRoom(ctx context.Context, tx store.Tx, a id.Account) (gone id.Device, err error) {
	all, err := tx.Devices.Devices(ctx, a, id.Device{}, store.MaxPage)
	if err != nil {
		return id.Device{}, fmt.Errorf("read devices: %w", err)
	}
	if len(all) < MaxDevices {
		return id.Device{}, nil
	}
	oldest := all[0]
	for _, d := range all[1:] {
		if d.SeenOn.Before(oldest.SeenOn) {
			oldest = d
		}
	}
	if err := tx.Devices.DeleteDevice(ctx, a, oldest.ID); err != nil {
		return id.Device{}, fmt.Errorf("delete device: %w", err)
	}
	return oldest.ID, nil
}
