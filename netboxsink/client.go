package netboxsink

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/netbox-community/go-netbox/v4"

	"github.com/proxbox-go/proxbox/internal/places"
	"github.com/proxbox-go/proxbox/sync"
)

// client sends requests to a NetBox.
type client struct {
	base          string
	configuration *netbox.Configuration
	timeout       time.Duration
	readers       *places.Places // for the reads under way
	logger        *slog.Logger
}

// attempts is how often a request is sent that NetBox had no time for or that did not reach it.
const attempts = 4

// get reads a path in a place of its own.
func (c *client) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	if err := c.readers.Take(ctx, nil); err != nil {
		return nil, err
	}
	defer c.readers.Leave()
	return c.read(ctx, path, query)
}

// read reads a path, and tries again what a passing fault may have spoiled.
func (c *client) read(ctx context.Context, path string, query url.Values) ([]byte, error) {
	for attempt := 1; ; attempt++ {
		raw, err := c.send(ctx, http.MethodGet, path, query, nil)
		if err == nil || attempt == attempts || !passing(err) {
			return raw, err
		}
		c.logger.DebugContext(ctx, "read again", "path", path, "attempt", attempt, "error", err)
		if err := pause(ctx, err, attempt); err != nil {
			return nil, err
		}
	}
}

// send sends one request and returns the body of a good answer. Every other answer is a [*StatusError], a lost one a
// [*LostError].
func (c *client) send(ctx context.Context, method, path string, query url.Values, body []byte) ([]byte, error) {
	response, raw, err := c.exchange(ctx, method, path, query, body)
	if err != nil {
		return nil, err
	}
	return c.good(method, path, response, raw)
}

// good returns the body of a good answer; every other is a [*StatusError].
func (c *client) good(method, path string, response *http.Response, raw []byte) ([]byte, error) {
	if response.StatusCode >= 300 {
		return nil, c.statusError(method, path, response, c.hideToken(raw))
	}
	return raw, nil
}

// exchange sends one request and returns the answer, whatever it says, and its body. A lost one is a [*LostError].
func (c *client) exchange(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Response, []byte, error) {
	address := c.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	requestCtx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(requestCtx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	for name, value := range c.configuration.DefaultHeader {
		request.Header.Set(name, value)
	}
	request.Header.Set("User-Agent", c.configuration.UserAgent)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Accept-Language", "en-US")
	request.Header.Set("Content-Type", "application/json") // up to 4.3 also a GET needs it, for JSON errors
	response, err := c.configuration.HTTPClient.Do(request)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, nil, fmt.Errorf("%w: %w", sync.ErrUnknownOutcome, cause)
		}
		return nil, nil, c.lost(method, path, err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	if err != nil {
		return nil, nil, c.lost(method, path, err)
	}
	return response, raw, nil
}

// hideToken takes the token out of a refusal: what stands in between may repeat what it was sent.
func (c *client) hideToken(raw []byte) []byte {
	header := c.configuration.DefaultHeader["Authorization"]
	token := header[strings.LastIndexByte(header, ' ')+1:]
	_, secret, _ := strings.Cut(token, ".") // of a v2 token
	for _, part := range []string{token, secret} {
		if part != "" {
			raw = bytes.ReplaceAll(raw, []byte(part), []byte("(secret)"))
		}
	}
	return raw
}

// lost describes a request whose answer never came.
func (c *client) lost(method, path string, err error) error {
	var wrapped *url.Error // says again what was asked of whom
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	e := &LostError{Method: method, Path: path, Address: c.base, Timeout: c.timeout, Err: err}
	var dial *net.OpError
	e.Unsent = errors.As(err, &dial) && dial.Op == "dial"
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	e.Certificate = errors.As(err, &certificate) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch)
	e.Unsent = e.Unsent || e.Certificate
	return e
}

func (c *client) statusError(method, path string, response *http.Response, raw []byte) error {
	e := &StatusError{Method: method, Path: path, Code: response.StatusCode, Address: c.base, Body: raw}
	e.JSON = json.Valid(raw) && len(bytes.TrimSpace(raw)) > 0
	e.RetryAfter = retryAfter(response.Header.Get("Retry-After"))
	if location := response.Header.Get("Location"); location != "" {
		e.Location = redactURL(location)
	}
	return e
}

// retryAfter returns how long the header of that name asks to wait, in seconds or up to a date; 0 if it does not say.
func retryAfter(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(time.Until(date), 0)
	}
	return 0
}

// passing tells whether the same request may be answered well a moment later.
func passing(err error) bool {
	var lost *LostError
	if errors.As(err, &lost) {
		return !lost.Certificate
	}
	var status *StatusError
	return errors.As(err, &status) && (status.Code == http.StatusTooManyRequests || status.gateway() || status.deadlock())
}

// pause waits before a request is sent again: as long as NetBox asks for, else longer each time.
func pause(ctx context.Context, err error, attempt int) error {
	length := time.Duration(float64(200*time.Millisecond) * float64(int(1)<<attempt) * (0.5 + rand.Float64()))
	var status *StatusError
	if errors.As(err, &status) && status.RetryAfter > 0 {
		length = min(status.RetryAfter, longestRest) + scatter()
	}
	return wait(ctx, length)
}

// wait returns after so long, or with the cause when the context ends before.
func wait(ctx context.Context, length time.Duration) error {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// redactURL returns a URL without what may be secret in it.
func redactURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(not a URL)"
	}
	u.RawQuery = ""
	return u.Redacted()
}
