package signal_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/cluster/local"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/testenv"
	"github.com/ringfence/ringfence/signal"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store"
)

// server is one hub behind a real TCP listener. The token is the account.
func server(tb testing.TB, g *graph) (addr string) {
	tb.Helper()
	addr, _ = serverOf(tb, g)
	return addr
}

func serverOf(tb testing.TB, g *graph) (addr string, h *signal.Hub) {
	tb.Helper()
	bus := local.New(0)
	h = signal.New(signal.Options{Bus: bus, Friends: g})
	h.Unlimited()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = h.Serve(ctx) })
	for !h.Ready() {
		runtime.Gosched()
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := id.ParseAccount(r.Header.Get("Authorization"))
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeWS(w, r, store.Session{Account: a, Device: id.NewDevice()})
	}))
	tb.Cleanup(func() {
		cancel()
		done.Wait()
		srv.Close()
		_ = bus.Close()
	})
	return srv.Listener.Addr().String(), h
}

// raw is a WebSocket by hand that allocates next to nothing, so that what a
// benchmark counts is the hub's.
type raw struct {
	c  net.Conn
	r  *bufio.Reader
	in []byte
}

func dialRaw(addr string, a id.Account) (*raw, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	x := &raw{c: c, in: make([]byte, 64<<10)}
	if err := x.upgrade(addr, a, nil); err != nil {
		return nil, err
	}
	hello := wire.Head{Kind: wire.KindHello, Body: wire.EncodeBody(wire.Hello{Min: 1, Max: 1})}
	if _, err := c.Write(masked(wire.AppendFrame(nil, &hello))); err != nil {
		return nil, err
	}
	return x, x.read(wire.KindWelcome)
}

// upgrade asks for the WebSocket; early goes along with the request.
func (x *raw) upgrade(addr string, a id.Account, early []byte) error {
	_, err := fmt.Fprintf(x.c, "GET /signal HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: %s\r\n"+
		"Authorization: %s\r\n\r\n%s", addr, wire.Subprotocol, a, early)
	if err != nil {
		return err
	}
	x.r = bufio.NewReaderSize(x.c, 64<<10)
	resp, err := http.ReadResponse(x.r, nil)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		return errors.New(resp.Status)
	}
	return nil
}

// masked returns a text message as a client sends it, with a mask of zeros.
func masked(b []byte) []byte {
	out := []byte{0x81, 0x80 | 126}
	out = binary.BigEndian.AppendUint16(out, uint16(len(b)))
	return append(append(out, 0, 0, 0, 0), b...)
}

// read returns the next message of a kind.
func (x *raw) read(kind wire.Kind) error {
	for {
		var head [4]byte
		if _, err := io.ReadFull(x.r, head[:2]); err != nil {
			return err
		}
		n := int(head[1] & 0x7f)
		if n == 126 {
			if _, err := io.ReadFull(x.r, head[2:]); err != nil {
				return err
			}
			n = int(binary.BigEndian.Uint16(head[2:]))
		}
		if _, err := io.ReadFull(x.r, x.in[:n]); err != nil {
			return err
		}
		if head[0]&0xf == 0x9 { // ping
			pong := append([]byte{0x8a, 0x80 | byte(n), 0, 0, 0, 0}, x.in[:n]...)
			if _, err := x.c.Write(pong); err != nil {
				return err
			}
			continue
		}
		h, err := wire.ScanHub(x.in[:n])
		if err != nil || h.Kind == kind {
			return err
		}
	}
}

// talking returns two ends of a running call.
func talking(tb testing.TB) (a, b *raw, c id.Call) {
	tb.Helper()
	a, b, c, _ = talkingAt(tb)
	return a, b, c
}

func talkingAt(tb testing.TB) (a, b *raw, c id.Call, h *signal.Hub) {
	tb.Helper()
	g := newGraph()
	addr, h := serverOf(tb, g)
	ia, ib := id.NewAccount(), id.NewAccount()
	g.befriend(ia, ib)
	must := func(err error) {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
	}
	a, err := dialRaw(addr, ia)
	must(err)
	b, err = dialRaw(addr, ib)
	must(err)
	tb.Cleanup(func() { _, _ = a.c.Close(), b.c.Close() })
	send := func(x *raw, kind wire.Kind, to id.Account, body any) {
		tb.Helper()
		h := wire.Head{Kind: kind, Call: c, To: wire.Address{Account: to}, Body: wire.EncodeBody(body)}
		_, err := x.c.Write(masked(wire.AppendFrame(nil, &h)))
		must(err)
	}
	c = id.NewCall()
	send(a, wire.KindRing, ib, wire.Ring{Media: wire.MediaAudio})
	err = b.read(wire.KindIncoming)
	must(err)
	send(b, wire.KindAnswer, id.Account{}, wire.Answer{Media: wire.MediaAudio})
	err = b.read(wire.KindAnswered)
	must(err)
	err = a.read(wire.KindAnswered)
	must(err)
	return a, b, c, h
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPassedFrame passes a description of 1.5 KB from one session to
// another. CPU is of the whole process, both clients included.
func BenchmarkPassedFrame(b *testing.B) {
	for _, window := range []int{1, 32} {
		b.Run(strconv.Itoa(window)+" at a time", func(b *testing.B) {
			from, to, c := talking(b)
			h := wire.Head{Kind: wire.KindDescription, Call: c, Body: bytes.Repeat([]byte("AAAA"), 340)}
			one := masked(wire.AppendFrame(nil, &h))
			batch := bytes.Repeat(one, window)
			b.ReportAllocs()
			b.SetBytes(int64(len(one)))
			start := cpu()
			b.ResetTimer()
			for n := 0; n < b.N; n += window {
				if _, err := from.c.Write(batch); err != nil {
					b.Fatal(err)
				}
				for range window {
					if err := to.read(wire.KindDescription); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64((cpu()-start).Microseconds())/float64(b.N), "cpu-us/op")
		})
	}
}

// TestIdleMemory says what a session costs that does nothing. The clients are
// another process.
func TestIdleMemory(t *testing.T) {
	counts := []int{10, 1000}
	if testenv.Long() {
		counts = append(counts, 18000)
	}
	addr := server(t, newGraph())
	var last uint64
	for i, n := range counts {
		before := n
		if i > 0 {
			before = n - counts[i-1]
		}
		stop := idleClients(t, addr, before)
		t.Cleanup(stop)
		used := inUse()
		if i > 0 {
			each := (used - last) / uint64(before)
			t.Logf("%d sessions: %d KB in use, %d bytes for each more", n, used>>10, each)
			if each > 16<<10 {
				t.Errorf("%d bytes a session", each)
			}
		}
		last = used
	}
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// idleClients runs this test's program again, as n clients that do nothing.
func idleClients(t *testing.T, addr string, n int) (stop func()) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), os.Args[0], "-test.run=^TestIdleClients$")
	cmd.Env = append(os.Environ(), "RINGFENCE_IDLE="+addr+" "+strconv.Itoa(n))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("clients: %q, %v", line, err)
	}
	return func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
}

// TestIdleClients is the other process of TestIdleMemory.
func TestIdleClients(t *testing.T) {
	addr, count, ok := strings.Cut(os.Getenv("RINGFENCE_IDLE"), " ")
	if !ok {
		return
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(all.Wait) // runs after the connections are closed
	for range n {
		x, err := dialRaw(addr, id.NewAccount())
		if err != nil {
			t.Fatal(err)
		}
		x.in = x.in[:256:256]
		all.Go(func() { _ = x.read("") }) // answers pings
		t.Cleanup(func() { _ = x.c.Close() })
	}
	_, _ = os.Stdout.WriteString("ready\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
}
