package relayd

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringfence/ringfence/internal/config"
)

func host(t *testing.T, s string) config.Host {
	t.Helper()
	var h config.Host
	if err := h.UnmarshalText([]byte(s)); err != nil {
		t.Fatal(err)
	}
	return h
}

// resolver answers with whatever it holds at the moment.
type resolver struct {
	answer atomic.Pointer[[]netip.Addr] // nil: no answer
	asked  atomic.Int64
}

func (r *resolver) set(addrs ...string) {
	var out []netip.Addr
	for _, a := range addrs {
		out = append(out, netip.MustParseAddr(a))
	}
	r.answer.Store(&out)
}

func (r *resolver) lookup(context.Context, string) ([]netip.Addr, error) {
	r.asked.Add(1)
	if a := r.answer.Load(); a != nil {
		return *a, nil
	}
	return nil, errors.New("no such host")
}

func TestPublicNameIsResolvedEachMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r resolver
		r.set("2001:db8::7", "203.0.113.7")
		ip, err := NewPublicIP(t.Context(), r.lookup, host(t, "call.example.org"), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- ip.Serve(ctx) }()
		want := func(addr string, asked int64) {
			t.Helper()
			synctest.Wait()
			if got := ip.Addr().String(); got != addr || r.asked.Load() != asked {
				t.Errorf("%s after %d questions, want %s after %d", got, r.asked.Load(), addr, asked)
			}
		}
		want("203.0.113.7", 1)
		r.set("203.0.113.8")
		want("203.0.113.7", 1)
		<-time.After(lookEvery)
		want("203.0.113.8", 2)
		r.answer.Store(nil)
		<-time.After(lookEvery)
		want("203.0.113.8", 3) // the last good one stays
		r.set("0.0.0.0")
		<-time.After(lookEvery)
		want("203.0.113.8", 4)
		stop()
		if err := <-done; err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
}

func TestPublicNameThatDoesNotResolveIsSaidAtTheStart(t *testing.T) {
	t.Parallel()
	var r resolver
	_, err := NewPublicIP(t.Context(), r.lookup, host(t, "call.example.org"), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "turn.public_ip") || !strings.Contains(err.Error(), "call.example.org") {
		t.Errorf("NewPublicIP = %v, want the setting and the name", err)
	}
}

func TestPublicAddressIsTakenAsItIs(t *testing.T) {
	t.Parallel()
	var r resolver
	for text, want := range map[string]string{"203.0.113.7": "203.0.113.7", "": "invalid IP"} {
		ip, err := NewPublicIP(t.Context(), r.lookup, host(t, text), slog.New(slog.DiscardHandler))
		if err != nil || ip.Addr().String() != want || r.asked.Load() != 0 {
			t.Errorf("%q: %v, %v", text, ip.Addr(), err)
		}
	}
}

// The setting for IPv6 takes nothing else, and a name of IPv4 alone is a fault.
func TestPublicNameOfIPv6(t *testing.T) {
	t.Parallel()
	var r resolver
	r.set("203.0.113.7", "2001:db8::7")
	ip, err := NewPublicIP6(t.Context(), r.lookup, host(t, "call.example.org"), slog.New(slog.DiscardHandler))
	if err != nil || ip.Addr().String() != "2001:db8::7" {
		t.Errorf("got %v, %v", ip.Addr(), err)
	}
	r.set("203.0.113.7")
	if _, err := NewPublicIP6(t.Context(), r.lookup, host(t, "call.example.org"), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "turn.public_ip6") {
		t.Errorf("got %v, want the setting", err)
	}
}
