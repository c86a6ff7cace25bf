package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/ringfence/ringfence/store"
)

// errNoWay says that no migration leads from an older format to ours.
var errNoWay = errors.New("no migration leads here from that format")

// migrate brings the open file old to the format wanted and returns it opened
// anew; old is closed in any case. The file as it was stays beside it as
// NAME-vN-TIME.bolt.bak. A crash at any point leaves the old file in place.
func migrate(ctx context.Context, old *bbolt.DB, found uint32, o Options) (*bbolt.DB, error) {
	defer func() { _ = old.Close() }() // it holds the lock until the new file is in place
	steps, err := stepsFrom(o.Migrations, found, o.want())
	if err != nil {
		return nil, fmt.Errorf("%s has format %d: %w", o.Path, found, err)
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	dir, work := filepath.Dir(o.Path), o.Path+".migrating"
	base := strings.TrimSuffix(filepath.Base(o.Path), filepath.Ext(o.Path))
	backup := filepath.Join(dir, fmt.Sprintf("%s-v%d-%s.bolt.bak", base, found, now().UTC().Format("20060102T150405Z")))
	for _, to := range []string{backup, work} {
		if err := copyTo(old, to); err != nil {
			return nil, fmt.Errorf("copy the data before a migration: %w", err)
		}
	}
	if err := syncDir(dir); err != nil {
		return nil, err
	}
	if err := runSteps(ctx, work, steps, o.want()); err != nil {
		return nil, errors.Join(err, os.Remove(work))
	}
	if err := os.Rename(work, o.Path); err != nil {
		return nil, fmt.Errorf("put the migrated data in place: %w", err)
	}
	if err := syncDir(dir); err != nil {
		return nil, err
	}
	return openFile(o.Path)
}

// stepsFrom picks the steps that lead from one format to another.
func stepsFrom(all []store.Migration, from, to uint32) ([]store.Migration, error) {
	var steps []store.Migration
	for at := from; at < to; at++ {
		n := len(steps)
		for _, m := range all {
			if m.From == at {
				steps = append(steps, m)
			}
		}
		if len(steps) != n+1 {
			return nil, fmt.Errorf("%d ways from %d to %d: %w: %w", len(steps)-n, at, at+1, errNoWay, store.ErrVersion)
		}
	}
	return steps, nil
}

// copyTo writes a durable copy of db, under another name first.
func copyTo(db *bbolt.DB, to string) error {
	part := to + ".part"
	f, err := openPath(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(f)
		return err
	})
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return os.Rename(part, to)
}

// Snapshot runs fn over one consistent state with its size and what writes it
// as a data file. Writers go on meanwhile; the file grows by what they replace.
func (e *Engine) Snapshot(ctx context.Context, fn func(size int64, copyTo func(io.Writer) error) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return e.db.View(func(tx *bbolt.Tx) error {
		return fn(tx.Size(), func(w io.Writer) error {
			_, err := tx.WriteTo(w)
			return err
		})
	})
}

// runSteps migrates the file at work and leaves it closed and synced.
func runSteps(ctx context.Context, work string, steps []store.Migration, to uint32) error {
	db, err := openFile(work)
	if err != nil {
		return err
	}
	e := &Engine{db: db, writer: make(chan struct{}, 1)}
	for _, s := range steps {
		if err := s.Run(ctx, e); err != nil {
			return errors.Join(fmt.Errorf("migration %d, %s: %w", s.From, s.Name, err), db.Close())
		}
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		if err := prepare(tx, to); err != nil {
			return err
		}
		return sound(tx)
	})
	return errors.Join(err, db.Sync(), db.Close())
}

// Check reads the whole file and reports what is unsound in it. It is for
// tests and for an operator who doubts the disk.
func Check(ctx context.Context, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	db, err := openFile(path)
	if err != nil {
		return err
	}
	return errors.Join(db.View(sound), db.Close())
}

// sound walks every page. It drains the channel, or bbolt's goroutine stays.
func sound(tx *bbolt.Tx) error {
	var all []error
	for err := range tx.Check() {
		all = append(all, err)
	}
	if err := errors.Join(all...); err != nil {
		return fmt.Errorf("the data file is unsound: %w", err)
	}
	return nil
}
