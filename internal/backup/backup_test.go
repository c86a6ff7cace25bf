package backup

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"testing"
	"time"
)

var (
	ours  = [32]byte{1}
	other = [32]byte{2}
)

func written(t *testing.T, k Kind, payload []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	h := Header{Kind: k, Made: time.Unix(1_700_000_000, 0), Size: int64(len(payload))}
	if err := Write(&out, h, ours, func(w io.Writer) error { _, err := w.Write(payload); return err }); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBackupRoundTrip(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 5000} {
		want := bytes.Repeat([]byte{7}, n)
		b := written(t, Data, want)
		if len(b) != n+Overhead {
			t.Errorf("%d bytes for %d", len(b), n)
		}
		var got bytes.Buffer
		h, s, err := Read(bytes.NewReader(b), Data, &got)
		if err != nil || !bytes.Equal(got.Bytes(), want) || h.Made.Unix() != 1_700_000_000 {
			t.Fatalf("Read = %+v, %v", h, err)
		}
		if err := s.Verify(ours); err != nil {
			t.Error(err)
		}
		if err := s.Verify(other); !errors.Is(err, ErrOther) {
			t.Errorf("with other keys: %v", err)
		}
	}
}

// TestEveryBitCounts flips each bit and cuts at each byte.
func TestEveryBitCounts(t *testing.T) {
	t.Parallel()
	b := written(t, Keys, []byte("some keys, forty-three bytes of them or so."))
	for i := range b {
		for bit := range 8 {
			c := bytes.Clone(b)
			c[i] ^= 1 << bit
			_, s, err := Read(bytes.NewReader(c), Keys, io.Discard)
			if err == nil {
				err = s.Verify(ours) // only the mac is not under the hash
			}
			if err == nil {
				t.Errorf("bit %d of byte %d does not count", bit, i)
			}
		}
		if _, _, err := Read(bytes.NewReader(b[:i]), Keys, io.Discard); i > 0 && !errors.Is(err, ErrShort) || err == nil {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
	if _, _, err := Read(bytes.NewReader(append(bytes.Clone(b), 0)), Keys, io.Discard); !errors.Is(err, ErrDamaged) {
		t.Errorf("with a byte too many: %v", err)
	}
}

func TestWhatIsWrongIsSaid(t *testing.T) {
	t.Parallel()
	b := written(t, Keys, []byte("keys"))
	if _, _, err := Read(bytes.NewReader(b), Data, io.Discard); !errors.Is(err, ErrKind) {
		t.Errorf("keys in the place of data: %v", err)
	}
	for _, text := range []string{"", "this is some other file of more than thirty-four bytes"} {
		if _, _, err := Read(bytes.NewReader([]byte(text)), Data, io.Discard); !errors.Is(err, ErrForeign) {
			t.Errorf("%q: %v", text, err)
		}
	}
	h := Header{Kind: Data, Size: 3}.encode()
	h[8] = version + 1
	if _, _, err := Read(bytes.NewReader(resummed(h)), Data, io.Discard); !errors.Is(err, ErrVersion) {
		t.Errorf("a newer version: %v", err)
	}
	err := Write(io.Discard, Header{Kind: Data, Size: 5}, ours, func(w io.Writer) error { _, err := w.Write([]byte("four")); return err })
	if err == nil {
		t.Error("fewer bytes than announced were taken")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("RFBACK\r\n"))
	f.Add(Header{Kind: Data}.encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		var out bytes.Buffer
		h, s, err := Read(bytes.NewReader(b), Data, &out)
		if err != nil {
			return
		}
		if int64(out.Len()) != h.Size || len(b) != out.Len()+Overhead {
			t.Fatalf("%d bytes gave %d of %d", len(b), out.Len(), h.Size)
		}
		_ = s.Verify(ours)
	})
}

// resummed mends the sum of a header that was changed.
func resummed(h []byte) []byte {
	sum := sha256.Sum256(h[:headerBody])
	return append(h[:headerBody:headerBody], sum[:sumSize]...)
}
