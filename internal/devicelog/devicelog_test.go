package devicelog_test

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/devicelog"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/worldtest"
	"github.com/ringfence/ringfence/signal/seal"
	"github.com/ringfence/ringfence/store"
)

const ms = 1_780_000_000_000

// world is the service over a real, sealed data file.
type world struct {
	*worldtest.World
	logs *devicelog.Service
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{World: worldtest.New(t)}
	w.logs = devicelog.New(devicelog.Options{DB: w.DB, Reach: friends.New(friends.Options{DB: w.DB, Now: w.Now})})
	return w
}

// person has an identity and a first device.
type person struct {
	w    *world
	id   id.Account
	root seal.RootKey
	key  seal.DeviceKey
	log  *seal.Log
}

func (w *world) person() *person {
	w.TB.Helper()
	p := &person{w: w, id: id.NewAccount()}
	code, err := seal.Recover(seal.RandomID(), seal.ID(p.id.Bytes()))
	w.OK(err)
	p.root = code.Root
	p.key, err = seal.NewDeviceKey()
	w.OK(err)
	w.OK(w.Keys.CreateAccount(w.TB.Context(), p.id))
	raw, err := seal.NewLog(seal.ID(p.id.Bytes()), p.root, code.Backup, p.key, ms)
	w.OK(err)
	p.log, err = seal.VerifyLog(raw, seal.ID(p.id.Bytes()))
	w.OK(err)
	return p
}

// joined is somebody whose genesis is at the server.
func (w *world) joined() *person {
	w.TB.Helper()
	p := w.person()
	w.OK(p.append(p.log.Bytes()))
	return p
}

func (p *person) append(entry []byte) error {
	return p.w.logs.Append(p.w.TB.Context(), p.id, entry)
}

// add makes the entry for one more device, after what p knows.
func (p *person) add() []byte {
	p.w.TB.Helper()
	key, err := seal.NewDeviceKey()
	p.w.OK(err)
	d, err := p.log.DraftAdd(p.key, key.Public(), false, ms)
	p.w.OK(err)
	p.w.OK(d.Join(key))
	return d.Entry()
}

func (p *person) take(entry []byte) {
	p.w.TB.Helper()
	var err error
	p.log, err = p.log.Extend(entry)
	p.w.OK(err)
}

func (w *world) holds(p *person) {
	w.TB.Helper()
	all, err := w.logs.Entries(w.TB.Context(), p.id, p.id, 0)
	w.OK(err)
	if !bytes.Equal(bytes.Join(all, nil), p.log.Bytes()) {
		w.TB.Errorf("the server has %d entries, and they are not those of the device", len(all))
	}
}

func TestALogGrows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.person()
	_, err := w.logs.Entries(t.Context(), p.id, p.id, 0)
	w.Wants(err, fault.NotFound)
	w.OK(p.append(p.log.Bytes()))
	w.Wants(p.append(p.log.Bytes()), fault.Conflict) // once for an account
	w.Wants(w.joined().append(p.add()), fault.Invalid)
	entry := p.add()
	w.OK(p.append(entry))
	p.take(entry)
	w.holds(p)
	some, err := w.logs.Entries(t.Context(), p.id, p.id, 1)
	w.OK(err)
	if len(some) != 1 || !bytes.Equal(some[0], entry) {
		t.Errorf("%d entries from 1 on, want the last", len(some))
	}
}

func TestGarbageStaysOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.joined()
	entry := p.add()
	for i := range entry {
		bad := bytes.Clone(entry)
		bad[i] ^= 1
		if err := p.append(bad); !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	w.Wants(p.append(append(entry, 0)), fault.Invalid)
	w.Wants(p.append(make([]byte, devicelog.MaxEntry+1)), fault.Invalid)
	w.Wants(p.append(w.person().log.Bytes()), fault.Conflict)
	w.holds(p)
}

// meeting holds every change back until all who take part want one, so that
// each of them has read the same state.
type meeting struct {
	store.DB
	all sync.WaitGroup
}

func (m *meeting) Update(ctx context.Context, fn func(store.Tx) error) error {
	m.all.Done()
	m.all.Wait()
	return m.DB.Update(ctx, fn)
}

// TestOneOfManyAppends has devices append at once after the same head.
func TestOneOfManyAppends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.joined()
	const many = 8
	var entries [many][]byte
	for i := range entries {
		entries[i] = p.add()
	}
	together := &meeting{DB: w.DB}
	together.all.Add(many)
	logs := devicelog.New(devicelog.Options{DB: together})
	var errs [many]error
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() { errs[i] = logs.Append(t.Context(), p.id, entries[i]) })
	}
	all.Wait()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			p.take(entries[i])
			continue
		}
		w.Wants(err, fault.Conflict)
	}
	if won != 1 {
		t.Fatalf("%d of %d entries after one head were taken, want 1", won, many)
	}
	w.holds(p)
}

func TestAResetCutsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.joined()
	start := p.log
	for range 3 {
		entry := p.add()
		w.OK(p.append(entry))
		p.take(entry)
	}
	reset := func(no uint64) []byte {
		d, err := start.DraftReset(p.root, 0, nil, no*1000)
		w.OK(err)
		return d.Entry()
	}
	w.OK(p.append(reset(ms / 1000)))
	p.log = start
	p.take(reset(ms / 1000))
	w.holds(p)
	w.Wants(p.append(reset(ms/1000)), fault.Invalid) // what it cuts off has this number
	w.Wants(p.append(reset(ms/1000-1)), fault.Invalid)
	w.OK(p.append(reset(ms/1000 + 1)))
	p.log = start
	p.take(reset(ms/1000 + 1))
	w.holds(p)
}

func TestOnlyFriendsReadALog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	anna, ben := w.joined(), w.joined()
	read := func() error {
		_, err := w.logs.Entries(t.Context(), ben.id, anna.id, 0)
		return err
	}
	w.Wants(read(), fault.Unreachable)
	edge := func(from, to *person, state store.EdgeState) {
		w.OK(w.DB.Update(t.Context(), func(tx store.Tx) error {
			return tx.Friends.PutEdge(t.Context(), store.Edge{From: from.id, To: to.id, State: state})
		}))
	}
	edge(ben, anna, store.EdgeFriend)
	w.Wants(read(), fault.Unreachable)
	edge(anna, ben, store.EdgeFriend)
	w.OK(read())
	edge(anna, ben, store.EdgeBlocked)
	w.Wants(read(), fault.Unreachable)
}

func FuzzAppend(f *testing.F) {
	w := &world{World: worldtest.New(f)}
	w.logs = devicelog.New(devicelog.Options{DB: w.DB, Reach: friends.New(friends.Options{DB: w.DB, Now: w.Now})})
	p := w.joined()
	f.Add(p.add())
	f.Add(p.log.Bytes())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, entry []byte) {
		err := w.logs.Append(t.Context(), p.id, entry)
		if err != nil && !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
	})
}
