package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/internal/atomicfile"
	"github.com/proxbox-go/proxbox/sync"
)

// planFormat is the version of the format of plan files.
const planFormat = 1

// planFile is a plan as it is saved. The first key tells that it is one.
type planFile struct {
	Format  int        `json:"proxbox_plan"`
	Sources []string   `json:"sources"` // that the plan was made for
	Plan    *sync.Plan `json:"plan"`
}

// savePlan writes the plan to a file that this user alone may read.
func savePlan(name string, plan *sync.Plan) error {
	raw, err := json.MarshalIndent(planFile{planFormat, plan.Scope.Sources, plan}, "", "  ")
	if err == nil {
		err = atomicfile.Write(name, append(raw, '\n'))
	}
	if err != nil {
		return fmt.Errorf("the plan cannot be saved: %w", err)
	}
	return nil
}

// readPlan reads what savePlan has written.
func readPlan(name string) (*planFile, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		var wrapped *fs.PathError
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, fmt.Errorf("the plan %q cannot be read: %w", name, err)
	}
	var head struct {
		Format *int `json:"proxbox_plan"`
	}
	if err := json.Unmarshal(raw, &head); err != nil || head.Format == nil {
		return nil, fmt.Errorf("%q is no plan: make one with proxbox plan --out", name)
	}
	if *head.Format != planFormat {
		return nil, fmt.Errorf("the plan %q has format %d, and this proxbox knows %d only: make a new plan", name, *head.Format, planFormat)
	}
	var file planFile
	if err := json.Unmarshal(raw, &file); err != nil || file.Plan == nil {
		return nil, fmt.Errorf("the plan %q is damaged: make a new plan", name)
	}
	return &file, nil
}

// fits tells why the plan cannot be applied with what is configured.
func (f *planFile) fits(configured []string) error {
	for _, source := range f.Sources {
		if !slices.Contains(configured, source) {
			return fmt.Errorf("the plan is for the cluster %q, and the configuration has only %s", source, strings.Join(configured, ", "))
		}
	}
	return nil
}
