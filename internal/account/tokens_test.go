package account_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/store"
)

// TestTokensAreNotStored reads the whole data file: neither the token of a
// session nor that of an invite is in it, as text or as bytes.
func TestTokensAreNotStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	up := w.join("anna")
	in, err := w.SignIn(ctx, account.SignIn{Handle: up.Profile.Handle, Password: password})
	w.OK(err)
	friend, _, err := w.friends.CreateInvite(ctx, up.Profile.ID)
	w.OK(err)
	operator, _, err := w.CreateOperatorInvite(ctx)
	w.OK(err)
	var needles [][]byte
	for _, token := range []string{up.Token, in.Token, friend, operator} {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		w.OK(err)
		needles = append(needles, []byte(token), raw)
	}
	for _, n := range needles {
		if found := w.holds(n); found != "" {
			t.Errorf("a token is stored in %s", found)
		}
	}
	hash := store.HashToken(in.Token)
	if w.holds(hash[:]) == "" {
		t.Error("the search does not find what is there")
	}
}

// holds returns a table in whose keys or values b stands.
func (w *world) holds(b []byte) (found store.Table) {
	w.TB.Helper()
	ctx := w.TB.Context()
	w.OK(w.Engine.View(ctx, func(rows store.Rows) error {
		for _, table := range store.Tables() {
			page, err := rows.Page(ctx, table, nil, nil, store.MaxPage)
			if err != nil {
				return err
			}
			for _, row := range page {
				if bytes.Contains(row.Key, b) || bytes.Contains(row.Value, b) {
					found = table
				}
			}
		}
		return nil
	}))
	return found
}
