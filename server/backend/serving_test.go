package backend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sse"
)

// The secrets that the plugins push. The fakes take them, and nobody else may ever see them.
const (
	canaryPassword = "canary-of-the-password"
	canaryWrong    = "canary-of-a-wrong-password"
	canaryToken    = "CANARY00000000000000000000000000000token"
	canaryValue    = "canary-of-the-token-value"
)

// serving is a server that began without a configuration, with the two fakes that a plugin names to it. What the server
// answers and logs is looked through for secrets in the end.
type serving struct {
	t       *testing.T
	options server.Options
	pve     *proxmoxtest.Server
	netBox  *netboxtest.Server
	header  http.Header // of each call
	timeout time.Duration

	pveURL, netBoxURL *url.URL
	urls              []string // of the server: by the domain, then by the address
	handler           *server.Server

	mu   stdsync.Mutex
	said bytes.Buffer // all answers and the log
	stop func() error // stops what start has started
}

func newServing(t *testing.T, guests int) *serving {
	t.Helper()
	s := &serving{t: t, header: http.Header{}, timeout: 5 * time.Second}
	s.pve = proxmoxtest.New(proxmoxtest.Generate(proxmoxtest.Spec{Seed: 3, Name: "lab", Guests: guests}), nil)
	grants := []proxmoxtest.Grant{{Path: "/", Role: proxmoxtest.RoleAdministrator}}
	s.pve.SetCredentials(
		proxmoxtest.Credential{ID: "root@pam", Secret: canaryPassword, Grants: grants},
		proxmoxtest.Credential{ID: "root@pam!sync", Secret: canaryValue, Grants: grants},
	)
	var err error
	s.netBox, err = netboxtest.New(&netboxtest.Options{Tokens: []netboxtest.Token{{Secret: canaryToken}}})
	require.NoError(t, err)
	pve := httptest.NewUnstartedServer(s.pve)
	pve.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	pve.StartTLS()
	t.Cleanup(pve.Close)
	box := httptest.NewServer(s.netBox)
	t.Cleanup(box.Close)
	s.pveURL, err = url.Parse(pve.URL)
	require.NoError(t, err)
	s.netBoxURL, err = url.Parse(box.URL)
	require.NoError(t, err)
	s.options = server.Options{StateDir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(s, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	s.start()
	t.Cleanup(func() {
		require.NoError(t, s.stop())
		s.looksForSecrets()
	})
	return s
}

// Write takes the log.
func (s *serving) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.Write(p)
}

// start starts the server, without a configuration.
func (s *serving) start() {
	s.t.Helper()
	b, err := backend.Serve(backend.Config{}, &backend.Options{Logger: s.options.Logger})
	require.NoError(s.t, err)
	s.handler, err = server.New(b, &s.options)
	require.NoError(s.t, err)
	web := httptest.NewServer(s.handler)
	port := web.URL[strings.LastIndex(web.URL, ":"):]
	s.urls = []string{"http://localhost" + port, "http://127.0.0.1" + port}
	handler := s.handler
	s.stop = func() error {
		defer web.Close()
		return handler.Shutdown(context.Background())
	}
}

// restart is what a restart of the service does.
func (s *serving) restart() {
	s.t.Helper()
	require.NoError(s.t, s.stop())
	s.start()
}

// call asks as the plugin does: with its time-out, and again at the second URL when there was no answer.
func (s *serving) call(method, path string, body any) (status int, answer []byte) {
	s.t.Helper()
	var problems []error
	for _, base := range s.urls {
		response, err := s.send(base, method, path, body)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		text, err := io.ReadAll(response.Body)
		require.NoError(s.t, errors.Join(err, response.Body.Close()))
		_, _ = s.Write(text)
		return response.StatusCode, text
	}
	require.NoError(s.t, errors.Join(problems...), "%s %s", method, path)
	return 0, nil
}

// send sends one request, over a connection of its own.
func (s *serving) send(base, method, path string, body any) (*http.Response, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(s.t.Context(), method, base+path, reader)
	if err != nil {
		return nil, err
	}
	request.Header = s.header.Clone()
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Close = true
	client := &http.Client{Timeout: s.timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	return client.Do(request)
}

// get asks for what must be there.
func (s *serving) get(path string) []byte {
	s.t.Helper()
	status, answer := s.call(http.MethodGet, path, nil)
	require.Equal(s.t, http.StatusOK, status, "%s: %s", path, answer)
	return answer
}

// object is a JSON object.
type object = map[string]any

func (s *serving) list(path string) []object {
	s.t.Helper()
	var list []object
	require.NoError(s.t, json.Unmarshal(s.get(path), &list), path)
	return list
}

func (s *serving) one(path string) object {
	s.t.Helper()
	var o object
	require.NoError(s.t, json.Unmarshal(s.get(path), &o), path)
	return o
}

// push sends a row, which must be taken, and returns it.
func (s *serving) push(method, path string, body object) object {
	s.t.Helper()
	status, answer := s.call(method, path, body)
	require.Equal(s.t, http.StatusOK, status, "%s", answer)
	var row object
	require.NoError(s.t, json.Unmarshal(answer, &row))
	return row
}

// refused asks for what cannot be answered.
func (s *serving) refused(path string, want int) object {
	s.t.Helper()
	status, answer := s.call(http.MethodGet, path, nil)
	require.Equal(s.t, want, status, "%s: %s", path, answer)
	var body object
	require.NoError(s.t, json.Unmarshal(answer, &body))
	return body
}

// stream reads a stream to its end.
func (s *serving) stream(path string) []sse.Frame {
	s.t.Helper()
	timeout := s.timeout
	s.timeout = time.Hour
	response, err := s.send(s.urls[0], http.MethodGet, path, nil)
	s.timeout = timeout
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, response.Body.Close()) }()
	require.Equal(s.t, http.StatusOK, response.StatusCode)
	require.Equal(s.t, "text/event-stream; charset=utf-8", response.Header.Get("Content-Type"))
	var frames []sse.Frame
	for f, err := range sse.Frames(response.Body, nil) {
		require.NoError(s.t, err)
		_, _ = s.Write(f.Data)
		frames = append(frames, f)
	}
	require.NotEmpty(s.t, frames)
	return frames
}

// last returns the last frame, which must be the one that completes.
func last(t *testing.T, frames []sse.Frame) object {
	t.Helper()
	f := frames[len(frames)-1]
	require.Equal(t, "complete", f.Event)
	var body object
	require.NoError(t, json.Unmarshal(f.Data, &body))
	return body
}

// looksForSecrets looks for what was pushed in all that the server said and wrote.
func (s *serving) looksForSecrets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	secrets := []string{canaryPassword, canaryWrong, canaryToken, canaryValue}
	for _, secret := range secrets {
		assert.NotContains(s.t, s.said.String(), secret, "in an answer or the log")
	}
	found := 0
	require.NoError(s.t, filepath.WalkDir(s.options.StateDir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, secret := range secrets {
			if strings.Contains(string(text), secret) {
				found++
				assert.Equal(s.t, "endpoints.json", filepath.Base(path), "the only file with secrets")
			}
		}
		return nil
	}))
	for _, raw := range s.objects("virtualization/virtual-machines", "virtualization/clusters", "dcim/devices") {
		for _, secret := range secrets {
			assert.NotContains(s.t, string(raw), secret, "in NetBox")
		}
	}
}

// objects returns the objects of the fake NetBox.
func (s *serving) objects(paths ...string) []json.RawMessage {
	var all []json.RawMessage
	for _, path := range paths {
		list, err := s.netBox.Objects(path)
		require.NoError(s.t, err)
		all = append(all, list...)
	}
	return all
}

// netBoxRow is what plugin v0.0.7 pushes of its NetBox: no field is null.
func (s *serving) netBoxRow() object {
	return object{
		"id": 4, "name": "netbox", "ip_address": "127.0.0.1", "domain": "localhost", "port": port(s.netBoxURL),
		"token": canaryToken, "token_version": "v1", "verify_ssl": false,
	}
}

// proxmoxRow is what plugin v0.0.7 pushes of a Proxmox endpoint.
func (s *serving) proxmoxRow(name, password string) object {
	return object{
		"name": name, "ip_address": "127.0.0.1", "domain": nil, "port": port(s.pveURL), "username": "root@pam",
		"password": password, "verify_ssl": false, "token_name": nil, "token_value": nil,
	}
}

func port(u *url.URL) int {
	n, _ := strconv.Atoi(u.Port())
	return n
}
