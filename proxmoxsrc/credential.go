package proxmoxsrc

import (
	"errors"
	"regexp"
	"strings"
)

// credential is an API token or a user with a password.
type credential struct {
	id     string // "root@pam!sync" or "root@pam"
	secret string
	token  bool
}

// tokenIDs matches "user@realm!name"; a user's name may hold an "@" of its own.
var tokenIDs = regexp.MustCompile(`^[^\s!=:/]+@[^\s@!=:/]+![^\s!=:/]+$`)

var userIDs = regexp.MustCompile(`^[^\s!=:/]+@[^\s@!=:/]+$`)

func parseCredential(o *Options) (credential, error) {
	if o.Token != "" {
		if o.Username != "" || o.Password != "" {
			return credential{}, &OptionError{"token", errors.New("both a token and a user are given: give one of them")}
		}
		id, secret, _ := strings.Cut(o.Token, "=")
		if !tokenIDs.MatchString(id) || secret == "" || strings.ContainsAny(secret, "= \t\r\n") {
			return credential{}, &OptionError{"token", errors.New("the API token is not of the form user@realm!name=secret, for example root@pam!sync=<uuid>")}
		}
		return credential{id, secret, true}, nil
	}
	switch {
	case o.Username == "" && o.Password == "":
		return credential{}, &OptionError{"token", errors.New("no credential is given: give an API token, or a user and a password")}
	case o.Password == "":
		return credential{}, &OptionError{"password", errors.New("a user is given without a password")}
	case !userIDs.MatchString(o.Username):
		return credential{}, &OptionError{"username", errors.New("the user name is not of the form user@realm, for example root@pam")}
	}
	return credential{o.Username, o.Password, false}, nil
}

// String names the credential without its secret.
func (c credential) String() string {
	if c.token {
		return "token " + c.id
	}
	return "user " + c.id
}
