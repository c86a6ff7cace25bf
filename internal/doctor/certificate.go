package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"
)

// expirySoon is when a certificate that nobody has renewed yet is worth a
// word: authorities that issue for 90 days renew after 60.
const expirySoon = 21 * 24 * time.Hour

// nativeRoots are the organisations whose roots stand in libwebrtc's own list
// (rtc_base/ssl_roots.h, which follows Google's for its own services). Apps
// built on that library believe no others in TURN over TLS, whatever the
// system believes. ISRG, which is Let's Encrypt, and Amazon are not on it.
var nativeRoots = []string{
	"AffirmTrust", "Baltimore", "COMODO CA Limited", "Comodo CA Limited", "Cybertrust, Inc", "DigiCert Inc",
	"Entrust, Inc.", "Entrust.net", "GlobalSign", "GlobalSign nv-sa", "GoDaddy.com, Inc.", "Google Trust Services LLC",
	"Starfield Technologies, Inc.", "The Go Daddy Group, Inc.", "The USERTRUST Network",
}

// Certificate returns a check of the certificate that get returns: that host
// is in it, that its chain leads to a root that clients believe, and for how
// long. roots nil are the system's. now tells the time.
func Certificate(get func() (*tls.Certificate, error), host string, roots *x509.CertPool, now func() time.Time) Check {
	const name = "certificate"
	return func(context.Context) []Finding {
		pair, err := get()
		if err != nil {
			return []Finding{{Failure, name, "can't be read: " + plainError(err), "turn.cert and turn.key name PEM files that this user may read; the key has to be the certificate's, and not locked by a passphrase."}}
		}
		leaf, between, err := parse(pair)
		if err != nil {
			return []Finding{{Failure, name, err.Error(), "Give turn.cert a PEM file with the certificate first, then those of the authorities in between."}}
		}
		out := []Finding{expiry(name, leaf, now())}
		chains, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: within(leaf, now())})
		switch {
		case err != nil:
			return append(out, Finding{
				Failure, name, "its chain leads to no authority that this system believes",
				"Give turn.cert the whole chain (often called fullchain.pem). With an authority of your own, every client has to be told to believe it.",
			})
		case host == "":
			return append(out, Finding{
				Warning, name, "clients are told an address and no name, so they can't check it",
				"Set turn.public_ip to the name in the certificate: " + strings.Join(leaf.DNSNames, ", "),
			})
		case leaf.VerifyHostname(host) != nil:
			return append(out, Finding{
				Failure, name, fmt.Sprintf("it is for %s, not for %s", strings.Join(leaf.DNSNames, ", "), host),
				"Get one for the name that clients are told, or tell them the certificate's name (turn.public_ip).",
			})
		}
		return append(out, Finding{Level: Good, Check: name, Says: "it is for " + host + ", and the chain is whole"}, native(name, chains))
	}
}

// within is a time at which leaf is valid, so that expiry is said once.
func within(leaf *x509.Certificate, now time.Time) time.Time {
	switch {
	case now.After(leaf.NotAfter):
		return leaf.NotAfter.Add(-time.Second)
	case now.Before(leaf.NotBefore):
		return leaf.NotBefore.Add(time.Second)
	}
	return now
}

func parse(pair *tls.Certificate) (leaf *x509.Certificate, between *x509.CertPool, err error) {
	between = x509.NewCertPool()
	for i, der := range pair.Certificate {
		c, err := x509.ParseCertificate(der)
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("the certificate at place %d in its file can't be read", i+1)
		case i == 0:
			leaf = c
		default:
			between.AddCert(c)
		}
	}
	if leaf == nil {
		return nil, nil, fmt.Errorf("there is no certificate in its file")
	}
	return leaf, between, nil
}

func expiry(name string, leaf *x509.Certificate, now time.Time) Finding {
	left := leaf.NotAfter.Sub(now)
	day := leaf.NotAfter.UTC().Format(time.DateOnly)
	switch {
	case left <= 0:
		return Finding{Failure, name, "expired on " + day, "Renew it; the relay takes up the new files within 10 seconds, without a restart."}
	case now.Before(leaf.NotBefore):
		return Finding{Failure, name, "not valid before " + leaf.NotBefore.UTC().Format(time.RFC3339), "Is the clock right?"}
	case left < expirySoon:
		return Finding{Warning, name, "expires on " + day + ", and should have been renewed by now", "See why the renewal does not run; the relay takes up new files by itself."}
	}
	return Finding{Level: Good, Check: name, Says: "valid until " + day}
}

// native says whether apps that carry a root list of their own believe it.
func native(name string, chains [][]*x509.Certificate) Finding {
	var tops []string
	for _, chain := range chains {
		root := chain[len(chain)-1]
		org := root.Subject.CommonName
		if len(root.Subject.Organization) > 0 {
			org = root.Subject.Organization[0]
		}
		if slices.Contains(nativeRoots, org) {
			return Finding{Level: Good, Check: name, Says: "phone apps with a root list of their own know its authority, too"}
		}
		tops = append(tops, org)
	}
	return Finding{
		Warning, name, "browsers believe it, but many phone apps bring a short list of authorities, and " + tops[0] + " is not on it: they can't use TURN over TLS here",
		"They still have UDP and TCP. If they need TLS, take a certificate of ZeroSSL or of Google Trust Services, which are free as well.",
	}
}
