package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/server"
)

// The page for operators has each option of serve and each metric, and no others.
func TestOperationsPage(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("OPERATIONS.md")
	require.NoError(t, err)
	found := func(pattern string) map[string]bool {
		all := map[string]bool{}
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(raw), -1) {
			all[match[1]] = true
		}
		return all
	}

	flags := map[string]bool{}
	serveCommand().Flags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
	delete(flags, "config") // it is told in the text
	documented := map[string]bool{}
	for cell := range found("(?m)^\\| (`--[^|]+) \\|") {
		for _, name := range regexp.MustCompile("`--([a-z-]+)`").FindAllStringSubmatch(cell, -1) {
			documented[name[1]] = true
		}
	}
	assert.Equal(t, flags, documented)

	m := newMetrics()
	m.runs.WithLabelValues("", "", "")
	m.duration.WithLabelValues("", "")
	m.phase.WithLabelValues("")
	m.objects.WithLabelValues("", "")
	m.requests.WithLabelValues("", "", "", "")
	m.latency.WithLabelValues("", "")
	m.set(server.Stats{})
	m.lastGood.WithLabelValues("")
	families, err := m.registry.Gather()
	require.NoError(t, err)
	names := map[string]bool{}
	for _, family := range families {
		if name := family.GetName(); name[:min(8, len(name))] == "proxbox_" {
			names[name] = true
		}
	}
	assert.Equal(t, names, found("(?m)^\\| `(proxbox_[a-z_]+)` \\|"))
}
