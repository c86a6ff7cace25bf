package account_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/storetest"
)

func TestSignUpByTheOwnersInvite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	lost, made, err := w.CreateOwnerInvite(ctx)
	if err != nil || !made {
		t.Fatal(made, err)
	}
	token, made, err := w.CreateOwnerInvite(ctx) // a second start
	if err != nil || !made {
		t.Fatal(made, err)
	}
	_, err = w.SignUp(ctx, form(lost, "anna"))
	w.Wants(err, fault.InviteInvalid)

	f := form(token, " Anna ")
	f.DisplayName = "  Anna\u00a0 Li  "
	s, err := w.SignUp(ctx, f)
	w.OK(err)
	if !regexp.MustCompile(`^anna\.[0-9]{4}$`).MatchString(s.Profile.Handle) || s.Profile.DisplayName != "Anna Li" {
		t.Errorf("profile %+v", s.Profile)
	}
	if s.Profile.Role != store.RoleOwner {
		t.Errorf("role %q, want owner", s.Profile.Role)
	}
	got, err := w.Session(ctx, s.Token)
	if err != nil || got != s.Session || got.Account != s.Profile.ID || got.Device.IsZero() {
		t.Errorf("session %+v, %v", got, err)
	}
	me, err := w.Me(ctx, got.Account)
	if err != nil || me != s.Profile {
		t.Errorf("me %+v, %v", me, err)
	}
	if _, made, err := w.CreateOwnerInvite(ctx); made || err != nil {
		t.Errorf("an owner's invite was made though there is an owner: %v, %v", made, err)
	}
	if !slices.Equal(w.keys.made, []id.Account{s.Profile.ID}) {
		t.Errorf("keys made for %v, want the one account", w.keys.made)
	}
}

func TestAnInviteIsUsedOnceAndMakesFriends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	anna := w.join("anna").Profile.ID
	token, _, err := w.friends.CreateInvite(ctx, anna)
	w.OK(err)
	// Many at once: the invite lets in exactly one.
	var wg sync.WaitGroup
	results := make([]error, 5)
	for i := range results {
		wg.Go(func() { _, results[i] = w.SignUp(ctx, form(token, "ben")) })
	}
	wg.Wait()
	in := 0
	for _, err := range results {
		if err == nil {
			in++
		} else if !fault.Is(err, fault.InviteInvalid) {
			t.Errorf("got %v, want invite_invalid", err)
		}
	}
	l, err := w.friends.List(ctx, anna)
	w.OK(err)
	if in != 1 || len(l.Friends) != 1 {
		t.Fatalf("%d came in by one invite and anna has %d friends, want one and one", in, len(l.Friends))
	}
	w.OK(w.friends.CheckReach(ctx, l.Friends[0].Account, anna, friends.PurposeRing))
}

func TestInvitesThatAreNoGoodAreOneAnswerAndCostNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	used, _, err := w.CreateOperatorInvite(ctx)
	w.OK(err)
	_, err = w.SignUp(ctx, form(used, "anna"))
	w.OK(err)
	expired, _, err := w.CreateOperatorInvite(ctx)
	w.OK(err)
	w.Pass(account.InviteLife)
	made := len(w.keys.made)
	type answer struct {
		fault fault.Error
		work  string
	}
	answers := map[answer]bool{}
	for _, token := range []string{used, expired, "unknown", strings.Repeat("x", 10_000)} {
		w.Engine.Take()
		_, err := w.SignUp(ctx, form(token, "ben"))
		w.Wants(err, fault.InviteInvalid)
		work := w.Engine.Take()
		answers[answer{fault.Public(err), fmt.Sprint(work)}] = true
		if slices.ContainsFunc(work, func(a storetest.Ask) bool { return a.Op == "put" || a.Op == "delete" }) {
			t.Error("something was written for an invite that is no good")
		}
	}
	if len(answers) != 1 || len(w.keys.made) != made {
		t.Errorf("answers %v, %d keys made; want one and none", answers, len(w.keys.made)-made)
	}
}

func TestEveryFaultOfTheFormComesAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.SignUp(t.Context(), account.SignUp{Name: "1x", DisplayName: "\u202ebad", Password: "short", DeviceName: "\a"})
	got := map[string]string{}
	var walk func(error)
	walk = func(err error) {
		if f, ok := err.(*fault.Error); ok { //nolint:errorlint // the tree is walked
			got[f.Field] = f.Rule
			return
		}
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range many.Unwrap() {
				walk(e)
			}
			return
		}
		if one := errors.Unwrap(err); one != nil {
			walk(one)
		}
	}
	walk(err)
	want := map[string]string{
		"invite": "required", "name": "first_letter", "display_name": "characters", "password": "min_length",
		"device_name": "characters",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("faults %v, want %v", got, want)
	}
}

func TestWeakPasswords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, _, err := w.CreateOperatorInvite(t.Context())
	w.OK(err)
	for _, weak := range []string{
		"password", "12345678", "qwertyuiop", "ringfence1", "katherina2", "aaaaaaaaaaaaaaaaaaaa", "ringfenceringfence",
	} {
		f := form(token, "katherina")
		f.Password = weak
		_, err := w.SignUp(t.Context(), f)
		w.Wants(err, fault.PasswordWeak)
		if strings.Contains(strings.ReplaceAll(fmt.Sprint(err), "password_weak", ""), weak) {
			t.Errorf("the error holds the password: %v", err)
		}
	}
	// Long ones are hashed whole.
	long := strings.Repeat("correct horse battery ", 5)
	f := form(token, "katherina")
	f.Password = long + "a"
	s, err := w.SignUp(t.Context(), f)
	w.OK(err)
	_, err = w.SignIn(t.Context(), account.SignIn{Handle: s.Profile.Handle, Password: long + "b"})
	w.Wants(err, fault.BadCredentials)
}

func TestSignInTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	s := w.join("anna")
	nobody := "anna.0000"
	if nobody == s.Profile.Handle {
		nobody = "anna.0001"
	}
	type answer struct {
		fault fault.Error
		work  string
	}
	try := func(handle, pass string) answer {
		w.Engine.Take()
		_, err := w.SignIn(ctx, account.SignIn{Handle: handle, Password: pass})
		return answer{fault.Public(err), fmt.Sprint(w.Engine.Take())}
	}
	want := try(s.Profile.Handle, "wrong wrong wrong")
	if want.fault.Code != fault.BadCredentials {
		t.Fatalf("a wrong password: %+v", want)
	}
	for _, other := range []answer{
		try(nobody, "wrong wrong wrong"), try(nobody, password), try("zoe.1234", ""), try(s.Profile.Handle, ""),
	} {
		if other != want {
			t.Errorf("got %+v, want %+v as for a wrong password", other, want)
		}
	}
	if _, err := w.SignIn(ctx, account.SignIn{Handle: " " + strings.ToUpper(s.Profile.Handle), Password: password}); err != nil {
		t.Errorf("the right password: %v", err)
	}
}

// TestAWrongHandleIsHashedToo: in a crowd, where nobody may hash, a handle that
// nobody has is refused for the same reason as one that somebody has.
func TestAWrongHandleIsHashedToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.join("anna")
	w.Crowd()
	for _, handle := range []string{s.Profile.Handle, "zoe.1234"} {
		_, err := w.SignIn(t.Context(), account.SignIn{Handle: handle, Password: "wrong wrong wrong"})
		w.Wants(err, fault.Unavailable)
	}
}

func TestDevicesAndSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	s := w.join("anna")
	in := func(d id.Device) account.Signed {
		t.Helper()
		got, err := w.SignIn(ctx, account.SignIn{Handle: s.Profile.Handle, Password: password, Device: d})
		w.OK(err)
		return got
	}
	again := in(s.Session.Device)
	if again.Session.Device != s.Session.Device || !slices.Equal(w.ended, []id.Session{s.Session.ID}) {
		t.Errorf("signing in again on a device: device kept %v, ended %v",
			again.Session.Device == s.Session.Device, w.ended)
	}
	_, err := w.Session(ctx, s.Token)
	w.Wants(err, fault.Unauthorized)

	other := in(w.join("ben").Session.Device) // somebody else's device is none
	if other.Session.Device == s.Session.Device || other.Session.Account != s.Profile.ID {
		t.Errorf("session %+v", other.Session)
	}
	_, err = w.Session(ctx, again.Token)
	w.OK(err)

	w.OK(w.SignOut(ctx, other.Session))
	w.OK(w.SignOut(ctx, other.Session))
	_, err = w.Session(ctx, other.Token)
	w.Wants(err, fault.Unauthorized)

	for range account.MaxDevices + 2 {
		w.Pass(24 * time.Hour / 4)
		in(id.Device{})
	}
	w.OK(w.DB.View(ctx, func(tx store.Tx) error {
		all, err := tx.Devices.Devices(ctx, s.Profile.ID, id.Device{}, store.MaxPage)
		if len(all) != account.MaxDevices {
			t.Errorf("%d devices, want %d", len(all), account.MaxDevices)
		}
		for _, d := range all {
			if !d.SeenOn.Equal(d.SeenOn.Truncate(24 * time.Hour)) {
				t.Errorf("a device was seen at %v: more than the day is kept", d.SeenOn)
			}
		}
		return err
	}))
	_, err = w.Session(ctx, again.Token)
	w.Wants(err, fault.Unauthorized) // its device gave way

	last := in(id.Device{})
	w.Pass(account.SessionLife - time.Second)
	_, err = w.Session(ctx, last.Token)
	w.OK(err)
	w.Pass(time.Second)
	_, err = w.Session(ctx, last.Token)
	w.Wants(err, fault.Unauthorized)
	for _, bad := range []string{"", "x", strings.Repeat("x", 1<<16)} {
		_, err = w.Session(ctx, bad)
		w.Wants(err, fault.Unauthorized)
	}
}

func TestResetPasswordEndsEverySession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	s := w.join("anna")
	temporary, err := w.ResetPassword(ctx, s.Profile.Handle)
	w.OK(err)
	if !slices.Equal(w.ended, []id.Session{s.Session.ID}) {
		t.Errorf("ended %v, want the one session", w.ended)
	}
	_, err = w.Session(ctx, s.Token)
	w.Wants(err, fault.Unauthorized)
	_, err = w.SignIn(ctx, account.SignIn{Handle: s.Profile.Handle, Password: password})
	w.Wants(err, fault.BadCredentials)
	_, err = w.SignIn(ctx, account.SignIn{Handle: s.Profile.Handle, Password: temporary})
	w.OK(err)
	_, err = w.ResetPassword(ctx, "zoe.1234")
	w.Wants(err, fault.NotFound)
	_, err = w.ResetPassword(ctx, "zoe")
	w.Wants(err, fault.Invalid)
}

func TestSignInRenewsAHashOfAnotherCost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.join("anna")
	dearer := account.New(account.Options{
		DB: w.DB, Keys: w.keys, Friends: w.friends, Now: w.Now, Cost: account.Cost{Memory: 128, Time: 1, Threads: 1},
	})
	in := account.SignIn{Handle: s.Profile.Handle, Password: password}
	_, err := dearer.SignIn(t.Context(), in)
	w.OK(err)
	w.OK(w.DB.View(t.Context(), func(tx store.Tx) error {
		a, err := tx.Accounts.Account(t.Context(), s.Profile.ID)
		if !strings.HasPrefix(a.Password, "$argon2id$v=19$m=128,t=1,p=1$") {
			t.Errorf("stored as %.30s…", a.Password)
		}
		return err
	}))
	_, err = w.SignIn(t.Context(), in)
	w.OK(err)
}

func TestNumbersOfANameRunOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	free := 1234
	owner := w.join("ben").Profile.ID
	w.OK(w.DB.Update(ctx, func(tx store.Tx) error {
		for n := range 10_000 {
			if n == free {
				continue
			}
			if err := tx.Handles.ClaimHandle(ctx, fmt.Sprintf("anna.%04d", n), owner); err != nil {
				return err
			}
		}
		return nil
	}))
	if s := w.join("anna"); s.Profile.Handle != "anna.1234" {
		t.Errorf("handle %s, want the last free one", s.Profile.Handle)
	}
	token, _, err := w.CreateOperatorInvite(ctx)
	w.OK(err)
	_, err = w.SignUp(ctx, form(token, "anna"))
	w.Wants(err, fault.NameTaken)
	_, err = w.SignUp(ctx, form(token, "anne")) // the invite was not used up
	w.OK(err)
}

func TestListAccountsAndDisplayName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	names := map[string]bool{}
	for _, n := range []string{"anna", "ben", "cleo"} {
		w.join(n)
	}
	var after id.Account
	for {
		page, err := w.ListAccounts(ctx, after, 2)
		w.OK(err)
		if len(page) == 0 {
			break
		}
		for _, p := range page {
			names[p.DisplayName] = true
			after = p.ID
		}
	}
	if len(names) != 3 {
		t.Errorf("listed %v", names)
	}
	p, err := w.SetDisplayName(ctx, after, " Zoë ")
	if err != nil || p.DisplayName != "Zoë" {
		t.Errorf("got %+v, %v", p, err)
	}
	_, err = w.SetDisplayName(ctx, after, "")
	w.Wants(err, fault.Invalid)
	_, err = w.SetDisplayName(ctx, id.NewAccount(), "x")
	w.Wants(err, fault.Unauthorized)
	_, err = w.Me(ctx, id.NewAccount())
	w.Wants(err, fault.Unauthorized)
}

func TestASessionIsAliveUntilItEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, over := w.join("anna").Session, w.join("ben").Session
	w.OK(w.Alive(t.Context(), out))
	w.OK(w.SignOut(t.Context(), out))
	w.Wants(w.Alive(t.Context(), out), fault.Unauthorized)
	w.OK(w.Alive(t.Context(), over))
	w.Pass(account.SessionLife)
	w.Wants(w.Alive(t.Context(), over), fault.Unauthorized)
}
