package backend_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
)

// box is a NetBox to test against, the fake or a real one, behind a proxy that counts.
type box struct {
	t     *testing.T
	URL   string // of the proxy
	Token string
	base  string // of the NetBox itself
	// client reads from NetBox itself, by default [http.DefaultClient].
	client *http.Client

	// forbid makes NetBox refuse virtual machines of that name from now on.
	forbid func(name string)
	// stop and start take NetBox away and bring it back, with its data.
	stop, start func()

	mu       stdsync.Mutex
	requests map[string]int // by method
	onWrite  func(n int)    // called before the n-th write is passed on
	writes   int
}

// fakeBox returns the fake NetBox of the newest version, empty.
func fakeBox(t *testing.T) *box { return fakeBoxOf(t, "4.7") }

// fakeBoxOf returns the fake NetBox of a version, empty.
func fakeBoxOf(t *testing.T, version string) *box {
	var mu stdsync.Mutex
	forbidden := map[string]bool{}
	fake, err := netboxtest.New(&netboxtest.Options{Version: version, Validator: func(model string, fields map[string]json.RawMessage) error {
		mu.Lock()
		defer mu.Unlock()
		var name string
		if json.Unmarshal(fields["name"], &name) == nil && model == "virtualization.virtualmachine" && forbidden[name] {
			return &netboxtest.ValidationError{Field: "name", Message: "Value must match the regular expression."}
		}
		return nil
	}})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	server := &http.Server{Handler: fake, ReadHeaderTimeout: time.Minute}
	serve := func(l net.Listener) {
		s := server
		go func() { _ = s.Serve(l) }()
	}
	serve(listener)
	b := &box{t: t, base: "http://" + address, Token: netboxtest.TokenV1}
	if version >= "4.5" {
		b.Token = netboxtest.TokenV2
	}
	b.forbid = func(name string) {
		mu.Lock()
		defer mu.Unlock()
		forbidden[name] = true
	}
	b.stop = func() { require.NoError(t, server.Close()) }
	b.start = func() {
		listener, err := net.Listen("tcp", address)
		require.NoError(t, err)
		server = &http.Server{Handler: fake, ReadHeaderTimeout: time.Minute}
		serve(listener)
	}
	t.Cleanup(func() { _ = server.Close() })
	b.proxy()
	return b
}

// realBox returns the NetBox that the environment names, empty.
func realBox(t *testing.T) *box {
	base, token, folder := os.Getenv("PROXBOX_TEST_NETBOX_URL"), os.Getenv("PROXBOX_TEST_NETBOX_TOKEN"), os.Getenv("PROXBOX_TEST_NETBOX_DIR")
	if base == "" {
		t.Skip("PROXBOX_TEST_NETBOX_URL is not set. To run the live tests: set -a; eval \"$(.ci/netbox-up)\"; eval \"$(.ci/fakepve)\"; set +a; go test -run Live ./...")
	}
	script := func(name string, args ...string) {
		out, err := exec.Command(filepath.Join("..", "..", ".ci", name), args...).CombinedOutput()
		require.NoError(t, err, "%s: %s", name, out)
	}
	script("netbox-up")
	script("netbox-reset")
	b := &box{t: t, base: base, Token: token}
	b.stop = func() { script("netbox-down", "--gunicorn") }
	b.start = func() { script("netbox-up") }
	settings := filepath.Join(folder, "extra.py")
	b.forbid = func(name string) {
		text := fmt.Sprintf("CUSTOM_VALIDATORS = {'virtualization.virtualmachine': [{'name': {'regex': '^(?!%s$)'}}]}\n", name)
		require.NoError(t, os.WriteFile(settings, []byte(text), 0o644))
		t.Cleanup(func() {
			require.NoError(t, os.Remove(settings))
			b.stop()
			b.start()
		})
		b.stop()
		b.start()
	}
	b.proxy()
	return b
}

// proxy puts the counting proxy before NetBox.
func (b *box) proxy() {
	target, err := url.Parse(b.base)
	require.NoError(b.t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) {
		panic(http.ErrAbortHandler) // a NetBox that is away closes the connection
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.count(r.Method)
		proxy.ServeHTTP(w, r)
	}))
	b.t.Cleanup(server.Close)
	b.URL = server.URL
	b.resetCount()
}

func (b *box) count(method string) {
	b.mu.Lock()
	b.requests[method]++
	n, onWrite := 0, b.onWrite
	if method != http.MethodGet {
		b.writes++
		n = b.writes
	}
	b.mu.Unlock()
	if n > 0 && onWrite != nil {
		onWrite(n)
	}
}

func (b *box) resetCount() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests, b.writes = map[string]int{}, 0
}

// counted returns the requests since the last reset, by method.
func (b *box) counted() (byMethod map[string]int, total int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	byMethod = map[string]int{}
	for method, n := range b.requests {
		byMethod[method] = n
		total += n
	}
	return byMethod, total
}

// read reads a whole list, from NetBox itself.
func read[T any](b *box, path string) []T {
	b.t.Helper()
	var all []T
	for offset := 0; ; offset += 500 {
		request, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s%s?limit=500&offset=%d&ordering=id", b.base, path, offset), nil)
		require.NoError(b.t, err)
		var page struct {
			Count   int `json:"count"`
			Results []T `json:"results"`
		}
		require.Equal(b.t, http.StatusOK, b.send(request, &page))
		all = append(all, page.Results...)
		if len(all) >= page.Count {
			return all
		}
	}
}

// create creates an object as a person does, and returns its id.
func (b *box) create(path string, fields map[string]any) int {
	b.t.Helper()
	body, err := json.Marshal(fields)
	require.NoError(b.t, err)
	request, err := http.NewRequest(http.MethodPost, b.base+path, bytes.NewReader(body))
	require.NoError(b.t, err)
	var created struct {
		ID int `json:"id"`
	}
	require.Equal(b.t, http.StatusCreated, b.send(request, &created), path)
	return created.ID
}

// send sends a request to NetBox itself, decodes the answer, and returns its status.
func (b *box) send(request *http.Request, answer any) int {
	b.t.Helper()
	keyword := "Token "
	if strings.HasPrefix(b.Token, "nbt_") {
		keyword = "Bearer "
	}
	request.Header.Set("Authorization", keyword+b.Token)
	request.Header.Set("Content-Type", "application/json")
	response, err := cmp.Or(b.client, http.DefaultClient).Do(request)
	require.NoError(b.t, err)
	err = errors.Join(json.NewDecoder(response.Body).Decode(answer), response.Body.Close())
	require.NoError(b.t, err)
	return response.StatusCode
}

// changes returns how many rows NetBox's change log has.
func (b *box) changes() int {
	return len(read[struct{}](b, "/api/core/object-changes/"))
}
