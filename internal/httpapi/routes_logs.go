package httpapi

import (
	"context"
	"encoding/base64"

	"github.com/ringfence/ringfence/internal/devicelog"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/store"
)

type logPath struct {
	Account string `path:"account" doc:"id"`
	From    uint32 `query:"from" doc:"the first entry that is wanted, by its seq"`
}

type logOut struct {
	Body struct {
		Entries []string `json:"entries" nullable:"false" doc:"as they were signed, base64url without padding; at most 1,024"`
	} `nameHint:"DeviceLog"`
}

type entryIn struct {
	Body struct {
		Entry string `json:"entry" doc:"base64url without padding"`
	} `nameHint:"DeviceLogEntry"`
}

func (a *api) logRoutes() {
	private(a, op("getDeviceLog", "GET /logs/{account}", "The device log of a friend, or one's own"), a.getLog)
	private(a, created(op("appendDeviceLog", "POST /logs", "Append to one's own device log")), a.appendLog)
}

func (a *api) getLog(ctx context.Context, s store.Session, in *logPath) (*logOut, error) {
	of, err := accountPath{in.Account}.id()
	if err != nil {
		return nil, err
	}
	all, err := a.Logs.Entries(ctx, s.Account, of, in.From)
	if err != nil {
		return nil, err
	}
	out := &logOut{}
	out.Body.Entries = make([]string, len(all))
	for i, e := range all {
		out.Body.Entries[i] = base64.RawURLEncoding.EncodeToString(e)
	}
	return out, nil
}

func (a *api) appendLog(ctx context.Context, s store.Session, in *entryIn) (*none, error) {
	if len(in.Body.Entry) > base64.RawURLEncoding.EncodedLen(devicelog.MaxEntry) {
		return nil, fault.Field("entry", "max_length", devicelog.MaxEntry, "This entry is too long.")
	}
	entry, err := base64.RawURLEncoding.Strict().DecodeString(in.Body.Entry)
	if err != nil {
		return nil, fault.Field("entry", "base64url", 0, "This is not base64url.")
	}
	if wait := a.limits.log.Allow(s.Account); wait > 0 {
		return nil, tooOften(wait)
	}
	return nil, a.Logs.Append(ctx, s.Account, entry)
}
