package relay_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/ringfence/ringfence/relay"
)

func ExampleMinter() {
	secret, err := relay.NewSecret([]byte("an example: 32 bytes that are no secret at all"))
	if err != nil {
		panic(err)
	}
	keys, err := relay.NewKeys(relay.Key{ID: "2026a", Secret: secret})
	if err != nil {
		panic(err)
	}
	now := func() time.Time { return time.Unix(1_790_000_000, 0) }
	minter, err := relay.NewMinter(keys, relay.MaxTTL, now)
	if err != nil {
		panic(err)
	}
	c, err := minter.Mint("rt7u", "m3qk") // a call and one leg of it, both random
	if err != nil {
		panic(err)
	}
	fmt.Println(c.Username)
	fmt.Println(relay.Verify(keys, now(), c))
	fmt.Println(relay.Verify(keys, now().Add(3*time.Minute), c))
	fmt.Println(secret)
	// Output:
	// v1.2026a.1790000120.rt7u.m3qk
	// <nil>
	// expired relay credential
	// [secret]
}

func ExamplePeerPolicy() {
	policy := relay.PeerPolicy{
		Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")},
		Deny:  []netip.Prefix{netip.MustParsePrefix("10.1.9.0/24")},
	}
	for _, peer := range []string{"8.8.8.8", "10.1.2.3", "10.1.9.1", "192.168.1.1", "::ffff:192.168.1.1"} {
		fmt.Println(peer, policy.Permits(netip.MustParseAddr(peer)))
	}
	// Output:
	// 8.8.8.8 true
	// 10.1.2.3 true
	// 10.1.9.1 false
	// 192.168.1.1 false
	// ::ffff:192.168.1.1 false
}
