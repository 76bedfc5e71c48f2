package server

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// The bounds of a key and its label, in bytes. A key has only what may stand in a header, of which one byte is one
// character.
const (
	shortestKey  = 32
	longestKey   = 512
	longestLabel = 200
)

// HasKeys tells whether an API key is registered, so that nobody gets in without one.
func (s *Server) HasKeys() bool { return s.keys.any() }

func (s *Server) authRoutes() {
	s.mux.HandleFunc("GET /auth/bootstrap-status", s.bootstrapStatus)
	s.mux.HandleFunc("POST /auth/register-key", s.bootstrap)
	s.mux.HandleFunc("GET /auth/keys", s.listKeys)
	s.mux.HandleFunc("POST /auth/keys", s.registerKey)
	s.mux.HandleFunc("PATCH /auth/keys/{id}", s.changeKey)
	s.mux.HandleFunc("DELETE /auth/keys/{id}", s.removeKey)
}

// bootstrapStatus says whether the first key is still to be registered.
func (s *Server) bootstrapStatus(w http.ResponseWriter, _ *http.Request) {
	registered := s.keys.any()
	s.respond(w, http.StatusOK, struct {
		NeedsBootstrap bool `json:"needs_bootstrap"`
		HasKeys        bool `json:"has_db_keys"`
	}{!registered, registered})
}

// keyRow is a key as it is shown: without the key.
type keyRow struct {
	ID      int    `json:"id"`
	Label   string `json:"label"`
	Active  bool   `json:"is_active"`
	Created int64  `json:"created_at"` // Unix seconds
}

func (k apiKey) row() keyRow {
	return keyRow{ID: k.ID, Label: k.Label, Active: k.Active, Created: k.Created}
}

func (s *Server) listKeys(w http.ResponseWriter, _ *http.Request) {
	rows := []keyRow{}
	for _, key := range s.keys.list() {
		rows = append(rows, key.row())
	}
	s.respond(w, http.StatusOK, struct {
		Keys []keyRow `json:"keys"`
	}{rows})
}

// newKey is the body of a registration.
type newKey struct {
	Key   string `json:"api_key"`
	Label string `json:"label"`
}

// readKey reads a registration. The error is a sentence for the client.
func readKey(r *http.Request) (newKey, error) {
	var body newKey
	if err := decode(r, &body); err != nil {
		return newKey{}, err
	}
	unfit := func(c rune) bool { return c <= ' ' || c > '~' }
	if len(body.Key) < shortestKey || len(body.Key) > longestKey || strings.ContainsFunc(body.Key, unfit) {
		return newKey{}, fmt.Errorf("api_key must have %d to %d letters, digits or signs of ASCII, chosen at random", shortestKey, longestKey)
	}
	if body.Label = strings.TrimSpace(body.Label); len(body.Label) > longestLabel {
		return newKey{}, fmt.Errorf("label must not be longer than %d bytes", longestLabel)
	}
	return body, nil
}

// bootstrap registers the first key, for whoever is on the server's own machine, as it is only there that somebody
// without a key is known to be an operator.
func (s *Server) bootstrap(w http.ResponseWriter, r *http.Request) {
	if s.keys.any() {
		s.denyKey(w, errBootstrapped)
		return
	}
	if foreignPage(r) || !s.options.BootstrapFromAnywhere && !local(r) {
		s.deny(w, &refusal{status: http.StatusConflict, detail: "The first API key is registered from the server's own machine, at " +
			"localhost or an address and not through a proxy: POST /auth/register-key there, or let it be registered from anywhere " +
			"with the option BootstrapFromAnywhere (proxbox serve --bootstrap-from-anywhere)."})
		return
	}
	s.addKey(w, r, s.keys.bootstrap, func(apiKey) any { return detail{"API key registered."} })
}

// registerKey registers a further key, for whoever has one.
func (s *Server) registerKey(w http.ResponseWriter, r *http.Request) {
	if !s.keys.any() {
		s.bootstrap(w, r)
		return
	}
	s.addKey(w, r, s.keys.register, func(key apiKey) any { return key.row() })
}

func (s *Server) addKey(w http.ResponseWriter, r *http.Request, add func(key, label string) (apiKey, error), answer func(apiKey) any) {
	body, err := readKey(r)
	if err != nil {
		s.deny(w, &refusal{status: http.StatusBadRequest, detail: "The API key was not registered: " + err.Error() + "."})
		return
	}
	added, err := add(body.Key, body.Label)
	if err != nil {
		s.denyKey(w, err)
		return
	}
	s.options.Logger.Info("API key registered", "id", added.ID, "label", added.Label, "client", clientOf(r).String())
	s.respond(w, http.StatusCreated, answer(added))
}

// changeKey makes a key valid, or not valid for the time being.
func (s *Server) changeKey(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Active *bool `json:"is_active"`
	}
	err := decode(r, &body)
	if err == nil && body.Active == nil {
		err = errors.New("is_active must be true or false")
	}
	if err != nil {
		s.deny(w, &refusal{status: http.StatusBadRequest, detail: "The API key was not changed: " + err.Error() + "."})
		return
	}
	changed, err := s.keys.activate(keyID(r), *body.Active)
	if err != nil {
		s.denyKey(w, err)
		return
	}
	s.options.Logger.Info("API key changed", "id", changed.ID, "active", changed.Active, "client", clientOf(r).String())
	s.respond(w, http.StatusOK, changed.row())
}

func (s *Server) removeKey(w http.ResponseWriter, r *http.Request) {
	id := keyID(r)
	if err := s.keys.remove(id); err != nil {
		s.denyKey(w, err)
		return
	}
	s.options.Logger.Info("API key removed", "id", id, "client", clientOf(r).String())
	s.respond(w, http.StatusOK, detail{"API key removed."})
}

// keyID returns the id in the path; 0, which no key has, for what is none.
func keyID(r *http.Request) int {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil {
		return 0
	}
	return id
}

// denyKey answers why a key was not registered, changed or removed.
func (s *Server) denyKey(w http.ResponseWriter, err error) {
	status := http.StatusConflict
	switch {
	case errors.Is(err, errNoSuchKey):
		status = http.StatusNotFound
	case !errors.Is(err, errBootstrapped) && !errors.Is(err, errKeyTaken) && !errors.Is(err, errLastKey):
		s.options.Logger.Error("the API keys cannot be kept", "error", err)
		status, err = http.StatusInternalServerError, errors.New("the API key cannot be kept: the server's log says why")
	}
	text := err.Error()
	s.deny(w, &refusal{status: status, detail: strings.ToUpper(text[:1]) + text[1:] + "."})
}
