package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	stdsync "sync"
	"time"
)

// idle is how long an unused connection is kept: it keeps one of NetBox's workers from ending.
const idle = time.Second

// headStart is how long the first read is under way alone, as netboxsink's is: the second connection then comes to another of
// NetBox's workers.
const headStart = 15 * time.Millisecond

// newTransport sends as netboxsink does: reads over connections that are kept, each write over one of its own.
func newTransport() byMethod {
	kept := http.DefaultTransport.(*http.Transport).Clone()
	kept.MaxIdleConnsPerHost = flight
	kept.IdleConnTimeout = idle
	fresh := kept.Clone()
	fresh.DisableKeepAlives = true
	return byMethod{kept, fresh}
}

type byMethod struct{ reads, writes http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (b byMethod) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return b.reads.RoundTrip(r)
	}
	return b.writes.RoundTrip(r)
}

// refused is an answer that is none of the good ones.
type refused struct {
	method, path string
	code         int
	body         string
}

// Error returns what was asked, and how it was answered.
func (e *refused) Error() string {
	return fmt.Sprintf("%s %s is answered %d: %s", e.method, e.path, e.code, e.body)
}

func notFound(err error) bool {
	var answer *refused
	return errors.As(err, &answer) && answer.code == http.StatusNotFound
}

func (f *floor) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	return f.exchange(ctx, http.MethodGet, path, "?"+query.Encode(), nil)
}

func (f *floor) send(ctx context.Context, method, path string, body any) ([]byte, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		answer, err := f.exchange(ctx, method, path, "", raw)
		if err == nil || attempt == attempts || !isDeadlock(err) {
			return answer, err
		}
		select {
		case <-time.After(rand.N(time.Second)):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// attempts bounds how often a list is sent that meets a deadlock, which comes now and then of lists side by side.
const attempts = 5

// isDeadlock tells whether PostgreSQL ended the request for another one: NetBox took nothing of it.
func isDeadlock(err error) bool {
	var answer *refused
	return errors.As(err, &answer) && answer.code == http.StatusInternalServerError && strings.Contains(answer.body, "deadlock detected")
}

func (f *floor) exchange(ctx context.Context, method, path, query string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(f.netbox.url, "/")+path+query, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	keyword := "Token "
	if strings.HasPrefix(f.netbox.token, "nbt_") {
		keyword = "Bearer "
	}
	request.Header.Set("Authorization", keyword+f.netbox.token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	response, err := f.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 {
		return nil, &refused{method, path, response.StatusCode, string(raw[:min(len(raw), 500)])}
	}
	return raw, nil
}

// atOnce calls the functions, so many at once, and returns their errors. After the first it calls no more.
func atOnce(limit int, calls []func() error) error {
	var mu stdsync.Mutex
	var problem error
	var group stdsync.WaitGroup
	next := make(chan func() error)
	for range min(limit, len(calls)) {
		group.Go(func() {
			for call := range next {
				if err := call(); err != nil {
					mu.Lock()
					problem = errors.Join(problem, err)
					mu.Unlock()
				}
			}
		})
	}
	failed := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return problem != nil
	}
	for _, call := range calls {
		if failed() {
			break
		}
		next <- call
	}
	close(next)
	group.Wait()
	return problem
}
