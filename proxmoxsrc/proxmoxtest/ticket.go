package proxmoxtest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	stdsync "sync"
	"time"
)

const (
	cookieName  = "PVEAuthCookie"
	tokenScheme = "PVEAPIToken"
)

// accounts are the credentials and the tickets given out. It has a lock of its
// own, so that an event on the estate may change credentials.
type accounts struct {
	mu          stdsync.Mutex
	credentials []Credential
	tickets     map[string]ticket
	lifetime    time.Duration
}

type ticket struct {
	user    string
	expires time.Time
}

// failure says why an authentication failed, as releases before 9.1.5 tell it.
type failure string

func (a *accounts) set(credentials []Credential) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.credentials = cloneCredentials(credentials)
}

func (a *accounts) expireTickets() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.tickets)
}

// token returns the first API token.
func (a *accounts) token() (id, secret string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, credential := range a.credentials {
		if credential.isToken() {
			return credential.ID, credential.Secret
		}
	}
	return "", ""
}

// find returns a copy of the credential, so that it can be used without lock.
func (a *accounts) find(id string) *Credential {
	for i := range a.credentials {
		if a.credentials[i].ID == id {
			credential := a.credentials[i]
			return &credential
		}
	}
	return nil
}

// authenticate finds the credential of a request.
func (a *accounts) authenticate(r *http.Request) (*Credential, failure) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if value, ok := tokenOf(r); ok {
		return a.checkToken(value)
	}
	cookie, err := r.Cookie(cookieName)
	if err != nil || cookie.Value == "" {
		return nil, "No ticket"
	}
	value, err := url.QueryUnescape(strings.ReplaceAll(cookie.Value, "+", "%2B"))
	if err != nil {
		value = cookie.Value
	}
	return a.checkTicket(value)
}

// tokenOf reads the Authorization header, in both spellings Proxmox VE takes.
func tokenOf(r *http.Request) (string, bool) {
	header := r.Header.Get("Authorization")
	rest, ok := strings.CutPrefix(header, tokenScheme)
	if !ok || rest == "" || (rest[0] != '=' && rest[0] != ' ') {
		return "", false
	}
	return strings.TrimSpace(rest[1:]), true
}

func (a *accounts) checkToken(value string) (*Credential, failure) {
	id, secret, ok := strings.Cut(value, "=")
	user, name, named := strings.Cut(id, "!")
	if !ok || !named {
		return nil, "invalid token value!"
	}
	credential := a.find(id)
	if credential == nil {
		return nil, failure(fmt.Sprintf("no such token '%s' for user '%s'", name, user))
	}
	if credential.Secret != secret {
		return nil, "invalid token value!"
	}
	if credential.Expired {
		return nil, failure(fmt.Sprintf("token '%s' access expired", name))
	}
	if credential.Disabled {
		return nil, failure(fmt.Sprintf("user '%s' is disabled", user))
	}
	return credential, ""
}

func (a *accounts) checkTicket(value string) (*Credential, failure) {
	issued, ok := a.tickets[value]
	if !ok || time.Now().After(issued.expires) {
		return nil, "permission denied - invalid PVE ticket"
	}
	credential := a.find(issued.user)
	switch {
	case credential == nil:
		return nil, failure(fmt.Sprintf("no such user ('%s')", issued.user))
	case credential.Disabled:
		return nil, failure(fmt.Sprintf("user '%s' is disabled", issued.user))
	case credential.Expired:
		return nil, failure(fmt.Sprintf("user '%s' access expired", issued.user))
	}
	return credential, ""
}

// login checks user and password, or a ticket in its place, and gives out a
// ticket.
func (a *accounts) login(user, password string) (value string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	credential := a.find(user)
	if credential == nil || credential.isToken() || credential.Disabled || credential.Expired {
		return "", false
	}
	renewed, isTicket := a.tickets[password]
	renewal := isTicket && renewed.user == user && time.Now().Before(renewed.expires)
	if credential.Secret != password && !renewal {
		return "", false
	}
	now := time.Now()
	value = fmt.Sprintf("PVE:%s:%08X::%s", user, now.Unix(), random())
	a.tickets[value] = ticket{user: user, expires: now.Add(a.lifetime)}
	return value, true
}

func random() string {
	var bytes [48]byte
	_, _ = rand.Read(bytes[:]) // never fails
	return base64.StdEncoding.EncodeToString(bytes[:])
}

// loginAnswer is the data of POST /access/ticket.
func (a *accounts) loginAnswer(r *http.Request, cluster string) (map[string]any, bool) {
	form := loginForm(r)
	user := form["username"]
	if realm := form["realm"]; realm != "" && !strings.Contains(user, "@") {
		user += "@" + realm
	}
	value, ok := a.login(user, form["password"])
	if !ok {
		return nil, false
	}
	var csrf [20]byte
	_, _ = rand.Read(csrf[:]) // never fails
	data := map[string]any{
		"username":            user,
		"ticket":              value,
		"CSRFPreventionToken": fmt.Sprintf("%08X:%s", time.Now().Unix(), hex.EncodeToString(csrf[:])),
		"cap":                 map[string]any{},
	}
	if cluster != "" {
		data["clustername"] = cluster
	}
	return data, true
}

// loginForm reads the parameters from a form or JSON body.
func loginForm(r *http.Request) map[string]string {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		return nil
	}
	out := map[string]string{}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "application/json" {
		var values map[string]any
		if json.Unmarshal(body, &values) != nil {
			return nil
		}
		for key, value := range values {
			if text, ok := value.(string); ok {
				out[key] = text
			}
		}
		return out
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil
	}
	for key := range values {
		out[key] = values.Get(key)
	}
	return out
}

// named returns a copy of the credential, or one that may do nothing.
func (a *accounts) named(id string) *Credential {
	a.mu.Lock()
	defer a.mu.Unlock()
	if credential := a.find(id); credential != nil {
		return credential
	}
	return &Credential{ID: id}
}
