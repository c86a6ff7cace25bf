// Package backup owns the form of backup files: one of the data, one of the
// keys, and never both in one. It refuses to know what is in them, and where
// they come from.
//
// A file is
//
//	header  = magic[8] ‖ u8 version ‖ u8 kind ‖ u64 made, in seconds since 1970 ‖ u64 length of the payload ‖ sum[8]
//	file    = header ‖ payload ‖ SHA-256[32] of all before ‖ HMAC-SHA-256[32] of that hash
//
// The hash finds what an accident did to the file, without any key. The mac
// finds what somebody did to it, and files that belong to another server: its
// key comes from the server's own keys.
package backup

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
)

// Errors on which callers branch.
var (
	// ErrForeign says that a file is no backup of this program.
	ErrForeign = errors.New("not a backup of Ringfence")
	// ErrVersion says that a newer program wrote the file.
	ErrVersion = errors.New("a backup of a newer version")
	// ErrKind says that it is a backup of the other thing.
	ErrKind = errors.New("a backup of something else")
	// ErrShort says that the end is missing.
	ErrShort = errors.New("cut short")
	// ErrDamaged says that the file is not as it was written.
	ErrDamaged = errors.New("damaged")
	// ErrOther says that the keys are not those of the server that wrote it.
	ErrOther = errors.New("not of these keys, or changed by somebody")
)

// Kind is what a file holds.
type Kind byte

// The kinds.
const (
	Data Kind = 1
	Keys Kind = 2
)

// String returns what it is in a sentence.
func (k Kind) String() string {
	switch k {
	case Data:
		return "data"
	case Keys:
		return "keys"
	}
	return fmt.Sprintf("kind %d", byte(k))
}

const (
	magic      = "RFBACK\r\n" // a transfer that mends line ends breaks it
	version    = 1
	headerBody = 8 + 1 + 1 + 8 + 8
	sumSize    = 8
	headerSize = headerBody + sumSize
)

// Overhead is how much longer than its payload a file is.
const Overhead = headerSize + 2*sha256.Size

// Header says what a file holds.
type Header struct {
	Kind Kind
	Made time.Time // in whole seconds
	Size int64     // of the payload
}

// numbers are those of a header, as they stand there.
type numbers struct{ Made, Size int64 }

func (h Header) encode() []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, magic...)
	b = append(b, version, byte(h.Kind))
	b, err := binary.Append(b, binary.BigEndian, numbers{h.Made.Unix(), h.Size})
	if err != nil {
		panic("backup: " + err.Error()) // only for types without a fixed size
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:sumSize]...)
}

// decodeHeader takes a header of headerSize bytes apart.
func decodeHeader(b []byte) (Header, error) {
	if string(b[:len(magic)]) != magic {
		return Header{}, ErrForeign
	}
	sum := sha256.Sum256(b[:headerBody])
	if !bytes.Equal(sum[:sumSize], b[headerBody:]) {
		return Header{}, fmt.Errorf("its header: %w", ErrDamaged)
	}
	if b[8] != version {
		return Header{}, fmt.Errorf("version %d: %w", b[8], ErrVersion)
	}
	var n numbers
	if _, err := binary.Decode(b[10:], binary.BigEndian, &n); err != nil || n.Size < 0 || n.Made < 0 {
		return Header{}, errors.Join(fmt.Errorf("its header: %w", ErrDamaged), err)
	}
	return Header{Kind: Kind(b[9]), Made: time.Unix(n.Made, 0), Size: n.Size}, nil
}

// Write writes a backup to w. payload writes exactly as many bytes as h says.
func Write(w io.Writer, h Header, key [32]byte, payload func(io.Writer) error) error {
	sum := sha256.New()
	out := &counter{w: io.MultiWriter(w, sum)}
	if _, err := out.Write(h.encode()); err != nil {
		return err
	}
	out.n = 0
	if err := payload(out); err != nil {
		return err
	}
	if out.n != h.Size {
		return fmt.Errorf("backup of %d bytes instead of %d", out.n, h.Size)
	}
	hash := sum.Sum(nil)
	_, err := w.Write(append(hash, sign(key, hash)...))
	return err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

func sign(key [32]byte, hash []byte) []byte {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("ringfence/v1/backup\x00"))
	mac.Write(hash)
	return mac.Sum(nil)
}

// Seal is what a file was signed with; Verify believes it.
type Seal struct{ hash, mac []byte }

// Verify returns ErrOther where the file was not written with key.
func (s Seal) Verify(key [32]byte) error {
	if !hmac.Equal(s.mac, sign(key, s.hash)) {
		return ErrOther
	}
	return nil
}

// Peek reads the header of a file.
func Peek(r io.Reader) (Header, error) {
	b := make([]byte, headerSize)
	if _, err := io.ReadFull(r, b); err != nil {
		return Header{}, short(err, len(bytes.TrimRight(b, "\x00")) == 0)
	}
	return decodeHeader(b)
}

func short(err error, empty bool) error {
	switch {
	case empty && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return fmt.Errorf("%w: the file is empty", ErrForeign)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ErrShort
	}
	return err
}

// Read reads a whole file of one kind and writes its payload to w. What w got
// is to be believed only where no error is returned, and the seal verified.
func Read(r io.Reader, want Kind, w io.Writer) (Header, Seal, error) {
	sum := sha256.New()
	in := io.TeeReader(r, sum)
	h, err := Peek(in)
	if err != nil {
		return h, Seal{}, err
	}
	if h.Kind != want {
		return h, Seal{}, fmt.Errorf("it holds %s and %s was asked for: %w", h.Kind, want, ErrKind)
	}
	if _, err := io.CopyN(w, in, h.Size); err != nil {
		return h, Seal{}, short(err, false)
	}
	s, err := readSeal(r, sum)
	return h, s, err
}

// readSeal reads the end of a file and compares its hash.
func readSeal(r io.Reader, sum hash.Hash) (Seal, error) {
	end := make([]byte, 2*sha256.Size)
	if _, err := io.ReadFull(r, end); err != nil {
		return Seal{}, short(err, false)
	}
	if n, err := io.CopyN(io.Discard, r, 1); n != 0 || !errors.Is(err, io.EOF) {
		return Seal{}, errors.Join(fmt.Errorf("something follows its end: %w", ErrDamaged), ignoreEOF(err))
	}
	s := Seal{hash: end[:sha256.Size], mac: end[sha256.Size:]}
	if !bytes.Equal(s.hash, sum.Sum(nil)) {
		return Seal{}, ErrDamaged
	}
	return s, nil
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
