package main

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/testenv"
)

// say sends what over TLS and returns the first bytes of the answer.
func say(t *testing.T, at, what string, protocols ...string) (string, error) {
	t.Helper()
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", at, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols})
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(conn, what); err != nil {
		return "", err
	}
	b := make([]byte, 12)
	n, err := io.ReadFull(conn, b)
	return string(b[:n]), err
}

// The HTTPS port answers TURN, unless the setting says no; and HTTP always.
func TestHTTPSPortIsSharedWithTheRelay(t *testing.T) {
	t.Parallel()
	binding := string(binary.BigEndian.AppendUint32([]byte{0, 1, 0, 0}, 0x2112a442)) + "abcdefghijkl"
	for setting, shared := range map[string]bool{"on": true, "off": false} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			at := "127.0.0.1:" + testenv.FreePort(t)
			p := newProgram(t, "--tls-listen", at, "--turn-share-https", setting)
			p.start()
			for _, protocols := range [][]string{nil, {"stun.turn"}} {
				got, err := say(t, at, binding, protocols...)
				answered := err == nil && strings.HasPrefix(got, "\x01\x01")
				if answered != shared {
					t.Errorf("a binding request with protocols %q: got %q, %v", protocols, got, err)
				}
			}
			if got, err := say(t, at, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil || got != "HTTP/1.1 200" {
				t.Errorf("a page: got %q, %v", got, err)
			}
			client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
				ForceAttemptHTTP2: true, DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
			}}
			res, err := client.Get("https://" + at + "/")
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.ProtoMajor != 2 || res.StatusCode != http.StatusOK {
				t.Errorf("a page by HTTP/2: got %s, %s", res.Proto, res.Status)
			}
			if err := p.stop(); err != nil {
				t.Errorf("stop: %v", err)
			}
		})
	}
}
