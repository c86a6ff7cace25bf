package relay

import (
	"encoding/hex"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// Credentials of every kind, right and wrong, limits that are reached and
// calls that are revoked: the log names no user, secret, call or address.
func TestLogNamesNobodyAtTheDoor(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	secret := named(t, "tenantname", "sharedsecret-0001")
	r := newRig(t, func(c *Config) {
		c.Log, c.Secrets, c.Users = logger, []NamedSecret{secret}, users(t, "usersecret:passwordsecret")
		c.Limits = Limits{PerUser: 1, BytesPerSecond: 5000}
	})
	logger.Debug("control")
	rest, err := MintREST(secret, ':', "namesecret", r.clock.now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	static := Credential{Username: "usersecret", Password: "passwordsecret"}
	a, b := r.allocateWith(t, "udp", rest), r.allocateWith(t, "tcp", static)
	exchange(t, a, b)
	spent := r.allocateWith(t, "udp", r.mintBudget(t, "legsecret", kib))
	_ = spent.client.CreatePermission(a.LocalAddr())
	for range 10 {
		_, _ = a.WriteTo(make([]byte, 1200), b.LocalAddr())
		_, _ = spent.WriteTo(make([]byte, 1200), &net.UDPAddr{IP: net.IPv4(8, 8, 4, 4), Port: 4000})
	}
	for _, c := range []Credential{
		rest, static, // one too many
		{Username: "usersecret", Password: "wrong"},
		{Username: "nobodysecret", Password: "wrong"},
		{Username: rest.Username, Password: "wrong"},
		{Username: "1600000000:namesecret", Password: restPassword(secret.Secret, "1600000000:namesecret")},
	} {
		if _, err := r.client(t, "udp", c).Allocate(); err == nil {
			t.Fatal("let in: ", c)
		}
	}
	r.Server.Revoke(Revocation{Call: "call1", Leg: "legsecret"})
	text := log.String()
	if !strings.Contains(text, "control") {
		t.Fatal("nothing was heard")
	}
	words := []string{
		"tenantname", "sharedsecret", "usersecret", "passwordsecret", "namesecret", "nobodysecret", "legsecret", "call1",
		rest.Username, rest.Password, a.LocalAddr().String(),
	}
	for _, ip := range []string{"8.8.4.4", "127.0.0.1"} {
		raw := netip.MustParseAddr(ip).AsSlice()
		words = append(words, ip, hex.EncodeToString(raw), string(raw))
	}
	for _, word := range words {
		if strings.Contains(text, word) {
			t.Errorf("the log has %q", word)
		}
	}
}
