package netboxsink

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDefaultSiteOfOrdinaryNames(t *testing.T) {
	t.Parallel()
	for cluster, want := range map[string]string{
		"lab":           "proxmox-default-site-lab",
		"Lab East":      "proxmox-default-site-lab-east",
		"pve.example":   "proxmox-default-site-pve-example",
		"rack_1-row-02": "proxmox-default-site-rack_1-row-02",
	} {
		name, key := defaultSite(cluster)
		assert.Equal(t, "Proxmox Default Site - "+cluster, name)
		assert.Equal(t, want, key)
	}
}

func TestDefaultSitesOfOtherNamesDiffer(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 90)
	names, keys := map[string]string{}, map[string]string{}
	for _, cluster := range []string{"lab", "lab!", "lab?", "lab-", "lab(1)", "lab 1", "\u00fc", "uxfc", "ufc", "+", "*", long + "a", long + "b", long} {
		name, key := defaultSite(cluster)
		assert.Empty(t, names[name], cluster)
		assert.Empty(t, keys[key], cluster)
		names[name], keys[key] = cluster, cluster
		assert.LessOrEqual(t, len([]rune(name)), 100)
		assert.LessOrEqual(t, len(key), 100)
		assert.Regexp(t, `^[-a-z0-9_]+$`, key)
		again, sameKey := defaultSite(cluster)
		assert.Equal(t, []string{name, key}, []string{again, sameKey})
	}
}
