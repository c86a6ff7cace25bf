package signal_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store"
)

// How much TestInterleavings does.
const (
	worldsLong, worldsShort = 250, 12
	stepsOfWorld            = 400
	people                  = 5
	views                   = 13 // pages that are open on the devices of all
)

// TestInterleavings lets five people with several devices each, and two pages
// on some of them, do whatever comes to their mind on two hubs: one thing at a
// time, or several at the same time. What every page is told must be what the
// model says, of things at the same time in whichever order. At the end
// everybody is gone, and nothing may be left.
//
// SIGNAL_SEED repeats a run; SIGNAL_WORLD one world of it alone.
func TestInterleavings(t *testing.T) {
	t.Parallel()
	seed := number(t, "SIGNAL_SEED", rand.Uint64()>>1)
	worlds := uint64(worldsLong)
	if testing.Short() {
		worlds = worldsShort
	}
	first := uint64(0)
	if os.Getenv("SIGNAL_WORLD") != "" {
		first = number(t, "SIGNAL_WORLD", 0)
		worlds = first + 1
	}
	t.Logf("SIGNAL_SEED=%d, %d worlds of %d steps", seed, worlds-first, stepsOfWorld)
	for n := first; n < worlds && !t.Failed(); n++ {
		inBubble(t, 2, func(t *testing.T, r *rig) {
			w := newWorld(t, r, rand.New(rand.NewPCG(seed, n)))
			defer func() {
				if t.Failed() {
					t.Logf("SIGNAL_SEED=%d SIGNAL_WORLD=%d; the last steps:\n%s", seed, n, strings.Join(w.log[max(0, len(w.log)-40):], "\n"))
				}
			}()
			w.run(stepsOfWorld)
		})
	}
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// world is people and their devices, and what the model says about them.
type world struct {
	t      *testing.T
	r      *rig
	rnd    *rand.Rand
	m      *model
	people []id.Account
	views  []*view
	ids    []id.Call            // every call there was, the newest last
	rang   [][]time.Time        // when each person last rang somebody
	seen   map[string]wire.Kind // the last word to a session about a call
	took   map[string]bool      // sessions that would have a call, which may come back to them
	log    []string
	second int64 // of the last lost connection
}

// view is a page that is open on a device: it has one session at a time. Two
// of one device share its sign-in.
type view struct {
	*dev
	who, device int
	session     int // in the model; -1: none yet
}

func newWorld(t *testing.T, r *rig, rnd *rand.Rand) *world {
	t.Helper()
	w := &world{
		t: t, r: r, rnd: rnd, people: make([]id.Account, people), rang: make([][]time.Time, people), seen: map[string]wire.Kind{}, took: map[string]bool{},
		m: &model{now: time.Now(), begin: time.Now(), friends: map[[2]int]bool{}, glared: map[id.Call]bool{}, missed: make([]int, people)},
	}
	for i := range w.people {
		w.people[i] = id.NewAccount()
	}
	for i := range views {
		v := &view{dev: r.device(w.people[i%people]), who: i % people, device: i, session: -1}
		if i >= 2*people { // another page on the first device
			first := w.views[i-2*people]
			v.dev = &dev{r: r, addr: first.addr, token: first.token}
			v.device = first.device
		}
		w.views = append(w.views, v)
	}
	for a := range people {
		for b := range people {
			if a != b && rnd.IntN(8) > 0 {
				w.relate(a, b, true)
			}
		}
	}
	return w
}

func (w *world) relate(a, b int, friend bool) {
	state := store.EdgeNone
	if friend {
		state = store.EdgeFriend
	}
	w.r.graph.set(w.people[a], w.people[b], state)
	w.m.friends[[2]int{a, b}] = friend
}

func (w *world) run(steps int) {
	for n := 0; n < steps && !w.t.Failed(); n++ {
		w.pass(time.Duration(1 + w.rnd.IntN(1e6)))
		w.step()
	}
	if w.t.Failed() {
		return
	}
	w.note("everybody is silent")
	w.pass(46 * time.Second)
	for _, h := range w.r.hubs {
		if n := h.Stats().Ringing; n != 0 {
			w.t.Errorf("%d calls ring for ever", n)
		}
	}
	w.note("everybody goes")
	for _, v := range w.views {
		w.drop(v)
	}
	w.pass(30 * time.Second) // until sessions are given up, and ended calls have faded
	for i, h := range w.r.hubs {
		if calls, sessions := h.Tables(); calls != 0 || sessions != 0 {
			w.t.Errorf("hub %d keeps %d calls and %d sessions", i, calls, sessions)
		}
	}
}

func (w *world) note(what ...any) {
	w.log = append(w.log, strings.TrimSuffix(fmt.Sprintln(append([]any{time.Since(w.m.begin)}, what...)...), "\n"))
}

// pass lets time pass, and sees who was told what meanwhile.
func (w *world) pass(d time.Duration) {
	<-time.After(d)
	w.r.rest()
	w.m.advance(time.Now())
	w.settle(w.m)
}

// step is one thing that happens, or a few at the same time.
func (w *world) step() {
	switch n := w.rnd.IntN(100); {
	case n < 8:
		w.wait()
	case n < 26:
		w.comeAndGo()
	case n < 32:
		w.feel()
	case n < 36:
		w.glare()
	case n < 46:
		w.at(w.ring())
	case n < 50:
		w.twice()
	case n < 80:
		w.at(w.frame())
	default:
		w.together()
	}
}

func (w *world) wait() {
	longest := []time.Duration{time.Second, 5 * time.Second, 20 * time.Second, 50 * time.Second}[min(w.rnd.IntN(8), 3)]
	if longest > 5*time.Second && w.rnd.IntN(4) > 0 {
		longest = time.Second
	}
	d := time.Duration(w.rnd.Int64N(int64(longest)))
	w.note("wait", d)
	w.pass(d)
}

// comeAndGo: a connection is lost, comes back, or a page begins anew.
func (w *world) comeAndGo() {
	v := w.views[w.rnd.IntN(len(w.views))]
	switch {
	case v.session < 0 || !w.m.sessions[v.session].on:
		w.connect(v, v.session >= 0 && w.rnd.IntN(4) > 0)
	case w.rnd.IntN(5) == 0:
		w.leave(v)
	case w.rnd.IntN(8) == 0:
		w.connect(v, true) // while the old connection lives
	case w.rnd.IntN(8) == 0 && w.r.addrs == nil:
		w.vanish(v)
	case w.rnd.IntN(2) == 0:
		w.drop(v)
	}
}

// vanish: a device hears and says nothing any more, and nobody tells the hub,
// which has to find out within 20 seconds.
func (w *world) vanish(v *view) {
	w.note("vanish", v)
	v.mute()
	w.m.sessions[v.session].deaf = true
	const look = 250 * time.Millisecond
	for range 20 * time.Second / look {
		<-time.After(look)
		w.r.rest()
		for _, h := range w.r.hubs {
			if at := h.LastLost(); at.After(w.m.now) {
				w.m.advance(at)
				w.m.drop(v.session)
				w.second = int64(at.Sub(w.m.begin) / time.Second)
			}
		}
		w.m.advance(time.Now())
		w.settle(w.m)
		if !w.m.sessions[v.session].on {
			return
		}
	}
	w.t.Errorf("%s is not missed", v)
}

// leave closes a page.
func (w *world) leave(v *view) {
	w.note("leave", v)
	_ = v.conn.Close(1000, "")
	w.r.rest()
	w.m.leave(v.session)
	w.settle(w.m)
}

func (v *view) String() string { return fmt.Sprintf("%c%d#%d", 'a'+v.who, v.device, v.session) }

// connect opens a connection, on either hub where the session is not to be
// gone on with.
func (w *world) connect(v *view, resume bool) {
	hello := wire.Hello{Min: 1, Max: 1, Features: []string{wire.FeatureMove}}
	lives := resume && !w.m.sessions[v.session].gone
	if resume {
		hello.Resume, hello.Cursor = v.welcome.Resume, v.seq
	} else {
		v.hub = w.rnd.IntN(len(w.r.hubs))
	}
	if !lives && w.sessionsOf(v.who) > wire.MaxSessions-2 {
		return
	}
	w.note("connect", v, "hub", v.hub, "resume", resume, lives)
	v.connect(hello)
	if v.welcome.Resumed != lives {
		w.t.Errorf("%s: resumed %v, want %v", v, v.welcome.Resumed, lives)
	}
	if lives {
		if !w.m.sessions[v.session].on {
			w.m.resume(v.session)
		}
	} else {
		v.session = w.m.connect(v.who, v.device)
	}
	w.settle(w.m)
}

func (w *world) sessionsOf(who int) (n int) {
	for _, s := range w.m.sessions {
		if s.who == who && !s.gone {
			n++
		}
	}
	return n
}

// drop loses a connection. No two are lost within a second: hubs give sessions
// up at whole seconds, those of one second in whichever order.
func (w *world) drop(v *view) {
	if v.session < 0 || !w.m.sessions[v.session].on {
		return
	}
	w.ownSecond()
	w.note("drop", v)
	v.drop()
	w.m.drop(v.session)
	w.settle(w.m)
}

func (w *world) ownSecond() {
	for w.r.addrs == nil && int64(time.Since(w.m.begin)/time.Second) == w.second {
		w.pass(time.Second)
	}
	w.second = int64(time.Since(w.m.begin) / time.Second)
}

// feel: people become friends, or part.
func (w *world) feel() {
	a, b := w.rnd.IntN(people), w.rnd.IntN(people)
	if a == b {
		return
	}
	friend := w.rnd.IntN(3) > 0
	w.note("friends", a, b, friend)
	w.relate(a, b, friend)
	w.r.hubs[w.rnd.IntN(len(w.r.hubs))].FriendsChanged(w.people[a], w.people[b])
	w.r.rest()
	w.m.part(a, b)
	w.settle(w.m)
}

// ring is a new call from somebody to somebody, friend or not.
func (w *world) ring() []act {
	v := w.somebody()
	to := w.rnd.IntN(people)
	if v == nil || !w.mayRing(v.who) || len(w.m.calls) > 10 {
		return nil
	}
	return []act{w.ringTo(v, to)}
}

func (w *world) ringTo(v *view, to int) act {
	c := id.NewCall()
	w.ids = append(w.ids, c)
	w.rang[v.who] = append(w.rang[v.who], time.Now())
	return act{kind: wire.KindRing, session: v.session, call: c, to: to, early: w.rnd.IntN(2) == 0}
}

// mayRing keeps within the limit of rings, which other tests look at.
func (w *world) mayRing(who int) bool {
	w.rang[who] = slices.DeleteFunc(w.rang[who], func(at time.Time) bool { return time.Since(at) > time.Minute })
	return len(w.rang[who]) < wire.MaxRings-2
}

// somebody returns a view that is connected, or nil.
func (w *world) somebody() *view {
	for range 20 {
		if v := w.views[w.rnd.IntN(len(w.views))]; v.session >= 0 && w.m.sessions[v.session].on {
			return v
		}
	}
	return nil
}

// glare: two ring each other at the same time.
func (w *world) glare() {
	a, b := w.somebody(), w.somebody()
	if a == nil || b == nil || a.who == b.who || !w.mayRing(a.who) || !w.mayRing(b.who) || len(w.m.calls) > 10 {
		return
	}
	w.at([]act{w.ringTo(a, b.who), w.ringTo(b, a.who)})
}

// frame is one about a call: mostly of somebody whom it concerns.
func (w *world) frame() []act {
	if len(w.m.calls) == 0 || w.rnd.IntN(8) == 0 {
		return w.stray()
	}
	if w.rnd.IntN(8) == 0 {
		return w.take()
	}
	c := w.m.calls[w.rnd.IntN(len(w.m.calls))]
	legs := append([]int{c.caller}, c.legs...)
	s := legs[w.rnd.IntN(len(legs))]
	if !w.m.sessions[s].on {
		return nil
	}
	return []act{w.about(c.id, s)}
}

// take is that somebody would have a call of this person on another device.
func (w *world) take() []act {
	v := w.somebody()
	if v == nil || !w.mayRing(v.who) {
		return nil
	}
	mine := slices.DeleteFunc(slices.Clone(w.m.calls), func(c mCall) bool { return c.from != v.who && c.to != v.who })
	c := w.ids[max(0, len(w.ids)-1-w.rnd.IntN(20))]
	if len(mine) > 0 && w.rnd.IntN(8) > 0 {
		c = mine[w.rnd.IntN(len(mine))].id
	}
	w.rang[v.who] = append(w.rang[v.who], time.Now(), time.Now()) // it may be sent twice
	return []act{{kind: wire.KindTake, session: v.session, call: c}}
}

// stray is a frame of anybody about any call, of long ago too.
func (w *world) stray() []act {
	v := w.somebody()
	if v == nil || len(w.ids) == 0 {
		return nil
	}
	return []act{w.about(w.ids[max(0, len(w.ids)-1-w.rnd.IntN(20))], v.session)}
}

func (w *world) about(c id.Call, session int) act {
	kinds := []wire.Kind{
		wire.KindRinging, wire.KindRinging, wire.KindRinging, wire.KindAnswer, wire.KindAnswer, wire.KindDecline, wire.KindDecline,
		wire.KindHangup, wire.KindRelay, wire.KindMedia, wire.KindCandidate, wire.KindDescription,
		wire.KindWarm, wire.KindWarm, wire.KindMeasured,
	}
	return act{kind: kinds[w.rnd.IntN(len(kinds))], session: session, call: c, busy: w.rnd.IntN(3) > 0, early: w.rnd.IntN(3) == 0}
}

// twice: a frame comes again, a ring too.
func (w *world) twice() {
	one := w.frame()
	if c := w.rnd.IntN(len(w.m.calls) + 1); c < len(w.m.calls) && w.rnd.IntN(2) == 0 {
		x := w.m.calls[c]
		if !w.m.sessions[x.caller].on {
			return
		}
		one = []act{{kind: wire.KindRing, session: x.caller, call: x.id, to: x.to}}
	}
	if len(one) == 1 {
		w.at([]act{one[0], one[0]})
	}
}

// together: two or three sessions act at the same time.
func (w *world) together() {
	var all []act
	for n := 1 + w.rnd.IntN(2); n >= 0; n-- {
		next := w.frame()
		if n == 0 && w.rnd.IntN(4) == 0 { // last: nobody else knows of the call
			next = w.ring()
		}
		for _, a := range next {
			if !slices.ContainsFunc(all, func(x act) bool { return x.session == a.session }) {
				all = append(all, a)
			}
		}
	}
	v := w.somebody()
	if v != nil && w.rnd.IntN(3) == 0 && !slices.ContainsFunc(all, func(x act) bool { return x.session == v.session || x.kind == wire.KindRing }) {
		w.ownSecond()
		all = append(all, act{session: v.session, drop: true})
	}
	w.at(all)
}

// at does all at once, and finds an order in which the model says what has
// come of it.
func (w *world) at(all []act) {
	for i := range all {
		a := &all[i]
		v := w.view(a.session)
		w.note(v, a.kind, short(a.call), "to", a.to, "busy", a.busy, "drop", a.drop)
		if a.drop {
			_ = v.conn.CloseNow()
			continue
		}
		w.send(v, a)
	}
	w.r.rest()
	var tries []*model
	for order := range permutations(len(all)) {
		m := w.m.clone()
		for _, i := range order {
			m.do(all[i])
		}
		tries = append(tries, m)
	}
	w.settle(tries...)
}

func short(c id.Call) string {
	if c.IsZero() {
		return "-"
	}
	return c.String()[:5]
}

func (w *world) view(session int) *view {
	i := slices.IndexFunc(w.views, func(v *view) bool { return v.session == session })
	return w.views[i]
}

func (w *world) send(v *view, a *act) {
	h := wire.Head{Kind: a.kind, Call: a.call}
	var b any
	switch string(a.kind) {
	case string(wire.KindRing):
		h.To.Account, b = w.people[a.to], wire.Ring{Media: wire.MediaVideo, Early: a.early}
	case string(wire.KindRinging):
		b = wire.Ringing{Early: a.early}
	case string(wire.KindAnswer):
		b = wire.Answer{Media: wire.MediaAudio, Early: a.early}
	case string(wire.KindDecline):
		b = wire.Decline{Busy: a.busy}
	case string(wire.KindTake):
		w.took[fmt.Sprint(a.session, a.call)] = true
		b = wire.Take{}
	case string(wire.KindMeasured):
		b = wire.Measured{Tenths: 12, Way: wire.WayUDP}
	}
	h.ID = id.NewFrame()
	a.ref, a.passed = h.ID.String(), h.ID.String()
	v.send(h, b)
}

// permutations yields every order of n things.
func permutations(n int) func(func([]int) bool) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return func(yield func([]int) bool) {
		var from func(int) bool
		from = func(k int) bool {
			if k == n {
				return yield(order)
			}
			for i := k; i < n; i++ {
				order[k], order[i] = order[i], order[k]
				ok := from(k + 1)
				order[k], order[i] = order[i], order[k]
				if !ok {
					return false
				}
			}
			return true
		}
		from(0)
	}
}
