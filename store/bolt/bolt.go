// Package bolt owns the one data file of a single machine: a store.Engine over
// bbolt. It refuses to know what the rows mean and how they are sealed.
//
// A commit is two fdatasync calls, so an acknowledged write survives a power
// failure. There is one writer at a time; readers never wait for it. A View
// keeps old pages alive and, when the file outgrows the address space it has,
// makes the writer wait: it should be short.
package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/ringfence/ringfence/store"
)

// lockWait is how long Open waits for another process to let go of the file.
const lockWait = time.Second

// growStep is by how much the file grows.
const growStep = 1 << 20

// mapped is how much address space the file gets from the start. When the file
// outgrows it, a writer waits for every reader; memory it costs none.
func mapped() int {
	switch {
	case runtime.GOOS == "windows":
		return 0 // there the file would become as long
	case strconv.IntSize == 32:
		return 64 << 20
	}
	return 1 << 30
}

// Errors that Open tells apart.
var (
	ErrLocked  = errors.New("the data file is open in another process")
	ErrForeign = errors.New("not a data file of this program")
	ErrDamaged = errors.New("the data file is cut short")
)

// The version of the data stands outside the tables: it says how to read them.
const (
	formatBucket = "format"
	formatKey    = "version"
)

// Options says which file to open.
type Options struct {
	// Path is the data file. It is made, with its folder, where there is none.
	Path string
	// Migrations leads from older formats to store.Format, one step each.
	Migrations []store.Migration
	// Now names the copy that a migration keeps; nil means time.Now.
	Now func() time.Time

	format uint32 // what to open as, for tests of migrations; 0 means store.Format
}

func (o Options) want() uint32 {
	if o.format != 0 {
		return o.format
	}
	return store.Format
}

// Engine is an open data file. It is safe for concurrent use.
type Engine struct {
	db     *bbolt.DB
	writer chan struct{} // holds a token while a transaction writes
}

var _ store.Engine = (*Engine)(nil)

// Exists reports whether there is a data file at path.
func Exists(path string) (bool, error) {
	_, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("look for the data file: %w", err)
	}
	return true, nil
}

// Open opens the data file, makes it where there is none, and migrates one of
// an older format. It returns ErrLocked where another process has it open and
// store.ErrVersion where a newer program wrote it.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	there, err := Exists(o.Path)
	if err != nil {
		return nil, err
	}
	if !there {
		if err := create(o.Path, o.want()); err != nil {
			return nil, fmt.Errorf("make the data file: %w", err)
		}
	}
	db, err := openFile(o.Path)
	if err != nil {
		return nil, err
	}
	found, err := format(db)
	switch {
	case err != nil:
		return nil, errors.Join(fmt.Errorf("%s: %w", o.Path, err), db.Close())
	case found > o.want():
		err := fmt.Errorf("%s has format %d and this program reads up to %d; run the newer program: %w",
			o.Path, found, o.want(), store.ErrVersion)
		return nil, errors.Join(err, db.Close())
	case found < o.want():
		if db, err = migrate(ctx, db, found, o); err != nil {
			return nil, err
		}
	}
	return &Engine{db: db, writer: make(chan struct{}, 1)}, nil
}

// openFile opens and locks the file at path.
func openFile(path string) (*bbolt.DB, error) {
	if err := tighten(path); err != nil {
		return nil, err
	}
	if err := probe(path); err != nil {
		return nil, openError(path, err)
	}
	var opened *os.File
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:         lockWait,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapped(),
		OpenFile: func(name string, flag int, perm fs.FileMode) (*os.File, error) {
			f, err := openPath(name, flag, perm)
			opened = f
			return f, err
		},
	})
	if err != nil {
		return nil, openError(path, err)
	}
	db.AllocSize = growStep
	// A migration by another process may have put a new file in place while
	// this one waited for the lock of the old one.
	if err := sameFile(opened, path); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// probe looks at the file without loading anything: reading a page beyond the
// end of a file that was cut short would end the process.
func probe(path string) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, ReadOnly: true})
	if err != nil {
		return err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		info, err := os.Stat(path)
		if err == nil && info.Size() < tx.Size() {
			err = fmt.Errorf("%d bytes of %d are there: %w", info.Size(), tx.Size(), ErrDamaged)
		}
		return err
	})
	return errors.Join(err, db.Close())
}

// openError says in our words what bbolt says in its own.
func openError(path string, err error) error {
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("%s: %w", path, ErrLocked)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrVersionMismatch), errors.Is(err, berrors.ErrChecksum):
		return fmt.Errorf("%s: %w: %w", path, ErrForeign, err)
	}
	return fmt.Errorf("open the data file %s: %w", path, err)
}

func sameFile(opened *os.File, path string) error {
	a, err := opened.Stat()
	if err != nil {
		return fmt.Errorf("stat the open data file: %w", err)
	}
	b, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("stat the data file: %w", err)
	}
	if !os.SameFile(a, b) {
		return fmt.Errorf("%s was replaced while it was being opened: %w", path, ErrLocked)
	}
	return nil
}

// tighten takes from others what rights they have to the file.
func tighten(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("stat the data file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: %w", path, ErrForeign)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("tighten the data file: %w", err)
	}
	return nil
}

// create makes an empty data file under another name first: a crash leaves no
// half file behind, and a file that somebody else made is never replaced.
func create(path string, format uint32) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	tmp := path + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove what a crash left: %w", err)
	}
	db, err := bbolt.Open(tmp, 0o600, &bbolt.Options{Timeout: lockWait})
	if err != nil {
		return fmt.Errorf("open %s: %w", tmp, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error { return prepare(tx, format) })
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp, path); errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) {
		// A file system without hard links.
		if err := os.Rename(tmp, path); err != nil {
			return fmt.Errorf("put the data file in place: %w", err)
		}
	} else if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("put the data file in place: %w", err)
	} else if err := os.Remove(tmp); err != nil {
		return fmt.Errorf("remove %s: %w", tmp, err)
	}
	return syncDir(dir)
}

// prepare makes every table and writes the format.
func prepare(tx *bbolt.Tx, format uint32) error {
	for _, t := range store.Tables() {
		if _, err := tx.CreateBucketIfNotExists([]byte(t)); err != nil {
			return fmt.Errorf("make table %s: %w", t, err)
		}
	}
	b, err := tx.CreateBucketIfNotExists([]byte(formatBucket))
	if err != nil {
		return fmt.Errorf("make the format: %w", err)
	}
	return b.Put([]byte(formatKey), strconv.AppendUint(nil, uint64(format), 10))
}

// format reads the version of the data.
func format(db *bbolt.DB) (uint32, error) {
	var n uint64
	err := db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(formatBucket))
		if b == nil {
			return ErrForeign
		}
		var err error
		n, err = strconv.ParseUint(string(b.Get([]byte(formatKey))), 10, 32)
		if err != nil || n == 0 {
			return ErrForeign
		}
		return nil
	})
	return uint32(n), err
}

// openPath opens a file that the operator named, or one beside it.
func openPath(path string, flag int, perm fs.FileMode) (*os.File, error) {
	return os.OpenFile(path, flag, perm) //nolint:gosec // the path is the operator's
}

// syncDir makes names in dir durable.
func syncDir(dir string) error {
	d, err := openPath(dir, os.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("open the data folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync the data folder: %w", err)
	}
	return nil
}

// Close waits for running transactions and lets go of the file. Closing twice
// is no error.
func (e *Engine) Close() error {
	if err := e.db.Close(); err != nil {
		return fmt.Errorf("close the data file: %w", err)
	}
	return nil
}

// View runs fn over one consistent state.
func (e *Engine) View(ctx context.Context, fn func(store.Rows) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return e.db.View(func(tx *bbolt.Tx) error { return fn(rows{tx}) })
}

// Update runs fn and commits durably when it returns nil. Waiting for another
// writer ends with ctx, and a ctx that ended while fn ran undoes it; once the
// commit has begun it is not given up.
func (e *Engine) Update(ctx context.Context, fn func(store.RowsRW) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case e.writer <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-e.writer }()
	return e.db.Update(func(tx *bbolt.Tx) error {
		if err := fn(rows{tx}); err != nil {
			return err
		}
		return ctx.Err()
	})
}

// rows is one transaction.
type rows struct{ tx *bbolt.Tx }

// bucket checks what every access has to check.
func (r rows) bucket(ctx context.Context, table store.Table) (*bbolt.Bucket, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if table == formatBucket {
		return nil, fmt.Errorf("table %q: %w", table, store.ErrLimit)
	}
	b := r.tx.Bucket([]byte(table))
	if b == nil {
		return nil, fmt.Errorf("table %q: %w", table, store.ErrLimit)
	}
	return b, nil
}

func checkKey(key []byte) error {
	if len(key) == 0 || len(key) > store.MaxKey {
		return fmt.Errorf("key of %d bytes: %w", len(key), store.ErrLimit)
	}
	return nil
}

// Get returns a copy of the value, or store.ErrNotFound.
func (r rows) Get(ctx context.Context, table store.Table, key []byte) ([]byte, error) {
	b, err := r.bucket(ctx, table)
	if err != nil {
		return nil, err
	}
	if err := checkKey(key); err != nil {
		return nil, err
	}
	v := b.Get(key)
	if v == nil {
		return nil, store.ErrNotFound
	}
	return append([]byte{}, v...), nil
}

// Page returns copies of at most limit rows.
func (r rows) Page(ctx context.Context, table store.Table, prefix, after []byte, limit int) ([]store.Row, error) {
	b, err := r.bucket(ctx, table)
	if err != nil {
		return nil, err
	}
	if limit < 1 || limit > store.MaxPage {
		return nil, fmt.Errorf("page of %d rows: %w", limit, store.ErrLimit)
	}
	if len(prefix) > store.MaxKey || len(after) > store.MaxKey {
		return nil, fmt.Errorf("page with a key too long: %w", store.ErrLimit)
	}
	c := b.Cursor()
	var k, v []byte
	if bytes.Compare(after, prefix) < 0 {
		k, v = c.Seek(prefix)
	} else if k, v = c.Seek(after); after != nil && bytes.Equal(k, after) {
		k, v = c.Next()
	}
	page := make([]store.Row, 0, min(limit, 16))
	for ; k != nil && bytes.HasPrefix(k, prefix) && len(page) < limit; k, v = c.Next() {
		page = append(page, store.Row{Key: bytes.Clone(k), Value: append([]byte{}, v...)})
	}
	return page, nil
}

// Put sets the value of key.
func (r rows) Put(ctx context.Context, table store.Table, key, value []byte) error {
	b, err := r.bucket(ctx, table)
	if err != nil {
		return err
	}
	if err := checkKey(key); err != nil {
		return err
	}
	if len(value) > store.MaxValue {
		return fmt.Errorf("value of %d bytes: %w", len(value), store.ErrLimit)
	}
	// bbolt copies the key but keeps the value until the commit.
	if err := b.Put(key, append([]byte{}, value...)); err != nil {
		return fmt.Errorf("put a row of %s: %w", table, err)
	}
	return nil
}

// Delete removes key.
func (r rows) Delete(ctx context.Context, table store.Table, key []byte) error {
	b, err := r.bucket(ctx, table)
	if err != nil {
		return err
	}
	if err := checkKey(key); err != nil {
		return err
	}
	if err := b.Delete(key); err != nil {
		return fmt.Errorf("delete a row of %s: %w", table, err)
	}
	return nil
}
