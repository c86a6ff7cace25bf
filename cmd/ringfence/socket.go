package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ringfence/ringfence/internal/backup"
	"github.com/ringfence/ringfence/internal/fault"
)

// The socket speaks HTTP with JSON, for the admin commands of this same
// program. Who can open it may do everything, so its file and folder are the
// owner's alone.
const (
	maxSocketBody   = 64 << 10
	maxSocketAnswer = 4 << 20
	socketTimeout   = 60 * time.Second
	// maxSocketPath is what every system takes.
	maxSocketPath = 100
)

// socketPath returns a name for the socket that is short enough: below a
// long folder the one that Linux has for it while it is open.
func socketPath(dir string) (path string, release func(), err error) {
	path = filepath.Join(dir, socketName)
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	f, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return "", nil, err
	}
	short := filepath.Join("/proc/self/fd", strconv.Itoa(int(f.Fd())), socketName)
	return short, func() { _ = f.Close() }, nil
}

// listenSocket opens the socket. The caller has the data open, so one that is
// there already was left behind by a program that was killed.
func listenSocket(ctx context.Context, dir string) (net.Listener, error) {
	path, release, err := socketPath(dir)
	if err != nil {
		return nil, fmt.Errorf("admin socket: %w", err)
	}
	defer release()
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("admin socket: %w", err)
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("admin socket: %w", err)
	}
	if unix, ok := ln.(*net.UnixListener); ok {
		unix.SetUnlinkOnClose(false) // the short name may be gone by then
	}
	if err := os.Chmod(path, 0o600); err != nil { // the folder has 0700 already
		return nil, fmt.Errorf("admin socket: %w", errors.Join(err, ln.Close()))
	}
	return ln, nil
}

// socketHandler answers the admin commands.
func socketHandler(op operator, from keeper, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) {
		out, err := from.Keys(r.Context())
		answer(w, log, out, err)
	})
	mux.HandleFunc("POST /keys/rotate", func(w http.ResponseWriter, r *http.Request) { serveRotation(w, r, from, log) })
	mux.HandleFunc("POST /backup/{kind}", func(w http.ResponseWriter, r *http.Request) { serveBackup(w, r, from, log) })
	mux.HandleFunc("POST /invite", func(w http.ResponseWriter, r *http.Request) {
		out, err := op.Invite(r.Context())
		answer(w, log, out, err)
	})
	mux.HandleFunc("POST /reset-password", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Handle string `json:"handle"`
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxSocketBody)).Decode(&in); err != nil {
			answer(w, log, nil, fault.Wrap(fault.Invalid, "The request is not JSON.", err))
			return
		}
		out, err := op.ResetPassword(r.Context(), in.Handle)
		answer(w, log, out, err)
	})
	mux.HandleFunc("GET /accounts", func(w http.ResponseWriter, r *http.Request) {
		out, err := op.List(r.Context(), r.URL.Query().Get("after"))
		answer(w, log, out, err)
	})
	return mux
}

// serveBackup streams a backup. Nothing is cut off while somebody reads; who
// stops to read lets go of the state that it is read from.
func serveBackup(w http.ResponseWriter, r *http.Request, from archive, log *slog.Logger) {
	kind, ok := map[string]backup.Kind{backup.Data.String(): backup.Data, backup.Keys.String(): backup.Keys}[r.PathValue("kind")]
	if !ok {
		answer(w, log, nil, fault.New(fault.Invalid, "There is no backup of that."))
		return
	}
	out := &patient{w: w, c: http.NewResponseController(w)}
	if err := from.Backup(r.Context(), kind, out); err != nil {
		log.WarnContext(r.Context(), "backup ended early", slog.Any("error", err))
		panic(http.ErrAbortHandler) // so that the other side sees no end
	}
}

// patient writes with a deadline for each write in place of one for all.
type patient struct {
	w io.Writer
	c *http.ResponseController
}

// Write implements io.Writer.
func (p *patient) Write(b []byte) (int, error) {
	if err := p.c.SetWriteDeadline(time.Now().Add(socketTimeout)); err != nil {
		return 0, err
	}
	return p.w.Write(b)
}

// Backup implements archive.
func (r *remote) Backup(ctx context.Context, kind backup.Kind, w io.Writer) error {
	res, err := r.stream(ctx, "/backup/"+kind.String())
	if err != nil {
		return err
	}
	defer func() { _ = res.Close() }()
	switch _, err := io.Copy(w, res); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return backup.ErrShort
	default:
		return err
	}
}

// stream asks for an answer that has no end in time.
func (r *remote) stream(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://ringfence"+path, nil)
	if err != nil {
		return nil, fmt.Errorf("ask the running server: %w", err)
	}
	endless := &http.Client{Transport: r.client.Transport}
	res, err := endless.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the running server: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		_ = res.Body.Close()
		return nil, fmt.Errorf("the running server is of another version (it answered %d)", res.StatusCode)
	}
	return res.Body, nil
}

// refused is how an error travels over the socket.
type refused struct {
	Code   fault.Code `json:"code"`
	Public string     `json:"public"`
}

func answer(w http.ResponseWriter, log *slog.Logger, out any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		public := fault.Public(err)
		log.Warn("admin command failed", slog.String("code", string(public.Code)), slog.Any("error", err))
		w.WriteHeader(http.StatusUnprocessableEntity)
		out = refused{Code: public.Code, Public: public.Public}
	}
	if err := json.NewEncoder(w).Encode(out); err != nil {
		log.Debug("admin command has gone", slog.Any("error", err))
	}
}

// remote is an operator behind the socket of a running server.
type remote struct{ client *http.Client }

// dialSocket returns the operator of the server that runs over dir, or false
// where none does.
func dialSocket(ctx context.Context, dir string) (*remote, bool) {
	dial := func(ctx context.Context) (net.Conn, error) {
		path, release, err := socketPath(dir)
		if err != nil {
			return nil, err
		}
		defer release()
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	conn, err := dial(ctx)
	if err != nil {
		return nil, false
	}
	_ = conn.Close() // it was only to see whether somebody listens
	return &remote{client: &http.Client{
		Timeout: socketTimeout,
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dial(ctx)
		}},
	}}, true
}

// Invite implements operator.
func (r *remote) Invite(ctx context.Context) (out invited, err error) {
	return out, r.call(ctx, http.MethodPost, "/invite", nil, &out)
}

// ResetPassword implements operator.
func (r *remote) ResetPassword(ctx context.Context, handle string) (out temporary, err error) {
	return out, r.call(ctx, http.MethodPost, "/reset-password", map[string]string{"handle": handle}, &out)
}

// List implements operator.
func (r *remote) List(ctx context.Context, after string) (out listed, err error) {
	return out, r.call(ctx, http.MethodGet, "/accounts?after="+url.QueryEscape(after), nil, &out)
}

func (r *remote) call(ctx context.Context, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://ringfence"+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask the running server: %w", err)
	}
	res, err := r.client.Do(req)
	if err != nil {
		return fmt.Errorf("ask the running server: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	dec := json.NewDecoder(io.LimitReader(res.Body, maxSocketAnswer))
	if res.StatusCode == http.StatusOK {
		if err := dec.Decode(out); err != nil {
			return fmt.Errorf("read the running server's answer: %w", err)
		}
		return nil
	}
	var no refused
	if err := dec.Decode(&no); err != nil {
		return fmt.Errorf("the running server is of another version (it answered %d)", res.StatusCode)
	}
	return fault.New(no.Code, no.Public)
}
