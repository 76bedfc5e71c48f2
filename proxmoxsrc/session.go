package proxmoxsrc

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// renewAfter is the age at which a ticket is renewed; Proxmox VE takes it for 2 h.
const renewAfter = 90 * time.Minute

// session holds the ticket of a login with a password. One login at a time: go-proxmox's own way to log in races with
// its requests.
type session struct {
	password string
	lock     slots // guards what follows
	ticket   string
	taken    time.Time
	failure  error // of the login that was to replace the ticket
}

// login gets a ticket for a password, or for a ticket in its place.
type login func(ctx context.Context, password string) (ticket string, err error)

func newSession(password string) *session {
	return &session{password: password, lock: make(slots, 1)}
}

// forgive forgets that a login failed: the next request tries again.
func (s *session) forgive(ctx context.Context) {
	if s.lock.take(ctx) != nil {
		return
	}
	defer s.lock.leave()
	if s.failure != nil {
		s.ticket, s.failure = "", nil
	}
}

// current returns a ticket that is good for a while.
func (s *session) current(ctx context.Context, do login) (string, error) {
	if err := s.lock.take(ctx); err != nil {
		return "", err
	}
	defer s.lock.leave()
	switch {
	case s.failure != nil:
		return "", s.failure
	case s.ticket == "":
		return s.take(ctx, do, s.password)
	case time.Since(s.taken) < renewAfter:
		return s.ticket, nil
	}
	ticket, err := s.take(ctx, do, s.ticket)
	if causeOf(err) != CauseCredentials {
		return ticket, err
	}
	s.failure = nil
	return s.take(ctx, do, s.password)
}

// instead returns a ticket in the place of one that was refused. Of all whose ticket was refused only the first logs in,
// and once: if that fails, or its ticket is refused, it is over.
func (s *session) instead(ctx context.Context, refused string, do login) (string, error) {
	if err := s.lock.take(ctx); err != nil {
		return "", err
	}
	defer s.lock.leave()
	switch {
	case s.failure != nil:
		return "", s.failure
	case s.ticket != refused:
		return s.ticket, nil
	}
	return s.take(ctx, do, s.password)
}

func (s *session) take(ctx context.Context, do login, password string) (string, error) {
	ticket, err := do(ctx, password)
	if err != nil {
		if causeOf(err) == CauseCredentials {
			s.failure = err
		}
		return "", err
	}
	s.ticket, s.taken = ticket, time.Now()
	return ticket, nil
}

// ticketKey finds the ticket in the context of a request.
type ticketKey struct{}

// addTicket puts the ticket of the request's context into its header.
func addTicket(request *http.Request) error {
	if ticket, ok := request.Context().Value(ticketKey{}).(string); ok {
		request.Header.Set("Cookie", "PVEAuthCookie="+ticket)
	}
	return nil
}

// passwordKey finds, in the context of a login, what it is given for a password: a ticket that is renewed is one too.
type passwordKey struct{}

// login asks this entry for a ticket.
func (e *entry) login(ctx context.Context, user, password string) (string, error) {
	var answer json.RawMessage
	form := map[string]string{"username": user, "password": password}
	ctx = context.WithValue(ctx, passwordKey{}, password)
	if err := e.client.Post(ctx, "/access/ticket", form, &answer); err != nil {
		return "", err
	}
	var got struct{ Ticket text }
	if err := json.Unmarshal(answer, &got); err != nil || got.Ticket == "" {
		return "", &AnswerError{"/access/ticket", e.address, "holds no ticket (a second factor cannot be given here: use an API token)"}
	}
	return string(got.Ticket), nil
}
