package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// pushed are the fields of a body that pushes a row. Those that are read are taken out of it; the first that makes no
// sense is remembered.
type pushed struct {
	fields map[string]json.RawMessage
	wrong  error
}

// readPushed reads the body of a request.
func readPushed(w http.ResponseWriter, request *http.Request) (*pushed, error) {
	const longest = 1 << 16
	p := &pushed{}
	if err := json.NewDecoder(http.MaxBytesReader(w, request.Body, longest)).Decode(&p.fields); err != nil || p.fields == nil {
		return nil, &rowError{"The body is no JSON object with the fields of an endpoint."}
	}
	return p, nil
}

// name returns the name in the body.
func (p *pushed) name() string {
	var name string
	_ = json.Unmarshal(p.fields["name"], &name) // what is no name is told when the row takes it
	return strings.TrimSpace(name)
}

// take takes a field out of the body. Null is empty; absent tells that the body does not have it.
func (p *pushed) take(field string) (text string, absent bool) {
	raw, given := p.fields[field]
	delete(p.fields, field)
	text = string(raw)
	switch {
	case !given:
		return "", true
	case text == "null":
		return "", false
	case strings.HasPrefix(text, `"`):
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			p.complain("The field %s is no text.", field)
		}
		return strings.TrimSpace(s), false
	case strings.HasPrefix(text, "{"), strings.HasPrefix(text, "["):
		p.complain("The field %s is no single value.", field)
		return "", false
	}
	return text, false // a number, true or false
}

func (p *pushed) complain(format string, args ...any) {
	if p.wrong == nil {
		p.wrong = &rowError{fmt.Sprintf(format, args...)}
	}
}

// text sets a text; null empties it.
func (p *pushed) text(field string, to *string) {
	if text, absent := p.take(field); !absent {
		*to = text
	}
}

// secret returns a secret, empty if the body brings none.
func (p *pushed) secret(field string) Secret {
	text, _ := p.take(field)
	return Secret(text)
}

// port sets a port; null leaves it.
func (p *pushed) port(to *int) {
	text, _ := p.take("port")
	if text == "" {
		return
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 {
		p.complain("The port must be a number from 1 to 65535.")
		return
	}
	*to = n
}

// truth sets a boolean; null leaves it.
func (p *pushed) truth(field string, to *bool) {
	text, _ := p.take(field)
	if text == "" {
		return
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		p.complain("The field %s must be true or false.", field)
		return
	}
	*to = b
}

// rest returns what was not taken, without what may be secret: it is given back to whoever asks.
func (p *pushed) rest() map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for field, raw := range p.fields {
		if !mayBeSecret(field) {
			out[field] = raw
		}
	}
	return out
}

// mayBeSecret tells whether the value of an unknown field had better not be shown.
func mayBeSecret(field string) bool {
	field = strings.ToLower(field)
	for _, word := range []string{"password", "passphrase", "secret", "token", "private", "credential", "api_key"} {
		if strings.Contains(field, word) {
			return true
		}
	}
	return false
}
