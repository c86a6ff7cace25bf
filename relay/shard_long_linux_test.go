//go:build amd64 || arm64

package relay

import (
	"net/netip"
	"testing"

	"github.com/ringfence/ringfence/relay/internal/mmsg"
)

// Packets that nobody would pass on take none of the memory in which packets
// wait, whoever sends them.
func TestLongPacketsDoNotWait(t *testing.T) {
	t.Parallel()
	r := newIdleRig(t, nil)
	from := mmsg.NameOf(netip.MustParseAddrPort("198.51.100.1:4000"))
	l := &shardListener{shard: &shard{plane: &plane{server: r.Server}}, inbox: newInbox(4)}
	p := &shardPeer{sock: r.newSocket(&echoConn{}, legOf("a"), loopback(4001), loopback(4001)), inbox: newInbox(4)}
	var sh shard
	long := make([]byte, longPacket)
	l.up(&from, long)
	sh.upFrom(p, long, len(long), &from)
	if !l.inbox.empty() || !p.inbox.empty() {
		t.Error("a packet that is too long waits")
	}
	if m, o := r.refused(RefusedMalformed), r.refused(RefusedOversize); m != 1 || o != 1 {
		t.Errorf("refused %d and %d, want 1 of each", m, o)
	}
	l.up(&from, long[:inboundMTU])
	sh.upFrom(p, long[:pionBuffer-1], pionBuffer-1, &from)
	if l.inbox.empty() || p.inbox.empty() {
		t.Error("the longest packet that may pass does not")
	}
}
