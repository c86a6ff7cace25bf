// Package metrics owns what Prometheus is told: counters that the relay keeps
// anyway, read when somebody asks; those of the hub are in hubmetrics. Labels
// come from closed sets; none ever holds an account or an address.
package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler serves the given collectors and those of the process itself.
func Handler(cs ...prometheus.Collector) (http.Handler, error) {
	r := prometheus.NewRegistry()
	all := append([]prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector(),
	}, cs...)
	for _, c := range all {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 4}), nil
}

// Ready tells whether the program is ready, as /readyz does.
func Ready(ready func() bool) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "ringfence_ready", Help: "1 while /readyz answers 200; else 0.",
	}, func() float64 {
		if ready() {
			return 1
		}
		return 0
	})
}

// Describe names a metric of this program. Labels are of closed sets.
func Describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("ringfence_"+name, help, labels, nil)
}

// Sink writes one snapshot.
type Sink chan<- prometheus.Metric

// Counter writes a value that only grows.
func (s Sink) Counter(d *prometheus.Desc, v uint64, labels ...string) {
	s <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
}

// Gauge writes a value of now.
func (s Sink) Gauge(d *prometheus.Desc, v int, labels ...string) {
	s <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
}
