package keyring

import (
	"bytes"
	"crypto/hmac"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// file is the key file on disk. Only the holder of Keyring.writer uses it.
type file struct {
	path    string
	lock    *os.File
	f       *os.File
	size    int64         // of what is believed
	last    [macSize]byte // mac of the last entry
	stale   bool          // behind size there may be more: write anew before appending
	header  header
	secrets secrets
}

// errClosed says that the key folder was let go of.
var errClosed = errors.New("the keys are closed")

// load believes what the macs and the check value say and fills k from it.
func (f *file) load(k *Keyring, m image, s secrets) error {
	if !hmac.Equal(m.header.check[:], s.check[:]) {
		return ErrPassphrase
	}
	f.header, f.secrets = m.header, s
	f.last, f.size = s.sign(noMAC, m.header.body()), headerSize
	var counted uint64
	if !hmac.Equal(f.last[:], m.mac[:]) {
		return fmt.Errorf("header of the key file: %w", ErrDamaged)
	}
	for i, e := range m.entries {
		mac := s.sign(f.last, e.body())
		if !hmac.Equal(mac[:], e.mac[:]) {
			// One entry is written at a time, so a power failure can leave
			// only the last one broken, and nobody was told of it. The data
			// remembers the generation and finds what this forgives too much.
			if i == len(m.entries)-1 && m.rest == 0 {
				f.stale = true
				break
			}
			return fmt.Errorf("entry %d of the key file: %w", i, ErrDamaged)
		}
		if err := f.take(k, e); err != nil {
			return err
		}
		f.last, f.size = mac, f.size+entrySize
		counted++
	}
	f.stale = f.stale || m.rest > 0
	k.generation = m.header.base + counted
	k.next = max(k.next, m.header.next)
	if k.root == [keySize]byte{} || k.current[id.Account{}] == nil {
		return fmt.Errorf("key file without the system's keys: %w", ErrDamaged)
	}
	return nil
}

// take puts an entry that is to be believed into k.
func (f *file) take(k *Keyring, e entry) error {
	plain, err := f.secrets.open(e)
	if err != nil {
		return err
	}
	switch {
	case e.kind == kindRoot && k.root == [keySize]byte{}:
		k.root = plain
	case e.kind == kindData && e.id != 0 && k.keys[e.id] == nil:
		k.add(&key{id: e.id, scope: e.scope, dek: plain})
		k.next = max(k.next, e.id+1)
	case e.kind == kindData, e.kind == kindRoot:
		return fmt.Errorf("key %d is twice in the key file: %w", e.id, ErrDamaged)
	default:
		return fmt.Errorf("key of kind %d in the key file: %w", e.kind, store.ErrVersion)
	}
	return nil
}

// append adds a key and returns when it is durable.
func (f *file) append(k *Keyring, x *key) error {
	if f.f == nil {
		return errClosed
	}
	if f.stale {
		if err := f.rewrite(k.all(), k.Generation(), false); err != nil {
			return err
		}
	}
	e, err := f.secrets.seal(entry{kind: kindData, id: x.id, scope: x.scope}, x.dek, f.last)
	if err != nil {
		return err
	}
	b := append(e.body(), e.mac[:]...)
	if _, err := f.f.WriteAt(b, f.size); err != nil {
		f.stale = true
		return fmt.Errorf("write the key file: %w", err)
	}
	if err := f.f.Sync(); err != nil {
		f.stale = true // what is on disk now, nobody knows
		return fmt.Errorf("sync the key file: %w", err)
	}
	f.last, f.size = e.mac, f.size+entrySize
	return nil
}

// rewrite writes these keys into a new file that takes the place of the old
// one, which it wipes where a key had to go.
func (f *file) rewrite(keys ring, generation uint64, wipe bool) error {
	if f.f == nil && f.lock == nil {
		return errClosed
	}
	b, last, err := f.encode(keys, generation)
	if err != nil {
		return err
	}
	next, err := replace(f.path, b)
	if err != nil {
		return err
	}
	old, oldSize := f.f, f.size
	f.f, f.size, f.last, f.stale = next, int64(len(b)), last, true // until it is known that the caller hears of it
	if old == nil {
		f.stale = false
		return nil
	}
	if wipe {
		// The old blocks may live on below the file system. This is a best
		// effort; what counts is that no file holds the key.
		if _, err := old.WriteAt(make([]byte, oldSize), 0); err != nil {
			return errors.Join(fmt.Errorf("wipe the old key file: %w", err), old.Close())
		}
		if err := old.Sync(); err != nil {
			return errors.Join(fmt.Errorf("wipe the old key file: %w", err), old.Close())
		}
	}
	if err := old.Close(); err != nil {
		return fmt.Errorf("close the old key file: %w", err)
	}
	f.stale = false
	return nil
}

// encode returns the key file and its last mac.
func (f *file) encode(keys ring, generation uint64) ([]byte, [macSize]byte, error) {
	h := f.header
	h.base, h.next = generation-uint64(1+len(keys.data)), keys.next
	body := h.body()
	last := f.secrets.sign(noMAC, body)
	var out bytes.Buffer
	out.Grow(headerSize + (1+len(keys.data))*entrySize)
	out.Write(body)
	out.Write(last[:])
	write := func(e entry, plain [keySize]byte) error {
		e, err := f.secrets.seal(e, plain, last)
		if err != nil {
			return err
		}
		last = e.mac
		out.Write(e.body())
		out.Write(e.mac[:])
		return nil
	}
	if err := write(entry{kind: kindRoot}, keys.root); err != nil {
		return nil, last, err
	}
	for _, x := range keys.data {
		if err := write(entry{kind: kindData, id: x.id, scope: x.scope}, x.dek); err != nil {
			return nil, last, err
		}
	}
	return out.Bytes(), last, nil
}

// close lets go of the folder.
func (f *file) close() error {
	var err error
	if f.f != nil {
		err = f.f.Close()
		f.f = nil
	}
	if f.lock != nil {
		err = errors.Join(err, f.lock.Close())
		f.lock = nil
	}
	return err
}

// replace puts b at path, durably and at once, and returns the open file.
func replace(path string, b []byte) (*os.File, error) {
	tmp := path + ".new"
	n, err := openPath(tmp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the key file: %w", err)
	}
	if _, err = n.Write(b); err == nil {
		err = n.Sync()
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the key file: %w", err), n.Close(), os.Remove(tmp))
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// openPath opens a file in the key folder that the operator named.
func openPath(path string, flag int, perm fs.FileMode) (*os.File, error) {
	return os.OpenFile(path, flag, perm) //nolint:gosec // the path is the operator's
}

func syncDir(dir string) error {
	d, err := openPath(dir, os.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("open the key folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync the key folder: %w", err)
	}
	return nil
}
