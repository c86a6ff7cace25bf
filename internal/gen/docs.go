package main

import (
	"fmt"
	"go/types"
	"reflect"
	"strings"

	"github.com/ringfence/ringfence/signal/wire"
)

const generated = "<!-- Written by internal/gen from the Go source. Change that, then run `make gen`. -->\n\n"

// reference is docs/signaling.md: kinds, bodies, enumerations, limits.
func reference(w *source) (string, error) {
	p := &printer{}
	p.b.WriteString("# Signaling reference\n\n" + generated)
	p.line("How the protocol works is told in [protocol.md](protocol.md); this page lists its parts.\n")
	p.kindTable(w)
	p.line("\n## Structures")
	for _, s := range w.structs {
		if err := p.structTable(s); err != nil {
			return "", err
		}
	}
	p.line("\n## Enumerations")
	for _, e := range w.enums {
		if e.name == "Kind" || e.name == "Sender" {
			continue
		}
		p.line("\n### %s\n\n%s\n\n| value | |\n|---|---|", e.name, e.doc)
		for _, v := range e.values {
			p.line("| `%s` | %s |", strings.Trim(v.value, `"`), v.doc)
		}
	}
	p.line("\n## Limits\n\n| name | value | |\n|---|---|---|")
	for _, c := range w.consts {
		p.line("| `%s` | %s | %s |", c.name, strings.Trim(c.value, `"`), c.doc)
	}
	p.line(chosen)
	return p.b.String(), nil
}

// chosen says how the limits of rates came about.
const chosen = `
Above a rate the hub answers with the error ` + "`rate_limited`" + `, which says in ` + "`retry_after`" + ` how many seconds to wait; the frame had no
effect. Whoever goes on sending, refused frames counted like those taken, is closed with 4504. A hello above its rate is answered in the same
way and closed with 4003.

How the figures were chosen. Our clients tell the candidates that they find in one turn in one frame, and nothing while a call just goes on. A
client that tells each in a frame of its own, on a device with many networks, is taken to send 60 with every search for a way. The most that an
honest client sends at once is what the hub did not take before a connection was lost: 256 frames, which is as many as a client keeps. A session's burst
holds these and a search for a way; its rate allows for one every other second, for ever. An account has four times as much: its devices do
not all start at once. An address has forty times as much, for the people behind one router, or behind a proxy that does not tell whom it
speaks for; its hellos let 20,000 come back at once after a restart. An account's 64 are four for each of its 16 sessions.
TestHonestClientsMeetNoLimit holds the worst of this to the limits. What is counted is in memory alone, addresses as a blinded prefix, and is
forgotten once it does not matter: after seconds for frames, after a minute for hellos, at once where 8,192 others wait to be forgotten.
`

func (p *printer) kindTable(w *source) {
	docs := map[string]string{}
	for _, e := range w.enums {
		for _, v := range e.values {
			if e.name == "Kind" {
				docs[strings.Trim(v.value, `"`)] = v.doc
			}
		}
	}
	p.line("## Kinds\n\n| kind | sent by | body | what it says |\n|---|---|---|---|")
	for _, k := range wire.Kinds() {
		sender := string(k.Sender)
		if k.Passes {
			sender = "client, passed on unread"
		}
		name := reflect.TypeOf(k.Body).Name()
		p.line("| `%s` | %s | [%s](#%s) | %s |", k.Kind, sender, name, strings.ToLower(name), docs[string(k.Kind)])
	}
}

func (p *printer) structTable(s structDef) error {
	p.line("\n### %s\n\n%s", s.name, s.doc)
	if len(s.fields) == 0 {
		p.line("\nNo fields.")
		return nil
	}
	p.line("\n| field | type | |\n|---|---|---|")
	for _, f := range s.fields {
		t, err := tsType(f.typ, f.optional)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", f.name, types.ExprString(f.typ), err)
		}
		opt := f.doc
		if f.optional {
			opt = strings.TrimSuffix("optional; "+f.doc, "; ")
		}
		p.line("| `%s` | %s | %s |", f.name, strings.TrimPrefix(t, "readonly "), opt)
	}
	return nil
}

// errorTable is docs/errors.md.
func errorTable(f *source) (string, error) {
	p := &printer{}
	p.b.WriteString("# Error codes\n\n" + generated)
	p.line("The HTTP API sends them as `code` of problem+json, signaling as `code` of an error frame. Codes are only ever added.\n")
	p.line("| code | when |\n|---|---|")
	for _, e := range f.enums {
		for _, v := range e.values {
			if v.doc == "" {
				return "", fmt.Errorf("code %s has no comment", v.name)
			}
			p.line("| `%s` | %s |", strings.Trim(v.value, `"`), v.doc)
		}
	}
	return p.b.String(), nil
}
