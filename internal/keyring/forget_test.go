package keyring

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ringfence/ringfence/internal/testenv"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/sealed"
)

// disk replays a trace onto files that forget: what was written since the last
// sync of a file survives a crash in parts, or not at all.
type disk struct {
	durable map[string][]byte
	pending map[string][]event
	lies    bool // a sync does nothing
}

func (d *disk) apply(e event) {
	switch e.kind {
	case "write", "truncate":
		d.pending[e.path] = append(d.pending[e.path], e)
	case "sync":
		if d.lies {
			return
		}
		for _, w := range d.pending[e.path] {
			d.durable[e.path] = change(d.durable[e.path], w, nil)
		}
		delete(d.pending, e.path)
	}
}

// sector is the least that a disk writes whole.
const sector = 512

// change returns b after a write, or after those sectors of it that keep says
// yes to.
func change(b []byte, w event, keep func() bool) []byte {
	if w.kind == "truncate" {
		if keep != nil && !keep() {
			return b
		}
		return resize(b, int(w.off))
	}
	for at := 0; at < len(w.data); at += sector {
		if keep != nil && !keep() {
			continue
		}
		part := w.data[at:min(at+sector, len(w.data))]
		from := int(w.off) + at
		if from+len(part) > len(b) {
			b = resize(b, from+len(part))
		}
		copy(b[from:], part)
	}
	return b
}

func resize(b []byte, size int) []byte {
	if size <= len(b) {
		return b[:size]
	}
	return append(b, make([]byte, size-len(b))...)
}

// crash returns a file as it is found after a crash.
func (d *disk) crash(path string, keep func() bool) []byte {
	b := bytes.Clone(d.durable[path])
	for _, w := range d.pending[path] {
		b = change(b, w, keep)
	}
	return b
}

// TestAcknowledgedIsOnDisk records the system calls of a run and holds two
// things against them: every acknowledgement comes after a sync, and a disk
// that forgets what was not synced loses nothing that was acknowledged.
func TestAcknowledgedIsOnDisk(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	_, _, shut := p.open(t)
	shut()
	before := map[string][]byte{}
	for _, path := range []string{p.data, filepath.Join(p.keys, keysName)} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before[path] = b
	}
	steps := 2*perAccount + 1
	if testenv.Long() {
		steps = 20*perAccount + 1
	}
	events := trace(t, p, steps)
	t.Run("synced before acknowledged", func(t *testing.T) { wantSyncs(t, p, events, steps) })
	t.Run("file that forgets", func(t *testing.T) { fileThatForgets(t, p, before, events) })
}

func newDisk(files map[string][]byte) *disk {
	d := &disk{durable: map[string][]byte{}, pending: map[string][]event{}}
	for path, b := range files {
		d.durable[path] = bytes.Clone(b)
	}
	return d
}

// fileThatForgets crashes at every sync and after every acknowledgement:
// nothing of what was not synced survives, or a random part of it, sector by
// sector. What was acknowledged must be there, and the files sound.
func fileThatForgets(t *testing.T, p place, before map[string][]byte, events []event) {
	t.Helper()
	d, liar := newDisk(before), newDisk(before)
	liar.lies = true
	r := seeded(t)
	none := func() bool { return false }
	keeps := map[string]func() bool{"nothing": none, "half": func() bool { return r.IntN(2) == 0 }}
	if testenv.Long() {
		keeps["little"] = func() bool { return r.IntN(8) == 0 }
		keeps["most"] = func() bool { return r.IntN(8) > 0 }
	}
	acked, crashes := map[int]int{}, 0
	for n, e := range events {
		if e.kind == "ack" {
			acked[0]++
		}
		if e.kind == "sync" || e.kind == "ack" {
			for what, keep := range keeps {
				crashes++
				if err := d.recover(t, p, keep, acked); err != nil {
					t.Fatalf("crash at call %d (%s), %d acknowledged, %s of what was not synced survived: %v", n, e.kind, acked[0], what, err)
				}
			}
		}
		d.apply(e)
		liar.apply(e)
	}
	t.Logf("%d crashes in %d calls, %d acknowledgements", crashes, len(events), acked[0])
	// The test itself is worth something only if it finds a disk that lies.
	if err := liar.recover(t, p, none, acked); err == nil {
		t.Error("a disk whose sync does nothing went unnoticed")
	}
}

// seeded returns a source whose seed the test's output names.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// recover opens what a crash left, in a place of its own.
func (d *disk) recover(t *testing.T, from place, keep func() bool, acked map[int]int) error {
	t.Helper()
	dir := t.TempDir()
	p := place{filepath.Join(dir, "data.bolt"), filepath.Join(dir, "keys")}
	passphrase, err := os.ReadFile(filepath.Join(from.keys, passphraseName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(p.keys, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, b := range map[string][]byte{
		p.data: d.crash(from.data, keep), filepath.Join(p.keys, passphraseName): passphrase,
		filepath.Join(p.keys, keysName): d.crash(filepath.Join(from.keys, keysName), keep),
	} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return check(t.Context(), p, acked)
}

// check opens p and checks that it is sound and complete.
func check(ctx context.Context, p place, acked map[int]int) (err error) {
	if err := bolt.Check(ctx, p.data); err != nil {
		return err
	}
	keys, err := Open(ctx, Options{Dir: p.keys, DataDir: p.data + ".elsewhere", Existing: true, minIterations: 1})
	if err != nil {
		return err
	}
	defer func() { _ = keys.Close() }()
	e, err := bolt.Open(ctx, bolt.Options{Path: p.data})
	if err != nil {
		return err
	}
	defer func() { _ = e.Close() }()
	db := sealed.New(e, keys)
	if err := db.Check(ctx); err != nil {
		return err
	}
	done, err := verify(ctx, db, acked)
	if err != nil {
		return err
	}
	// Every account that was acknowledged has its key.
	for n := range done[0] {
		if !keys.has(personOf(0, n)) {
			return fmt.Errorf("the key of step %d is gone", n)
		}
	}
	if done[0]%perAccount != 0 {
		return nil
	}
	// And the next step can be taken, with its new account.
	w := writer{db, keys}
	return w.step(ctx, 0, done[0])
}

func TestForgetfulDisk(t *testing.T) {
	t.Parallel()
	all, none := func() bool { return true }, func() bool { return false }
	d := &disk{durable: map[string][]byte{"f": []byte("old")}, pending: map[string][]event{}}
	d.apply(event{kind: "truncate", path: "f", off: 5})
	d.apply(event{kind: "write", path: "f", data: []byte("new"), off: 4})
	if got := d.crash("f", none); string(got) != "old" {
		t.Errorf("nothing survived and the file is %q", got)
	}
	if got := d.crash("f", all); string(got) != "old\x00new" {
		t.Errorf("all survived and the file is %q", got)
	}
	d.apply(event{kind: "sync", path: "f"})
	if got := d.crash("f", none); string(got) != "old\x00new" {
		t.Errorf("after a sync the file is %q", got)
	}
	if !slices.Equal(change([]byte("abc"), event{kind: "truncate", off: 1}, nil), []byte("a")) {
		t.Error("a file is not cut")
	}
}
