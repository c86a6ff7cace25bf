package account_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

const newPassword = "gravel violin tundra 3"

// audited counts what the audit log has of a.
func (w *world) audited(a id.Account, action store.AuditAction) int {
	w.TB.Helper()
	n := 0
	w.OK(w.DB.View(w.TB.Context(), func(tx store.Tx) error {
		all, err := tx.Audit.Entries(w.TB.Context(), 0, store.MaxPage)
		for _, e := range all {
			if e.Account == a && e.Action == action {
				n++
			}
		}
		return err
	}))
	return n
}

func TestChangePasswordEndsTheOtherSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	here, ben := w.join("anna"), w.join("ben")
	in := account.SignIn{Handle: here.Profile.Handle, Password: password}
	var others []id.Session
	for range 2 {
		s, err := w.SignIn(ctx, in)
		w.OK(err)
		others = append(others, s.Session.ID)
	}
	w.OK(w.ChangePassword(ctx, here.Session, password, newPassword))
	slices.SortFunc(others, func(a, b id.Session) int { return strings.Compare(a.String(), b.String()) })
	slices.SortFunc(w.ended, func(a, b id.Session) int { return strings.Compare(a.String(), b.String()) })
	if !slices.Equal(w.ended, others) {
		t.Errorf("ended %v, want the other two %v", w.ended, others)
	}
	w.OK(w.Alive(ctx, here.Session))
	w.OK(w.Alive(ctx, ben.Session))
	_, err := w.SignIn(ctx, in)
	w.Wants(err, fault.BadCredentials)
	in.Password = newPassword
	_, err = w.SignIn(ctx, in)
	w.OK(err)
	if n := w.audited(here.Profile.ID, store.AuditPasswordChanged); n != 1 {
		t.Errorf("%d entries in the audit log, want 1", n)
	}
}

func TestChangePasswordWantsTheCurrentOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	s := w.join("anna")
	err := w.ChangePassword(ctx, s.Session, "wrong wrong wrong", newPassword)
	w.Wants(err, fault.BadCredentials)
	if f := fault.Public(err); f.Field != "current" {
		t.Errorf("the field at fault is %q", f.Field)
	}
	if n := w.audited(s.Profile.ID, store.AuditSignInFailed); n != 1 || len(w.ended) != 0 {
		t.Errorf("%d failures in the audit log, %d sessions ended; want 1 and none", n, len(w.ended))
	}
	_, err = w.SignIn(ctx, account.SignIn{Handle: s.Profile.Handle, Password: password})
	w.OK(err)
	// The current one, spelled in another way that Unicode takes for the same.
	w.OK(w.ChangePassword(ctx, s.Session, password, "caf\u00e9 violin tundra 3"))
	w.OK(w.ChangePassword(ctx, s.Session, "cafe\u0301 violin tundra 3", newPassword))
}

func TestAChangedPasswordIsAsGoodAsANewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	s := w.join("zorblattikquomvexid")
	_, err := w.SetDisplayName(ctx, s.Profile.ID, "Wobblefrantz Quibbley")
	w.OK(err)
	for next, want := range map[string]fault.Code{
		"": fault.Invalid, "short": fault.Invalid, strings.Repeat("x", account.MaxPassword+1): fault.Invalid,
		password: fault.Invalid, "qwertyuiop": fault.PasswordWeak, "zorblattikquomvexid": fault.PasswordWeak,
		"wobblefrantzquibbley": fault.PasswordWeak,
	} {
		// What is wrong with it is said whether or not the current one is right.
		var said []string
		for _, current := range []string{password, "wrong wrong wrong"} {
			if next == password && current != password {
				continue
			}
			err := w.ChangePassword(ctx, s.Session, current, next)
			w.Wants(err, want)
			said = append(said, fmt.Sprint(err))
			if next != "" && strings.Contains(fmt.Sprint(err), next) {
				t.Errorf("the error holds the password: %v", err)
			}
		}
		if len(slices.Compact(said)) != 1 {
			t.Errorf("%q: said %q", next, said)
		}
	}
	w.Wants(w.ChangePassword(ctx, s.Session, "", newPassword), fault.Invalid)
	_, err = w.SignIn(ctx, account.SignIn{Handle: s.Profile.Handle, Password: password})
	w.OK(err)
}

// A session that was ended must not choose a password: whoever took the
// device signs out the thief, and not the other way round.
func TestAnEndedSessionChangesNoPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	s := w.join("anna")
	w.OK(w.SignOut(ctx, s.Session))
	w.Wants(w.ChangePassword(ctx, s.Session, password, newPassword), fault.Unauthorized)
	_, err := w.SignIn(ctx, account.SignIn{Handle: s.Profile.Handle, Password: password})
	w.OK(err)
}

func TestChangingAPasswordWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.join("anna")
	w.Crowd()
	w.Wants(w.ChangePassword(t.Context(), s.Session, password, newPassword), fault.Unavailable)
}
