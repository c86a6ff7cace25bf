// Command centrifuge is a centrifuge server for the measurement: whoever is
// signed in has a personal channel, is subscribed to it by the server, and may
// publish to anybody's. It writes its address as a line and ends with its
// input. It is a module of its own: the product does not depend on it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/centrifugal/centrifuge"
)

// nameSize is how long a name is: what a "send" begins with, to say for whom
// the rest is.
const nameSize = 26

func main() {
	lean := flag.Bool("lean", false, "as its documentation has it for many idle connections")
	flag.Parse()
	if err := run(*lean); err != nil {
		fmt.Fprintln(os.Stderr, "centrifuge:", err)
		os.Exit(1)
	}
}

func run(lean bool) error {
	node, err := centrifuge.New(centrifuge.Config{}) // its defaults, which log nothing
	if err != nil {
		return err
	}
	handle(node)
	if err := node.Run(); err != nil {
		return err
	}
	conf := centrifuge.WebsocketConfig{UseWriteBufferPool: true}
	if lean {
		conf.ReadBufferSize, conf.ProcessCommandsOffReadLoop = 512, true
	}
	ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: signedIn(centrifuge.NewWebsocketHandler(node, conf)), ReadHeaderTimeout: 5 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = srv.Close() // connections end with the process
	}()
	_, _ = fmt.Println(ln.Addr())
	if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// signedIn takes the token for the name, as the hub beside it does.
func signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if len(name) != nameSize {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(centrifuge.SetCredentials(r.Context(), &centrifuge.Credentials{UserID: name})))
	})
}

// personal is the channel of one person.
func personal(name string) string { return "#" + name }

func handle(node *centrifuge.Node) {
	node.OnConnecting(func(ctx context.Context, _ centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		who, ok := centrifuge.GetCredentials(ctx)
		if !ok {
			return centrifuge.ConnectReply{}, centrifuge.DisconnectInvalidToken
		}
		return centrifuge.ConnectReply{
			Subscriptions: map[string]centrifuge.SubscribeOptions{personal(who.UserID): {}},
		}, nil
	})
	node.OnConnect(func(c *centrifuge.Client) {
		c.OnPublish(func(e centrifuge.PublishEvent, done centrifuge.PublishCallback) {
			if !strings.HasPrefix(e.Channel, "#") {
				done(centrifuge.PublishReply{}, centrifuge.ErrorPermissionDenied)
				return
			}
			done(centrifuge.PublishReply{}, nil)
		})
		c.OnMessage(func(e centrifuge.MessageEvent) {
			if len(e.Data) > nameSize {
				_, _ = node.Publish(personal(string(e.Data[:nameSize])), e.Data[nameSize:]) // at most once, as the rest
			}
		})
	})
}
