package backend_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// person is somebody who works in NetBox over its API, and not through the gate.
type person struct {
	t     testing.TB
	send  func(*http.Request) (*http.Response, error)
	base  string
	token string
}

// before returns a person before a NetBox that is a handler.
func before(t testing.TB, netbox http.Handler, token string) *person {
	return &person{t: t, base: "http://netbox", token: token, send: func(r *http.Request) (*http.Response, error) {
		out := httptest.NewRecorder()
		netbox.ServeHTTP(out, r)
		return out.Result(), nil
	}}
}

// ask sends one request. The answer is decoded into out, unless NetBox refuses.
func (p *person) ask(method, path string, in, out any) error {
	p.t.Helper()
	body, err := json.Marshal(in)
	require.NoError(p.t, err)
	if in == nil {
		body = nil
	}
	request, err := http.NewRequest(method, p.base+path, bytes.NewReader(body))
	require.NoError(p.t, err)
	keyword := "Token "
	if strings.HasPrefix(p.token, "nbt_") {
		keyword = "Bearer "
	}
	request.Header.Set("Authorization", keyword+p.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := p.send(request)
	require.NoError(p.t, err)
	raw, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	require.NoError(p.t, response.Body.Close())
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s %s: %d %s", method, path, body, response.StatusCode, raw)
	}
	if out == nil || len(raw) == 0 {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// list reads a whole list.
func list[T any](p *person, path, query string) []T {
	p.t.Helper()
	var all []T
	for {
		var page struct {
			Count   int `json:"count"`
			Results []T `json:"results"`
		}
		require.NoError(p.t, p.ask(http.MethodGet, fmt.Sprintf("/api/%s/?limit=500&offset=%d&ordering=id%s", path, len(all), query), nil, &page))
		all = append(all, page.Results...)
		if len(all) >= page.Count || len(page.Results) == 0 {
			return all
		}
	}
}

// create adds an object and returns its id, 0 if NetBox refuses.
func (p *person) create(path string, fields map[string]any) int {
	p.t.Helper()
	var made struct {
		ID int `json:"id"`
	}
	if err := p.ask(http.MethodPost, "/api/"+path+"/", fields, &made); err != nil {
		return 0
	}
	return made.ID
}

// edit changes fields of an object, and tells whether NetBox took it.
func (p *person) edit(o thing, fields map[string]any) bool {
	p.t.Helper()
	return p.ask(http.MethodPatch, o.url(), fields, nil) == nil
}

// remove deletes an object, and tells whether NetBox took it.
func (p *person) remove(o thing) bool {
	p.t.Helper()
	return p.ask(http.MethodDelete, o.url(), nil, nil) == nil
}
