package signal

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

func fullMessage() message {
	return message{
		op: opDeliver, flags: flagAsk, kind: wire.KindIncoming, frame: id.NewFrame(), call: id.NewCall(),
		from: wire.Address{Account: id.NewAccount(), Device: id.NewDevice()}, to: id.NewAccount(),
		line: id.New[line](), node: id.NewNode(), other: id.New[other](), body: []byte("AAAA"),
	}
}

// No field is forgotten, and none stands in for another.
func TestMessageSurvivesTheBus(t *testing.T) {
	t.Parallel()
	want := fullMessage()
	v := reflect.ValueOf(want)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Fatalf("%s is not tried", v.Type().Field(i).Name)
		}
	}
	for _, m := range []message{want, {op: opTopic, body: []byte("friends")}, {op: opAway}} {
		var got message
		if err := got.decode(m.encode()); err != nil {
			t.Fatal(err)
		}
		if len(got.body) == 0 {
			got.body = nil
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("got %+v, want %+v", got, m)
		}
	}
}

func FuzzMessage(f *testing.F) {
	m := fullMessage()
	f.Add(m.encode())
	f.Add([]byte{messageVersion, byte(opFrame), 0, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		var m message
		if m.decode(b) != nil {
			return
		}
		if got := m.encode(); !bytes.Equal(got, b) {
			t.Fatalf("read %x, wrote %x", b, got)
		}
	})
}
