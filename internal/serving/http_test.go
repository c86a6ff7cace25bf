package serving

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// fakeTLS is a connection with TLS that net/http does not know as one.
type fakeTLS struct{ net.Conn }

func (fakeTLS) ConnectionState() tls.ConnectionState {
	return tls.ConnectionState{HandshakeComplete: true, ServerName: "call.example.org"}
}

type fakeTLSListener struct{ net.Listener }

func (l fakeTLSListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return fakeTLS{conn}, err
}

func TestRequestsSayThatTheyCameOverTLS(t *testing.T) {
	t.Parallel()
	for _, wrapped := range []bool{true, false} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		at := ln
		if wrapped {
			at = fakeTLSListener{ln}
		}
		srv := &http.Server{
			ReadHeaderTimeout: time.Second, ConnContext: rememberConn,
			Handler: knowsTLS(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.TLS != nil {
					_, _ = io.WriteString(w, r.TLS.ServerName)
				}
			})),
		}
		go func() { _ = srv.Serve(at) }()
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		all, err := io.ReadAll(bufio.NewReader(conn))
		if err != nil || bytes.Contains(all, []byte("call.example.org")) != wrapped {
			t.Errorf("wrapped %v: got %q, %v", wrapped, all, err)
		}
		_ = conn.Close()
		_ = srv.Close()
	}
}
