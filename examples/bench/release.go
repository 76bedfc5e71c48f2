package main

import (
	"context"
	"encoding/json"
	"fmt"
)

// release returns the release of a NetBox: "4.7".
func (f *floor) release(ctx context.Context) (string, error) {
	raw, err := f.get(ctx, "/api/status/", nil)
	if err != nil {
		return "", err
	}
	var status struct {
		Version string `json:"netbox-version"`
	}
	var major, minor int
	if err := json.Unmarshal(raw, &status); err != nil {
		return "", fmt.Errorf("the version of NetBox is not known: %w", err)
	}
	if _, err := fmt.Sscanf(status.Version, "%d.%d", &major, &minor); err != nil {
		return "", fmt.Errorf("the version of NetBox is not known: %q: %w", status.Version, err)
	}
	return fmt.Sprintf("%d.%d", major, minor), nil
}
