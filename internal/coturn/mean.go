package coturn

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mean puts the lines together.
func (f *file) mean() Result {
	for _, o := range Options() {
		f.fate(o, f.given[o.Name])
	}
	f.res.Separator = ':'
	f.credentials()
	f.listeners()
	f.outside()
	f.family()
	f.quotas()
	f.lifetimes()
	f.peers()
	f.administration()
	f.res.Notes, f.res.Refusals = sorted(f.res.Notes), sorted(f.res.Refusals)
	f.res.RootRefusals = sorted(f.res.RootRefusals)
	return f.res
}

// fate says what the table says of an option, for each line that has it.
func (f *file) fate(o Option, all []given) {
	for i, g := range all {
		switch {
		case !o.many && i < len(all)-1:
			f.note(g.line, o.Name, Needless, fmt.Sprintf("line %d has it again, and the last one counts", all[len(all)-1].line), "")
		case o.takes == off && !g.yes:
			f.unsafe(g.line, o.Name, "it asks for what is never done: "+o.Says, o.Do)
		case o.takes == mark && !g.yes && o.Fate != Needless:
			f.refuseGiven(g, "coturn does not read the value, so that this line sets what it seems to take away", drop)
		case o.Fate == Refused && (!o.takes.boolean() || g.yes):
			f.fateRefused(g)
		case o.Fate == Unsafe && g.yes:
			f.unsafe(g.line, o.Name, o.Says, o.Do)
		case o.takes.boolean() && !g.yes:
			f.note(g.line, o.Name, Needless, "it is off where it is not said", "")
		case o.Name == "proc-user" || o.Name == "proc-group":
			f.note(g.line, o.Name, Needless, o.Says, "")
			f.res.RootRefusals = append(f.res.RootRefusals, Note{g.line, o.Name, Unsafe, "the program would go on as root", o.Do})
		case !f.own(o.Name):
			f.note(g.line, o.Name, o.Fate, o.Says, "")
		}
	}
}

// own reports whether what becomes of an option is said where its value is
// looked at.
func (f *file) own(name string) bool {
	return slices.Contains([]string{
		"user", "static-auth-secret", "user-quota", "total-quota", "max-bps", "bps-capacity", "allowed-peer-ip", "denied-peer-ip",
		"channel-lifetime", "permission-lifetime", "prometheus-port", "prometheus-address", "tls-listening-port", "external-ip",
	}, name)
}

// fateRefused refuses g, but for databases that coturn would have found empty.
func (f *file) fateRefused(g given) {
	usual := []string{"/var/lib/turn/turndb", "/var/db/turndb", "/usr/local/var/db/turndb"}
	if (g.opt.Name == "userdb" || g.opt.Name == "db") && slices.Contains(usual, g.text) && len(f.given["static-auth-secret"])+len(f.given["user"]) > 0 {
		f.note(g.line, g.opt.Name, Needless, "no database of users is read; who is in it and not in this file does not come in", "")
		return
	}
	f.refuseGiven(g, g.opt.Says, g.opt.Do)
}

// credentials finds out who may come in.
func (f *file) credentials() {
	f.realm()
	f.separator()
	if _, stunOnly := f.on("stun-only"); stunOnly {
		f.res.STUNOnly = true
	}
	shared, users := f.given["static-auth-secret"], f.given["user"]
	use, wanted := f.on("use-auth-secret")
	longTerm, ltc := f.on("lt-cred-mech")
	_, open := f.on("no-auth")
	switch {
	case len(shared) > 0:
		for _, g := range shared {
			f.secret(g)
		}
		for _, g := range users {
			f.note(g.line, "user", Needless, "coturn reads no users where there is a static-auth-secret", "")
		}
	case wanted:
		f.refuse(use, "use-auth-secret", "there is no static-auth-secret, and no database to look for one", "write static-auth-secret=…, the same that your other software has")
	case len(users) > 0:
		for _, g := range users {
			f.user(g)
		}
	case ltc:
		f.refuse(longTerm, "lt-cred-mech", "there are no users, and no database to look for some", onlyFile)
	case !open && !f.res.STUNOnly:
		f.res.STUNOnly = true
		f.note(0, "", Honoured, "there are no credentials, so the relay answers STUN alone; coturn would relay for everybody",
			`to relay, write a line static-auth-secret=… with what "openssl rand -hex 32" prints, and give the same to the software that makes user names`)
	}
}

func (f *file) secret(g given) {
	s := g.text
	if publicSecret(s) {
		f.refuseGiven(g, "the secret is that of a document, which everybody knows", `write what "openssl rand -hex 32" prints, here and in your other software`)
		return
	}
	if strings.ContainsAny(s, " \t") {
		f.refuseGiven(g, "there is a blank in the secret; coturn takes all that stands on the line, also what looks like a comment", "write the secret alone, and comments on lines of their own")
		return
	}
	for _, old := range f.res.Secrets {
		if old.Value.Reveal() == s {
			f.note(g.line, g.opt.Name, Needless, "the same secret as on line "+strconv.Itoa(old.Line), "")
			return
		}
	}
	if len(f.res.Secrets) == MaxSecrets {
		f.refuseGiven(g, fmt.Sprintf("there are more than %d secrets", MaxSecrets), "delete those that nobody uses any more")
		return
	}
	name := "coturn-" + strconv.Itoa(len(f.res.Secrets)+1)
	f.res.Secrets = append(f.res.Secrets, Secret{name, hide(s), g.line})
	says := g.opt.Says + "; metrics call it " + name
	if len(s) < 16 {
		f.note(g.line, g.opt.Name, Honoured, says+"; it is shorter than 16 bytes and can be guessed", `take what "openssl rand -hex 32" prints`)
		return
	}
	f.note(g.line, g.opt.Name, Honoured, says, "")
}

// publicSecret finds what documents print where the secret belongs.
func publicSecret(s string) bool {
	in := func(open, end string) bool {
		return len(s) > len(open)+len(end) && strings.HasPrefix(s, open) && strings.HasSuffix(s, end)
	}
	return in("[", "]") || in("<", ">") || in("__", "__") || in("{", "}") || in("$(", ")") ||
		slices.Contains([]string{"north", "logen", "secret", "changeme", "your-secret", "yoursecret", "your_secret"}, strings.ToLower(s))
}

func (f *file) user(g given) {
	name, password, ok := strings.Cut(g.text, ":")
	password = strings.TrimLeft(password, " \t")
	u := User{Name: hide(name), Line: g.line}
	switch key, isKey := strings.CutPrefix(password, "0x"); {
	case !ok || name == "" || password == "":
		f.refuseGiven(g, "a user is a name, a colon and a password", "write user=name:password")
		return
	case !utf8.ValidString(g.text) || len(name) > 508 || len(password) > 763:
		f.refuseGiven(g, "a user's name and password are UTF-8, and have at most 508 and 763 bytes", "")
		return
	case isKey:
		if raw, err := hex.DecodeString(key); err != nil || len(raw) != 16 {
			f.refuseGiven(g, "a key is 0x and 32 hexadecimal digits", `write what "turnadmin -k" prints, or the password`)
			return
		}
		if _, hasRealm := f.last("realm"); !hasRealm {
			f.refuseGiven(g, "a key holds for one realm, and the file names none", "write realm=…, the one that the key was made with")
			return
		}
		u.Key = hide(strings.ToLower(key))
	default:
		u.Password = hide(password)
	}
	if i, again := f.users[name]; again {
		f.note(f.res.Users[i].Line, "user", Needless, fmt.Sprintf("line %d has the same user again, and the last one counts", g.line), "")
		f.res.Users[i] = u
	} else {
		f.users[name] = len(f.res.Users)
		f.res.Users = append(f.res.Users, u)
	}
	f.note(g.line, "user", Honoured, g.opt.Says, "")
}

func (f *file) realm() {
	g, ok := f.last("realm")
	switch {
	case !ok:
		if len(f.given["static-auth-secret"])+len(f.given["user"]) > 0 {
			f.note(0, "", Honoured, "there is no realm, so it is the one of our settings; coturn takes the domain of the machine", "")
		}
	case len(g.text) > 127 || !utf8.ValidString(g.text) || strings.ContainsAny(g.text, `"\`):
		f.refuseGiven(g, "a realm is text of at most 127 bytes without quotes and backslashes", "")
	default:
		f.set(g.line, "turn.realm", g.text)
		if len(g.text) > 12 {
			f.note(g.line, "realm", Honoured, "it is longer than 12 bytes, so that first answers over UDP, which hold it, go through a limit for each network", "")
		}
	}
}

func (f *file) separator() {
	g, ok := f.last("rest-api-separator")
	switch {
	case !ok:
	case len(g.text) != 1 || g.text[0] >= 0x80 || g.text[0] <= ' ' || g.text[0] >= '0' && g.text[0] <= '9':
		f.refuseGiven(g, "one character of ASCII is wanted that is no digit, not "+shown(g), "")
	default:
		f.res.Separator = g.text[0]
	}
}

// quotas are the limits of which coturn's 0 is no limit. Ours is the default.
func (f *file) quotas() {
	for _, q := range [][2]string{
		{"user-quota", "turn.limits.per_user"},
		{"total-quota", "turn.limits.allocations"},
		{"max-bps", "turn.limits.bytes_per_second"},
		{"bps-capacity", "turn.limits.bytes_per_second_total"},
	} {
		g, ok := f.last(q[0])
		switch {
		case !ok:
		case g.n == 0:
			f.note(g.line, q[0], Honoured, "0 is no limit in coturn; here it is the default of "+q[1], "write a number for another limit")
		default:
			f.set(g.line, q[1], strconv.FormatInt(g.n, 10))
			f.note(g.line, q[0], Honoured, g.opt.Says, "")
		}
	}
}

func (f *file) lifetimes() {
	if g, ok := f.last("stale-nonce"); ok {
		switch {
		case g.text == "":
			f.set(g.line, "turn.nonce_life", "600")
		case g.n == 0:
			f.unsafe(g.line, "stale-nonce", "nonces that live for ever let who overheard one request send it again for ever", "write stale-nonce=600")
		case g.n < 0:
			f.refuseGiven(g, "a number of seconds is wanted, not "+shown(g), "write stale-nonce=600")
		case g.n > 3600:
			f.unsafe(g.line, "stale-nonce", "RFC 8489 wants nonces to end within the hour", "write stale-nonce=600")
		default:
			f.set(g.line, "turn.nonce_life", strconv.FormatInt(g.n, 10))
		}
	}
	if g, ok := f.last("max-allocate-lifetime"); ok && g.text != "" {
		if g.n > 3600 {
			f.note(g.line, g.opt.Name, Honoured, "RFC 8656 wants an hour at most, so it is 3600; clients refresh what they use", "")
		}
		f.set(g.line, "turn.limits.lifetime", strconv.FormatInt(min(g.n, 3600), 10))
	}
	f.fixed("channel-lifetime", 600)
	f.fixed("permission-lifetime", 300)
}

// fixed is about a lifetime that RFC 8656 says.
func (f *file) fixed(name string, seconds int64) {
	g, ok := f.last(name)
	is := fmt.Sprintf("the %d seconds of RFC 8656", seconds)
	switch {
	case !ok:
	case g.text == "" || g.n == seconds:
		f.note(g.line, name, Needless, "it is "+is, "")
	case g.n > seconds:
		f.unsafe(g.line, name, "peers could send to a client for longer than "+is+" after it last asked for that", drop)
	default:
		f.refuseGiven(g, "it is "+is+", by which clients refresh", drop)
	}
}
