package ws

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// clientFrame is a frame as a client sends it, its length in as few bytes as
// hold it.
func clientFrame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < in16:
		b = append(b, bitMask|byte(n))
	case n <= most16:
		b = binary.BigEndian.AppendUint16(append(b, bitMask|in16), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, bitMask|in64), uint64(n))
	}
	mask := [maskSize]byte{1, 2, 3, 4}
	b = append(b, mask[:]...)
	at := len(b)
	b = append(b, payload...)
	for i := range b[at:] {
		b[at+i] ^= mask[i%maskSize]
	}
	return b
}

func closeFrame(code int, why string) []byte {
	return clientFrame(bitFIN|opClose, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+why)
}

const (
	text  = bitFIN | opText
	more  = opText
	cont  = opContinuation
	final = bitFIN | opContinuation
)

// taken reads all that the peer sent and says what it came to.
func taken(c *Conn) (messages []string, err error) {
	for {
		b, err := c.Next()
		if err != nil {
			return messages, err
		}
		messages = append(messages, string(b))
	}
}

// feed runs a connection whose peer sends in, so many bytes at a time, and
// returns what became of it and all that was written.
func feed(t *testing.T, in []byte, step int) (messages []string, pongs []string, wrote []byte, err error) {
	t.Helper()
	var c Conn
	peer := &script{in: in, step: step}
	c.start(peer, &Options{Pool: &Pool{}, Limit: 70000, Pong: func(b []byte) bool { pongs = append(pongs, string(b)); return true }})
	messages, err = taken(&c)
	return messages, pongs, peer.out, err
}

// script is a peer that sends what it is to, so many bytes at a time, and
// notes what it gets.
type script struct {
	net.Conn
	in, out []byte
	step    int
}

func (s *script) Read(b []byte) (int, error) {
	n := copy(b[:min(len(b), s.step)], s.in)
	if s.in = s.in[n:]; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (s *script) Write(b []byte) (int, error) {
	s.out = append(s.out, b...)
	return len(b), nil
}

func (*script) SetReadDeadline(time.Time) error  { return nil }
func (*script) SetWriteDeadline(time.Time) error { return nil }

func TestFrames(t *testing.T) {
	t.Parallel()
	long, longest := strings.Repeat("x", 300), strings.Repeat("y", 70000)
	for name, c := range map[string]struct {
		in       [][]byte
		messages []string
		pongs    []string
		wrote    string
		err      error
		code     int // of the peer's close
	}{
		"one":                 {in: [][]byte{clientFrame(text, "hello")}, messages: []string{"hello"}, err: io.EOF},
		"none":                {err: io.EOF},
		"empty":               {in: [][]byte{clientFrame(text, "")}, messages: []string{""}, err: io.EOF},
		"two of three sizes":  {in: [][]byte{clientFrame(text, long), clientFrame(text, longest), clientFrame(text, "z")}, messages: []string{long, longest, "z"}, err: io.EOF},
		"in fragments":        {in: [][]byte{clientFrame(more, "a"), clientFrame(cont, "b"), clientFrame(cont, ""), clientFrame(final, "c"), clientFrame(text, "d")}, messages: []string{"abc", "d"}, err: io.EOF},
		"pinged":              {in: [][]byte{clientFrame(bitFIN|opPing, "p"), clientFrame(text, "a")}, messages: []string{"a"}, wrote: "\x8a\x01p", err: io.EOF},
		"pinged in a message": {in: [][]byte{clientFrame(more, "a"), clientFrame(bitFIN|opPing, "p"), clientFrame(final, "b")}, messages: []string{"ab"}, wrote: "\x8a\x01p", err: io.EOF},
		"pong":                {in: [][]byte{clientFrame(bitFIN|opPong, "1234"), clientFrame(text, "a")}, messages: []string{"a"}, pongs: []string{"1234"}, err: io.EOF},
		"closed":              {in: [][]byte{clientFrame(text, "a"), closeFrame(1000, "bye")}, messages: []string{"a"}, wrote: "\x88\x02\x03\xe8", code: 1000},
		"closed with ours":    {in: [][]byte{closeFrame(4000, "")}, wrote: "\x88\x02\x0f\xa0", code: 4000},
		"closed without code": {in: [][]byte{clientFrame(bitFIN|opClose, "")}, wrote: "\x88\x02\x03\xe8", code: 1005},

		"binary":                 {in: [][]byte{clientFrame(bitFIN|opBinary, "a")}, err: ErrBinary},
		"too large":              {in: [][]byte{clientFrame(text, longest+"y")}, err: ErrTooLarge},
		"too large in fragments": {in: [][]byte{clientFrame(more, longest), clientFrame(final, "y")}, err: ErrTooLarge},
		"far too large":          {in: [][]byte{{text, bitMask | in64, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0}}, err: ErrTooLarge},

		"no mask":                {in: [][]byte{{text, 1, 'a'}}, wrote: "\x88\x02\x03\xea", err: errProtocol},
		"reserved bit":           {in: [][]byte{clientFrame(text|0x40, "a")}, wrote: "\x88\x02\x03\xea", err: errProtocol},
		"opcode 3":               {in: [][]byte{clientFrame(bitFIN|3, "a")}, wrote: "\x88\x02\x03\xea", err: errProtocol},
		"opcode 11":              {in: [][]byte{clientFrame(bitFIN|11, "a")}, wrote: "\x88\x02\x03\xea", err: errProtocol},
		"ping in fragments":      {in: [][]byte{clientFrame(opPing, "a")}, wrote: "\x88\x02\x03\xea", err: errProtocol},
		"long ping":              {in: [][]byte{clientFrame(bitFIN|opPing, strings.Repeat("p", 126))}, wrote: "\x88\x02\x03\xea", err: errProtocol},
		"negative length":        {in: [][]byte{{text, bitMask | in64, 128, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}}, wrote: "\x88\x02\x03\xea", err: errProtocol},
		"end without a start":    {in: [][]byte{clientFrame(final, "a")}, wrote: "\x88\x02\x03\xea", err: errProtocol},
		"start within a message": {in: [][]byte{clientFrame(more, "a"), clientFrame(text, "b")}, wrote: "\x88\x02\x03\xea", err: errProtocol},
		"close of one byte":      {in: [][]byte{clientFrame(bitFIN|opClose, "x")}, wrote: "\x88\x02\x03\xea", err: errProtocol},
		"close with 1005":        {in: [][]byte{closeFrame(1005, "")}, wrote: "\x88\x02\x03\xea", err: errProtocol},
		"close with 999":         {in: [][]byte{closeFrame(999, "")}, wrote: "\x88\x02\x03\xea", err: errProtocol},
		"close with 5000":        {in: [][]byte{closeFrame(5000, "")}, wrote: "\x88\x02\x03\xea", err: errProtocol},
		"close not in UTF-8":     {in: [][]byte{closeFrame(1000, "\xff")}, wrote: "\x88\x02\x03\xea", err: errProtocol},
	} {
		for _, step := range []int{1, 3, 1 << 20} {
			t.Run(fmt.Sprintf("%s, %d bytes at a time", name, step), func(t *testing.T) {
				t.Parallel()
				messages, pongs, wrote, err := feed(t, slices.Concat(c.in...), step)
				if !slices.Equal(messages, c.messages) || !slices.Equal(pongs, c.pongs) || string(wrote) != c.wrote {
					t.Errorf("%.80q, pongs %q, wrote %q", messages, pongs, wrote)
				}
				left := new(CloseError)
				if errors.As(err, &left) && left.Code != c.code || c.code != 0 && left.Code == 0 || c.err != nil && !errors.Is(err, c.err) {
					t.Errorf("%v %d, want %v %d", err, left.Code, c.err, c.code)
				}
			})
		}
	}
}

func TestHeads(t *testing.T) {
	t.Parallel()
	p := &Pool{}
	for _, n := range []int{0, 1, 125, 126, 127, 1500, 65535, 65536, 70000} {
		b := p.GetFrame()
		b.B = append(b.B, bytes.Repeat([]byte{'a'}, n)...)
		b.Frame()
		want := clientFrame(text, strings.Repeat("a", n))
		want = slices.Delete(want, len(want)-n-maskSize, len(want)-n) // no mask
		want[1] &^= bitMask
		if got := b.Bytes(); !bytes.Equal(got[:len(got)-n], want[:len(want)-n]) || got[len(got)-1] != 'a' && n > 0 {
			t.Errorf("%d bytes: head %x, want %x", n, got[:len(got)-n], want[:len(want)-n])
		}
		p.Put(b)
	}
}

// TestNobodyWaitsToWrite writes while a write is held up, in virtual time.
func TestNobodyWaitsToWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		var c Conn
		c.start(near, &Options{Pool: &Pool{}, Limit: 100})
		first := make(chan error)
		go func() { first <- c.Write([]byte("one ")) }()
		synctest.Wait()
		for _, do := range []func() error{
			func() error { return c.Write([]byte("two ")) },
			func() error { return c.Ping(0x01020304) },
			func() error { return c.Close(4001) },
			func() error { return c.Ping(5) },
		} {
			if err := do(); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Write([]byte("five")); err == nil {
			t.Error("written after the close frame")
		}
		got := make([]byte, 100)
		n, _ := io.ReadAtLeast(far, got, 18)
		if want := "one two \x89\x04\x01\x02\x03\x04\x88\x02\x0f\xa1"; string(got[:n]) != want {
			t.Errorf("wrote %q, want %q", got[:n], want)
		}
		if err := <-first; err != nil {
			t.Error(err)
		}
		c.CloseNow()
	})
}

// TestTooMuchOwed: what waits for a write that hangs has a bound.
func TestTooMuchOwed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, _ := net.Pipe()
		var c Conn
		c.start(near, &Options{Pool: &Pool{}, Limit: 100})
		go func() { _ = c.Write([]byte("one")) }()
		synctest.Wait()
		n := 0
		for c.Write(make([]byte, 1000)) == nil {
			n++
		}
		if n != maxOwed/1000 {
			t.Errorf("%d KB were taken", n)
		}
		c.CloseNow()
	})
}

// TestClosing: what comes in is read past, until the peer answers or is late.
func TestClosing(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string]bool{"answered": true, "silent": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				var c Conn
				c.start(near, &Options{Pool: &Pool{}, Limit: 10})
				go func() { _, _ = io.Copy(io.Discard, far) }()
				go func() {
					_, _ = far.Write(clientFrame(text, strings.Repeat("far too long", 10000)))
					if answers {
						_, _ = far.Write(closeFrame(4000, ""))
					}
				}()
				if _, err := c.Next(); !errors.Is(err, ErrTooLarge) {
					t.Fatal(err)
				}
				began := time.Now()
				if err := c.Close(4000); err != nil {
					t.Fatal(err)
				}
				c.Drain()
				took := time.Since(began)
				if answers && took != 0 || !answers && took != closeWithin {
					t.Errorf("took %v", took)
				}
				c.CloseNow()
			})
		})
	}
}

// TestWithin: a peer that says nothing, or half a frame, is not waited for.
func TestWithin(t *testing.T) {
	t.Parallel()
	for name, sends := range map[string]string{"nothing": "", "half a frame": "\x81\x85\x00"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				var c Conn
				c.start(near, &Options{Pool: &Pool{}, Limit: 10})
				go func() { _, _ = far.Write([]byte(sends)) }()
				began := time.Now()
				if _, err := c.NextWithin(time.Second); err == nil || time.Since(began) != time.Second {
					t.Errorf("%v after %v", err, time.Since(began))
				}
				c.CloseNow()
				_ = far.Close()
			})
		})
	}
}

// FuzzFrames: however what comes in is cut, it comes to the same.
func FuzzFrames(f *testing.F) {
	f.Add(clientFrame(text, "hello"), 1)
	f.Add(slices.Concat(clientFrame(more, "a"), clientFrame(bitFIN|opPing, "p"), clientFrame(final, "b")), 2)
	f.Add(closeFrame(1000, "bye"), 3)
	f.Add(clientFrame(text, strings.Repeat("x", 70000)), 1000)
	f.Add([]byte{text, bitMask | in64, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0}, 5)
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		if step <= 0 || len(in)/step > 300 {
			return
		}
		m1, p1, _, err1 := feed(t, in, step)
		m2, p2, _, err2 := feed(t, in, len(in)+1)
		if !slices.Equal(m1, m2) || !slices.Equal(p1, p2) {
			t.Errorf("messages %q and %q, pongs %q and %q", m1, m2, p1, p2)
		}
		for _, e := range []error{ErrTooLarge, ErrBinary, errProtocol} {
			if errors.Is(err1, e) != errors.Is(err2, e) {
				t.Errorf("%v and %v", err1, err2)
			}
		}
		for _, m := range m1 {
			if len(m) > 70000 {
				t.Errorf("a message of %d bytes", len(m))
			}
		}
	})
}
