package main

import (
	"strings"

	"github.com/ringfence/ringfence/internal/coturn"
)

// coturnTable is docs/coturn.md.
func coturnTable() string {
	p := &printer{}
	p.b.WriteString("# In coturn's place\n\n" + generated)
	p.line(`%[1]sringfence relay --coturn-config turnserver.conf%[1]s serves by the configuration file of coturn. Each line of it is

- **honoured**: it has the effect that it has in coturn,
- **needless**: without effect, because nothing is missing without it,
- **refused**: it cannot be done here, and the relay does not start, or
- **unsafe**: it would make the relay less safe than it is without the file, and the relay does not start.

Everything that is wrong is said at once, with the number of the line and what to do. Nothing is passed over in silence:
where coturn warns of an option that it does not know and goes on, this relay does not start and says which one it might be.

What is otherwise than in coturn:

- A file without credentials makes coturn relay for everybody. Here it makes a STUN server, which relays nothing.
- Peers that are not on the internet are refused, whether %[1]sdenied-peer-ip%[1]s names them or not. %[1]sallowed-peer-ip%[1]s opens
  single servers of your own network. As in coturn it beats %[1]sdenied-peer-ip%[1]s.
- No limit is off. Where coturn's 0 means no limit, it means our default.
- A comment may stand behind a value that cannot hold a %[1]s#%[1]s itself: behind yes or no, a number, an address.
- Without %[1]srealm%[1]s coturn takes the domain of the machine, and this relay the setting %[1]sturn.realm%[1]s.
- An option that stands there again takes the place of the earlier one, unless both count, as for addresses.
`, "`")
	var old, later, never []coturn.Option
	for _, o := range coturn.Options() {
		switch o.Since {
		case "":
			old = append(old, o)
		case "none":
			never = append(never, o)
		default:
			later = append(later, o)
		}
	}
	p.line("## The options of coturn 4.6.1\n")
	p.coturnOptions(old, false)
	p.line("\n## Options that came later\n")
	p.coturnOptions(later, true)
	p.line("\n## What coturn 4.6 does not know and documents hold\n")
	p.coturnOptions(never, false)
	return p.b.String()
}

func (p *printer) coturnOptions(options []coturn.Option, since bool) {
	if since {
		p.line("| option | since | fate | |\n|---|---|---|---|")
	} else {
		p.line("| option | fate | |\n|---|---|---|")
	}
	for _, o := range options {
		says := o.Says
		if o.Fate == coturn.Refused || o.Fate == coturn.Unsafe {
			says += "; " + o.Do
		}
		says = strings.ReplaceAll(says, "|", `\|`)
		if since {
			p.line("| `%s` | %s | %s | %s |", o.Name, o.Since, o.Fate, says)
		} else {
			p.line("| `%s` | %s | %s |", o.Name, o.Fate, says)
		}
	}
}
