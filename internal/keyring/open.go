package keyring

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/ccojocar/zxcvbn-go"
)

// Secret does not print.
type Secret []byte

// String hides the secret.
func (Secret) String() string { return "[secret]" }

// GoString hides the secret.
func (Secret) GoString() string { return "[secret]" }

// LogValue hides the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }

// MarshalJSON hides the secret.
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal("[secret]") }

// Options says where the keys are.
type Options struct {
	// Dir is the key folder. It is made, for its owner alone, where there is
	// none. It must not lie in the data folder, nor the data folder in it:
	// who copies one must not copy the other.
	Dir string
	// DataDir is the data folder.
	DataDir string
	// Passphrase opens the keys. Where it is empty, the file "passphrase" in
	// Dir does, which is made with a random one together with the keys.
	Passphrase Secret
	// Existing refuses to make new keys: for when there is data already,
	// which new keys would not open.
	Existing bool
	// Iterations is used when keys are made; zero means DefaultIterations.
	Iterations uint32

	minIterations uint32 // for tests, which would wait too long; zero means MinIterations
}

// The files in the key folder.
const (
	keysName       = "keyring"
	passphraseName = "passphrase"
	lockName       = "lock"
)

// maxFile bounds what is read: ten million keys.
const maxFile = headerSize + 10_000_000*entrySize

// Open opens the keys, or makes them where there are none. It returns
// ErrPassphrase, ErrDamaged, ErrMissing, ErrFolder, ErrLocked, ErrWeak and
// store.ErrVersion for what they say. The caller closes the keyring.
func Open(ctx context.Context, o Options) (*Keyring, error) {
	if _, err := os.Stat(o.Dir); o.Existing && errors.Is(err, fs.ErrNotExist) {
		return nil, missing(o.Dir) // an empty folder in their place helps nobody
	}
	dir, err := folder(o.Dir, o.DataDir)
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(ctx, filepath.Join(dir, lockName))
	if err != nil {
		return nil, err
	}
	k := empty()
	k.file = &file{path: filepath.Join(dir, keysName), lock: lock}
	b, err := read(k.file.path, maxFile)
	switch {
	case err == nil:
		err = k.openFile(b, dir, o)
	case errors.Is(err, fs.ErrNotExist) && o.Existing:
		err = missing(dir)
	case errors.Is(err, fs.ErrNotExist):
		err = k.makeFile(dir, o)
	default:
		err = fmt.Errorf("read the key file: %w", err)
	}
	if err != nil {
		return nil, errors.Join(err, k.file.close())
	}
	return k, nil
}

// Fit looks whether keys could be opened, or made, with o: it reports whether
// they would be made, and refuses what Open refuses before it needs the
// passphrase. It leaves nothing behind.
func Fit(o Options) (first bool, err error) {
	if o.Dir == "" || o.DataDir == "" {
		return false, errUnnamed
	}
	dir, err := resolve(o.Dir)
	if err != nil {
		return false, err
	}
	data, err := resolve(o.DataDir)
	if err != nil {
		return false, err
	}
	if err := apart(dir, data); err != nil {
		return false, err
	}
	b, err := read(filepath.Join(dir, keysName), maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.Existing:
		return false, missing(o.Dir)
	case errors.Is(err, fs.ErrNotExist):
		if err := closed(dir); !errors.Is(err, fs.ErrNotExist) {
			return true, err
		}
		return true, nil
	case err != nil:
		return false, fmt.Errorf("read the key file: %w", err)
	}
	if err := closed(dir); err != nil {
		return false, err
	}
	m, err := decode(b)
	if err != nil {
		return false, err
	}
	if err := o.allows(m.header.iterations); err != nil {
		return false, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return false, nil
}

func missing(dir string) error { return fmt.Errorf("the keys in %s are %w", dir, ErrMissing) }

// openFile opens the keys in b.
func (k *Keyring) openFile(b []byte, dir string, o Options) error {
	m, err := decode(b)
	if err != nil {
		return err
	}
	if err := o.allows(m.header.iterations); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	passphrase := o.Passphrase
	if len(passphrase) == 0 {
		if passphrase, err = readPassphrase(filepath.Join(dir, passphraseName)); err != nil {
			return err
		}
	}
	s, err := m.header.unlock(passphrase)
	if err != nil {
		return err
	}
	if err := k.file.load(k, m, s); err != nil {
		if errors.Is(err, ErrPassphrase) && m.header.iterations < o.Iterations {
			return fmt.Errorf("%w: %d rounds in the key file: %w", err, m.header.iterations, ErrLowered)
		}
		return err
	}
	if k.file.f, err = os.OpenFile(k.file.path, os.O_RDWR, 0); err != nil {
		return fmt.Errorf("open the key file: %w", err)
	}
	return nil
}

// makeFile makes new keys.
func (k *Keyring) makeFile(dir string, o Options) error {
	h := header{iterations: o.Iterations, salt: random()}
	if h.iterations == 0 {
		h.iterations = DefaultIterations
	}
	if err := o.allows(h.iterations); err != nil {
		return err
	}
	passphrase, err := newPassphrase(dir, o.Passphrase)
	if err != nil {
		return err
	}
	s, err := h.unlock(passphrase)
	if err != nil {
		return err
	}
	h.check = s.check
	k.file.header, k.file.secrets = h, s
	k.root, k.next = random(), 1
	k.add(&key{id: k.take(), dek: random()})
	k.generation = 2 // the root and the system's key
	// rewrite takes the names of the folder as they are; its parent's come here.
	if err := syncDir(filepath.Dir(dir)); err != nil {
		return err
	}
	return k.file.rewrite(k.all(), k.generation, false)
}

func (o Options) allows(iterations uint32) error {
	least := uint32(MinIterations)
	if o.minIterations != 0 {
		least = o.minIterations
	}
	if iterations < least || iterations > MaxIterations {
		return fmt.Errorf("%d iterations are outside %d to %d", iterations, least, MaxIterations)
	}
	return nil
}

// The bounds of a passphrase.
const (
	maxPassphrase  = 1024 // bytes
	minEntropy     = 70   // bits: PBKDF2 is cheap on graphics cards
	measuredPrefix = 100  // bytes; measuring longer ones takes too long
)

// newPassphrase returns the passphrase for new keys: the given one where it
// is hard to guess, else that of the passphrase file, which it makes.
func newPassphrase(dir string, given Secret) (Secret, error) {
	if len(given) > maxPassphrase {
		return nil, fmt.Errorf("passphrase of %d bytes, at most %d are used: %w", len(given), maxPassphrase, ErrWeak)
	}
	if len(given) > 0 {
		bits := zxcvbn.PasswordStrength(string(given[:min(len(given), measuredPrefix)]), nil).Entropy
		if bits < minEntropy {
			return nil, fmt.Errorf("%w: about %.0f bits, at least %d are needed; eight random words do", ErrWeak, bits, minEntropy)
		}
		return given, nil
	}
	path := filepath.Join(dir, passphraseName)
	switch p, err := readPassphrase(path); { // a start before this one may have got as far
	case err == nil:
		return p, nil
	case !errors.Is(err, ErrMissing):
		return nil, err
	}
	secret := random()
	text := base64.RawURLEncoding.AppendEncode(nil, secret[:])
	if err := writeNew(path, append(text, '\n')); err != nil {
		return nil, fmt.Errorf("make the passphrase file: %w", err)
	}
	return text, nil
}

// writeNew writes a file that its owner may read and nobody change.
func writeNew(path string, b []byte) error {
	tmp := path + ".new"
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := openPath(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func readPassphrase(path string) (Secret, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the passphrase file %s is %w", path, ErrMissing)
	}
	if err != nil {
		return nil, fmt.Errorf("stat the passphrase file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: others may read %s (mode %04o); run: chmod 400 %s", ErrFolder, path, info.Mode().Perm(), path)
	}
	b, err := read(path, maxPassphrase+2)
	if err != nil {
		return nil, fmt.Errorf("read the passphrase file: %w", err)
	}
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	if len(b) == 0 {
		return nil, fmt.Errorf("the passphrase in %s is %w", path, ErrMissing)
	}
	return b, nil
}

// read reads a file of at most limit bytes.
func read(path string, limit int64) ([]byte, error) {
	f, err := openPath(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s is longer than %d bytes: %w", path, limit, ErrDamaged)
	}
	return b, nil
}
