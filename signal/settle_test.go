package signal_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// settle compares what every page was told with what it must be told. The
// first model that fits is what has happened.
func (w *world) settle(tries ...*model) {
	w.t.Helper()
	told := map[int]map[string]int{}
	var why string
	w.r.until(func() bool {
		why = w.fit(tries, told)
		return why == ""
	})
	if w.r.addrs == nil {
		why = w.fit(tries, told)
	}
	if why != "" {
		w.t.Errorf("%s", why)
	}
}

// fit adds to what was told, and takes the first model that it fits.
func (w *world) fit(tries []*model, told map[int]map[string]int) (why string) {
	w.t.Helper()
	for _, v := range w.views {
		if v.session < 0 || v.conn == nil {
			continue
		}
		if told[v.session] == nil {
			told[v.session] = map[string]int{}
		}
		w.hear(v, told[v.session])
	}
	for _, m := range tries {
		m = m.clone()
		if w.r.addrs != nil {
			m.advance(time.Now())
		}
		if why = w.fits(m, told); why == "" {
			w.m = m
			return ""
		}
	}
	return why
}

// fits returns why what was told is not what m says; it takes what was told
// off what is due.
func (w *world) fits(m *model, told map[int]map[string]int) string {
	var faults []string
	for s, frames := range told {
		due := m.sessions[s].due
		for _, f := range slices.Sorted(maps.Keys(frames)) {
			n := frames[f]
			if due[f] < n && m.passing(f, frames) {
				continue
			}
			if due[f] < n {
				faults = append(faults, fmt.Sprintf("%s was told %d times, want %d: %s", w.view(s), n, due[f], f))
			}
			if due[f] -= n; due[f] <= 0 {
				delete(due, f)
			}
		}
		for f, n := range due {
			if m.sessions[s].on && !m.sessions[s].deaf && !m.passing(f, due) {
				faults = append(faults, fmt.Sprintf("%s was not told %d times: %s", w.view(s), n, f))
			}
		}
	}
	if got, want := w.tables(), m.tables(); got != want {
		faults = append(faults, fmt.Sprintf("calls that ring, calls that run, sessions, those without a connection: %v, want %v", got, want))
	}
	for i, p := range w.people {
		if n := w.r.graph.missedBy(p); n != m.missed[i] {
			faults = append(faults, fmt.Sprintf("%c has %d notices, want %d", 'a'+i, n, m.missed[i]))
		}
	}
	return strings.Join(faults, "\n")
}

// tables counts the calls that ring, those that run, the sessions, and those
// without a connection.
func (w *world) tables() (n [4]int) {
	for _, h := range w.r.hubs {
		s := h.Stats()
		n[0] += s.Ringing
		n[1] += s.Running
		_, sessions := h.Tables()
		n[2] += sessions
		n[3] += h.Lost()
	}
	return n
}

func (m *model) tables() (n [4]int) {
	for _, c := range m.calls {
		if c.running {
			n[1]++
		} else {
			n[0]++
		}
	}
	for _, s := range m.sessions {
		if !s.gone {
			n[2]++
		}
		if !s.gone && !s.on {
			n[3]++
		}
	}
	return n
}

// passing reports a ring that a device glimpsed before glare ended it: whether
// it does depends on who is faster, but then it hears of the end too.
func (m *model) passing(f string, frames map[string]int) bool {
	call, what, _ := strings.Cut(f, " ")
	var c id.Call
	if c.UnmarshalText([]byte(call)) != nil || !m.glared[c] {
		return false
	}
	in, end := line(c, wire.KindIncoming), line(c, wire.KindEnded, wire.ReasonGlare, 0)
	return (what == string(wire.KindIncoming) || f == end) && frames[in] == 1 && frames[end] == 1
}

// hear takes what a page was told. About one call nothing follows its end, and
// nothing but an offer or an answer that was taken over comes first.
func (w *world) hear(v *view, out map[string]int) {
	w.t.Helper()
	for {
		f, ok := v.next()
		if !ok {
			return
		}
		var what string
		switch string(f.Kind) {
		case string(wire.KindPresence), string(wire.KindChanged):
			continue
		case string(wire.KindOK):
			var b wire.OK
			body(w.t, f, &b)
			what = line(f.Kind, b.Ref)
		case string(wire.KindError):
			var b wire.Error
			body(w.t, f, &b)
			what = line(f.Kind, b.Code, b.Ref)
		default:
			what = w.aboutCall(v, f)
		}
		out[what]++
	}
}

func (w *world) aboutCall(v *view, f got) string {
	w.t.Helper()
	if f.Kind == wire.KindElsewhere {
		return w.elsewhere(f)
	}
	key := fmt.Sprint(v.session, f.Call)
	switch before := w.seen[key]; {
	case before == wire.KindEnded && f.Kind == wire.KindAnswered && w.took[key]:
	case before == wire.KindEnded:
		w.t.Errorf("%s was told %s after the end of %s", v, f.Kind, short(f.Call))
	case before != "":
	case f.Kind != wire.KindIncoming && f.Kind != wire.KindCalling && f.Kind != wire.KindAnswered:
		w.t.Errorf("%s was told %s first of %s", v, f.Kind, short(f.Call))
	}
	w.seen[key] = f.Kind
	switch string(f.Kind) {
	case string(wire.KindEnded):
		var b wire.Ended
		body(w.t, f, &b)
		if w.m.untimed {
			b.Within = 0
		}
		return line(f.Call, f.Kind, b.Reason, b.Within)
	case string(wire.KindAnswered):
		var b wire.Answered
		body(w.t, f, &b)
		i := slices.IndexFunc(w.views, func(x *view) bool { return x.addr == b.Peer })
		if b.Moved {
			return line(f.Call, f.Kind, w.views[i].device, "moved")
		}
		return line(f.Call, f.Kind, w.views[i].device, b.Early)
	case string(wire.KindAway):
		var b wire.Away
		body(w.t, f, &b)
		return line(f.Call, f.Kind, b.Away)
	case string(wire.KindMedia), string(wire.KindCandidate), string(wire.KindDescription), string(wire.KindWarm):
		return line(f.Call, f.Kind, f.ID)
	}
	return line(f.Call, f.Kind)
}

// elsewhere is word of a call on another device.
func (w *world) elsewhere(f got) string {
	w.t.Helper()
	var b wire.Elsewhere
	body(w.t, f, &b)
	if b.Over {
		return line(f.Call, f.Kind, -1)
	}
	return line(f.Call, f.Kind, w.views[slices.IndexFunc(w.views, func(x *view) bool { return x.addr.Device == b.Device })].device)
}
