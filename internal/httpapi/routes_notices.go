package httpapi

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// Notice is something that the account was not there for.
type Notice struct {
	ID    string    `json:"id"`
	Kind  string    `json:"kind" enum:"missed_call"`
	From  Person    `json:"from"`
	Video bool      `json:"video"`
	At    time.Time `json:"at"`
}

type noticesOut struct {
	Body struct {
		Notices []Notice `json:"notices" nullable:"false" doc:"newest first"`
	} `nameHint:"Notices"`
}

type noticePath struct {
	ID string `path:"id"`
}

func (a *api) noticeRoutes() {
	private(a, op("getNotices", "GET /notices", "What was missed"), a.getNotices)
	private(a, op("dropNotice", "DELETE /notices/{id}", "A notice was seen"), a.dropNotice)
	private(a, op("dropNotices", "DELETE /notices", "All notices were seen"), a.dropNotices)
}

func (a *api) getNotices(ctx context.Context, s store.Session, _ *none) (*noticesOut, error) {
	all, err := a.Friends.Notices(ctx, s.Account)
	if err != nil {
		return nil, err
	}
	out := &noticesOut{}
	out.Body.Notices = []Notice{}
	for _, n := range all {
		out.Body.Notices = append(out.Body.Notices, Notice{
			ID: n.ID.String(), Kind: string(n.Kind), From: shown(n.From), Video: n.Video, At: n.At,
		})
	}
	return out, nil
}

func (a *api) dropNotice(ctx context.Context, s store.Session, in *noticePath) (*none, error) {
	var notice id.Notice
	if err := notice.UnmarshalText([]byte(in.ID)); err != nil || notice.IsZero() {
		return nil, fault.New(fault.NotFound, "There is no such notice.")
	}
	return nil, a.Friends.Seen(ctx, s.Account, notice)
}

func (a *api) dropNotices(ctx context.Context, s store.Session, _ *none) (*none, error) {
	return nil, a.Friends.SeenAll(ctx, s.Account)
}
