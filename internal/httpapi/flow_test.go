package httpapi_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/httpapi"
)

type signed struct {
	Account httpapi.Me `json:"account"`
	Token   string     `json:"token"`
}

type obj map[string]any

// TestTheWholeWay walks from the owner's invite to two friends and back.
func TestTheWholeWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner, _, err := w.accounts.CreateOwnerInvite(t.Context())
	w.OK(err)
	in := get[httpapi.Inspected](t, w.do("POST", "/invites/inspect", obj{"token": owner}), 200)
	if in.Kind != "operator" || in.Inviter != nil {
		t.Errorf("inspected %+v", in)
	}
	rec := w.do("POST", "/signup", obj{
		"invite": owner, "name": "Anna", "display_name": "Anna Li", "password": password, "unknown": "ignored",
	})
	s := get[signed](t, rec, 201)
	if s.Token != "" || s.Account.Role != "owner" || !strings.HasPrefix(s.Account.Handle, "anna.") {
		t.Errorf("signed up %+v", s)
	}
	anna := func(method, path string, body any) *http.Request {
		r := w.request(method, httpapi.Prefix+path, body)
		r.AddCookie(rec.Result().Cookies()[0])
		return r
	}
	if me := get[httpapi.Me](t, w.send(anna("GET", "/me", nil)), 200); me != s.Account {
		t.Errorf("me %+v, want %+v", me, s.Account)
	}

	link := get[struct{ ID, Token string }](t, w.send(anna("POST", "/invites", nil)), 201)
	in = get[httpapi.Inspected](t, w.do("POST", "/invites/inspect", obj{"token": link.Token}), 200)
	if in.Kind != "friend" || in.Inviter == nil || in.Inviter.DisplayName != "Anna Li" {
		t.Errorf("inspected %+v", in)
	}
	rec2 := w.do("POST", "/signup", obj{
		"invite": link.Token, "name": "ben", "display_name": "Ben", "password": password, "bearer": true,
	})
	b := get[signed](t, rec2, 201)
	if b.Token == "" || rec2.Header().Get("Set-Cookie") != "" {
		t.Error("a program wants a token and no cookie")
	}
	ben := user{w: w, token: b.Token}
	r := get[httpapi.Relations](t, ben.do("GET", "/friends", nil), 200)
	if len(r.Friends) != 1 || r.Friends[0].Account != s.Account.ID || r.Friends[0].Online {
		t.Errorf("relations %+v", r)
	}

	cleo := w.join("cleo")
	ask := get[httpapi.Outgoing](t, cleo.do("POST", "/friends/requests", obj{"handle": strings.ToUpper(b.Account.Handle)}), 202)
	r = get[httpapi.Relations](t, ben.do("GET", "/friends", nil), 200)
	if len(r.Incoming) != 1 || r.Incoming[0].DisplayName != "The cleo" || !r.Incoming[0].AskedAt.Equal(ask.AskedAt) {
		t.Fatalf("relations %+v", r)
	}
	get[obj](t, ben.do("POST", "/friends/requests/"+cleo.id.String()+"/accept", nil), 204)
	get[obj](t, ben.do("PUT", "/friends/"+cleo.id.String()+"/block", nil), 204)
	get[obj](t, ben.do("DELETE", "/friends/"+cleo.id.String()+"/block", nil), 204)
	get[obj](t, ben.do("DELETE", "/friends/"+s.Account.ID, nil), 204)
	ask = get[httpapi.Outgoing](t, ben.do("POST", "/friends/requests", obj{"handle": s.Account.Handle}), 202)
	get[obj](t, ben.do("DELETE", "/friends/requests/"+ask.Account, nil), 204)

	link = get[struct{ ID, Token string }](t, w.send(anna("POST", "/invites", nil)), 201)
	open := get[struct{ Invites []httpapi.Invite }](t, w.send(anna("GET", "/invites", nil)), 200)
	if len(open.Invites) != 1 || open.Invites[0].ID != link.ID {
		t.Errorf("invites %+v", open)
	}
	redeemed := get[httpapi.Inviter](t, ben.do("POST", "/invites/redeem", obj{"token": link.Token}), 200)
	if redeemed.Account != s.Account.ID {
		t.Errorf("redeemed %+v", redeemed)
	}
	link = get[struct{ ID, Token string }](t, w.send(anna("POST", "/invites", nil)), 201)
	get[obj](t, w.send(anna("DELETE", "/invites/"+link.ID, nil)), 204)

	if me := get[httpapi.Me](t, ben.do("PATCH", "/me", obj{"display_name": "Benno"}), 200); me.DisplayName != "Benno" {
		t.Errorf("me %+v", me)
	}
	out := w.send(anna("POST", "/logout", nil))
	get[obj](t, out, 204)
	if c := out.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 || c[0].Value != "" {
		t.Errorf("cookies after signing out: %v", c)
	}
	if got := problemOf(t, w.send(anna("GET", "/me", nil))); got != "401 unauthorized" {
		t.Errorf("after signing out: %s", got)
	}
	again := get[signed](t, w.do("POST", "/login", obj{
		"handle": s.Account.Handle, "password": password, "device": s.Account.Device, "bearer": true,
	}), 200)
	if again.Account != s.Account {
		t.Errorf("signed in again as %+v, want %+v", again.Account, s.Account)
	}
	get[signed](t, w.do("POST", "/login", obj{"handle": s.Account.Handle, "password": password, "device": "nonsense"}), 200)
}

func TestInviteSaysWhereOtherDevicesOpenIt(t *testing.T) {
	const page = "http://192.168.0.2:8080/trust"
	w := newWorld(t, func(o *httpapi.Options) {
		o.InvitePage = func(context.Context) string { return page }
	})
	owner, _, err := w.accounts.CreateOwnerInvite(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	anna := get[signed](t, w.do("POST", "/signup", obj{
		"invite": owner, "name": "Anna", "display_name": "Anna Li", "password": password, "bearer": true,
	}), 201)
	made := get[struct{ Page string }](t, user{w: w, token: anna.Token}.do("POST", "/invites", nil), 201)
	if made.Page != page {
		t.Errorf("the invite opens at %q, want %q", made.Page, page)
	}
}

func TestNoticesOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.join("anna"), w.join("ben")
	w.befriend(a, b)
	for range 2 {
		w.OK(w.friends.MissedCall(t.Context(), b.id, a.id, true))
		w.Pass(time.Second)
	}
	type list struct{ Notices []httpapi.Notice }
	all := get[list](t, b.do("GET", "/notices", nil), 200)
	if len(all.Notices) != 2 || all.Notices[0].From.DisplayName != "The anna" || all.Notices[0].Kind != "missed_call" {
		t.Fatalf("notices %+v", all)
	}
	get[obj](t, b.do("DELETE", "/notices/"+all.Notices[0].ID, nil), 204)
	get[obj](t, b.do("DELETE", "/notices/"+all.Notices[0].ID, nil), 204)
	if all = get[list](t, b.do("GET", "/notices", nil), 200); len(all.Notices) != 1 {
		t.Errorf("notices %+v", all)
	}
	get[obj](t, b.do("DELETE", "/notices", nil), 204)
	if body := b.do("GET", "/notices", nil).Body.String(); strings.TrimSpace(body) != `{"notices":[]}` {
		t.Errorf("no notices: %s", body)
	}
	if got := problemOf(t, b.do("DELETE", "/notices/x", nil)); got != "404 not_found" {
		t.Errorf("got %s", got)
	}
}

func TestArraysAreNeverNull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.join("anna")
	for _, path := range []string{"/friends", "/invites", "/notices"} {
		if body := u.do("GET", path, nil).Body.String(); strings.Contains(body, "null") {
			t.Errorf("%s: %s", path, body)
		}
	}
}
