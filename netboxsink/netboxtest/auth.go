package netboxtest

import (
	"net/http"
	"strings"
)

// authenticate finds the token of a request. NetBox answers 403 to every
// failure, never 401.
func (s *Server) authenticate(r *http.Request) (*account, error) {
	keyword, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	secret = strings.TrimSpace(secret)
	known := keyword == "Token" || (keyword == "Bearer" && s.release().secondTokens)
	if !known || secret == "" {
		return nil, &denied{"Authentication credentials were not provided."}
	}
	second := s.release().secondTokens && strings.HasPrefix(secret, "nbt_")
	for _, t := range s.tokens {
		if t.Secret != secret || (strings.HasPrefix(t.Secret, "nbt_") && !second) {
			continue
		}
		switch {
		case t.Disabled:
			return nil, &denied{"Token disabled"}
		case t.Expired:
			return nil, &denied{"Token expired"}
		case t.Inactive:
			return nil, &denied{"User inactive"}
		}
		return &account{t}, nil
	}
	switch {
	case second:
		return nil, &denied{"Invalid v2 token"}
	case s.release().secondTokens:
		return nil, &denied{"Invalid v1 token"}
	}
	return nil, &denied{"Invalid token"}
}

// provision creates a token out of user name and password.
func (s *Server) provision(body []pair) (*response, error) {
	var user, password string
	version := 2
	for _, p := range body {
		switch p.key {
		case "username":
			user, _ = str(p.value)
		case "password":
			password, _ = str(p.value)
		case "version":
			version, _ = idFrom(p.value)
		}
	}
	if user != Username || password != Password {
		return nil, &denied{"Invalid username/password"}
	}
	if !s.release().secondTokens {
		secret := randomHex(40)
		s.tokens = append(s.tokens, Token{Secret: secret, User: user})
		return created(`{"id":1,"key":"` + secret + `"}`), nil
	}
	if version == 1 {
		secret := randomHex(40)
		s.tokens = append(s.tokens, Token{Secret: secret, User: user})
		return created(`{"id":1,"version":1,"key":null,"token":"` + secret + `"}`), nil
	}
	key, secret := randomHex(12), randomHex(40)
	s.tokens = append(s.tokens, Token{Secret: "nbt_" + key + "." + secret, User: user})
	return created(`{"id":1,"version":2,"key":"` + key + `","token":"` + secret + `"}`), nil
}

func created(body string) *response {
	return &response{status: http.StatusCreated, body: []byte(body), items: 1}
}
