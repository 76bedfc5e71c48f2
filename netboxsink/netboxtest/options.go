package netboxtest

import (
	"encoding/json"
	"slices"
	"time"
)

// Options configure a [Server]. The zero value is a NetBox 4.7 that knows the
// default tokens.
type Options struct {
	// Version is the NetBox release: "4.2", "4.3", "4.4", "4.5", "4.6" or "4.7".
	// By default "4.7".
	Version string

	// MaxPageSize is the largest page of a list. By default 1000.
	MaxPageSize int

	// LogLimit is how many requests are kept at most, the newest. By default
	// 65,536.
	LogLimit int

	// Tokens are known beside the default ones.
	Tokens []Token

	// RequestLatency delays every answer. By default there is no delay.
	RequestLatency time.Duration

	// ObjectLatency delays an answer once more for each object that the request
	// reads or writes. By default there is no delay.
	ObjectLatency time.Duration

	// WriteLatency takes the place of ObjectLatency for what is written, which
	// costs a NetBox far more. By default it is ObjectLatency.
	WriteLatency time.Duration

	// Workers is how many requests are served at once, their delays included, as
	// by the workers of gunicorn. By default there is no limit.
	Workers int

	// Validator stands for NetBox's CUSTOM_VALIDATORS: it is called for every
	// object that is created or changed. By default every object is valid.
	Validator Validator
}

// Validator checks an object before it is written. The model is named as in
// "virtualization.virtualmachine"; the fields are the object's raw values as the
// change log shows them: references as ids, tags as names. The message of the
// error becomes the object's validation error, under the field of a
// [*ValidationError] or else under __all__. It is called under the server's
// lock and must not call the server.
type Validator func(model string, fields map[string]json.RawMessage) error

// ValidationError is a [Validator]'s refusal of one field.
type ValidationError struct {
	Field   string
	Message string
}

func (e *ValidationError) Error() string { return e.Message }

// Action is what a token may do with objects of a type.
type Action string

// The actions of NetBox's permissions.
const (
	View   Action = "view"
	Add    Action = "add"
	Modify Action = "change"
	Delete Action = "delete"
)

// Token is an API token of a user.
type Token struct {
	// Secret is what the Authorization header carries: 40 characters for a v1
	// token, "nbt_<key>.<secret>" for a v2 token (from NetBox 4.5).
	Secret string

	// User is the name in the change log. By default "admin".
	User string

	// ReadOnly forbids every write.
	ReadOnly bool

	// Permissions lists what the user may do, by object type. Nil means
	// everything.
	Permissions map[string][]Action

	// Expired, Disabled and Inactive make NetBox refuse the token.
	Expired, Disabled, Inactive bool
}

// The tokens that every Server knows.
const (
	// TokenV1 is a v1 token that may do everything, for "Authorization: Token …".
	TokenV1 = "0123456789abcdef0123456789abcdef01234567"
	// TokenV2 is a v2 token that may do everything, for "Authorization: Bearer …"
	// from NetBox 4.5 on.
	TokenV2 = "nbt_netboxtest00.0123456789abcdef0123456789abcdef01234567"
	// ReadOnlyTokenV1 and ReadOnlyTokenV2 may read everything and write nothing.
	ReadOnlyTokenV1 = "fedcba9876543210fedcba9876543210fedcba98"
	ReadOnlyTokenV2 = "nbt_netboxtestro.fedcba9876543210fedcba9876543210fedcba98"
)

// The user and password that /api/users/tokens/provision/ accepts.
const (
	Username = "admin"
	Password = "admin"
)

func defaultTokens() []Token {
	return []Token{
		{Secret: TokenV1},
		{Secret: TokenV2},
		{Secret: ReadOnlyTokenV1, ReadOnly: true},
		{Secret: ReadOnlyTokenV2, ReadOnly: true},
	}
}

// account is who makes a request; nil is a person in the web interface.
type account struct{ token Token }

func (a *account) user() string {
	if a == nil || a.token.User == "" {
		return Username
	}
	return a.token.User
}

func (a *account) may(action Action, label string) bool {
	if a == nil {
		return true
	}
	if a.token.ReadOnly && action != View {
		return false
	}
	return a.token.Permissions == nil || slices.Contains(a.token.Permissions[label], action)
}
