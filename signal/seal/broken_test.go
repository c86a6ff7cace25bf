package seal_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/testenv"
)

// broken is one check left out of one file: old, which stands there once, gives
// way to what takes its place.
type broken struct {
	file, old, with string
}

// TestEveryCheckCounts leaves the checks out one at a time, and each time a test
// must go red. That each can be left out where the list says is looked at
// always, that it is missed when the long tests run. The tree stays as it is: the
// compiler gets the broken file in place of the whole one.
func TestEveryCheckCounts(t *testing.T) {
	t.Parallel()
	if len(checks) < 60 {
		t.Fatalf("%d checks", len(checks))
	}
	for _, c := range checks {
		t.Run(c.file+": "+c.old, func(t *testing.T) {
			src, err := os.ReadFile(c.file)
			if err != nil || strings.Count(string(src), c.old) != 1 {
				t.Fatalf("it stands %d times in the file (%v)", strings.Count(string(src), c.old), err)
			}
			if !testenv.Long() {
				return
			}
			out, err := withFile(t, c.file, strings.Replace(string(src), c.old, c.with, 1))
			if err == nil {
				t.Fatal("not missed by any test")
			}
			if !strings.Contains(out, "--- FAIL: Test") {
				t.Fatalf("not red as a test is:\n%s", out)
			}
		})
	}
}

func withFile(t *testing.T, name, src string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	whole, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	part := filepath.Join(dir, name)
	if err := os.WriteFile(part, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]any{"Replace": map[string]string{whole: part}})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-vet=off", "-count=1", "-short",
		"-skip", "^(TestEveryCheckCounts|TestVectorsAreWhatTheGeneratorMakes|TestVectorListIsWhole)$", ".")
	cmd.Env = append(os.Environ(), "RINGFENCE_LONG=")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

var checks = []broken{
	// keys
	{"keys.go", `if k == s {`, `if k == s && false {`},
	{"keys.go", `if k[31] != 0x7f || k[0] < 0xed {`, `if k[31] != 0x80 {`},
	{"keys.go", `return k.Check() == nil && len(sig) == sigSize && `, `return len(sig) == sigSize && `},
	{"keys.go", `if lo >= mlkemPrime || hi >= mlkemPrime {`, `if _ = hi; lo >= mlkemPrime {`},
	{"keys.go", `		lo := int(pub[i]) | int(pub[i+1]&0x0f)<<8`, `		lo := 0`},
	{"bytes.go", `r.bad = v >= maxNumber`, `r.bad = false`},
	{"bytes.go", `func (r *reader) done() bool { return !r.bad && len(r.b) == 0 }`, `func (r *reader) done() bool { return !r.bad }`},
	{"code.go", `|| all[16] != check[0]`, ``},
	{"code.go", ` || all[17] != check[1]&0xf0`, ``},
	{"code.go", `|| n == codeChars {`, `|| n > codeChars {`},
	// the log
	{"log.go", `if int64(x.seq) != int64(n) {`, `if int64(x.seq) < int64(n) {`},
	{"log.go", `!zero(x.by[:]) || `, ``},
	{"log.go", `!zero(x.prev[:]) || `, ``},
	{"log.go", `x.account != l.account || `, ``},
	{"log.go", ` || x.acct != AcctOf(x.account, x.root) {`, ` {`},
	{"log.go", `if x.typ == Genesis || x.acct != l.acct {`, `if x.typ == Genesis {`},
	{"log.go", `if x.typ == Genesis || x.acct != l.acct {`, `if x.acct != l.acct {`},
	{"log.go", `if x.prev != l.chain[n-1] {`, `if false {`},
	{"log.go", `if l.ended && x.typ != Reset {`, `if false {`},
	{"log.go", `if x.typ == Genesis && x.root.Check() != nil {`, `if false {`},
	{"log.go", `if x.typ.joins() && x.key.Check() != nil {`, `if false {`},
	{"log.go", `if !may || !key.verify(ds("log", x.e), x.sig) {`, `if _ = key; !may {`},
	{"log.go", `if !may || !key.verify(ds("log", x.e), x.sig) {`, `if _ = may; !key.verify(ds("log", x.e), x.sig) {`},
	{"log.go", `if x.typ.joins() && !x.key.verify(ds("log-join", x.e), x.join) {`, `if false {`},
	{"log.go", `if d == nil || !d.Active {
		return SigningKey{}, false`, `if d == nil {
		return SigningKey{}, false`},
	{"log.go", `return d.Key, d.Link
`, `return d.Key, true
`},
	{"log.go", `return d.Key, d.Link || x.dev == x.by`, `return d.Key, true`},
	{"log.go", `return SigningKey{}, false // IK's alone`, `return d.Key, d.Link`},
	{"log.go", `if l.devices[dev] != nil {`, `if false {`},
	{"log.go", `if l.active >= MaxDevices {`, `if false {`},
	{"log.go", `if d == nil || !d.Active {
			return refuse(LogRepeated)`, `if d == nil {
			return refuse(LogRepeated)`},
	{"log.go", `if n >= MaxEntries {`, `if false {`},
	{"log.go", `if len(raw) > MaxLogSize {`, `if false {`},
	{"log.go", `if x.keep != x.seq-1 || x.resetNo <= l.resetNo {`, `if x.resetNo <= l.resetNo {`},
	{"log.go", `if x.keep != x.seq-1 || x.resetNo <= l.resetNo {`, `if x.keep != x.seq-1 {`},
	{"log.go", ` || i > 0 && bytes.Compare(x.stay[i-1][:], dev[:]) >= 0 {`, ` || i > MaxDevices {`},
	{"log.go", `d.Active = stays[dev]`, `_ = stays[dev]; _ = d`},
	{"log.go", `return int64(h.Seq) < int64(len(c)) && c[h.Seq] == h.Hash`, `return int64(h.Seq) < int64(len(c))`},
	{"entry.go", `return rights <= 1`, `return true`},
	// pins
	{"pin.go", `case l.Acct() != p.Acct():`, `case false:`},
	{"pin.go", `case l.ResetNo() < p.ResetNo:`, `case false:`},
	{"pin.go", `case l.Head().Seq < p.Head.Seq:
		return nil, p, false, refuse(LogRollback)
	case !l.Contains(p.Head):`, `case !l.Contains(p.Head):`},
	{"pin.go", `case !l.Contains(p.Head):`, `case false:`},
	{"pin.go", `bytes.Compare(pins[n-1].Account[:], p.Account[:]) >= 0 {`, `false {`},
	{"pin.go", `return p, p.Root.Check()`, `return p, nil`},
	// friends
	{"friends.go", `return base64.RawURLEncoding.Strict()`, `return base64.RawURLEncoding`},
	{"friends.go", `q.To != me || `, ``},
	{"friends.go", `q.From != theirs.Acct() || `, ``},
	{"friends.go", `!theirs.Contains(q.FromHead) || `, ``},
	{"friends.go", `!d.Active || !d.Key.verify(ds("friend-request", f), sig) {`, `!d.Key.verify(ds("friend-request", f), sig) {`},
	{"friends.go", ` || !d.Key.verify(ds("friend-request", f), sig) {`, ` || len(sig) == 0 {`},
	{"friends.go", `if m := mac(s[:], "friend-req", f); same(m[:], tag) {`, `if m := mac(s[:], "friend-req", f); same(m[:1], m[:1]) {`},
	{"friends.go", `if byLink < 0 && !zero(tag) {`, `if false {`},
	{"friends.go", `if q.Expiry < now || q.Expiry-now > maxRequestAge {`, `if q.Expiry < now {`},
	{"friends.go", `a.Request != RequestID(request) || `, ``},
	{"friends.go", ` || !d.Key.verify(ds("friend-accept", raw[:aSize]), raw[aSize:]) {`, ` {`},
	{"friends.go", `case to != me:`, `case false:`},
	{"friends.go", `case !theirs.Contains(h):`, `case h.Seq > 1<<31:`},
	// prekeys
	{"prekey.go", `if s != suite {`, `if false {`},
	{"prekey.go", `p.Dev != dev || `, ``},
	{"prekey.go", `p.Acct != pinned.Acct() || `, ``},
	{"prekey.go", ` || !d.Active {`, ` {`},
	{"prekey.go", `if !d.Key.verify(ds("prekey", raw[:prekeyBody]), raw[prekeyBody:]) {`, `if false {`},
	{"prekey.go", `p.Created > now+maxAhead || `, ``},
	{"prekey.go", `now > p.NotAfter || `, ``},
	{"prekey.go", `p.NotAfter-p.Created > maxLifetime {`, `false {`},
	{"prekey.go", `p.Created < known.Created || `, ``},
	{"prekey.go", `p.PKID != known.PKID)`, `false)`},
	// envelopes: what is signed and bound
	{"envelope.go", `v16(ds("sig/envelope"), o)`, `v16(ds("sig/envelope"), o[:3])`},
	{"envelope.go", `h := plainHash(enc)`, `h := Hash{byte(len(enc))}`},
	{"envelope.go", `c := mac(salt, "commit", body)`, `c := mac(salt, "commit", nil); _ = body`},
	{"envelope.go", `c := mac(salt, "commit", body)`, `c := mac(nil, "commit", body); _ = salt`},
	{"envelope.go", `return ds("envelope", suite[:], to[:], dev[:], pkid[:])`, `return ds("envelope", suite[:], dev[:], pkid[:])`},
	// envelopes: the rows of opening
	{"open.go", `case flags != 0:`, `case flags != 0 && flags == 0:`},
	{"open.go", `kind.bucketFor(n) != n {`, `false {`},
	{"open.go", `if o.toDev != own.Dev {`, `if false {`},
	{"open.go", `if o.fromDev == own.Dev {`, `if false {`},
	{"open.go", `if o.kind.own() != mine {`, `if false {`},
	{"open.go", `if !d.Active {`, `if false {`},
	{"open.go", `case seen && before == h:`, `case seen && before == h && before != h:`},
	{"open.go", `case seen:
		return refuse(Conflict)`, `case false:`},
	{"open.go", `case !room:`, `case !room && room:`},
	{"open.go", `if !ok || k.Sort != o.kind.sort() {`, `if !ok {`},
	{"open.go", `if k.Used {`, `if false {`},
	{"open.go", `if now > end {`, `if _ = end; false {`},
	{"open.go", `if k.Sort == SortRing && k.RingTo != o.fromDev {`, `if false {`},
	{"open.go", `if kind.bucketFor(len(pt)-len(r.b)) != len(pt) {`, `if false {`},
	{"open.go", `if !zero(r.b) {`, `if false {`},
	{"open.go", `case p.from != sender.Acct():`, `case false:`},
	{"open.go", `case p.to != own.Log.Acct():`, `case false:`},
	{"open.go", `case p.conv != o.kind.conv(p.from, p.to):`, `case false:`},
	{"open.go", `case !zero(p.gs[:]), !o.kind.ctype(p.ctype), p.ttl != o.kind.ttl():`, `case !o.kind.ctype(p.ctype), p.ttl != o.kind.ttl():`},
	{"open.go", `case !zero(p.gs[:]), !o.kind.ctype(p.ctype), p.ttl != o.kind.ttl():`, `case !zero(p.gs[:]), p.ttl != o.kind.ttl():`},
	{"open.go", `case !zero(p.gs[:]), !o.kind.ctype(p.ctype), p.ttl != o.kind.ttl():`, `case !zero(p.gs[:]), !o.kind.ctype(p.ctype):`},
	{"open.go", `if !dev.Key.verify(transcript(wire[:oSize], enc, in.raw, in.salt, in.body), in.sig) {`, `if _ = dev; false {`},
	{"open.go", `if !own.Log.Contains(in.headTo) {`, `if false {`},
	{"open.go", `if !sender.Contains(in.headFrom) {`, `if false {`},
	{"open.go", `case k == Ring && (past || sent > now+maxAhead):`, `case k == Ring && past:`},
	{"open.go", `past := sent+uint64(ttl)*1000 < now`, `past := false`},
	// the transaction
	{"state.go", `if e.hash == o.Hash {
			return refuse(Replay)
		}
		return refuse(Conflict)`, `_ = e`},
	{"state.go", `return len(s.seen[dev]) < MaxSeenPerDevice && `, `return `},
	{"state.go", ` && s.accounts[a] < MaxSeenPerAccount`, ``},
	{"state.go", `case k.Used:
		return refuse(PrekeyUsed)`, ``},
	{"state.go", `k.Seed, k.Used = Seed{}, true`, `k.Used = true`},
	{"state.go", `k.Seed, k.Used = Seed{}, true`, ``},
	{"state.go", `			if now > e.until {`, `			if now > 0 || now > e.until {`},
	// calls
	{"call.go", `case x.Leg > MaxLeg:`, `case false:`},
	{"call.go", `case x.CallID != call:`, `case false:`},
	{"call.go", `if x.Ring != ring {`, `if false {`},
	{"call.go", ` || zero(x.Random[:]) != (x.Stage == Ready)`, ``},
	{"call.go", `return hash("sas/commit", call[:], []byte{leg}, to[:], rc[:])`, `return hash("sas/commit", call[:], []byte{leg}, rc[:])`},
	{"call.go", `th := hash("call/th", ring[:], answer[:])`, `th := hash("call/th", ring[:]); _ = answer`},
	{"call.go", `ikm := append(append([]byte{}, k1[:]...), k2[:]...)`, `ikm := append([]byte{}, k1[:]...); _ = k2`},
	{"call.go", `ds("call/frames", []byte{byte(ToCaller)})`, `ds("call/frames", []byte{byte(ToCallee)})`},
	{"call.go", `callee.Dev[:], caller.Fingerprint[:], callee.Fingerprint[:])`, `callee.Dev[:])`},
	{"description.go", `if l != want {`, `if false {`},
	{"description.go", `if strings.ContainsAny(l, "\r\n") {`, `if false {`},
	{"description.go", `case strings.HasPrefix(l, "a=crypto"):
			return false`, ``},
	{"description.go", `if missing && !all {`, `if false {`},
	{"description.go", `return all || !missing`, `return true`},
	{"description.go", `if early && slices.ContainsFunc(lines, tellsAddress) {`, `if false && slices.ContainsFunc(lines, tellsAddress) {`},
	{"frame.go", `case call != o.Leg.Call, leg != o.Leg.Leg:`, `case leg != o.Leg.Leg:`},
	{"frame.go", `case call != o.Leg.Call, leg != o.Leg.Leg:`, `case call != o.Leg.Call, leg > 200:`},
	{"frame.go", `case dir != o.Dir:`, `case dir > 200:`},
	{"frame.go", `case seq < o.next:`, `case false:`},
	{"frame.go", `case seq > o.next, seq >= most:`, `case seq >= most:`},
	{"frame.go", `case seq > o.next, seq >= most:`, `case seq > o.next, most > 1<<30:`},
	{"frame.go", `case len(pt) != t.size():`, `case false:`},
	{"frame.go", `case !zero(r.b):`, `case false:`},
	{"frame.go", `if o.Dir == RingEnd && t != FrameEnd {`, `if false {`},
	{"frame.go", `s.seq++ // before`, `// before`},
	{"frame.go", `if s.seq >= MaxFrames || s.Dir == RingEnd && s.seq > 0 {`, `if s.seq >= MaxFrames {`},
	{"rules.go", `if !pressed || r.told || `, `if pressed && false || r.told || `},
	{"rules.go", `if !pressed || r.told || `, `if !pressed || `},
	{"rules.go", ` || Commitment(r.Leg.Call, r.Leg.Leg, r.RungDev, f.Random) != r.Commit {`, ` {`},
	{"rules.go", `if r.elsewhere {`, `if false {`},
	{"rules.go", ` || r.Stage != Ready || r.told {`, ` || r.Stage != Ready {`},
	{"rules.go", ` || r.Stage != Ready || r.told {`, ` || r.told {`},
	// linking and backup
	{"linking.go", `if m := mac(s[:], "link/new", raw[:m1Size]); !same(m[:], raw[m1Size:]) {`, `if false {`},
	{"linking.go", `if m := mac(s[:], "link/old", h1[:], raw[:m2Size]); !same(m[:], raw[m2Size:]) {`, `if _ = h1; false {`},
	{"linking.go", `if m := linkRevealMAC(s, m1, m2, raw[:m3Size]); !same(m[:], raw[m3Size:]) {`, `if false {`},
	{"linking.go", `if linkCommit(x.Key, x.KEM, rn) != x.Commit {`, `if _ = x; false {`},
	{"linking.go", `if x.Key.Check() != nil || checkKEM(x.KEM) != nil {`, `if checkKEM(x.KEM) != nil {`},
	{"linking.go", `if x.Key.Check() != nil || checkKEM(x.KEM) != nil {`, `if x.Key.Check() != nil {`},
	{"backup.go", `if a != own.Acct() {`, `if false {`},
	{"backup.go", ` || !d.Key.verify(ds("backup-sig", h[:]), sig) {`, ` || len(h)+len(sig) == 0 {`},
	{"backup.go", `if !own.Contains(b.Head) {`, `if false {`},
	{"backup.go", `if err := own.Owner(r); err != nil {`, `if err := own.Owner(r); false {`},
	{"entry.go", `case x.prev != head.Hash:`, `case false:`},
	{"entry.go", `case x.key != key:`, `case false:`},
}
