package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	stdsync "sync"
	"time"
)

// keys holds the API keys, of each only a digest. It is safe for concurrent use.
//
// As long as one is registered one is active, so that there is no way back to a server that asks for none except through
// its file.
type keys struct {
	file stateFile

	mu    stdsync.RWMutex
	state keyState
}

// keyState is what the file has.
type keyState struct {
	LastID int      `json:"last_id"` // an id is given once
	Keys   []apiKey `json:"keys"`
}

type apiKey struct {
	ID      int    `json:"id"`
	Label   string `json:"label"`
	Digest  digest `json:"sha256"`
	Active  bool   `json:"is_active"`
	Created int64  `json:"created_at"` // Unix seconds
}

// digest is the SHA-256 of a key. A slow hash would protect what can be guessed, a password; a key has at least 32
// characters made by a machine, and it is asked for with each of a client's requests.
type digest [sha256.Size]byte

func digestOf(key string) digest { return sha256.Sum256([]byte(key)) }

// MarshalText returns it in hexadecimal.
func (d digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText is the reverse of MarshalText.
func (d *digest) UnmarshalText(text []byte) error {
	raw, err := hex.DecodeString(string(text))
	if err == nil && len(raw) != len(d) {
		err = fmt.Errorf("of %d bytes instead of %d", len(raw), len(d))
	}
	if err != nil {
		return fmt.Errorf("a digest that is none: %w", err)
	}
	copy(d[:], raw)
	return nil
}

// Why something cannot be done to a key.
var (
	errBootstrapped = errors.New("an API key is registered already: the next ones are registered with POST /auth/keys and a valid key")
	errKeyTaken     = errors.New("this API key is registered already")
	errNoSuchKey    = errors.New("there is no API key of that id")
	errLastKey      = errors.New("this is the last active API key: register another one first")
)

func loadKeys(file stateFile) (*keys, error) {
	k := &keys{file: file}
	if err := file.load(&k.state); err != nil {
		return nil, err
	}
	return k, nil
}

// any tells whether a key is registered.
func (k *keys) any() bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return len(k.state.Keys) > 0
}

// valid tells whether an active key has the digest. How long that takes does not tell how much of it fits.
func (k *keys) valid(d digest) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	found := 0
	for _, key := range k.state.Keys {
		if key.Active {
			found |= subtle.ConstantTimeCompare(key.Digest[:], d[:])
		}
	}
	return found == 1
}

// list returns the keys, in the order of their registration.
func (k *keys) list() []apiKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return slices.Clone(k.state.Keys)
}

// bootstrap registers the first key.
func (k *keys) bootstrap(key, label string) (apiKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.state.Keys) > 0 {
		return apiKey{}, errBootstrapped
	}
	return k.add(key, label)
}

// register registers a further key.
func (k *keys) register(key, label string) (apiKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.add(key, label)
}

// add registers a key. The lock is held.
func (k *keys) add(key, label string) (apiKey, error) {
	d := digestOf(key)
	if slices.ContainsFunc(k.state.Keys, func(other apiKey) bool { return other.Digest == d }) {
		return apiKey{}, errKeyTaken
	}
	added := apiKey{ID: k.state.LastID + 1, Label: label, Digest: d, Active: true, Created: time.Now().Unix()}
	return added, k.replace(keyState{LastID: added.ID, Keys: append(slices.Clone(k.state.Keys), added)})
}

// activate makes a key valid, or not valid for the time being.
func (k *keys) activate(id int, active bool) (apiKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := slices.Clone(k.state.Keys)
	at := slices.IndexFunc(list, func(key apiKey) bool { return key.ID == id })
	if at < 0 {
		return apiKey{}, errNoSuchKey
	}
	list[at].Active = active
	return list[at], k.replace(keyState{LastID: k.state.LastID, Keys: list})
}

// remove forgets a key.
func (k *keys) remove(id int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(k.state.Keys), func(key apiKey) bool { return key.ID == id })
	if len(list) == len(k.state.Keys) {
		return errNoSuchKey
	}
	return k.replace(keyState{LastID: k.state.LastID, Keys: list})
}

// replace takes a new state over once it is in the file. The lock is held.
func (k *keys) replace(state keyState) error {
	if !slices.ContainsFunc(state.Keys, func(key apiKey) bool { return key.Active }) {
		return errLastKey
	}
	if err := k.file.save(state); err != nil {
		return err
	}
	k.state = state
	return nil
}
