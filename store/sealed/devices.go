package sealed

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// devices is store.DeviceTable. The key of a row is account, device.
type devices struct{ *tx }

type deviceRecord struct {
	Name    string    `json:"n"`
	Created time.Time `json:"c"`
	Seen    time.Time `json:"s"`
}

func (r deviceRecord) device(a id.Account, d id.Device) store.Device {
	return store.Device{ID: d, Account: a, Name: r.Name, CreatedAt: r.Created, SeenOn: r.Seen}
}

func deviceKey(a id.Account, d id.Device) []byte { return concat(a.Bytes(), d.Bytes()) }

func (t devices) Device(ctx context.Context, a id.Account, d id.Device) (store.Device, error) {
	var r deviceRecord
	if err := t.get(ctx, a, store.TableDevices, deviceKey(a, d), &r); err != nil {
		return store.Device{}, err
	}
	return r.device(a, d), nil
}

func (t devices) PutDevice(ctx context.Context, d store.Device) error {
	if err := named(d.Account, d.ID); err != nil {
		return err
	}
	return t.put(ctx, d.Account, store.TableDevices, deviceKey(d.Account, d.ID), deviceRecord{
		Name: d.Name, Created: d.CreatedAt.UTC(), Seen: d.SeenOn.UTC(),
	})
}

func (t devices) Devices(ctx context.Context, a id.Account, after id.Device, limit int) ([]store.Device, error) {
	if err := named(a); err != nil {
		return nil, err
	}
	var all []store.Device
	err := t.live(ctx, store.TableDevices, a.Bytes(), afterID(after), limit, func(row store.Row) error {
		var d id.Device
		if err := tail(&d, row, id.Size); err != nil {
			return err
		}
		var r deviceRecord
		if err := t.open(a, store.TableDevices, row.Key, row.Value, &r); err != nil {
			return err
		}
		all = append(all, r.device(a, d))
		return nil
	})
	return all, err
}

func (t devices) DeleteDevice(ctx context.Context, a id.Account, d id.Device) error {
	return t.rows.Delete(ctx, store.TableDevices, deviceKey(a, d))
}

// notices is store.NoticeTable. The key of a row is account, notice.
type notices struct{ *tx }

type noticeRecord struct {
	Kind    store.NoticeKind `json:"k"`
	From    id.Account       `json:"f"`
	Video   bool             `json:"v,omitempty"`
	At      time.Time        `json:"a"`
	Expires time.Time        `json:"e"`
}

func noticeKey(a id.Account, n id.Notice) []byte { return concat(a.Bytes(), n.Bytes()) }

func (t notices) PutNotice(ctx context.Context, n store.Notice) error {
	if err := named(n.Account, n.ID); err != nil {
		return err
	}
	return t.put(ctx, n.Account, store.TableNotices, noticeKey(n.Account, n.ID), noticeRecord{
		Kind: n.Kind, From: n.From, Video: n.Video, At: n.At.UTC(), Expires: n.ExpiresAt.UTC(),
	})
}

func (t notices) DeleteNotice(ctx context.Context, a id.Account, n id.Notice) error {
	return t.rows.Delete(ctx, store.TableNotices, noticeKey(a, n))
}

func (t notices) Notices(ctx context.Context, a id.Account, after id.Notice, limit int) ([]store.Notice, error) {
	if err := named(a); err != nil {
		return nil, err
	}
	var all []store.Notice
	err := t.live(ctx, store.TableNotices, a.Bytes(), afterID(after), limit, func(row store.Row) error {
		var n id.Notice
		if err := tail(&n, row, id.Size); err != nil {
			return err
		}
		var r noticeRecord
		if err := t.open(a, store.TableNotices, row.Key, row.Value, &r); err != nil {
			return err
		}
		all = append(all, store.Notice{
			ID: n, Account: a, Kind: r.Kind, From: r.From, Video: r.Video, At: r.At, ExpiresAt: r.Expires,
		})
		return nil
	})
	return all, err
}
