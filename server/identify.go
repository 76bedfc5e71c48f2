package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// wrongKey is the code that a WebSocket is closed with when its client does not show a valid API key.
const wrongKey websocket.StatusCode = 4001

// identifyWithin is how long a client that must show its API key in a first message may take for it.
const identifyWithin = 10 * time.Second

// standing is what the client of a WebSocket may do.
type standing struct {
	key     digest // of the API key that it has shown
	keyless bool   // it was let in while no key was registered
	first   bool   // it must show a key before it is told anything
}

// judge tells what the client that asks for a WebSocket may do.
//
// Once an API key is registered: who shows one with the request may do everything. The page of an allowed origin, whose
// script can send no header, may listen; it may show a key in a message later. A page of this server, and a client that
// is no browser, must show a key in the first message. Other pages are refused.
//
// Until then whoever is let in elsewhere may do everything, and the page of an allowed origin may listen from anywhere.
func (s *Server) judge(r *http.Request) (standing, *refusal) {
	origin, key := r.Header.Get("Origin"), shownKey(r)
	own := origin == "" || ownOrigin(r, origin)
	listens := !own && s.listens(origin)
	if s.keys.any() && key != "" {
		return standing{key: digestOf(key)}, s.check(r, key)
	}
	if !own && !listens {
		return standing{}, &refusal{status: http.StatusForbidden, detail: "Pages of this origin may not open a WebSocket here: " +
			"it is neither the NetBox that is known nor one of the option Origins."}
	}
	if s.keys.any() {
		return standing{first: own}, nil
	}
	if s.options.OpenWrites || local(r) {
		return standing{keyless: true}, nil
	}
	if listens {
		return standing{}, nil
	}
	return standing{}, s.admitKeyless(r)
}

// commands tells whether the client may start runs, as of now: keys come and go.
func (k *socket) commands() bool {
	keys := k.server.keys
	if !keys.any() {
		return k.standing.keyless
	}
	return keys.valid(k.standing.key)
}

// identify waits for the first message, which must be a key, and for no longer than is good.
func (k *socket) identify() error {
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-done:
		case <-k.server.stopping:
			_ = k.conn.Close(websocket.StatusGoingAway, goodbye)
		case <-time.After(identifyWithin):
			_ = k.conn.Close(wrongKey, "no API key was sent in time")
		}
	}()
	_, text, err := k.conn.Read(k.ctx)
	if err != nil {
		return err
	}
	key, ok := keyMessage(string(text))
	if !ok {
		return k.refuse("The first message must be an API key.")
	}
	return k.accept(key)
}

// keyMessage returns the API key that a message shows: {"api_key": "..."}. A JSON object is never a command, so that a key
// that was sent in a wrong form is not sent back.
func keyMessage(text string) (key string, ok bool) {
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return "", false
	}
	var body struct {
		Key string `json:"api_key"`
	}
	if json.Unmarshal([]byte(text), &body) != nil {
		return "", true
	}
	return body.Key, true
}

// accept takes a key that was shown in a message, or closes the socket.
func (k *socket) accept(key string) error {
	if !k.server.keys.any() {
		return nil // the client cannot know
	}
	if no := k.server.check(k.request, key); no != nil {
		return k.refuse(no.detail)
	}
	k.standing.key = digestOf(key)
	return nil
}

// refuse closes the socket.
func (k *socket) refuse(reason string) error {
	const longestReason = 123 // bytes, by RFC 6455
	_ = k.conn.Close(wrongKey, reason[:min(len(reason), longestReason)])
	return errors.New(reason)
}
