package friends_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

func TestAskingAHandleThatNobodyHasLooksTheSame(t *testing.T) {
	t.Parallel()
	type seen struct {
		handle  string
		asked   time.Time
		expires time.Time
		work    string
		listed  int
	}
	ask := func(prepare func(w *world, me id.Account)) seen {
		w := newWorld(t)
		me := w.person("me")
		prepare(w, me)
		w.Engine.Take()
		o, err := w.AskByHandle(t.Context(), me, "anna.0001")
		w.OK(err)
		work := fmt.Sprint(w.Engine.Take())
		l := w.list(me)
		if len(l.Outgoing) != 1 || l.Outgoing[0] != o {
			t.Errorf("listed %v, answered %v", l.Outgoing, o)
		}
		return seen{o.Handle, o.AskedAt, o.ExpiresAt, work, len(l.Outgoing)}
	}
	want := ask(func(*world, id.Account) {})
	for name, prepare := range map[string]func(w *world, me id.Account){
		"somebody has it": func(w *world, _ id.Account) { w.person("anna") },
		"and has removed me": func(w *world, me id.Account) {
			anna := w.person("anna")
			w.befriend(me, anna)
			w.OK(w.Remove(t.Context(), anna, me))
		},
		"and has blocked me": func(w *world, me id.Account) { w.OK(w.Block(t.Context(), w.person("anna"), me)) },
	} {
		if got := ask(prepare); got != want {
			t.Errorf("%s:\n got %+v\nwant %+v, as for nobody", name, got, want)
		}
	}
}

func TestAReferenceOutlivesTheHandlesBirth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.person("me")
	before, err := w.AskByHandle(t.Context(), me, "anna.0001")
	w.OK(err)
	w.OK(w.Withdraw(t.Context(), me, before.Ref))
	anna := w.person("anna")
	after, err := w.AskByHandle(t.Context(), me, "anna.0001")
	w.OK(err)
	if before.Ref != after.Ref || after.Ref == anna {
		t.Error("the reference tells that the handle came into being")
	}
	w.OK(w.Accept(t.Context(), anna, me))
	w.OK(w.CheckReach(t.Context(), me, anna, friends.PurposeRing))
}

func TestAskAcceptDeclineWithdrawExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a, b := w.person("a1"), w.person("b1")
	asked := func() friends.Outgoing {
		o, err := w.AskByHandle(ctx, a, "b1.0001")
		w.OK(err)
		return o
	}
	first := asked()
	w.Pass(time.Hour)
	if again := asked(); again != first {
		t.Errorf("asking again answered %v, want the first answer %v", again, first)
	}
	in := w.list(b).Incoming
	if len(in) != 1 || in[0].Account != a || in[0].DisplayName != "The a1" {
		t.Fatalf("incoming: %v", in)
	}

	w.OK(w.Decline(ctx, b, a))
	if l := w.list(b); len(l.Incoming) != 0 {
		t.Error("a declined request is still shown")
	}
	if l := w.list(a); len(l.Outgoing) != 1 || l.Outgoing[0] != first {
		t.Error("the one who asked can see that the request was declined")
	}
	w.Wants(w.Accept(ctx, b, a), fault.NotFound)
	w.Wants(w.Decline(ctx, b, a), fault.NotFound)

	w.OK(w.Withdraw(ctx, a, first.Ref))
	w.Wants(w.Withdraw(ctx, a, first.Ref), fault.NotFound)
	o := asked()
	w.Pass(friends.AskLife)
	if len(w.list(a).Outgoing)+len(w.list(b).Incoming) != 0 {
		t.Error("an expired request is shown")
	}
	w.Wants(w.Accept(ctx, b, a), fault.NotFound)
	w.Wants(w.Withdraw(ctx, a, o.Ref), fault.NotFound)

	asked()
	w.OK(w.Accept(ctx, b, a))
	w.OK(w.CheckReach(ctx, a, b, friends.PurposeRing))
	if l := w.list(a); len(l.Outgoing) != 0 || len(l.Friends) != 1 || l.Friends[0].Handle != "b1.0001" {
		t.Errorf("after accepting: %+v", l)
	}
	_, err := w.AskByHandle(ctx, a, "b1.0001")
	w.Wants(err, fault.Conflict)
	_, err = w.AskByHandle(ctx, a, "a1.0001")
	w.Wants(err, fault.Conflict)
}

func TestRequestsThatCrossMakeFriends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.person("a1"), w.person("b1")
	_, err := w.AskByHandle(t.Context(), a, "b1.0001")
	w.OK(err)
	w.OK(w.Decline(t.Context(), b, a)) // thought better of it
	_, err = w.AskByHandle(t.Context(), b, "a1.0001")
	w.OK(err)
	w.OK(w.CheckReach(t.Context(), a, b, friends.PurposeRing))
	if l := w.list(a); len(l.Outgoing)+len(l.Incoming) != 0 {
		t.Error("the requests outlived the friendship's beginning")
	}
	if !slices.Contains(w.events.friends, [2]id.Account{b, a}) {
		t.Error("nobody was told")
	}
}

func TestBlockedIsNotToldAndNotHeard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a, b := w.person("a1"), w.person("b1")
	w.befriend(a, b)
	before := w.list(b)
	w.OK(w.Block(ctx, a, b))
	if after := w.list(b); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("the blocked one's list changed from %v to %v", before, after)
	}
	w.Wants(w.CheckReach(ctx, b, a, friends.PurposeRing), fault.Unreachable)
	w.Wants(w.CheckReach(ctx, a, b, friends.PurposeRing), fault.Unreachable)
	l := w.list(a)
	if len(l.Friends) != 0 || len(l.Blocked) != 1 || l.Blocked[0].DisplayName != "The b1" {
		t.Errorf("the blocker's list: %+v", l)
	}

	w.OK(w.Remove(ctx, b, a)) // has no part in the block
	if l := w.list(a); len(l.Blocked) != 1 {
		t.Error("the blocked one lifted the block by removing the friendship")
	}
	w.events.asks = nil
	_, err := w.AskByHandle(ctx, b, "a1.0001")
	w.OK(err)
	if len(w.list(a).Incoming) != 0 || slices.Contains(w.events.asks, a) {
		t.Error("a blocked one's request is shown or told")
	}
	w.Wants(w.Accept(ctx, a, b), fault.NotFound)
	w.Wants(w.Decline(ctx, a, b), fault.NotFound)

	_, err = w.AskByHandle(ctx, a, "b1.0001")
	w.Wants(err, fault.Conflict)
	w.OK(w.Unblock(ctx, a, b))
	w.Wants(w.CheckReach(ctx, a, b, friends.PurposeRing), fault.Unreachable)
	if len(w.list(a).Incoming) != 1 {
		t.Error("the request is not there after unblocking")
	}
	w.OK(w.Accept(ctx, a, b))
	w.OK(w.CheckReach(ctx, b, a, friends.PurposeRing))
}

func TestABlockTellsTheBlockerNothingOfStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me, stranger := w.person("me"), w.person("stranger")
	for _, other := range []id.Account{stranger, id.NewAccount()} {
		w.OK(w.Block(t.Context(), me, other))
	}
	for _, b := range w.list(me).Blocked {
		if b.Handle != "" || b.DisplayName != "" {
			t.Errorf("blocking a stranger told %q, %q", b.Handle, b.DisplayName)
		}
	}
}

func TestInviteWorksOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a, b, c := w.person("a1"), w.person("b1"), w.person("c1")
	token, inv, err := w.CreateInvite(ctx, a)
	w.OK(err)
	in, err := w.InspectInvite(ctx, token)
	w.OK(err)
	if in.Operator || in.Inviter.Account != a || !in.ExpiresAt.Equal(inv.ExpiresAt) {
		t.Errorf("inspected %+v", in)
	}
	_, err = w.RedeemInvite(ctx, a, token)
	w.Wants(err, fault.Conflict)
	p, err := w.RedeemInvite(ctx, b, token)
	w.OK(err)
	if p.Account != a || p.DisplayName != "The a1" {
		t.Errorf("redeemed with %v", p)
	}
	w.OK(w.CheckReach(ctx, a, b, friends.PurposeRing))

	_, err = w.RedeemInvite(ctx, c, token)
	w.Wants(err, fault.InviteInvalid)

	expired, _, err := w.CreateInvite(ctx, a)
	w.OK(err)
	revoked, r, err := w.CreateInvite(ctx, a)
	w.OK(err)
	w.Wants(w.RevokeInvite(ctx, b, r.ID), fault.NotFound)
	w.OK(w.RevokeInvite(ctx, a, r.ID))
	w.Wants(w.RevokeInvite(ctx, a, r.ID), fault.NotFound)
	w.Pass(friends.InviteLife)
	answers := map[string]bool{}
	for _, bad := range []string{token, expired, revoked, "", "x", token + "x"} {
		_, err := w.RedeemInvite(ctx, c, bad)
		w.Wants(err, fault.InviteInvalid)
		_, err = w.InspectInvite(ctx, bad)
		w.Wants(err, fault.InviteInvalid)
		answers[fmt.Sprint(fault.Public(err))] = true
	}
	if len(answers) != 1 {
		t.Errorf("used, expired, revoked and unknown give %d answers, want one", len(answers))
	}
	if open, _ := w.Invites(ctx, a); len(open) != 0 {
		t.Errorf("%d invites are listed as open", len(open))
	}
}

func TestAnInviteDoesNotTellOfABlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a, b := w.person("a1"), w.person("b1")
	w.OK(w.Block(ctx, a, b))
	token, _, err := w.CreateInvite(ctx, a)
	w.OK(err)
	_, err = w.RedeemInvite(ctx, b, token)
	w.OK(err)
	if len(w.list(b).Friends) != 1 {
		t.Error("the blocked one can tell")
	}
	w.Wants(w.CheckReach(ctx, b, a, friends.PurposeRing), fault.Unreachable)
	if l := w.list(a); len(l.Friends) != 0 || len(l.Blocked) != 1 {
		t.Errorf("the block is gone: %+v", l)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a := w.person("a1")
	for i := range friends.MaxOpenAsks {
		_, err := w.AskByHandle(ctx, a, fmt.Sprintf("x%02d.0001", i))
		w.OK(err)
	}
	_, err := w.AskByHandle(ctx, a, "last.0001")
	w.Wants(err, fault.TooMany)
	_, err = w.AskByHandle(ctx, a, "x00.0001")
	w.OK(err)
	w.Pass(friends.AskLife)
	_, err = w.AskByHandle(ctx, a, "last.0001")
	w.OK(err)

	for range friends.MaxInvites {
		_, _, err := w.CreateInvite(ctx, a)
		w.OK(err)
	}
	_, _, err = w.CreateInvite(ctx, a)
	w.Wants(err, fault.TooMany)

	b := w.person("b1")
	token, _, err := w.CreateInvite(ctx, b)
	w.OK(err)
	w.update(func(tx store.Tx) error {
		for range friends.MaxFriends {
			e := store.Edge{From: a, To: id.NewAccount(), State: store.EdgeFriend}
			if err := tx.Friends.PutEdge(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	_, err = w.RedeemInvite(ctx, a, token)
	w.Wants(err, fault.TooMany)
	if open, _ := w.Invites(ctx, b); len(open) != 1 {
		t.Error("an invite was used up for nothing")
	}
}

func TestMissedCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a, b, stranger := w.person("a1"), w.person("b1"), w.person("c1")
	w.befriend(a, b)
	w.OK(w.MissedCall(ctx, b, stranger, false))
	if all, _ := w.Notices(ctx, b); len(all) != 0 || len(w.events.notices) != 0 {
		t.Error("a stranger left a notice")
	}
	w.OK(w.MissedCall(ctx, b, a, true))
	all, err := w.Notices(ctx, b)
	w.OK(err)
	if len(all) != 1 || all[0].From.Account != a || !all[0].Video || all[0].Kind != store.NoticeMissed {
		t.Fatalf("notices: %+v", all)
	}
	w.OK(w.Seen(ctx, a, all[0].ID)) // not a's
	if left, _ := w.Notices(ctx, b); len(left) != 1 {
		t.Error("somebody else's device took the notice away")
	}
	w.OK(w.Seen(ctx, b, all[0].ID))
	w.OK(w.Seen(ctx, b, all[0].ID))
	if left, _ := w.Notices(ctx, b); len(left) != 0 {
		t.Error("a notice that was seen is still there")
	}

	for range friends.MaxNotices + 3 {
		w.Pass(time.Second)
		w.OK(w.MissedCall(ctx, b, a, false))
	}
	all, err = w.Notices(ctx, b)
	w.OK(err)
	if len(all) != friends.MaxNotices || !all[0].At.Equal(w.Now()) {
		t.Errorf("%d notices, the newest at %v; want %d, the newest kept", len(all), all[0].At, friends.MaxNotices)
	}
	w.Pass(friends.NoticeLife)
	if left, _ := w.Notices(ctx, b); len(left) != 0 {
		t.Error("expired notices are shown")
	}
	w.OK(w.MissedCall(ctx, b, a, false))
	w.OK(w.Remove(ctx, a, b))
	if left, _ := w.Notices(ctx, b); len(left) != 0 {
		t.Error("a notice tells the name of somebody who is no friend any more")
	}
	w.OK(w.SeenAll(ctx, b))
}

func TestAFailedTransitionLeavesNoTrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.person("a1"), w.person("b1")
	before := w.audited()
	w.Wants(w.Accept(t.Context(), a, b), fault.NotFound)
	w.OK(w.Remove(t.Context(), a, b))
	w.OK(w.Unblock(t.Context(), a, b))
	if len(w.events.friends) != 0 || w.audited() != before {
		t.Errorf("nothing changed and %v was told, %d entries audited", w.events.friends, w.audited()-before)
	}
	for _, err := range []error{
		w.Remove(t.Context(), a, a), w.Block(t.Context(), a, a), w.Unblock(t.Context(), a, a),
	} {
		w.Wants(err, fault.Conflict)
	}
	w.befriend(a, b)
	if got := w.audited() - before; got != 2 { // invite made, friends
		t.Errorf("%d entries for an invite and a friendship, want 2", got)
	}
	w.OK(w.Remove(t.Context(), a, b))
	if f := w.events.friends; len(f) != 2 || f[1] != [2]id.Account{a, b} {
		t.Errorf("told %v", f)
	}
	if err := w.Remove(t.Context(), b, a); err != nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("removing what the other one removed: %v", err)
	}
}
