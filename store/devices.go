package store

import (
	"context"
	"time"

	"github.com/ringfence/ringfence/internal/id"
)

// Device is one browser profile or app of an account. Every session belongs to
// one.
type Device struct {
	ID        id.Device
	Account   id.Account
	Name      string // as the person named it, or the kind of program
	CreatedAt time.Time
	SeenOn    time.Time // the day of the last sign-in, not the hour
}

// DeviceTable holds one record per device, below its account.
type DeviceTable interface {
	Device(ctx context.Context, a id.Account, d id.Device) (Device, error)
	PutDevice(ctx context.Context, d Device) error
	Devices(ctx context.Context, a id.Account, after id.Device, limit int) ([]Device, error)
	DeleteDevice(ctx context.Context, a id.Account, d id.Device) error
}
