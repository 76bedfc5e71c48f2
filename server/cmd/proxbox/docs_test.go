package main

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
)

// The page for operators has each key of the ends, each option of serve and each metric, and no others.
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

	entries, onPage := map[string]bool{}, map[string]bool{}
	for of, end := range map[string]reflect.Type{"netbox.": reflect.TypeFor[backend.NetBox](), "proxmox[].": reflect.TypeFor[backend.Proxmox]()} {
		for _, f := range reflect.VisibleFields(end) {
			entries[of+f.Tag.Get("yaml")] = true
		}
	}
	for cell := range found("(?m)^\\| (`(?:netbox|proxmox)[^|]+) \\|") {
		for _, name := range regexp.MustCompile("`([a-z_.\\[\\]]+)`").FindAllStringSubmatch(cell, -1) {
			onPage[name[1]] = true
		}
	}
	assert.Equal(t, entries, onPage)

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

// ruleTable returns the rows of the table of fields and their rules.
func ruleTable() string {
	var table strings.Builder
	rules := netboxsink.DefaultRules()
	for _, kind := range slices.Sorted(maps.Keys(rules)) {
		byRule := map[sync.Rule][]string{}
		for field, rule := range rules[kind] {
			byRule[rule] = append(byRule[rule], "`"+field+"`")
		}
		for _, rule := range slices.Sorted(maps.Keys(byRule)) {
			slices.Sort(byRule[rule])
			fmt.Fprintf(&table, "| `%s` | %s | `%s` |\n", kind, strings.Join(byRule[rule], ", "), rule)
		}
	}
	return table.String()
}

// The page about the mapping has each of its keys, each rule by default, and no others.
func TestMappingPage(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("MAPPING.md")
	require.NoError(t, err)
	page := string(raw)
	begin := strings.Index(page, "| kind | field | default |\n|---|---|---|\n") + len("| kind | field | default |\n|---|---|---|\n")
	end := begin + strings.Index(page[begin:], "\n\n") + 1
	if *update {
		page = page[:begin] + ruleTable() + page[end:]
		require.NoError(t, os.WriteFile("MAPPING.md", []byte(page), 0o644))
		end = begin + strings.Index(page[begin:], "\n\n") + 1
	}
	assert.Equal(t, ruleTable(), page[begin:end])

	sections := strings.Split(page, "\n## `")[1:]
	mapping := reflect.TypeFor[netboxsink.Mapping]()
	require.Len(t, sections, mapping.NumField())
	for i, f := range reflect.VisibleFields(mapping) {
		name, text, _ := strings.Cut(sections[i], "`\n")
		assert.Equal(t, f.Tag.Get("yaml"), name)
		if f.Type.Kind() != reflect.Struct {
			continue // of free keys
		}
		var keys []string
		for _, key := range reflect.VisibleFields(f.Type) {
			keys = append(keys, key.Tag.Get("yaml"))
		}
		var documented []string
		for _, match := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(text, -1) {
			documented = append(documented, match[1])
		}
		assert.Equal(t, keys, documented, name)
	}
}
