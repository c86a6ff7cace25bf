package friends_test

import (
	"testing"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// Whoever takes the link of somebody who has blocked them is left with what
// everybody else is left with: a friend, no request of their own any more, and
// the same refusal where there is no room.
func TestALinkDoesNotTellOfABlock(t *testing.T) {
	t.Parallel()
	for name, full := range map[string]bool{"with room": false, "without": true} {
		var seen [2]friends.List
		for i, blocked := range []bool{false, true} {
			w := newWorld(t)
			anna, me := w.person("anna"), w.person("me")
			_, err := w.AskByHandle(t.Context(), me, "anna.0001")
			w.OK(err)
			if blocked {
				w.OK(w.Block(t.Context(), anna, me))
			}
			if full {
				w.fill(me)
			}
			token, _, err := w.CreateInvite(t.Context(), anna)
			w.OK(err)
			if _, err = w.RedeemInvite(t.Context(), me, token); full {
				w.Wants(err, fault.TooMany)
			} else {
				w.OK(err)
			}
			seen[i] = w.list(me)
		}
		if a, b := seen[0], seen[1]; len(a.Friends) != len(b.Friends) || len(a.Outgoing) != len(b.Outgoing) {
			t.Errorf("%s: %d friends and %d requests, blocked %d and %d",
				name, len(a.Friends), len(a.Outgoing), len(b.Friends), len(b.Outgoing))
		}
	}
}

// fill gives a as many friends as anybody may have.
func (w *world) fill(a id.Account) {
	w.update(func(tx store.Tx) error {
		for range friends.MaxFriends {
			if err := tx.Friends.PutEdge(w.TB.Context(), store.Edge{From: a, To: id.NewAccount(), State: store.EdgeFriend}); err != nil {
				return err
			}
		}
		return nil
	})
}
