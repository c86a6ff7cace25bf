package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
)

// whole is everything about an answer that a client, or somebody with a stop
// watch, could tell.
func whole(rec *httptest.ResponseRecorder) string {
	s := fmt.Sprintln(rec.Code)
	for _, k := range slices.Sorted(maps.Keys(rec.Header())) {
		s += fmt.Sprintln(k, rec.Header()[k])
	}
	return s + rec.Body.String()
}

// relations are the ways in which somebody can stand to u without being
// reachable, as the issue names them.
var relations = map[string]func(u user) id.Account{
	"stranger": func(u user) id.Account { return u.w.join("other").id },
	"pending": func(u user) id.Account {
		other := u.w.join("other")
		_, err := u.w.friends.AskByHandle(u.w.TB.Context(), u.id, other.handle)
		u.w.OK(err)
		return other.id
	},
	"removed": func(u user) id.Account {
		other := u.w.join("other")
		u.w.befriend(u, other)
		u.w.OK(u.w.friends.Remove(u.w.TB.Context(), other.id, u.id))
		return other.id
	},
	"blocked": func(u user) id.Account {
		other := u.w.join("other")
		u.w.OK(u.w.friends.Block(u.w.TB.Context(), other.id, u.id))
		return other.id
	},
	"no such user": func(user) id.Account { return id.NewAccount() },
}

// TestUnreachableAnswersAreTheSame sends every request that names an account
// to each kind of one that cannot be reached: headers, status, body and the
// store's work must not differ.
func TestUnreachableAnswersAreTheSame(t *testing.T) {
	t.Parallel()
	routes := []string{
		"POST /friends/requests/%s/accept", "POST /friends/requests/%s/decline", "DELETE /friends/requests/%s",
		"DELETE /friends/%s", "PUT /friends/%s/block", "DELETE /friends/%s/block", "GET /logs/%s",
	}
	for _, route := range routes {
		t.Run(route, func(t *testing.T) {
			t.Parallel()
			seen := map[string][]string{}
			for name, relate := range relations {
				w := newWorld(t)
				u := w.join("anna")
				// One request of u's own waits in every case, so that what u
				// knows is the same.
				if name != "pending" {
					_, err := w.friends.AskByHandle(t.Context(), u.id, "zoe.0001")
					w.OK(err)
				}
				other := relate(u)
				var method, path string
				_, err := fmt.Sscanf(fmt.Sprintf(route, other), "%s %s", &method, &path)
				w.OK(err)
				w.Engine.Take()
				answer := whole(u.do(method, path, nil))
				answer += fmt.Sprint(w.Engine.Take())
				seen[answer] = append(seen[answer], name)
			}
			if len(seen) != 1 {
				t.Errorf("%d different answers:", len(seen))
				for answer, names := range seen {
					t.Errorf("%v:\n%s", names, answer)
				}
			}
		})
	}
}

// TestABlockedFriendLooksLikeAFriend covers the other half: who was a friend
// and is blocked is answered like one whose friend is away.
func TestABlockedFriendLooksLikeAFriend(t *testing.T) {
	t.Parallel()
	for _, route := range [][2]string{{"GET", "/friends"}, {"PUT", "/friends/%s/block"}, {"DELETE", "/friends/%s"}} {
		var answers []string
		for _, block := range []bool{false, true} {
			w := newWorld(t)
			u, other := w.join("anna"), w.join("ben")
			w.befriend(u, other)
			if block {
				w.OK(w.friends.Block(t.Context(), other.id, u.id))
			}
			path := route[1]
			if path != "/friends" {
				path = fmt.Sprintf(path, other.id)
			}
			rec := u.do(route[0], path, nil)
			body := rec.Body.String()
			if block {
				rec.Body.Reset()
				rec.Body.WriteString(body)
			}
			// Ids and handle numbers are random: their lengths must agree.
			answers = append(answers, shape(t, rec))
		}
		if answers[0] != answers[1] {
			t.Errorf("%s %s:\nfriend: %s\nblocked: %s", route[0], route[1], answers[0], answers[1])
		}
	}
}

// shape is a whole answer with every string replaced by its length.
func shape(t *testing.T, rec *httptest.ResponseRecorder) string {
	t.Helper()
	var v any
	if rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
	}
	rec.Body.Reset()
	return whole(rec) + fmt.Sprint(lengths(v))
}

func lengths(v any) any {
	switch v := v.(type) {
	case string:
		return len(v)
	case map[string]any:
		m := map[string]any{}
		for k, x := range v {
			m[k] = lengths(x)
		}
		return m
	case []any:
		var s []any
		for _, x := range v {
			s = append(s, lengths(x))
		}
		return s
	}
	return v
}

// TestAskingTellsNothing: the answer to a request by handle has one shape and
// costs the store the same whether or not somebody has the handle.
func TestAskingTellsNothing(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for name, prepare := range map[string]func(u user) string{
		"nobody has it":   func(user) string { return "other.0001" },
		"somebody has it": func(u user) string { return u.w.join("other").handle },
		"and blocked me": func(u user) string {
			other := u.w.join("other")
			u.w.OK(u.w.friends.Block(u.w.TB.Context(), other.id, u.id))
			return other.handle
		},
		"and removed me": func(u user) string {
			other := u.w.join("other")
			u.w.befriend(u, other)
			u.w.OK(u.w.friends.Remove(u.w.TB.Context(), other.id, u.id))
			return other.handle
		},
	} {
		w := newWorld(t)
		u := w.join("anna")
		handle := prepare(u)
		w.Engine.Take()
		rec := u.do("POST", "/friends/requests", obj{"handle": handle})
		work := fmt.Sprint(w.Engine.Take())
		first := rec.Body.String()
		answer := shape(t, rec) + work
		seen[answer] = append(seen[answer], name)
		if again := u.do("POST", "/friends/requests", obj{"handle": handle}); again.Body.String() != first {
			t.Errorf("%s: asked twice, answered %s and %s", name, first, again.Body)
		}
	}
	if len(seen) != 1 {
		for answer, names := range seen {
			t.Errorf("%v:\n%s", names, answer)
		}
	}
}

// TestSignInAnswersAreTheSame: handle and password are never told apart.
func TestSignInAnswersAreTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u := w.join("anna")
	seen := map[string]bool{}
	for _, form := range []obj{
		{"handle": u.handle, "password": "wrong"},
		{"handle": "zoe.0001", "password": "wrong"},
		{"handle": "zoe.0001", "password": password},
	} {
		w.Engine.Take()
		seen[whole(w.do("POST", "/login", form))+fmt.Sprint(w.Engine.Take())] = true
	}
	if len(seen) != 1 {
		t.Errorf("%d different answers: %v", len(seen), seen)
	}
}

// TestInviteAnswersAreTheSame: unknown and used links are alike on every route.
func TestInviteAnswersAreTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	u, maker := w.join("anna"), w.join("ben")
	used, _, err := w.friends.CreateInvite(t.Context(), maker.id)
	w.OK(err)
	_, err = w.friends.RedeemInvite(t.Context(), u.id, used)
	w.OK(err)
	for name, send := range map[string]func(token string) *httptest.ResponseRecorder{
		"inspect": func(token string) *httptest.ResponseRecorder {
			return w.do("POST", "/invites/inspect", obj{"token": token})
		},
		"redeem": func(token string) *httptest.ResponseRecorder {
			return u.do("POST", "/invites/redeem", obj{"token": token})
		},
		"sign up": func(token string) *httptest.ResponseRecorder {
			return w.do("POST", "/signup", obj{
				"invite": token, "name": "zoe", "display_name": "Zoe", "password": password,
			})
		},
	} {
		seen := map[string]bool{}
		for _, token := range []string{used, "unknown", used + "x"} {
			w.Engine.Take()
			rec := send(token)
			if rec.Code != 404 {
				t.Errorf("%s: status %d", name, rec.Code)
			}
			seen[whole(rec)+fmt.Sprint(w.Engine.Take())] = true
		}
		if len(seen) != 1 {
			t.Errorf("%s: %d different answers: %v", name, len(seen), seen)
		}
	}
}
