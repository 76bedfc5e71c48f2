package server

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	stdsync "sync"
)

// rows holds the endpoint rows that were pushed, and keeps them in a file, secrets included. It is safe for concurrent
// use: of two writes of one name at once, the second changes what the first has made.
type rows struct {
	file stateFile

	mu   stdsync.Mutex
	kept keptRows // what it points to is never changed, but replaced
}

// keptRows is what the file holds.
type keptRows struct {
	NetBox  *keptNetBox   `json:"netbox"`
	Proxmox []keptProxmox `json:"proxmox"`
	// LastID is the highest number that a row was ever given: a number that a plugin remembers must not come to mean
	// another cluster.
	LastID int `json:"last_id"`
}

// keptNetBox is a row with its secret: the field hides the one that does not show.
type keptNetBox struct {
	NetBoxEndpoint
	Token string
}

// keptProxmox is a row with its secrets.
type keptProxmox struct {
	ProxmoxEndpoint
	Password, TokenValue string
}

// newRows returns the rows that the file holds.
func newRows(file stateFile) (*rows, error) {
	r := &rows{file: file}
	if err := file.load(&r.kept); err != nil {
		return nil, err
	}
	for _, row := range r.kept.Proxmox {
		r.kept.LastID = max(r.kept.LastID, row.ID)
	}
	return r, nil
}

// snapshot returns the rows as they are. Later changes do not show in it.
func (r *rows) snapshot() Endpoints {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out Endpoints
	if n := r.kept.NetBox; n != nil {
		row := n.row()
		out.NetBox = &row
	}
	for _, p := range r.kept.Proxmox {
		out.Proxmox = append(out.Proxmox, p.row())
	}
	return out
}

func (k *keptNetBox) row() NetBoxEndpoint {
	row := k.NetBoxEndpoint
	row.Token = Secret(k.Token)
	return row
}

func (k *keptProxmox) row() ProxmoxEndpoint {
	row := k.ProxmoxEndpoint
	row.Password, row.TokenValue = Secret(k.Password), Secret(k.TokenValue)
	row.Extra = maps.Clone(k.Extra)
	return row
}

func keep(row ProxmoxEndpoint) keptProxmox {
	k := keptProxmox{ProxmoxEndpoint: row, Password: row.Password.Reveal(), TokenValue: row.TokenValue.Reveal()}
	k.ProxmoxEndpoint.Password, k.ProxmoxEndpoint.TokenValue = "", ""
	return k
}

// errNoRow tells that there is no row of the number that was asked for.
var errNoRow = errors.New("there is no endpoint of that number")

// rowError says what is wrong with a pushed row: a sentence for whoever pushed it.
type rowError struct{ detail string }

func (e *rowError) Error() string { return e.detail }

// change makes a change on a copy of the rows, which takes their place once it is kept.
func (r *rows) change(f func(*keptRows) error) error {
	next := r.kept
	next.Proxmox = slices.Clone(r.kept.Proxmox)
	if err := f(&next); err != nil {
		return err
	}
	if reflect.DeepEqual(next, r.kept) {
		return nil // the plugin pushes again and again what is there
	}
	if err := r.file.save(next); err != nil {
		return err
	}
	r.kept = next
	return nil
}

// netBoxID is the number of the one row that there may be.
const netBoxID = 1

// pushNetBox makes the one row of the body, or changes it. With mustExist, there has to be one.
func (r *rows) pushNetBox(body *pushed, mustExist bool) (row NetBoxEndpoint, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	err = r.change(func(next *keptRows) error {
		switch {
		case next.NetBox != nil:
			row = next.NetBox.row()
		case mustExist:
			return errNoRow
		default:
			row = NetBoxEndpoint{ID: netBoxID, Name: "netbox", Port: 443, VerifySSL: true, TokenVersion: "v1", Enabled: true}
		}
		if err := row.take(body); err != nil {
			return err
		}
		k := keptNetBox{NetBoxEndpoint: row, Token: row.Token.Reveal()}
		k.NetBoxEndpoint.Token = ""
		next.NetBox = &k
		return nil
	})
	return row, err
}

// dropNetBox removes the one row.
func (r *rows) dropNetBox() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.change(func(next *keptRows) error {
		if next.NetBox == nil {
			return errNoRow
		}
		next.NetBox = nil
		return nil
	})
}

// pushProxmox changes the row of that number; with number 0 that of the name in the body, or makes it.
func (r *rows) pushProxmox(id int, body *pushed) (row ProxmoxEndpoint, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	err = r.change(func(next *keptRows) error {
		at := next.at(id)
		if id == 0 {
			at = next.named(body.name())
		} else if at < 0 {
			return errNoRow
		}
		if at < 0 {
			next.LastID++
			row = ProxmoxEndpoint{ID: next.LastID, Port: 8006, VerifySSL: true, Enabled: true}
			at = len(next.Proxmox)
			next.Proxmox = append(next.Proxmox, keptProxmox{})
		} else {
			row = next.Proxmox[at].row()
		}
		if err := row.take(body); err != nil {
			return err
		}
		if same := next.named(row.Name); same >= 0 && same != at {
			return &rowError{"Another endpoint is called " + row.Name + " too: give each its own name."}
		}
		row.Source = next.sourceOf(row)
		next.Proxmox[at] = keep(row)
		return nil
	})
	return row, err
}

// at returns where the row of that number is, -1 if there is none.
func (k *keptRows) at(id int) int {
	return slices.IndexFunc(k.Proxmox, func(p keptProxmox) bool { return p.ID == id })
}

// named returns where the row of that name is, -1 if there is none.
func (k *keptRows) named(name string) int {
	return slices.IndexFunc(k.Proxmox, func(p keptProxmox) bool { return p.Name == name })
}

// sourceOf returns the name of the source that a row stands for: that of another row of the same cluster, else its own,
// as far as no other cluster has it.
func (k *keptRows) sourceOf(row ProxmoxEndpoint) string {
	taken := map[string]bool{}
	for _, other := range k.Proxmox {
		switch {
		case other.ID == row.ID:
		case other.SameCluster(row):
			return other.SourceName()
		default:
			taken[other.SourceName()] = true
		}
	}
	name := row.SourceName()
	if taken[name] {
		row.Source = ""
		name = row.SourceName()
	}
	for _, number := row.numbered(); taken[name]; {
		name += "-" + number
	}
	return name
}

// dropProxmox removes the row of that number.
func (r *rows) dropProxmox(id int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.change(func(next *keptRows) error {
		at := next.at(id)
		if at < 0 {
			return errNoRow
		}
		next.Proxmox = slices.Delete(next.Proxmox, at, at+1)
		return nil
	})
}
