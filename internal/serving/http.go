package serving

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// How long a client may take, and how large what it sends ahead may be.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 30 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 120 * time.Second
	stopTimeout   = 10 * time.Second
	maxHeader     = 16 << 10
)

// HTTP serves until ctx ends, then lets requests in flight finish. It
// returns only after Shutdown has: Serve alone comes back too early. A nil
// listener serves nothing.
func HTTP(ctx context.Context, ln net.Listener, h http.Handler, conf *tls.Config, log *slog.Logger) error {
	if ln == nil {
		<-ctx.Done()
		return nil
	}
	srv := &http.Server{
		Handler:           knowsTLS(h),
		ConnContext:       rememberConn,
		TLSConfig:         conf,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(errorLog{log.Handler()}, slog.LevelError),
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		serve := srv.Serve
		if conf != nil {
			serve = func(ln net.Listener) error { return srv.ServeTLS(ln, "", "") }
		}
		if err := serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("http: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if err := srv.Shutdown(grace); err != nil {
			return errors.Join(err, srv.Close()) // somebody reads very slowly
		}
		return nil
	})
	return g.Wait()
}

// connKey is where the context of a request has its connection, if that is
// encrypted.
type connKey struct{}

// encrypted is a connection with TLS that net/http may not know as one.
type encrypted interface{ ConnectionState() tls.ConnectionState }

func rememberConn(ctx context.Context, c net.Conn) context.Context {
	if e, ok := c.(encrypted); ok {
		return context.WithValue(ctx, connKey{}, e)
	}
	return ctx
}

// knowsTLS says of requests that came over TLS that they did. net/http does so
// itself for connections of crypto/tls; on a shared port one of a client that
// named no protocol is wrapped.
func knowsTLS(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e, ok := r.Context().Value(connKey{}).(encrypted); ok && r.TLS == nil {
			state := e.ConnectionState()
			r = r.WithContext(r.Context())
			r.TLS = &state
		}
		h.ServeHTTP(w, r)
	})
}

// errorLog gives the lines of http.Server their level: a panic is ours, while
// what strangers send to an open port is no more than a detail.
type errorLog struct{ slog.Handler }

// Handle lowers everything but panics to debug.
func (h errorLog) Handle(ctx context.Context, r slog.Record) error {
	if !strings.HasPrefix(r.Message, "http: panic") {
		r.Level = slog.LevelDebug
		if !h.Enabled(ctx, r.Level) {
			return nil
		}
	}
	return h.Handler.Handle(ctx, r)
}
