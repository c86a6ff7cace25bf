package keyring

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
	"github.com/ringfence/ringfence/store/sealed"
)

// The crash tests run this test binary once more as the child that is killed.
const (
	envData     = "RINGFENCE_TEST_CHILD_DATA"
	envKeys     = "RINGFENCE_TEST_CHILD_KEYS"
	envRequests = "RINGFENCE_TEST_CHILD_REQUESTS" // one worker that takes a step per line of its input
	envRotate   = "RINGFENCE_TEST_CHILD_ROTATE"   // the keys are rotated again and again meanwhile
)

func TestMain(m *testing.M) {
	if data := os.Getenv(envData); data != "" {
		if err := child(context.Background(), place{data, os.Getenv(envKeys)}); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// writers is how many goroutines of the child write at once.
const writers = 3

// child takes steps until it is killed, or its input ends, and acknowledges
// each to whoever reads its output, after the commit and before the next step.
func child(ctx context.Context, p place) error {
	keys, err := Open(ctx, Options{Dir: p.keys, DataDir: filepath.Dir(p.data), Iterations: 1, minIterations: 1})
	if err != nil {
		return err
	}
	e, err := bolt.Open(ctx, bolt.Options{Path: p.data})
	if err != nil {
		return err
	}
	w := writer{sealed.New(e, keys), keys}
	if err := w.db.Check(ctx); err != nil {
		return err
	}
	done, err := committed(ctx, w.db)
	if err != nil {
		return err
	}
	if os.Getenv(envRequests) != "" {
		in := bufio.NewScanner(os.Stdin)
		for n := done[0]; in.Scan(); n++ {
			if err := w.acknowledged(ctx, 0, n); err != nil {
				return err
			}
		}
		return errors.Join(in.Err(), e.Close(), keys.Close())
	}
	var wg sync.WaitGroup
	var once sync.Once
	for who := range writers {
		wg.Go(func() {
			for n := done[who]; ; n++ {
				if e := w.acknowledged(ctx, who, n); e != nil {
					once.Do(func() { err = e })
					return
				}
			}
		})
	}
	if os.Getenv(envRotate) != "" {
		wg.Go(func() {
			e := w.rotate(ctx)
			once.Do(func() { err = e })
		})
	}
	wg.Wait()
	return err
}

// writer takes steps.
type writer struct {
	db   *sealed.DB
	keys *Keyring
}

// rotate rotates the keys until it can't.
func (w writer) rotate(ctx context.Context) error {
	for {
		if err := w.db.Rotate(ctx, w.keys, nil); err != nil {
			return err
		}
	}
}

func (w writer) acknowledged(ctx context.Context, who, n int) error {
	if err := w.step(ctx, who, n); err != nil {
		return fmt.Errorf("step %d of %d: %w", n, who, err)
	}
	_, err := fmt.Fprintf(os.Stdout, "%d %d\n", who, n)
	return err
}

// perAccount is how many steps one account is written to; kept is how many
// devices are, so that pages are given back too.
const (
	perAccount = 10
	kept       = 5
)

// step is everything that step n of a writer changes, in one transaction: an
// edge that stays, a device of any size that goes five steps later, an audit
// entry, and each tenth time a new account.
func (w writer) step(ctx context.Context, who, n int) error {
	a := personOf(who, n)
	if n%perAccount == 0 {
		if err := w.keys.CreateAccount(ctx, a); err != nil {
			return err
		}
	}
	return w.db.Update(ctx, func(tx store.Tx) error {
		var all []error
		if n%perAccount == 0 {
			all = append(all, tx.Accounts.PutAccount(ctx, store.Account{ID: a, DisplayName: blob(who, n)}),
				tx.Handles.ClaimHandle(ctx, fmt.Sprintf("h%d.%d", who, n), a))
		}
		if old := n - kept; old >= 0 {
			all = append(all, tx.Devices.DeleteDevice(ctx, personOf(who, old), deviceOf(who, old)))
		}
		return errors.Join(append(
			all,
			tx.Friends.PutEdge(ctx, store.Edge{From: a, To: friendOf(who, n), State: store.EdgeFriend, Since: time.Unix(int64(n), 0)}),
			tx.Devices.PutDevice(ctx, store.Device{ID: deviceOf(who, n), Account: a, Name: blob(who, n)}),
			tx.Audit.Append(ctx, store.AuditEntry{Account: a, Detail: fmt.Sprintf("%d %d", who, n)}),
		)...)
	})
}

// derivation gives the same 16 bytes for the same words.
func derivation(what string, who, n int) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", what, who, n))
	return sum[:id.Size]
}

func setBytes[K any](x *id.Of[K], b []byte) {
	y, err := id.FromBytes[K](b)
	if err != nil {
		panic(err)
	}
	*x = y
}

func personOf(who, n int) (a id.Account) {
	setBytes(&a, derivation("person", who, n/perAccount))
	return a
}

func friendOf(who, n int) (a id.Account) {
	setBytes(&a, derivation("friend", who, n))
	return a
}

func deviceOf(who, n int) (d id.Device) {
	setBytes(&d, derivation("device", who, n))
	return d
}

// blob is a text of 0 to about 4,000 bytes.
func blob(who, n int) string {
	b := derivation("blob", who, n)
	return strings.Repeat(fmt.Sprintf("%x", b), int(b[0])/2)
}

// committed counts the steps of each writer that are there, by the audit log.
func committed(ctx context.Context, db store.DB) (map[int]int, error) {
	done := map[int]int{}
	err := db.View(ctx, func(tx store.Tx) error {
		for after := uint64(0); ; {
			page, err := tx.Audit.Entries(ctx, after, store.MaxPage)
			if err != nil {
				return err
			}
			for _, e := range page {
				var who, n int
				if _, err := fmt.Sscanf(e.Detail, "%d %d", &who, &n); err != nil {
					return err
				}
				if e.Seq != after+1 || done[who] != n {
					return fmt.Errorf("audit entry %d, %q, stands behind %d, %d", e.Seq, e.Detail, after, done[who])
				}
				done[who], after = n+1, e.Seq
			}
			if len(page) < store.MaxPage {
				return nil
			}
		}
	})
	return done, err
}

// verify checks that every acknowledged step is there, that at most the one in
// flight is there beside, and that no step is there in part.
func verify(ctx context.Context, db store.DB, acked map[int]int) (map[int]int, error) {
	done, err := committed(ctx, db)
	if err != nil {
		return nil, err
	}
	return done, db.View(ctx, func(tx store.Tx) error {
		for who := range writers {
			if done[who] < acked[who] || done[who] > acked[who]+1 {
				return fmt.Errorf("writer %d: %d steps were acknowledged and %d are there", who, acked[who], done[who])
			}
			for n := range done[who] + 1 {
				if err := verifyStep(ctx, tx, who, n, done[who]); err != nil {
					return fmt.Errorf("writer %d, step %d of %d: %w", who, n, done[who], err)
				}
			}
		}
		return nil
	})
}

// verifyStep checks one step; the one after the last must not be there at all.
func verifyStep(ctx context.Context, tx store.Tx, who, n, done int) error {
	expect := func(what string, err error, want bool) error {
		if want == (err == nil) && (err == nil || errors.Is(err, store.ErrNotFound)) {
			return nil
		}
		return fmt.Errorf("%s: there should be %t: %w", what, want, errors.Join(err, io.ErrUnexpectedEOF))
	}
	a := personOf(who, n)
	_, err := tx.Friends.Edge(ctx, a, friendOf(who, n))
	all := []error{expect("edge", err, n < done)}
	d, err := tx.Devices.Device(ctx, a, deviceOf(who, n))
	all = append(all, expect("device", err, n < done && n >= done-kept))
	if err == nil && d.Name != blob(who, n) {
		all = append(all, errors.New("the device is another"))
	}
	if n%perAccount == 0 {
		acc, err := tx.Accounts.Account(ctx, a)
		all = append(all, expect("account", err, n < done))
		if err == nil && acc.DisplayName != blob(who, n) {
			all = append(all, errors.New("the account is another"))
		}
		_, err = tx.Handles.Handle(ctx, fmt.Sprintf("h%d.%d", who, n))
		all = append(all, expect("handle", err, n < done))
	}
	return errors.Join(all...)
}
