package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Limits of a request's body.
const (
	longestBody    = 1 << 20 // bytes
	longestKeyBody = 8 << 10 // bytes; these are read before anybody has shown a key
	bodyWithin     = 30 * time.Second
	// unreadWithin is for the body of a request that was refused: net/http reads it before it sends the answer.
	unreadWithin = time.Second
)

// limitBody bounds the time for the body of a request. At the body's end net/http lifts the limit.
func limitBody(w http.ResponseWriter, r *http.Request, limit time.Duration) {
	if r.Body != nil && r.Body != http.NoBody {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(limit)) // not all can
	}
}

// takeBody reads the body of a request as a whole, so that no handler waits for a client that sends it slowly.
func takeBody(w http.ResponseWriter, r *http.Request, limit int64) *refusal {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	limitBody(w, r, bodyWithin)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return &refusal{status: http.StatusRequestEntityTooLarge, detail: fmt.Sprintf("The body is longer than %d bytes.", limit)}
	case err != nil:
		return &refusal{status: http.StatusRequestTimeout, detail: fmt.Sprintf("The body did not come within %v.", bodyWithin)}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// decode reads the body of a request, one JSON value. Fields that are not known are passed over; a value of another type
// than expected is an error. The error is a sentence for the client. It holds no value of the body, which may be a secret.
func decode(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	err := decoder.Decode(into)
	var other *json.UnmarshalTypeError
	switch {
	case errors.As(err, &other) && other.Field != "":
		return fmt.Errorf("%s must be of the type %s", other.Field, other.Type)
	case err != nil:
		return errors.New("the body must be a JSON value of the documented form")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the body must be one JSON value, with nothing after it")
	}
	return nil
}
