package relayd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/relay"
)

func newServer(t *testing.T) *relay.Server {
	t.Helper()
	s, err := relay.Listen(t.Context(), relay.Config{UDP: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, STUNOnly: true, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// What is revoked at one relay reaches the others, in parts that they take.
func TestRevocationsArePassedOn(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	there := NewRevocations(newServer(t), func([]byte) error { return nil }, log)
	messages := 0
	here := NewRevocations(newServer(t), func(msg []byte) error { messages++; there.Receive(msg); return nil }, log)
	all := []relay.Revocation{{Call: "c1"}, {Call: "c2", Leg: "a"}}
	for i := range 1000 {
		all = append(all, relay.Revocation{Call: fmt.Sprintf("call-%d", i)})
	}
	here.Revoke(all...)
	if messages != 2 || len(there.others) != 2 {
		t.Fatalf("%d messages, %d arrived; want 2", messages, len(there.others))
	}
	got := append(<-there.others, <-there.others...)
	if len(got) != len(all) || got[1] != all[1] || got[1001] != all[1001] {
		t.Errorf("%d arrived, the second %+v", len(got), got[1])
	}
	ctx, stop := context.WithCancel(t.Context())
	there.Receive([]byte(`[{"call":"c1"}]`))
	stop()
	if err := there.Serve(ctx); err != nil {
		t.Error(err)
	}
}

// A flood fills the queue and no more, and says so.
func TestRevocationsAreBounded(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	v := NewRevocations(newServer(t), func([]byte) error { return errors.New("the bus is gone") }, slog.New(slog.NewTextHandler(&out, nil)))
	for range maxWaiting + 1 {
		v.Receive([]byte(`[{"call":"c"}]`))
	}
	if len(v.others) != maxWaiting || !strings.Contains(out.String(), "more revocations than") {
		t.Errorf("%d wait; logged %s", len(v.others), out.String())
	}
	v.Revoke(relay.Revocation{Call: "secret-call"})
	if s := out.String(); !strings.Contains(s, "not passed on") || strings.Contains(s, "secret-call") {
		t.Errorf("logged %s", s)
	}
}

func FuzzRevocations(f *testing.F) {
	for _, s := range []string{`[]`, `[{"call":"c","leg":"l"}]`, `[{"call":""}]`, `{}`, `[{"call":"c"}]x`, `[{"call":"c","x":1}]`, `null`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		got, err := decodeRevocations(msg)
		if err != nil {
			return
		}
		for _, r := range got {
			if r.Check() != nil {
				t.Fatalf("took %+v", r)
			}
		}
		written, err := encodeRevocations(got)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeRevocations(written)
		if err != nil || len(again) != len(got) {
			t.Fatalf("wrote what it does not read: %v", err)
		}
	})
}

func TestWhatIsNoRevocationIsRefused(t *testing.T) {
	t.Parallel()
	many := "[" + strings.Repeat(`{"call":"c"},`, 1000) + `{"call":"c"}]`
	for _, s := range []string{"", "{}", `[{"call":""}]`, `[{"call":"a b"}]`, `[{"call":"c"}]x`, `[{"call":"c","x":1}]`, many} {
		if _, err := decodeRevocations([]byte(s)); !errors.Is(err, errRevocations) {
			t.Errorf("%.40s: got %v", s, err)
		}
	}
}
