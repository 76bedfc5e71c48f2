// Package atomicfile replaces the content of files as a whole.
package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
)

// Write makes the file, for this user only, or replaces its content: a crash leaves the old or the new one, never a part.
func Write(path string, content []byte) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // made with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name())
		}
	}()
	if _, err := temporary.Write(content); err != nil {
		return errors.Join(err, temporary.Close())
	}
	if err := errors.Join(temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
