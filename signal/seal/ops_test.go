package seal

type opMap = map[string]func(vector) (obj, error)

func keyOps() opMap {
	return opMap{
		"signing_key": func(v vector) (obj, error) { return obj{}, SigningKey(v.b("key")).Check() },
		"verify": func(v vector) (obj, error) {
			return obj{"ok": SigningKey(v.b("key")).verify(v.b("msg"), v.b("sig"))}, nil
		},
		"kem_key": func(v vector) (obj, error) {
			id := PKID(v.b("pub"))
			return obj{"pkid": hx(id[:])}, checkKEM(v.b("pub"))
		},
		"seal_to": func(v vector) (obj, error) {
			_, _, err := sealTo(v.b("pub"), nil)
			return obj{}, err
		},
		"kem_seed": func(v vector) (obj, error) {
			pub, err := Seed(v.b("seed")).Public()
			return obj{"pub": hx(pub)}, err
		},
		"names": func(v vector) (obj, error) {
			a := AcctOf(v.id("account"), SigningKey(v.b("root")))
			d := DevOf(a, SigningKey(v.b("key")))
			return obj{"acct": hx(a[:]), "dev": hx(d[:])}, nil
		},
		"code": func(v vector) (obj, error) {
			b, err := CodeUse("code/" + v.s("use")).Read(v.s("text"))
			return obj{"bits": hx(b[:])}, err
		},
		"code_text": func(v vector) (obj, error) {
			return obj{"text": CodeUse("code/" + v.s("use")).Text(v.id("bits"))}, nil
		},
		"recover": func(v vector) (obj, error) {
			r, err := Recover(v.id("bits"), v.id("account"))
			if err != nil {
				return nil, err
			}
			pub, err := r.Backup.Public()
			root, h := r.Root.Public(), plainHash(pub)
			return obj{"root": hx(root[:]), "backup": hx(h[:]), "token": hx(r.Token[:])}, err
		},
	}
}

func logOut(l *Log) obj {
	if l == nil {
		return nil
	}
	a, r := l.Acct(), l.Root()
	active := []string{}
	for _, d := range l.Active() {
		active = append(active, hx(d.Dev[:]))
	}
	next := ""
	if n, ok := l.Successor(); ok {
		next = hx(n[:])
	}
	return obj{"acct": hx(a[:]), "root": hx(r[:]), "head": headHex(l.Head()), "reset_no": l.ResetNo(), "active": active, "successor": next}
}

func logOps() opMap {
	return opMap{
		"log": func(v vector) (obj, error) {
			l, err := VerifyLog(v.b("log"), v.id("account"))
			return logOut(l), err
		},
		"follow": func(v vector) (obj, error) {
			pins, err := ReadPins(v.b("pin"))
			if err != nil {
				return nil, err
			}
			_, next, reset, err := pins[0].Follow(v.b("log"))
			return obj{"pin": hx(next.Append(nil)), "reset": reset}, err
		},
		"pins": func(v vector) (obj, error) {
			pins, err := ReadPins(v.b("pins"))
			return obj{"count": len(pins)}, err
		},
		"sync": func(v vector) (obj, error) {
			n, what, err := ReadSync(v.b("body"))
			return obj{"count": n, "what": hx(what)}, err
		},
		"content": func(v vector) (obj, error) {
			pins, settings, err := ReadContent(v.b("body"))
			return obj{"pins": hx(AppendPins(nil, pins)), "settings": hx(settings)}, err
		},
		"backup": func(v vector) (obj, error) {
			seed := seedRoot(v.b("root_seed"))
			b, err := OpenBackup(v.log("own"), Recovery{Root: seed, Backup: Seed(v.b("seed"))}, v.b("backup"))
			return obj{
				"counter": b.Counter, "ms": b.MS, "by": hx(b.By[:]), "head": headHex(b.Head), "pins": hx(AppendPins(nil, b.Pins)), "settings": hx(b.Settings),
			}, err
		},
	}
}

func seedRoot(b []byte) RootKey { return rootFrom(b) }

func friendOps() opMap {
	return opMap{
		"link": func(v vector) (obj, error) {
			l, err := ReadLink(v.s("text"))
			id := l.InviteID()
			return obj{"acct": hx(l.Acct[:]), "head": headHex(l.Head), "secret": hx(l.Secret[:]), "invite": hx(id[:])}, err
		},
		"request": func(v vector) (obj, error) {
			var secrets [][16]byte
			for _, s := range field[[]any](v, "secrets") {
				secrets = append(secrets, vector{obj{"s": s}}.id("s"))
			}
			q, by, err := CheckRequest(v.b("request"), Acct(v.b("me")), v.log("theirs"), secrets, v.n("now"))
			id := RequestID(v.b("request"))
			return obj{"from": hx(q.From[:]), "by_link": by, "id": hx(id[:])}, err
		},
		"accept": func(v vector) (obj, error) {
			a, err := CheckAccept(v.b("accept"), v.b("request"), v.log("theirs"))
			return obj{"acct": hx(a.Acct[:]), "head": headHex(a.Head)}, err
		},
		"scan": func(v vector) (obj, error) {
			return obj{}, CheckScan(v.b("scan"), Acct(v.b("me")), v.log("theirs"))
		},
		"safety": func(v vector) (obj, error) {
			return obj{"digits": SafetyNumber(v.id("a"), SigningKey(v.b("a_root")), v.id("b"), SigningKey(v.b("b_root")))}, nil
		},
		"prekey": func(v vector) (obj, error) {
			known := LastKnown{PKID: v.h("known_pkid"), Created: v.n("known_created")}
			p, err := CheckPrekey(v.b("prekey"), v.log("pinned"), Dev(v.b("dev")), known, v.n("now"))
			return obj{"type": p.Type, "pkid": hx(p.PKID[:])}, err
		},
	}
}

func envelopeOps() opMap { return opMap{"open": openOp} }

func openOp(v vector) (obj, error) {
	sender := v.log("sender")
	own := Own{
		Log: v.log("own"), Dev: Dev(v.b("dev")),
		Sender: func(d Dev) *Log {
			if _, ok := sender.Device(d); ok {
				return sender
			}
			return nil
		},
		Key: func(h Hash) (Key, bool) {
			for _, k := range v.list("keys") {
				if k.h("pkid") == h {
					return Key{
						Sort: KeySort(k.n("sort")), OneTime: k.yes("one_time"), Seed: Seed(k.b("seed")), Used: k.yes("used"),
						NotAfter: k.n("not_after"), RingTo: Dev(k.b("ring_to")),
					}, true
				}
			}
			return Key{}, false
		},
		Seen: func(d Dev, env ID) (Hash, bool, bool) {
			for _, s := range v.list("seen") {
				if Dev(s.b("dev")) == d && s.id("env") == env {
					return s.h("hash"), true, true
				}
			}
			return Hash{}, false, !v.yes("full")
		},
	}
	o, err := Open(own, v.b("wire"), v.n("now"))
	if err != nil {
		return nil, err
	}
	return obj{
		"kind": o.Kind, "ctype": o.CType, "acct": hx(o.Account[:]), "from_dev": hx(o.FromDev[:]), "env": hx(o.EnvID[:]), "msg": hx(o.MsgID[:]),
		"sent": o.SentMS, "hash": hx(o.Hash[:]), "body": hx(o.Body), "secret": hx(o.Secret[:]), "late": o.Late,
	}, nil
}

func key44(k FrameKey) string { return hx(append(append([]byte{}, k.key[:]...), k.iv[:]...)) }

func (v vector) callKeys() CallKeys {
	return NewCallKeys(Secret(v.b("k1")), Secret(v.b("k2")), v.h("ring"), v.h("answer"))
}

func (v vector) side(k string) Side {
	x, _ := v.sub(k)
	return Side{Acct: Acct(x.b("acct")), Dev: Dev(x.b("dev")), Fingerprint: x.h("fp"), Random: x.h("random")}
}

func callOps() opMap {
	return opMap{
		"ring": func(v vector) (obj, error) {
			x, err := ReadRing(v.b("body"), v.id("call"))
			return obj{"leg": x.Leg, "media": x.Media, "ekp": hx(x.EKp), "commit": hx(x.Commit[:]), "fp": hx(x.Fingerprint[:]), "sdp": hx(x.SDP)}, err
		},
		"answer": func(v vector) (obj, error) {
			x, err := ReadAnswer(v.b("body"), v.h("ring"))
			return obj{"stage": x.Stage, "random": hx(x.Random[:]), "fp": hx(x.Fingerprint[:]), "sdp": hx(x.SDP)}, err
		},
		"description": func(v vector) (obj, error) {
			return obj{}, CheckDescription(v.b("sdp"), v.h("fp"), v.yes("early"))
		},
		"commitment": func(v vector) (obj, error) {
			cm := Commitment(v.id("call"), uint8(v.n("leg")), Dev(v.b("to")), v.h("rc"))
			return obj{"cm": hx(cm[:])}, nil
		},
		"call_keys": func(v vector) (obj, error) {
			k := v.callKeys()
			return obj{"to_callee": key44(k.Frames(ToCallee)), "to_caller": key44(k.Frames(ToCaller)), "media": hx(k.Media[:])}, nil
		},
		"ring_end": func(v vector) (obj, error) {
			return obj{"key": key44(RingEndKey(Secret(v.b("k1")), v.h("ring")))}, nil
		},
		"emoji": func(v vector) (obj, error) {
			return obj{"places": v.callKeys().Emoji(v.side("caller"), v.side("callee"))}, nil
		},
		"frame": func(v vector) (obj, error) {
			o := FrameOpener{
				Leg: Leg{v.id("call"), uint8(v.n("leg"))}, Dir: Direction(v.n("dir")), Key: frameKey(v.b("key")), next: uint32(v.n("next")),
			}
			f, err := o.Open(v.b("frame"))
			return obj{"type": f.Type, "data": hx(f.data())}, err
		},
		"rules": rulesOp,
	}
}

func rulesOp(v vector) (obj, error) {
	r := LegRules{Caller: v.yes("caller"), Commit: v.h("commit"), RungDev: Dev(v.b("dev")), Leg: Leg{v.id("call"), uint8(v.n("leg"))}, Stage: Stage(v.n("stage"))}
	var err error
	for _, s := range v.list("steps") {
		if err != nil {
			return nil, err
		}
		if s.yes("press") {
			r.Pressed()
			continue
		}
		if s.yes("elsewhere") {
			r.RevealedElsewhere()
			continue
		}
		f, ok := readFrame(FrameType(s.n("type")), s.b("data"), r.Leg.Leg)
		if !ok {
			panic("the vector's frame does not hold")
		}
		err = r.Take(f)
	}
	return obj{}, err
}

func linkOps() opMap {
	return opMap{
		"link_new": func(v vector) (obj, error) {
			x, err := OpenLinkNew(LinkSecret(v.b("s")), v.b("m1"))
			return obj{"key": hx(x.Key[:]), "kem": hx(x.KEM), "commit": hx(x.Commit[:])}, err
		},
		"link_old": func(v vector) (obj, error) {
			x, err := OpenLinkOld(LinkSecret(v.b("s")), v.b("m1"), v.b("m2"))
			return obj{"acct": hx(x.Acct[:]), "account": hx(x.Account[:]), "head": headHex(x.Head), "random": hx(x.Random[:])}, err
		},
		"link_reveal": func(v vector) (obj, error) {
			s := LinkSecret(v.b("s"))
			rn, err := OpenLinkReveal(s, v.b("m1"), v.b("m2"), v.b("m3"))
			if err != nil {
				return nil, err
			}
			places, err := LinkEmoji(s, v.b("m1"), v.b("m2"), rn, v.h("ro"))
			return obj{"rn": hx(rn[:]), "places": places}, err
		},
	}
}
