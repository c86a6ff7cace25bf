package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"testing"
)

// now is when everything in these tests happens.
const now uint64 = 1_800_000_000_000

// person is somebody with an identity and devices, the same at every run.
type person struct {
	account ID
	rec     Recovery
	keys    []DeviceKey
	log     *Log
}

func seedOf(name string) [32]byte { return sha256.Sum256([]byte("test seed: " + name)) }

func deviceKey(name string) DeviceKey {
	s := seedOf(name)
	return DeviceKey{private{ed25519.NewKeyFromSeed(s[:])}}
}

func must[T any](t testing.TB, x T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// newPerson has one device; more come with add.
func newPerson(t testing.TB, name string) *person {
	t.Helper()
	root, backup := seedOf(name+" root"), seedOf(name+" backup")
	id := seedOf(name + " account")
	p := &person{account: ID(id[:16]), rec: Recovery{Root: rootFrom(root[:]), Backup: Seed(backup)}}
	p.keys = []DeviceKey{deviceKey(name + " 0")}
	raw, err := NewLog(p.account, p.rec.Root, p.rec.Backup, p.keys[0], now-1000)
	l, err := VerifyLog(must(t, raw, err), p.account)
	p.log = must(t, l, err)
	return p
}

// add links a device by the first one.
func (p *person) add(t testing.TB, key DeviceKey, link bool) {
	t.Helper()
	d, err := p.log.DraftAdd(p.keys[0], key.Public(), link, now-900)
	must(t, d, err)
	if err := d.Join(key); err != nil {
		t.Fatal(err)
	}
	p.extend(t, d)
	p.keys = append(p.keys, key)
}

func (p *person) extend(t testing.TB, d *Draft) {
	t.Helper()
	l, err := p.log.Extend(d.Entry())
	p.log = must(t, l, err)
}

func (p *person) dev(i int) Dev { return DevOf(p.log.Acct(), p.keys[i].Public()) }

func (p *person) pin() Pin {
	return Pin{Account: p.account, Root: p.rec.Root.Public(), Head: p.log.Head(), ResetNo: p.log.ResetNo(), How: ByLink, MS: now}
}

// prekey makes a prekey of device i, and notes its seed in s.
func (p *person) prekey(t testing.TB, s *State, i int, typ PrekeyType) Prekey {
	t.Helper()
	raw, seed, err := NewPrekey(p.log, p.keys[i], typ, now-1000, now+1_000_000)
	must(t, raw, err)
	k, err := CheckPrekey(raw, p.log, p.dev(i), LastKnown{}, now)
	must(t, k, err)
	s.AddKey(k.PKID, Key{Sort: SortPrekey, OneTime: typ == OneTime, Seed: seed, NotAfter: k.NotAfter})
	return k
}

// own is what device i opens by, with friends.
func (p *person) own(s *State, i int, friends ...*person) Own {
	return Own{Log: p.log, Dev: p.dev(i), Key: s.Key, Seen: s.Seen, Sender: func(d Dev) *Log {
		for _, f := range friends {
			if _, ok := f.log.Device(d); ok {
				return f.log
			}
		}
		return nil
	}}
}

func wantReason(t testing.TB, err error, want Reason) {
	t.Helper()
	if got := ReasonOf(err); got != want || (err == nil) != (want == "") {
		t.Errorf("got %v, want %q", err, want)
	}
}

const (
	testFP  = "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n"
	testSDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n" + testFP
)

func testFingerprint() (fp [32]byte) {
	for i := range fp {
		fp[i] = byte(i)
	}
	return fp
}
