package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/proxbox-go/proxbox/internal/atomicfile"
)

// stateFile is a file below the server's state folder that holds one JSON value. Its content is replaced as a whole, so
// that a crash leaves the old or the new one. Only the server's user may read it: it may hold secrets.
type stateFile struct{ path string } // an empty path keeps nothing

// stateFile returns the file of that name; without a state folder one that keeps nothing.
func (o *Options) stateFile(name string) stateFile {
	if o.StateDir == "" {
		return stateFile{}
	}
	return stateFile{filepath.Join(o.StateDir, name)}
}

// load reads the value. A file that does not exist leaves it as it is.
func (f stateFile) load(value any) error {
	if f.path == "" {
		return nil
	}
	raw, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("server: the state cannot be read: %w", err)
	}
	if err := json.Unmarshal(raw, value); err != nil {
		return fmt.Errorf("server: %s is not what this program writes: %w: mend it, or move it away to begin anew", f.path, err)
	}
	return nil
}

// save writes the value.
func (f stateFile) save(value any) error {
	if f.path == "" {
		return nil
	}
	raw, err := json.MarshalIndent(value, "", "  ")
	if err == nil {
		err = atomicfile.Write(f.path, append(raw, '\n'))
	}
	if err != nil {
		return fmt.Errorf("server: the state cannot be written: %w", err)
	}
	return nil
}
