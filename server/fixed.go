package server

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/proxbox-go/proxbox/sync"
)

// Fixed returns the backend of a runner whose ends are what they are: pushed rows change nothing, questions about them
// are not answered, and a run for any of them is for all sources. It makes a server of any [sync.Engine].
func Fixed(r Runner) Backend { return fixed{r} }

type fixed struct{ runner Runner }

var errFixed = errors.New("this server syncs between fixed ends: it does not know the endpoint")

func (f fixed) Open(Endpoints) (Runner, error)           { return f.runner, nil }
func (f fixed) Source(Endpoints, ProxmoxEndpoint) string { return "" }
func (f fixed) Ask(Endpoints, ProxmoxEndpoint) (Questions, error) {
	return nil, errFixed
}

func (f fixed) NetBoxStatus(context.Context, Endpoints) (json.RawMessage, error) {
	return nil, errFixed
}

func (f fixed) Guest(context.Context, Endpoints, int64) (sync.GuestRef, error) {
	return sync.GuestRef{}, errFixed
}
