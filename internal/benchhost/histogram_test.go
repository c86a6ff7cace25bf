package benchhost

import (
	"testing"
	"time"
)

func TestHistogramIsCloseToWhatWasCounted(t *testing.T) {
	t.Parallel()
	var h Histogram
	if h.Quantile(0.5) != 0 {
		t.Error("an empty one has a middle")
	}
	const n = 100_000
	for i := range n {
		h.Add(time.Duration(i+1) * 100)
	}
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 1} {
		want := q * n * 100
		if got := float64(h.Quantile(q)); got < want*0.97 || got > want*1.03 {
			t.Errorf("%v: %v, want about %v", q, got, want)
		}
	}
	if h.Most != n*100 || h.Quantile(1) > h.Most {
		t.Errorf("most %v, last %v", h.Most, h.Quantile(1))
	}
	h = Histogram{}
	h.Add(-1) // a clock never goes back; if it did, it would count as none
	h.Add(31)
	h.Add(1<<63 - 1)
	if h.Quantile(0) != 0 || h.Quantile(0.5) != 31 || h.Quantile(1) < 1<<62 {
		t.Errorf("%v %v %v", h.Quantile(0), h.Quantile(0.5), h.Quantile(1))
	}
}

func TestBucketsAreInOrderAndHoldTheirMiddle(t *testing.T) {
	t.Parallel()
	last := -1
	for d := range time.Duration(1 << 20) {
		i := bucket(d)
		if i < last || i > last+1 {
			t.Fatalf("%d is in bucket %d after %d", d, i, last)
		}
		last = i
		if bucket(middle(i)) != i {
			t.Fatalf("the middle of bucket %d is %d, in bucket %d", i, middle(i), bucket(middle(i)))
		}
	}
}
