package server_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	stdsync "sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// paced is a runner whose runs change so many guests, in chunks, with a pause after each: the latency of NetBox.
type paced struct {
	runOnly
	guests, chunk int
	pause         time.Duration
	ready         <-chan struct{} // closed when a run may begin
}

func (p *paced) Run(_ context.Context, o *sync.RunOptions) (*sync.Result, error) {
	<-p.ready
	s := &scripted{options: o}
	s.emit(begin())
	s.emit(sync.Step{Stage: sync.StagePlan, Status: sync.Completed, Total: p.guests})
	s.emit(stage("virtual-machines", sync.Started, 0))
	for at := 0; at < p.guests; at += p.chunk {
		for i := range p.chunk {
			s.emit(guest(fmt.Sprintf("web%05d", at+i), sync.Started))
		}
		time.Sleep(p.pause)
		for i := range p.chunk {
			done := guest(fmt.Sprintf("web%05d", at+i), sync.Completed).(sync.Step)
			done.Op = sync.Update
			done.Object = map[string]sync.Value{
				"status": sync.String("active"), "role": sync.String("Virtual Machine (QEMU)"), "memory": sync.Int(4096),
				"cluster": sync.String("lab"), "device": sync.String("pve01"), "vcpus": sync.Int(4), "disk": sync.Int(32768),
			}
			done.Changes = []sync.FieldChange{
				{Name: "memory", Old: sync.Int(2048), New: sync.Int(4096)}, {Name: "net0: mtu", New: sync.Int(1500)},
			}
			done.Children = map[sync.Kind]sync.Counts{"vm-interface": {Kept: 2}, "mac-address": {Kept: 2}, "ip-address": {Updated: 1}}
			s.emit(done)
		}
	}
	s.emit(stage("virtual-machines", sync.Completed, p.guests))
	s.emit(sync.Complete{})
	return &s.result, nil
}

// A crowd that reads, and some that do not: each reader gets the same bytes, and the run takes its own time.
func TestCrowd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ready := make(chan struct{})
		handler, err := server.New(server.Fixed(&paced{guests: 100, chunk: 10, pause: 4 * time.Second, ready: ready}), nil)
		require.NoError(t, err)
		s := serveOn(t, handler)
		var reading []*watcher
		for range 190 {
			reading = append(reading, s.watch(full))
		}
		var stalled []*http.Response
		for range 10 {
			stalled = append(stalled, s.open(context.Background(), http.MethodGet, full+"/stream", nil))
		}
		before := time.Now()
		close(ready)
		want := s.ask(http.MethodPost, full)
		assert.Equal(t, http.StatusOK, want.status)
		assert.Equal(t, 40*time.Second, time.Since(before), "the run waits for nobody")
		assert.Equal(t, "complete", reading[0].last().Event)
		assert.Equal(t, 2+2*100+3+1, len(reading[0].frames()), "the stream's start and end, each guest twice")
		for _, w := range reading {
			require.True(t, bytes.Equal(reading[0].bytes(), w.bytes()))
		}
		for _, response := range stalled {
			_, err := io.Copy(io.Discard, response.Body)
			require.Error(t, err, "it was cut off")
			require.NoError(t, response.Body.Close())
		}
	})
}

// Watchers that are cut off anywhere, again and again, get each frame once, by the id of the last whole one.
func TestCutsLoseNothing(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]string{"documented": full + "/stream", "own": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ready := make(chan struct{})
				handler, err := server.New(server.Fixed(&paced{guests: 60, chunk: 5, pause: time.Second, ready: ready}), nil)
				require.NoError(t, err)
				s := serveOn(t, handler)
				id, err := handler.Start(server.RunRequest{})
				require.NoError(t, err)
				path := cmp.Or(start, "/runs/"+id+"/events")
				whole := &cutWatcher{service: s, path: path}
				var cut []*cutWatcher
				var group stdsync.WaitGroup
				group.Go(whole.follow)
				for seed := range 15 {
					w := &cutWatcher{service: s, path: path, random: rand.New(rand.NewPCG(1, uint64(seed)))}
					cut = append(cut, w)
					group.Go(w.follow)
				}
				close(ready)
				group.Wait()
				require.Greater(t, len(whole.got), 120)
				assert.Equal(t, 1, whole.visits)
				for _, w := range cut {
					assert.Greater(t, w.visits, 10)
					require.Equal(t, whole.got, w.got)
				}
			})
		})
	}
}

// cutWatcher follows a run over one connection after the other, each cut off after a random number of bytes; without
// random over one.
type cutWatcher struct {
	service *service
	path    string
	random  *rand.Rand
	visits  int
	got     []sse.Frame
}

// follow reads until nothing is left.
func (w *cutWatcher) follow() {
	for {
		header := http.Header{}
		if n := len(w.got); n > 0 {
			header.Set("Last-Event-ID", w.got[n-1].ID)
		}
		ctx, cut := context.WithCancel(context.Background())
		response := w.service.open(ctx, http.MethodGet, w.path, header)
		if response.StatusCode == http.StatusNoContent {
			cut()
			return
		}
		w.visits++
		var body io.Reader = response.Body
		if w.random != nil {
			first := 2_000 // else nothing says which run it was
			if len(w.got) > 0 {
				first = 0
			}
			body = io.LimitReader(body, int64(first+w.random.IntN(6_000)))
		}
		text, _ := io.ReadAll(body)
		cut()
		_ = response.Body.Close()
		for frame, err := range sse.Frames(bytes.NewReader(text), nil) {
			if err != nil {
				break // it was cut off in the middle of this one
			}
			w.got = append(w.got, frame)
		}
	}
}

// BenchmarkWatchers measures what watchers cost a run over real connections: compare its time alone with that watched by
// 190 that read and 10 that do not. The processor time is that of the watchers, too.
func BenchmarkWatchers(b *testing.B) {
	for _, pause := range []time.Duration{0, 100 * time.Millisecond} {
		for _, watched := range []bool{false, true} {
			b.Run(fmt.Sprintf("watched=%v/pause=%v", watched, pause), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					ready := make(chan struct{})
					s, err := server.New(server.Fixed(&paced{guests: 2000, chunk: 50, pause: pause, ready: ready}), nil)
					require.NoError(b, err)
					web := httptest.NewServer(s)
					var group stdsync.WaitGroup
					for i := range 200 {
						if !watched {
							break
						}
						response, err := http.DefaultTransport.RoundTrip(httptest.NewRequestWithContext(b.Context(), http.MethodGet, web.URL+full+"/stream", nil))
						require.NoError(b, err)
						defer func() { _ = response.Body.Close() }()
						if i%20 > 0 {
							group.Go(func() {
								last := ""
								for frame, err := range sse.Frames(response.Body, nil) {
									assert.NoError(b, err)
									last = frame.Event
								}
								assert.Equal(b, "complete", last)
							})
						}
					}
					runtime.GC()
					heap, used := heapNow(), processorTime()
					b.StartTimer()
					close(ready)
					answer, err := http.Post(web.URL+full, "", nil)
					b.StopTimer()
					require.NoError(b, err)
					require.NoError(b, answer.Body.Close())
					b.ReportMetric(float64(heapNow()-heap)/1e6, "MB-heap")
					group.Wait()
					b.ReportMetric((processorTime() - used).Seconds(), "cpu-s")
					web.CloseClientConnections()
					web.Close()
					require.NoError(b, s.Shutdown(context.Background()))
					b.StartTimer()
				}
			})
		}
	}
}

// heapNow returns the size of the heap in bytes.
func heapNow() int64 {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return int64(memory.HeapAlloc)
}

// processorTime returns what the process has used.
func processorTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
