package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	newPassword   = "gravel violin tundra 3"
	wrongPassword = "purple wrong cactus 9"
)

func TestChangePassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.join("anna")
	other := get[signed](t, w.do("POST", "/login", obj{"handle": u.handle, "password": password, "bearer": true}), 200)
	for _, c := range []struct {
		current, password string
		want              string
	}{
		{wrongPassword, newPassword, "401 bad_credentials current:wrong"},
		{password, "qwertyuiop", "422 password_weak password:strength(3)"},
		{password, "The anna1", "422 password_weak password:strength(3)"},
		{password, password, "422 invalid password:differs"},
		{password, "tiny 7!", "422 invalid password:min_length(8)"},
		{"", "", "422 invalid current:required password:required"},
	} {
		rec := u.do("PUT", "/me/password", obj{"current": c.current, "password": c.password})
		for _, secret := range []string{c.current, c.password} {
			if secret != "" && strings.Contains(rec.Body.String()+fmt.Sprint(rec.Header())+w.log.String(), secret) {
				t.Errorf("%s is said back: %s", secret, rec.Body)
			}
		}
		if got := problemOf(t, rec); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
	form := obj{"current": password, "password": newPassword}
	if got := problemOf(t, w.do("PUT", "/me/password", form)); got != "401 unauthorized" {
		t.Errorf("without a session: %s", got)
	}
	rec := u.do("PUT", "/me/password", form)
	if rec.Code != 204 || rec.Body.Len() != 0 || strings.Contains(w.log.String(), newPassword) {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	if code := u.do("GET", "/me", nil).Code; code != 200 {
		t.Errorf("this session: status %d, want 200", code)
	}
	if got := problemOf(t, user{w: w, token: other.Token}.do("GET", "/me", nil)); got != "401 unauthorized" {
		t.Errorf("the other session: %s", got)
	}
	if got := problemOf(t, w.do("POST", "/login", obj{"handle": u.handle, "password": password})); got != "401 bad_credentials" {
		t.Errorf("the old password: %s", got)
	}
	get[signed](t, w.do("POST", "/login", obj{"handle": u.handle, "password": newPassword}), 200)
}

// Whoever finds a device open guesses its password no faster than somebody
// from outside: wrong ones count together with failed sign-ins.
func TestGuessesAtTheCurrentPasswordAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.join("anna")
	for range 30 { // a form that is no good is no guess
		u.do("PUT", "/me/password", obj{"current": password, "password": "short"})
		w.Pass(time.Second)
	}
	for i := range 10 {
		got := problemOf(t, u.do("PUT", "/me/password", obj{"current": wrongPassword, "password": newPassword}))
		if got != "401 bad_credentials current:wrong" {
			t.Fatalf("attempt %d: %s", i, got)
		}
	}
	if got := problemOf(t, u.do("PUT", "/me/password", obj{"current": password, "password": newPassword})); got != "429 rate_limited" {
		t.Errorf("the eleventh: %s", got)
	}
	rec := w.from("198.51.100.7", "POST", "/login", obj{"handle": u.handle, "password": password})
	if got := problemOf(t, rec); got != "429 rate_limited" {
		t.Errorf("signing in from elsewhere: %s", got)
	}
}
