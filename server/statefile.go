package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
func (f stateFile) save(value any) (err error) {
	if f.path == "" {
		return nil
	}
	raw, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("server: the state cannot be written: %w", err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("server: the state cannot be written: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name())
			err = fmt.Errorf("server: the state cannot be written: %w", err)
		}
	}()
	if _, err := temporary.Write(append(raw, '\n')); err != nil {
		return errors.Join(err, temporary.Close())
	}
	if err := errors.Join(temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), f.path)
}
