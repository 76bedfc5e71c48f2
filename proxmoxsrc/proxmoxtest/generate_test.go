package proxmoxtest_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func encoded(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

func TestGenerateIsDeterministic(t *testing.T) {
	t.Parallel()
	spec := proxmoxtest.Spec{Seed: 7, Name: "alpha", Nodes: 4, Guests: 300}
	assert.Equal(t, encoded(t, proxmoxtest.Generate(spec)), encoded(t, proxmoxtest.Generate(spec)))
	other := spec
	other.Seed = 8
	assert.NotEqual(t, encoded(t, proxmoxtest.Generate(spec)), encoded(t, proxmoxtest.Generate(other)))
}

func TestGeneratePrefix(t *testing.T) {
	t.Parallel()
	small := proxmoxtest.Generate(proxmoxtest.Spec{Seed: 7, Name: "alpha", Guests: 100})
	large := proxmoxtest.Generate(proxmoxtest.Spec{Seed: 7, Name: "alpha", Guests: 1000})
	assert.Equal(t, encoded(t, small.Guests), encoded(t, large.Guests[:100]))
}

func TestGenerateShares(t *testing.T) {
	t.Parallel()
	const total = 10000
	estate := proxmoxtest.Generate(proxmoxtest.Spec{Seed: 1, Name: "alpha", Nodes: 32, Guests: total})
	counts := map[string]int{}
	names, folded, macs, addresses := map[string]int{}, map[string]int{}, map[string]int{}, map[netip.Addr]int{}
	most := 0
	for _, g := range estate.Guests {
		counts[string(g.Kind)]++
		counts["status "+string(g.Status)]++
		if g.Kind == proxmoxtest.QEMU {
			counts["agent "+string(g.Agent)]++
		}
		counts[fmt.Sprintf("NICs %d", min(len(g.NICs), 3))]++
		if g.Template {
			counts["template"]++
		}
		if g.Name == "" {
			counts["no name"]++
		} else {
			names[g.Name]++
			folded[strings.ToLower(g.Name)]++
		}
		if len(g.Name) > 64 {
			counts["long name"]++
		}
		most = max(most, len(g.Interfaces))
		for _, disk := range g.Disks {
			if disk.UnknownSize {
				counts["no size"]++
			}
		}
		for _, nic := range g.NICs {
			macs[nic.MAC]++
			for _, prefix := range nic.Addresses {
				addresses[prefix.Addr()]++
			}
		}
	}
	share := func(key string, want, tolerance float64) {
		assert.InDelta(t, want, float64(counts[key])/total, tolerance, key)
	}
	share("qemu", 0.75, 0.02)
	share("lxc", 0.25, 0.02)
	share("status running", 0.85, 0.03)
	share("status stopped", 0.13, 0.02)
	share("template", 0.02, 0.01)
	share("agent ok", 0.75*0.70, 0.02)
	share("agent dead", 0.75*0.08, 0.02)
	share("agent ", 0.75*0.20, 0.02)
	share("NICs 1", 0.80, 0.02)
	share("NICs 2", 0.15, 0.02)
	share("NICs 3", 0.05, 0.01)
	for _, key := range []string{"agent stalled", "agent refused", "no name", "long name", "no size", "status paused", "status io-error"} {
		assert.NotZero(t, counts[key], key)
	}
	assert.InDelta(t, total/100, len(estate.Guests)-counts["no name"]-len(names), total/200, "repeated names")
	assert.Less(t, len(folded), len(names), "names that differ by case only")
	assert.NotZero(t, repeated(macs))
	assert.NotZero(t, repeated(addresses))
	assert.Greater(t, most, 500, "the heavy tail")
	assert.Greater(t, estate.Guests[total-1].VMID, 100+total, "gaps between VMIDs")
}

func repeated[K comparable](counts map[K]int) int {
	n := 0
	for _, count := range counts {
		if count > 1 {
			n++
		}
	}
	return n
}

func TestGenerateClustersAreApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for i, name := range []string{"alpha", "beta", "gamma"} {
		estate := proxmoxtest.Generate(proxmoxtest.Spec{Seed: 1, Name: name, Guests: 500, Number: i + 1})
		for _, g := range estate.Guests {
			for _, nic := range g.NICs {
				keys := []string{nic.MAC}
				for _, prefix := range nic.Addresses {
					keys = append(keys, prefix.Addr().String())
				}
				for _, key := range keys {
					if owner, taken := seen[key]; taken {
						assert.Equal(t, owner, name, key)
					}
					seen[key] = name
				}
			}
		}
	}
}

func TestGenerateStandalone(t *testing.T) {
	t.Parallel()
	estate := proxmoxtest.Generate(proxmoxtest.Spec{Name: "gamma", Standalone: true, Nodes: 5, Guests: 3, Version: "7.4-20"})
	assert.Empty(t, estate.Cluster)
	require.Len(t, estate.Nodes, 1)
	assert.Equal(t, "pve", estate.Nodes[0].Name)
	assert.Equal(t, "7.4-20", estate.Nodes[0].Version)
}

// TestGeneratedEstateIsServed asks for every guest and compares with the model.
func TestGeneratedEstateIsServed(t *testing.T) {
	t.Parallel()
	estate := proxmoxtest.Generate(proxmoxtest.Spec{Seed: 3, Name: "alpha", Guests: 150, Version: "9.1.1"})
	c := serve(t, estate)
	rows := data[[]object](c, "/cluster/resources?type=vm")
	require.Len(t, rows, 150)
	for _, g := range estate.Guests {
		path := fmt.Sprintf("/nodes/%s/%s/%d", g.Node, g.Kind, g.VMID)
		config := data[object](c, path+"/config?current=1")
		assert.Equal(t, string(g.Status), row(rows, "vmid", float64(g.VMID))["status"])
		for _, nic := range g.NICs {
			assert.Contains(t, config[fmt.Sprintf("net%d", nic.Index)], nic.MAC)
		}
		visible := estate.VisibleAddresses(g.VMID)
		if g.Kind == proxmoxtest.QEMU {
			r := c.get(path + "/agent/network-get-interfaces")
			for _, prefix := range slices.Concat(visible[0], visible[1]) {
				assert.Contains(t, r.body, `"`+prefix.Addr().String()+`"`)
			}
			if len(visible) == 0 && g.Agent != proxmoxtest.AgentRefused && g.Agent != proxmoxtest.AgentOK {
				assert.Equal(t, 500, r.status)
			}
		}
	}
}

// difference finds out what happened between two estates, by looking.
func difference(before, after *proxmoxtest.Estate) []proxmoxtest.Change {
	var out []proxmoxtest.Change
	for _, old := range before.Guests {
		now := after.Guest(old.VMID)
		if now == nil {
			out = append(out, proxmoxtest.Change{Kind: proxmoxtest.ChangeDelete, VMID: old.VMID, Guest: old.Kind, From: old.Name})
			continue
		}
		out = append(out, differences(old, now)...)
	}
	for _, now := range after.Guests {
		if before.Guest(now.VMID) == nil {
			out = append(out, proxmoxtest.Change{Kind: proxmoxtest.ChangeCreate, VMID: now.VMID, Guest: now.Kind, To: now.Name})
		}
	}
	slices.SortFunc(out, func(a, b proxmoxtest.Change) int { return cmp.Compare(a.VMID, b.VMID) })
	return out
}

func differences(old, now *proxmoxtest.Guest) []proxmoxtest.Change {
	var out []proxmoxtest.Change
	add := func(kind proxmoxtest.ChangeKind, key string, from, to any) {
		if fmt.Sprint(from) != fmt.Sprint(to) {
			out = append(out, proxmoxtest.Change{Kind: kind, VMID: old.VMID, Guest: old.Kind, Key: key, From: fmt.Sprint(from), To: fmt.Sprint(to)})
		}
	}
	if old.Created != now.Created || old.UUID != now.UUID || strings.HasPrefix(now.Name, "new-") {
		return []proxmoxtest.Change{{Kind: proxmoxtest.ChangeReuse, VMID: old.VMID, Guest: old.Kind, From: old.UUID, To: now.UUID}}
	}
	add(proxmoxtest.ChangeName, "", old.Name, now.Name)
	add(proxmoxtest.ChangeCPUs, "", old.CPUs(), now.CPUs())
	add(proxmoxtest.ChangeMemory, "", old.MemoryBytes(), now.MemoryBytes())
	add(proxmoxtest.ChangeNode, "", old.Node, now.Node)
	add(proxmoxtest.ChangeTags, "", strings.Join(old.Tags, ";"), strings.Join(now.Tags, ";"))
	for _, disk := range old.Disks {
		add(proxmoxtest.ChangeDisk, disk.Slot, disk.Bytes, now.Disk(disk.Slot).Bytes)
	}
	for n := range 32 {
		was, is := old.NIC(n), now.NIC(n)
		key := fmt.Sprintf("net%d", n)
		switch {
		case was == nil && is != nil:
			add(proxmoxtest.ChangeNICAdd, key, "", is.MAC)
		case was != nil && is == nil:
			add(proxmoxtest.ChangeNICRemove, key, was.MAC, "")
		}
	}
	return out
}

func TestDriftTellsWhatItDid(t *testing.T) {
	t.Parallel()
	before := proxmoxtest.Generate(proxmoxtest.Spec{Seed: 1, Name: "alpha", Guests: 1000})
	after := before.Clone()
	changes := after.Drift(5, 0.2)
	require.Len(t, changes, 200)
	assert.Equal(t, difference(before, after), changes)
	kinds := map[proxmoxtest.ChangeKind]bool{}
	for _, change := range changes {
		kinds[change.Kind] = true
	}
	assert.Len(t, kinds, 11)

	again := before.Clone()
	assert.Equal(t, changes, again.Drift(5, 0.2))
	assert.Equal(t, encoded(t, after), encoded(t, again))
	assert.NotEqual(t, changes, before.Clone().Drift(6, 0.2))
}

func TestDriftBounds(t *testing.T) {
	t.Parallel()
	estate := proxmoxtest.Generate(proxmoxtest.Spec{Name: "alpha", Guests: 10})
	assert.Empty(t, estate.Clone().Drift(1, 0))
	assert.Len(t, estate.Clone().Drift(1, 0.01), 1)
	assert.Len(t, estate.Clone().Drift(1, 2), 10)
	assert.Empty(t, (&proxmoxtest.Estate{}).Drift(1, 1))
}

func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		proxmoxtest.Generate(proxmoxtest.Spec{Name: "alpha", Nodes: 32, Guests: 10000})
	}
}
