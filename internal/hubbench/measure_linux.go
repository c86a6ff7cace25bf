package hubbench

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ringfence/ringfence/internal/benchhost"
)

var errNothing = errors.New("nothing passed")

// Measure measures one server, its parts one after the other.
func Measure(ctx context.Context, o Options) (*Report, error) {
	if o.CPU >= 0 {
		if err := benchhost.StayOnAll(o.CPU); err != nil {
			return nil, err
		}
		// Two threads on one core would wait for each other's turn, for
		// milliseconds.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	r := &Report{Server: string(o.Kind), Began: time.Now().UTC().Format(time.RFC3339), Machine: benchhost.ThisMachine()}
	var ways []target
	if o.Plain != "" {
		ways = append(ways, target{kind: o.Kind, addr: o.Plain, host: o.Host, tokens: o.Tokens})
	}
	if o.TLS != "" {
		conf := anyone()
		conf.InsecureSkipVerify, conf.ServerName = !o.Strict, o.Host
		ways = append(ways, target{kind: o.Kind, addr: o.TLS, conf: conf, host: o.Host, tokens: o.Tokens})
	}
	for _, t := range ways {
		for _, w := range o.Windows {
			o.Progress(fmt.Sprintf("%s, %d at a time", by(t.conf != nil), w))
			p, err := o.passed(ctx, t, w)
			if err != nil {
				return r, err
			}
			r.Passed = append(r.Passed, p)
		}
		if o.Rate > 0 {
			o.Progress(fmt.Sprintf("%s, %d a second", by(t.conf != nil), o.Rate))
			p, err := o.paced(ctx, t)
			if err != nil {
				return r, err
			}
			r.Paced = append(r.Paced, p)
		}
	}
	if o.Greet > 0 {
		if err := o.greetings(ctx, r, ways); err != nil {
			return r, err
		}
	}
	// What waits comes last, smallest first: memory that was needed once is
	// given back, but not to the last page.
	for _, t := range ways {
		for _, n := range o.Sessions {
			o.Progress(fmt.Sprintf("%s, %d that wait", by(t.conf != nil), n))
			i, err := o.idle(ctx, t, n)
			if err != nil {
				return r, err
			}
			r.Idle = append(r.Idle, i)
		}
	}
	return r, nil
}

// anyone takes any certificate: it is a measurement, of a server of ours.
func anyone() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} //nolint:gosec // see above
}

// many dials n clients, a few at a time.
func many(ctx context.Context, t target, n, offset int) ([]*client, error) {
	all := make([]*client, n)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range n {
		g.Go(func() (err error) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			all[i], err = t.dial(offset + i)
			return err
		})
	}
	err := g.Wait()
	return all, err
}

func closeAll(all []*client) {
	for _, c := range all {
		if c != nil {
			_ = c.conn.Close()
		}
	}
}

// idle compares the resident memory with n sessions and with ten.
func (o *Options) idle(ctx context.Context, t target, n int) (Idle, error) {
	var answers sync.WaitGroup
	defer answers.Wait()
	wait := func(all []*client) {
		for _, c := range all {
			answers.Go(func() { _, _ = c.next() }) // answers pings until it is closed
		}
	}
	few, err := many(ctx, t, 10, 0)
	defer closeAll(few)
	if err != nil {
		return Idle{}, err
	}
	wait(few)
	if err := rest(ctx, min(o.Settle, 15*time.Second)); err != nil { // for what was before to be given back
		return Idle{}, err
	}
	before := benchhost.ResidentBytes(o.PID)
	all, err := many(ctx, t, n, 10)
	defer closeAll(all)
	if err != nil {
		return Idle{}, err
	}
	wait(all)
	if err := rest(ctx, o.Settle); err != nil {
		return Idle{}, err
	}
	now := benchhost.ResidentBytes(o.PID)
	return Idle{
		TLS: t.conf != nil, Sessions: n, Bytes: float64(now-before) / float64(n), Seconds: o.Settle.Seconds(),
		WithTen: float64(before), Resident: float64(now),
	}, nil
}

func rest(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// passed lets frames pass as fast as they go.
func (o *Options) passed(ctx context.Context, t target, window int) (Passed, error) {
	out := Passed{TLS: t.conf != nil, Size: o.Size, Pairs: o.Pairs, Window: window}
	pairs := make([]*pair, out.Pairs)
	for i := range pairs {
		p, err := t.pair(i, o.Size)
		if err != nil {
			return out, err
		}
		defer p.close()
		pairs[i] = p
	}
	var n atomic.Int64
	var run sync.WaitGroup
	var stop atomic.Bool
	for _, p := range pairs {
		run.Go(func() {
			for !stop.Load() && p.turn(window) == nil {
				n.Add(int64(window))
			}
		})
	}
	defer run.Wait()
	defer stop.Store(true)
	if err := rest(ctx, o.Measure/4); err != nil {
		return out, err
	}
	cpu, err := benchhost.ProcessTime(o.PID)
	began, first := time.Now(), n.Load()
	if err = errors.Join(err, rest(ctx, o.Measure)); err != nil {
		return out, err
	}
	took, passed := time.Since(began), n.Load()-first
	after, err := benchhost.ProcessTime(o.PID)
	if err != nil {
		return out, err
	}
	if passed == 0 {
		return out, errNothing
	}
	out.PerSecond = float64(passed) / took.Seconds()
	out.CPUMicros = (after - cpu).Seconds() * 1e6 / float64(passed)
	return out, nil
}

// turn passes a window of frames.
func (p *pair) turn(window int) error {
	if p.batch == nil {
		p.batch = bytes.Repeat(p.frame, window)
	}
	if _, err := p.from.conn.Write(p.batch); err != nil {
		return err
	}
	for range window {
		if _, err := p.to.next(); err != nil {
			return err
		}
	}
	return nil
}

// paced sends at an even rate, each frame between another pair, with the time
// of its sending in the body.
func (o *Options) paced(ctx context.Context, t target) (Paced, error) {
	out := Paced{TLS: t.conf != nil, Sessions: o.Among, Rate: o.Rate}
	pairs := make([]*pair, o.Among/2)
	g, _ := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range pairs {
		g.Go(func() (err error) {
			pairs[i], err = t.pair(i, o.Size)
			return err
		})
	}
	err := g.Wait()
	defer func() {
		for _, p := range pairs {
			if p != nil {
				p.close()
			}
		}
	}()
	if err != nil {
		return out, err
	}
	// To collect garbage takes the generator a while, of ten thousand stacks; that
	// is not what is measured.
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var mu sync.Mutex
	var took benchhost.Histogram
	began := time.Now()
	var readers sync.WaitGroup
	for _, p := range pairs {
		readers.Go(func() {
			for {
				b, err := p.to.next()
				if err != nil {
					return
				}
				if sent, ok := stamp(b); ok {
					d := time.Since(began) - sent
					mu.Lock()
					took.Add(d)
					mu.Unlock()
				}
			}
		})
	}
	// Readers that have just begun take turns for 50 ms, and the server has seen
	// ten thousand come.
	if err := rest(ctx, min(o.Measure, time.Second)); err != nil {
		return out, err
	}
	cpu, err := benchhost.ProcessTime(o.PID)
	if err != nil {
		return out, err
	}
	first := time.Since(began)
	sent, err := o.send(ctx, pairs, began)
	after, err2 := benchhost.ProcessTime(o.PID)
	lasted := time.Since(began) - first
	if err := errors.Join(err, err2, rest(ctx, 200*time.Millisecond)); err != nil {
		return out, err
	}
	for _, p := range pairs {
		p.close()
	}
	readers.Wait()
	µ := func(q float64) float64 { return float64(took.Quantile(q)) / 1e3 }
	out.Sent, out.CPUMicros = float64(sent)/lasted.Seconds(), (after-cpu).Seconds()*1e6/float64(max(sent, 1))
	out.P50, out.P99, out.Max = µ(0.5), µ(0.99), float64(took.Most)/1e3
	return out, nil
}

// send keeps to the rate in the long run: what has become due while it slept,
// which is a millisecond at times, goes out at once. To spin instead would keep
// those from reading who measure.
func (o *Options) send(ctx context.Context, pairs []*pair, began time.Time) (n int, err error) {
	every := time.Second / time.Duration(o.Rate)
	first := time.Since(began)
	for at := first; at < first+o.Measure; at += every {
		if wait := at - time.Since(began); wait > 0 {
			if err := rest(ctx, wait); err != nil {
				return n, err
			}
		}
		p := pairs[n%len(pairs)]
		putStamp(p.frame, time.Since(began))
		if _, err := p.from.conn.Write(p.frame); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// greetings connects many with each kind of key, 32 at a time, and closes each
// once it is welcome.
func (o *Options) greetings(ctx context.Context, r *Report, ways []target) error {
	type way struct {
		name string
		t    target
	}
	var all []way
	for _, t := range ways {
		if t.conf == nil {
			all = append(all, way{"plain", t})
			continue
		}
		suite := func(s uint16) target {
			t := t
			t.conf = anyone()
			t.conf.MaxVersion, t.conf.CipherSuites = tls.VersionTLS12, []uint16{s}
			return t
		}
		ticket := t
		ticket.conf = anyone()
		ticket.conf.ServerName = "localhost"
		ticket.conf.ClientSessionCache = tls.NewLRUClientSessionCache(64)
		all = append(
			all,
			way{"P-256, TLS 1.3", t},
			way{"P-256, TLS 1.2", suite(tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)},
			way{"RSA-2048, TLS 1.2", suite(tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)},
			way{"P-256, TLS 1.3, with a ticket", ticket},
		)
	}
	for _, w := range all {
		o.Progress("connect and greet, " + w.name)
		cpu, err := benchhost.ProcessTime(o.PID)
		if err != nil {
			return err
		}
		began := time.Now()
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(32)
		for i := range o.Greet {
			g.Go(func() error {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				c, err := w.t.dial(i)
				if err == nil {
					_ = c.conn.Close()
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		took := time.Since(began)
		after, err := benchhost.ProcessTime(o.PID)
		if err != nil {
			return err
		}
		r.Greeted = append(r.Greeted, Greeted{
			Key: w.name, Count: o.Greet, Seconds: took.Seconds(), CPUMicros: (after - cpu).Seconds() * 1e6 / float64(o.Greet),
		})
	}
	return nil
}
