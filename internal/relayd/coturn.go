package relayd

import "github.com/ringfence/ringfence/relay"

// Coturn is what a configuration file of coturn's says besides settings.
type Coturn struct {
	Secrets   []relay.NamedSecret
	Users     []relay.User
	Separator byte
	STUNOnly  bool
	Notes     []string
}
