package hubbench

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/cluster/local"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/serving"
	"github.com/ringfence/ringfence/internal/trim"
	"github.com/ringfence/ringfence/signal"
	"github.com/ringfence/ringfence/store"
)

// everybody is a friend of everybody, and nobody of theirs is listed.
type everybody struct{}

func (everybody) CheckReach(context.Context, id.Account, id.Account, friends.Purpose) error {
	return nil
}
func (everybody) Friends(context.Context, id.Account) ([]id.Account, error)      { return nil, nil }
func (everybody) MissedCall(context.Context, id.Account, id.Account, bool) error { return nil }

// ServeHub serves a hub as the program has it, but for accounts: a token is the
// account's name, and everybody may ring everybody. Loopback only.
func ServeHub(ctx context.Context, plain, sealed net.Listener, conf *tls.Config) error {
	bus := local.New(0)
	hub := signal.New(signal.Options{Bus: bus, Friends: everybody{}, FrameRate: 1e12})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, err := id.ParseAccount(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		hub.ServeWS(w, r, store.Session{Account: a, Device: id.NewDevice(), ID: id.NewSession()})
	})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return hub.Serve(ctx) })
	g.Go(func() error { return trim.Run(ctx) })
	log := slog.New(slog.DiscardHandler)
	g.Go(func() error { return serving.HTTP(ctx, plain, handler, nil, log) })
	g.Go(func() error { return serving.HTTP(ctx, sealed, handler, conf, log) })
	err := g.Wait()
	_ = bus.Close()
	return err
}

// Certificates makes one with a P-256 key and one with RSA-2048; a client takes
// which it likes.
func Certificates() (*tls.Config, error) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	const bits = 2048
	rs, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, err
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"localhost"}}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	for _, key := range []crypto.Signer{ec, rs} {
		der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
		if err != nil {
			return nil, err
		}
		conf.Certificates = append(conf.Certificates, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key})
	}
	return conf, nil
}
