//go:build linux

package hubbench

import (
	"bytes"
	"context"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	var conf net.ListenConfig
	ln, err := conf.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// serves runs a server of a kind in this process.
func serves(t *testing.T, kind Kind) Options {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		done.Wait()
	})
	o := Options{Kind: kind, PID: os.Getpid(), CPU: -1, Progress: func(string) {}}
	plain := listen(t)
	o.Plain = plain.Addr().String()
	if kind == Floor {
		done.Go(func() {
			if err := ServeFloor(ctx, plain); err != nil {
				t.Error(err)
			}
		})
		return o
	}
	sealed, certs := listen(t), certificates(t)
	o.TLS = sealed.Addr().String()
	done.Go(func() {
		if err := ServeHub(ctx, plain, sealed, certs); err != nil {
			t.Error(err)
		}
	})
	return o
}

// TestMeasure measures for a moment: every part comes out with numbers, and as
// many parts were announced as there are.
func TestMeasure(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{Hub, Floor} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			o := serves(t, kind)
			o.Sessions, o.Settle, o.Size, o.Windows, o.Pairs = []int{20}, 10*time.Millisecond, 1500, []int{1, 8}, 2
			o.Measure, o.Rate, o.Among = 100*time.Millisecond, 500, 20
			if kind == Hub {
				o.Greet = 10
			}
			parts := 0
			o.Progress = func(string) { parts++ }
			r, err := Measure(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			ways, greeted := 1, 0
			if kind == Hub {
				ways, greeted = 2, 5
			}
			if len(r.Idle) != ways || len(r.Passed) != 2*ways || len(r.Paced) != ways || len(r.Greeted) != greeted || parts != o.Parts() {
				t.Fatalf("%d parts of %d: %+v", parts, o.Parts(), r)
			}
			sound(t, r)
			written(t, r)
		})
	}
}

// sound checks that each number is one.
func sound(t *testing.T, r *Report) {
	t.Helper()
	for _, p := range r.Passed {
		if p.PerSecond <= 0 || p.CPUMicros <= 0 {
			t.Errorf("%+v", p)
		}
	}
	for _, p := range r.Paced {
		if p.Sent <= 0 || p.P50 <= 0 || p.P99 < p.P50 || p.Max < p.P99 {
			t.Errorf("%+v", p)
		}
	}
	for _, g := range r.Greeted {
		if g.Count != 10 || g.Seconds <= 0 {
			t.Errorf("%+v", g)
		}
	}
}

func written(t *testing.T, r *Report) {
	t.Helper()
	var table, js bytes.Buffer
	if err := r.WriteTable(&table); err != nil || !strings.Contains(table.String(), "waiting sessions") {
		t.Errorf("%v %s", err, &table)
	}
	if err := r.WriteJSON(&js); err != nil || !strings.Contains(js.String(), `"cpu_us"`) {
		t.Errorf("%v %s", err, &js)
	}
}

// TestTokens: a hub elsewhere is measured with sessions that are signed in, and
// no more of them than there are.
func TestTokens(t *testing.T) {
	t.Parallel()
	o := serves(t, Hub)
	o.TLS = ""
	o.Size, o.Measure, o.Rate, o.Among = 1500, 100*time.Millisecond, 100, 4
	o.Tokens = []string{newToken(), newToken(), newToken(), newToken()}
	if _, err := Measure(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	o.Among = 6
	if _, err := Measure(t.Context(), o); err == nil {
		t.Error("six sessions with four tokens")
	}
}

func TestStamps(t *testing.T) {
	t.Parallel()
	frame := []byte(`{"body":"AA` + marker + strings.Repeat("0", stampSize) + `AAAA"}`)
	putStamp(frame, 123456789)
	if d, ok := stamp(frame); !ok || d != 123456789 {
		t.Errorf("%v %v in %s", d, ok, frame)
	}
	for _, other := range []string{"", "{}", marker, `{"body":"` + marker + strings.Repeat("-", 40) + `"}`} {
		if _, ok := stamp([]byte(other)); ok {
			t.Errorf("%q has a time", other)
		}
	}
}

func TestReframe(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	in := append(masked([]byte("hello")), masked([]byte(long))...)
	want := "\x81\x05hello\x81\x7e\x01\x2c" + long
	if got := reframe(nil, in); string(got) != want {
		t.Errorf("%q", got)
	}
	with := []byte{0x81, 0x82, 1, 2, 3, 4, 'a' ^ 1, 'b' ^ 2}
	if got := reframe(nil, with); string(got) != "\x81\x02ab" {
		t.Errorf("%q", got)
	}
	for n := range in {
		_ = reframe(nil, in[:n]) // half a frame does no harm
	}
}
