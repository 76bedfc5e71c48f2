package main

import (
	"net/http"
	"strconv"
	stdsync "sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sync"
)

// metrics counts what the server does, for Prometheus. Its labels are stages, kinds, operations, methods, statuses and the
// names of clusters: never what an object is called. It is safe for concurrent use.
type metrics struct {
	registry *prometheus.Registry
	runs     *prometheus.CounterVec
	duration *prometheus.HistogramVec
	phase    *prometheus.HistogramVec
	objects  *prometheus.CounterVec
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec

	// These are set whenever they are asked for.
	gathering stdsync.Mutex
	current   *prometheus.GaugeVec // runs
	watchers  *prometheus.GaugeVec
	lastGood  *prometheus.GaugeVec

	mu     stdsync.Mutex
	phases map[string]phases // of the runs under way, by their ids
}

// phases is how far a run has come in its phases.
type phases struct {
	last  time.Time                // when one ended, or the run began
	begun map[sync.Stage]time.Time // those that are under way
}

func newMetrics() *metrics {
	long := []float64{.5, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "proxbox_runs_total", Help: "Runs that have ended.",
		}, []string{"stage", "dry_run", "result"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "proxbox_run_duration_seconds", Help: "How long runs took, without their wait for a turn.", Buckets: long,
		}, []string{"stage", "dry_run"}),
		phase: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "proxbox_phase_duration_seconds", Help: "How long the phases of runs took that came to their ends.", Buckets: long,
		}, []string{"phase"}),
		objects: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "proxbox_objects_total", Help: "What became of objects in NetBox: created, updated, deleted, kept, skipped or failed.",
		}, []string{"kind", "operation"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "proxbox_requests_total", Help: `Requests to NetBox and to clusters. The code is "none" where no answer came.`,
		}, []string{"end", "cluster", "method", "code"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "proxbox_request_duration_seconds", Help: "How long NetBox and clusters took to begin an answer, or not to come to one.",
			Buckets: []float64{.005, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30, 60},
		}, []string{"end", "cluster"}),
		current: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "proxbox_runs", Help: "Runs under way, and runs that wait for their turn.",
		}, []string{"state"}),
		watchers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "proxbox_watchers", Help: "Clients that watch: by Server-Sent Events or by WebSocket.",
		}, []string{"kind"}),
		lastGood: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "proxbox_last_good_run_timestamp_seconds",
			Help: "When the last run of a cluster ended in which nothing failed, in Unix time; 0 if none is remembered.",
		}, []string{"cluster"}),
		phases: map[string]phases{},
	}
	m.registry.MustRegister(
		m.runs, m.duration, m.phase, m.objects, m.requests, m.latency, m.current, m.watchers, m.lastGood,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector(),
	)
	return m
}

// handler answers with the metrics, those of the server among them.
func (m *metrics) handler(stats func() server.Stats) http.Handler {
	gather := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) {
		m.gathering.Lock()
		defer m.gathering.Unlock()
		m.set(stats())
		return m.registry.Gather()
	})
	return promhttp.HandlerFor(gather, promhttp.HandlerOpts{})
}

// transport counts the requests to the cluster of a source, or with an empty name to a NetBox.
func (m *metrics) transport(source string, next http.RoundTripper) http.RoundTripper {
	end := "netbox"
	if source != "" {
		end = "proxmox"
	}
	latency := m.latency.WithLabelValues(end, source)
	return promhttp.RoundTripperFunc(func(request *http.Request) (*http.Response, error) {
		begun, code := time.Now(), "none"
		response, err := next.RoundTrip(request)
		latency.Observe(time.Since(begun).Seconds())
		if err == nil {
			code = strconv.Itoa(response.StatusCode)
		}
		m.requests.WithLabelValues(end, source, request.Method, code).Inc()
		return response, err
	})
}

// observe adds an event of a run.
func (m *metrics) observe(r server.RunInfo, ev sync.Event) {
	switch ev := ev.(type) {
	case sync.Step:
		switch {
		case ev.Key.IsZero():
			m.passed(ev)
		case ev.Status == sync.Completed && ev.Op != "":
			m.objects.WithLabelValues(string(ev.Key.Kind), past(ev.Op)).Inc()
			m.children(ev.Children)
		}
	case sync.Failure:
		if !ev.Key.IsZero() && ev.Key.Kind != sync.SourceKind {
			m.objects.WithLabelValues(string(ev.Key.Kind), "failed").Inc()
			m.children(ev.Children)
		}
	case sync.Complete:
		dry := strconv.FormatBool(r.DryRun)
		m.runs.WithLabelValues(string(r.Stage), dry, r.State).Inc()
		m.duration.WithLabelValues(string(r.Stage), dry).Observe(ev.Result.Finished.Sub(ev.Result.Started).Seconds())
		m.mu.Lock()
		delete(m.phases, r.ID)
		m.mu.Unlock()
	}
}

// passed takes note of the begin or the end of a phase. One that does not say that it begins begins where another ended.
func (m *metrics) passed(s sync.Step) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, known := m.phases[s.Run]
	if !known {
		p = phases{last: s.Time, begun: map[sync.Stage]time.Time{}}
	}
	switch s.Status {
	case sync.Started:
		p.begun[s.Stage] = s.Time
	case sync.Completed:
		begun, ok := p.begun[s.Stage]
		if !ok {
			begun = p.last
		}
		m.phase.WithLabelValues(string(s.Stage)).Observe(s.Time.Sub(begun).Seconds())
		delete(p.begun, s.Stage)
		p.last = s.Time
	}
	m.phases[s.Run] = p
}

// children adds what became of the children of a unit.
func (m *metrics) children(all map[sync.Kind]sync.Counts) {
	for kind, n := range all {
		for operation, count := range map[string]int{
			"created": n.Created, "updated": n.Updated, "deleted": n.Deleted, "kept": n.Kept, "skipped": n.Skipped, "failed": n.Failed,
		} {
			if count > 0 {
				m.objects.WithLabelValues(string(kind), operation).Add(float64(count))
			}
		}
	}
}

// past returns what has become of an object after an operation.
func past(op sync.Op) string {
	switch op {
	case sync.Create:
		return "created"
	case sync.Update:
		return "updated"
	case sync.Delete:
		return "deleted"
	case sync.Keep:
		return "kept"
	}
	return "skipped"
}

// set sets what the server itself knows, without clusters that there are no more.
func (m *metrics) set(stats server.Stats) {
	m.current.WithLabelValues("running").Set(float64(stats.Running))
	m.current.WithLabelValues("waiting").Set(float64(stats.Waiting))
	m.watchers.WithLabelValues("stream").Set(float64(stats.Streams))
	m.watchers.WithLabelValues("socket").Set(float64(stats.Sockets))
	m.lastGood.Reset()
	for cluster, finished := range stats.LastGood {
		seconds := 0.0
		if !finished.IsZero() {
			seconds = float64(finished.UnixMilli()) / 1000
		}
		m.lastGood.WithLabelValues(cluster).Set(seconds)
	}
}
