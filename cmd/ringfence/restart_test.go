package main

import (
	"context"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/ringfence/ringfence/signal/client"
	"github.com/ringfence/ringfence/signal/wire"
)

// TestACallOutlivesTheProgram ends the program in the middle of a call that
// does not go through its relay, politely and not, and starts it again. The two
// talk on while it is gone; then their call is one as before: servers are had,
// descriptions pass, and hanging up ends it on both sides.
func TestACallOutlivesTheProgram(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*program) error{
		"told to end": (*program).stop,
		"killed": func(p *program) error {
			p.kill()
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t)
			p.start()
			p.sameAgain()
			base, anna, ben := twoFriends(t, p)
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			var here webrtc.SettingEngine
			here.SetIncludeLoopbackCandidate(true)
			back := make(chan bool, 16)
			c := converse(ctx, t, client.Options{URL: base, Token: anna.Token, OnState: func(on bool) { back <- on }},
				client.Options{URL: base, Token: ben.Token}, ben.ID, client.PeerOptions{API: webrtc.NewAPI(webrtc.WithSettingEngine(here))})
			defer c.close()
			c.say("before")
			if err := end(p); err != nil {
				t.Errorf("end: %v", err)
			}
			awaitState(t, back, false)
			c.say("while it is gone")
			p.start()
			ready := time.Now()
			awaitState(t, back, true)
			t.Logf("back %v after the program was ready", time.Since(ready))
			c.awaitAnswered()
			if servers, err := c.in.Refresh(ctx); err != nil || len(servers) == 0 {
				t.Errorf("servers %v, %v", servers, err)
			}
			if err := c.in.Send(ctx, wire.KindMedia, wire.Sending{Audio: true}); err != nil {
				t.Errorf("media: %v", err)
			}
			c.say("after")
			c.hangUp(ctx)
			if e, _ := c.in.Ended(); e.Reason != wire.ReasonHangup {
				t.Errorf("ended %+v on the other side", e)
			}
		})
	}
}
