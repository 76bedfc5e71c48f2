package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// stateFolder returns the folder for what is to survive a restart, and makes it, for this user only: there will be
// secrets in it. Without a name it is the one that systemd gives the service, else the user's own.
func stateFolder(name string, env func(string) string) (string, error) {
	if name == "" {
		name, _, _ = strings.Cut(env("STATE_DIRECTORY"), ":")
	}
	if name == "" {
		base := env("XDG_STATE_HOME")
		if !filepath.IsAbs(base) { // the standard wants others passed over
			base = ""
		}
		if home := env("HOME"); base == "" && home != "" {
			base = filepath.Join(home, ".local", "state")
		}
		if base == "" {
			return "", errors.New("there is no home for what is to survive a restart: name a folder with --state")
		}
		name = filepath.Join(base, "proxbox")
	}
	if err := os.MkdirAll(name, 0o700); err != nil {
		return "", fmt.Errorf("the state folder cannot be made: %w: name another with --state", err)
	}
	return name, nil
}
