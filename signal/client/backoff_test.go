package client

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// away is a server that cannot be reached, and when that was tried.
type away struct{ tries []time.Time }

var errAway = errors.New("no server")

func (a *away) RoundTrip(*http.Request) (*http.Response, error) {
	a.tries = append(a.tries, time.Now())
	return nil, errAway
}

// Within a minute a server that starts again is asked within two seconds of
// being there, whenever that is; after that, less often.
func TestAServerIsAskedWithinTwoSecondsOfItsStart(t *testing.T) {
	t.Parallel()
	for range 50 { // the pauses are left to chance
		synctest.Test(t, func(t *testing.T) {
			var a away
			c, err := New(Options{URL: "http://hub", Token: "t", HTTP: &http.Client{Transport: &a}})
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
			defer cancel()
			if err := c.Serve(ctx); err != nil {
				t.Fatal(err)
			}
			last := begin
			for _, at := range a.tries {
				most := 2 * time.Second
				if last.Sub(begin) > patience {
					most = 2 * backoffIdle
				}
				if pause := at.Sub(last); pause > most {
					t.Errorf("%v after the loss a pause of %v", last.Sub(begin), pause)
				}
				last = at
			}
			if n := len(a.tries); n < 60 || n > 140 {
				t.Errorf("%d tries in ten minutes", n)
			}
		})
	}
}
