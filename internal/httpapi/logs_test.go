package httpapi_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/seal"
)

// genesis makes a log for an account, as its first device does.
func (w *world) genesis(of id.Account) []byte {
	w.TB.Helper()
	code, err := seal.Recover(seal.RandomID(), seal.ID(of.Bytes()))
	w.OK(err)
	key, err := seal.NewDeviceKey()
	w.OK(err)
	raw, err := seal.NewLog(seal.ID(of.Bytes()), code.Root, code.Backup, key, 1)
	w.OK(err)
	return raw
}

func TestDeviceLogOverHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna, ben := w.join("anna"), w.join("ben")
	path := "/logs/" + anna.id.String()
	wants := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	put := func(entry string) string {
		return problemOf(t, anna.do("POST", "/logs", map[string]string{"entry": entry}))
	}
	raw := w.genesis(anna.id)
	wants(problemOf(t, anna.do("GET", path, nil)), "404 not_found")
	wants(put("a+b"), "422 invalid entry:base64url")
	wants(put(strings.Repeat("A", 1368)), "422 invalid entry:max_length(1024)")
	wants(put(""), "422 invalid entry:malformed")
	wants(put(base64.RawURLEncoding.EncodeToString(w.genesis(ben.id))), "422 invalid entry:log_genesis")
	entry := map[string]string{"entry": base64.RawURLEncoding.EncodeToString(raw)}
	if rec := anna.do("POST", "/logs", entry); rec.Code != 201 && rec.Code != 204 {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	wants(problemOf(t, anna.do("POST", "/logs", entry)), "409 conflict")
	wants(problemOf(t, ben.do("GET", path, nil)), problemOf(t, ben.do("GET", "/logs/"+id.NewAccount().String(), nil)))
	w.befriend(anna, ben)
	got := get[struct{ Entries []string }](t, ben.do("GET", path, nil), 200)
	b, err := base64.RawURLEncoding.DecodeString(strings.Join(got.Entries, ""))
	w.OK(err)
	if !bytes.Equal(b, raw) {
		t.Error("a friend reads another log than was written")
	}
	if rest := get[struct{ Entries []string }](t, ben.do("GET", path+"?from=1", nil), 200); len(rest.Entries) != 0 {
		t.Errorf("%d entries after the last", len(rest.Entries))
	}
}

func TestAppendingIsLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna := w.join("anna")
	for range 40 {
		anna.do("POST", "/logs", map[string]string{"entry": "AA"})
	}
	if got := problemOf(t, anna.do("POST", "/logs", map[string]string{"entry": "AA"})); got != "429 rate_limited" {
		t.Errorf("the 41st: %s", got)
	}
}
