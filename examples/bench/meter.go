package main

import (
	"io"
	"maps"
	"net/http"
	stdsync "sync"
	"sync/atomic"
)

// traffic is what went to and from one end. Bytes are those of bodies, unpacked.
type traffic struct {
	Requests int64 `json:"requests"`
	Sent     int64 `json:"sent"`
	Received int64 `json:"received"`
}

// meter counts the requests to one end.
type meter struct {
	requests, sent, received atomic.Int64

	mu   stdsync.Mutex
	read map[string]string // the fields that were read, by path
}

// wrap puts the meter around what sends the requests.
func (m *meter) wrap(next http.RoundTripper) http.RoundTripper { return &metered{m, next} }

func (m *meter) reset() {
	m.requests.Store(0)
	m.sent.Store(0)
	m.received.Store(0)
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.read)
}

// fields returns the fields that were read since the last reset, by the path of the list.
func (m *meter) fields() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.read)
}

func (m *meter) traffic() traffic {
	return traffic{m.requests.Load(), m.sent.Load(), m.received.Load()}
}

// note remembers which fields of a list are read.
func (m *meter) note(r *http.Request) {
	if fields := r.URL.Query().Get("fields"); fields != "" && r.Method == http.MethodGet {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.read == nil {
			m.read = map[string]string{}
		}
		m.read[r.URL.Path] = fields
	}
}

type metered struct {
	meter *meter
	next  http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (m *metered) RoundTrip(r *http.Request) (*http.Response, error) {
	m.meter.requests.Add(1)
	m.meter.sent.Add(max(r.ContentLength, 0))
	m.meter.note(r)
	response, err := m.next.RoundTrip(r)
	if err == nil {
		response.Body = &counted{response.Body, &m.meter.received}
	}
	return response, err
}

// counted adds up what is read of a body.
type counted struct {
	io.ReadCloser
	sum *atomic.Int64
}

// Read implements [io.Reader].
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.sum.Add(int64(n))
	return n, err
}
