package sealed_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/internal/testenv"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/sealed"
)

// The floor of every benchmark is the same work on bbolt itself, without the
// engine's copies and checks and without sealing: compare "sealed" and "raw".

// circle is some people who are all friends of the next ones.
type circle struct {
	engine *bolt.Engine
	keys   *keyring.Keyring
	db     *sealed.DB
	raw    *bbolt.DB
	people []id.Account
	each   int
}

// newCircle fills a DB and a raw bolt file with people, twenty edges each.
func newCircle(b *testing.B, people int) circle {
	b.Helper()
	keys := keyring.Ephemeral()
	c := circle{engine: openBolt(b), keys: keys, each: 20}
	c.db = sealed.New(c.engine, keys)
	var err error
	if c.raw, err = bbolt.Open(filepath.Join(b.TempDir(), "raw.bolt"), 0o600, nil); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.raw.Close() })
	for range people {
		a := id.NewAccount()
		if err := keys.CreateAccount(b.Context(), a); err != nil {
			b.Fatal(err)
		}
		c.people = append(c.people, a)
	}
	const batch = 500 // people per transaction
	for from := 0; from < people; from += batch {
		c.fill(b, from, min(from+batch, people))
	}
	return c
}

func (c circle) fill(b *testing.B, from, to int) {
	b.Helper()
	err := c.db.Update(b.Context(), func(tx store.Tx) error {
		for n := from; n < to; n++ {
			for k := range c.each {
				if err := tx.Friends.PutEdge(b.Context(), c.edge(n, k)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	err = c.raw.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte("friends"))
		for n := from; n < to && err == nil; n++ {
			for k := 0; k < c.each && err == nil; k++ {
				err = bucket.Put(rawKey(c.edge(n, k)), make([]byte, 64))
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// edge is what person n thinks of the k-th friend: half of them before, half
// behind, so that the edge the other way is there too.
func (c circle) edge(n, k int) store.Edge {
	step := k/2 + 1
	if k%2 == 1 {
		step = -step
	}
	return store.Edge{From: c.people[n], To: c.people[(n+step+len(c.people))%len(c.people)], State: store.EdgeFriend, Since: time.Unix(int64(n), 0)}
}

func rawKey(e store.Edge) []byte { return append(e.From.Bytes(), e.To.Bytes()...) }

// check reads both edges of two friends, as friends.CheckReach does.
func (c circle) check(ctx context.Context, e store.Edge) error {
	return c.db.View(ctx, func(tx store.Tx) error {
		x, err := tx.Friends.Edge(ctx, e.To, e.From)
		y, err2 := tx.Friends.Edge(ctx, e.From, e.To)
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		if x.State != store.EdgeFriend || y.State != store.EdgeFriend {
			return errors.New("no friends")
		}
		return nil
	})
}

func (c circle) rawCheck(e store.Edge) error {
	return c.raw.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte("friends"))
		if bucket.Get(rawKey(store.Edge{From: e.To, To: e.From})) == nil || bucket.Get(rawKey(e)) == nil {
			return errors.New("no friends")
		}
		return nil
	})
}

func (c circle) benchmarkChecks(b *testing.B) {
	edge := func() store.Edge { return c.edge(rand.IntN(len(c.people)), rand.IntN(c.each)) }
	b.Run("sealed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := c.check(b.Context(), edge()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("raw", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := c.rawCheck(edge()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkFriendCheck is the question that every ring asks.
func BenchmarkFriendCheck(b *testing.B) { newCircle(b, 1000).benchmarkChecks(b) }

// BenchmarkFriendCheckMillion asks it among a million edges.
func BenchmarkFriendCheckMillion(b *testing.B) {
	testenv.OnlyLong(b)
	newCircle(b, 50_000).benchmarkChecks(b)
}

// put writes some random edges in one transaction.
func (c circle) put(ctx context.Context, many int) error {
	return c.db.Update(ctx, func(tx store.Tx) error {
		for range many {
			if err := tx.Friends.PutEdge(ctx, c.edge(rand.IntN(len(c.people)), rand.IntN(c.each))); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c circle) rawPut(many int) error {
	return c.raw.Update(func(tx *bbolt.Tx) error {
		for range many {
			e := c.edge(rand.IntN(len(c.people)), rand.IntN(c.each))
			if err := tx.Bucket([]byte("friends")).Put(rawKey(e), make([]byte, 64)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c circle) benchmarkPuts(b *testing.B, many int) {
	b.Helper()
	b.Run("sealed", func(b *testing.B) {
		for b.Loop() {
			if err := c.put(b.Context(), many); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("raw", func(b *testing.B) {
		for b.Loop() {
			if err := c.rawPut(many); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkPut is one durable write; the disk's sync decides.
func BenchmarkPut(b *testing.B) { newCircle(b, 1000).benchmarkPuts(b, 1) }

// BenchmarkPutMany is a thousand writes in one transaction: what sealing costs
// where the disk does not decide.
func BenchmarkPutMany(b *testing.B) { newCircle(b, 1000).benchmarkPuts(b, 1000) }

// benchmarkRotate rotates the keys of everybody; a rotation is one operation.
func (c circle) benchmarkRotate(b *testing.B) {
	b.Helper()
	rows := 0
	for b.Loop() {
		if err := c.db.Rotate(b.Context(), c.keys, func(p sealed.Progress) { rows = p.Total }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*rows), "µs/row")
	b.ReportMetric(float64(rows), "rows")
}

// BenchmarkRotate has one person with twenty friends as its unit.
func BenchmarkRotate(b *testing.B) { newCircle(b, 1000).benchmarkRotate(b) }

// BenchmarkRotateMillion rotates the keys of 50,000 people and a million rows.
func BenchmarkRotateMillion(b *testing.B) {
	testenv.OnlyLong(b)
	newCircle(b, 50_000).benchmarkRotate(b)
}
