package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/sse"
)

// started is a program that runs beside the test.
type started struct {
	t    *testing.T
	base string // its URL
	said string // what it printed up to the URL
	out  *bufio.Reader
	stop func() (code int, more string)
}

// start starts the program and waits until it listens.
func start(t *testing.T, args ...string) *started {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	s := &started{t: t, out: bufio.NewReader(reader)}
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, append(args, "--addr", "127.0.0.1:0"), strings.NewReader(""), writer, io.Discard)
		_ = writer.Close()
	}()
	t.Cleanup(cancel)
	s.stop = func() (int, string) {
		cancel()
		more, err := io.ReadAll(s.out)
		require.NoError(t, err)
		return <-code, string(more)
	}
	line, err := s.out.ReadString('\n')
	require.NoError(t, err)
	s.said = line
	s.base = regexp.MustCompile(`http://[0-9.:]+`).FindString(line)
	require.NotEmpty(t, s.base, line)
	return s
}

// do sends a request and returns the body of a good answer.
func (s *started) do(method, url string, header string) io.ReadCloser {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, url, nil)
	require.NoError(s.t, err)
	if name, value, ok := strings.Cut(header, ": "); ok {
		request.Header.Set(name, value)
	}
	// As curl -k: the demo's fake Proxmox VE has a certificate of its own making.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	s.t.Cleanup(transport.CloseIdleConnections)
	response, err := (&http.Client{Transport: transport}).Do(request)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(s.t, http.StatusOK, response.StatusCode, url)
	return response.Body
}

func TestServe(t *testing.T) {
	t.Parallel()
	f := newFakes(t, 5, nil)
	s := start(t, "serve", "--config", f.config, "--state", t.TempDir())
	assert.Regexp(t, `^proxbox listens on http://127\.0\.0\.1:\d+\n$`, s.said)
	stream, err := io.ReadAll(s.do(http.MethodGet, s.base+"/full-update/stream", ""))
	require.NoError(t, err)
	assert.Contains(t, string(stream), "event: complete\n")
	assert.Contains(t, string(stream), `"ok":true`)
	code, more := s.stop()
	assert.Zero(t, code)
	assert.Equal(t, "stopping\n", more)
}

// TestServe_stoppedInAStream ends the program while somebody watches a run: the stream has its last frame.
func TestServe_stoppedInAStream(t *testing.T) {
	t.Parallel()
	reached, leave := make(chan struct{}), make(chan struct{})
	f := newFakes(t, 150, cancelling(60, func() { close(reached); <-leave }))
	s := start(t, "serve", "--config", f.config, "--state", t.TempDir())
	body := s.do(http.MethodGet, s.base+"/full-update/stream", "")
	<-reached
	time.AfterFunc(100*time.Millisecond, func() { close(leave) }) // the write under way ends after the stop
	begun := time.Now()
	code, _ := s.stop()
	assert.Less(t, time.Since(begun), soon)
	assert.Zero(t, code)
	var last sse.Frame
	for frame, err := range sse.Frames(body, nil) {
		require.NoError(t, err)
		last = frame
	}
	assert.Equal(t, "complete", last.Event)
	assert.Contains(t, string(last.Data), `"ok":false`)
}

func TestSync_noConfiguration(t *testing.T) {
	for _, name := range []string{"PROXBOX_NETBOX_URL", "PROXBOX_PROXMOX_URL"} {
		t.Setenv(name, "")
	}
	code, out, err := try(t, "sync")
	assert.Equal(t, exitUsage, code)
	assert.Empty(t, out)
	assert.Equal(t, 1, strings.Count(err, "\n"))
	assert.Contains(t, err, "proxbox: nothing says where NetBox and Proxmox VE are: name a file with --config")
}

// TestDemo_commands tries each command that the demo prints.
func TestDemo_commands(t *testing.T) {
	t.Parallel()
	s := start(t, "demo", "--guests", "5")
	command := regexp.MustCompile(`curl (?:-[Nk] )?(?:-X (POST) )?(?:-H "([^"]+)" )?(http\S+)`)
	tried := 0
	for {
		line, err := s.out.ReadString('\n')
		require.NoError(t, err)
		if match := command.FindStringSubmatch(line); match != nil {
			body, err := io.ReadAll(s.do(match[1], match[3], match[2]))
			require.NoError(t, err)
			assert.NotEmpty(t, body, line)
			tried++
		}
		if strings.HasPrefix(line, "Ctrl-C") {
			break
		}
	}
	assert.Equal(t, 7, tried)
	code, more := s.stop()
	assert.Zero(t, code)
	assert.Equal(t, "stopping\n", more)
}

func TestDemo_once(t *testing.T) {
	t.Parallel()
	for guests, row := range map[string]string{"0": "device                        3 ", "7": "virtual-machine               7 "} {
		t.Run(guests, func(t *testing.T) {
			t.Parallel()
			code, out, err := try(t, "demo", "--once", "--guests", guests)
			assert.Zero(t, code)
			assert.Empty(t, err)
			assert.Contains(t, out, row)
			assert.Contains(t, out, "\ndone in ")
			assert.NotContains(t, out, netboxtest.TokenV2)
		})
	}
}
