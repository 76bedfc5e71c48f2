package proxmoxtest

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// ChangeKind says what happened to a guest.
type ChangeKind string

// The kinds of changes.
const (
	ChangeName      ChangeKind = "name"
	ChangeCPUs      ChangeKind = "cpus"
	ChangeMemory    ChangeKind = "memory"
	ChangeDisk      ChangeKind = "disk"
	ChangeNode      ChangeKind = "node"
	ChangeNICAdd    ChangeKind = "nic-add"
	ChangeNICRemove ChangeKind = "nic-remove"
	ChangeTags      ChangeKind = "tags"
	ChangeDelete    ChangeKind = "delete"
	ChangeCreate    ChangeKind = "create"
	// ChangeReuse is another guest under the VMID of one that was deleted.
	ChangeReuse ChangeKind = "reuse"
)

// Change is one thing that [Estate.Drift] did.
type Change struct {
	Kind  ChangeKind
	VMID  int
	Guest Kind
	// Key is the configuration key that changed: of a disk or NIC its slot,
	// else "".
	Key string
	// From and To are the values: names, nodes, counts, bytes, tags joined with
	// ";", UUIDs of a reused VMID.
	From, To string
}

// String renders the change in one line.
func (c Change) String() string {
	return fmt.Sprintf("%s/%d %s %s %q -> %q", c.Guest, c.VMID, c.Kind, c.Key, c.From, c.To)
}

// Drift changes a share of the guests (0 to 1, at least one guest if it is not
// 0), each in one way, as time does, and returns what it did in the order of
// VMIDs. The same seed on the same estate does the same. For each guest created
// another one is the model.
func (e *Estate) Drift(seed uint64, fraction float64) []Change {
	e.fill()
	if len(e.Guests) == 0 || fraction <= 0 {
		return nil
	}
	count := min(len(e.Guests), int(math.Ceil(fraction*float64(len(e.Guests)))))
	d := drift{estate: e, seed: seed}
	for _, guest := range e.Guests {
		d.last = max(d.last, guest.VMID)
	}
	r := entropy(seed, e.Cluster, "drift", 0)
	chosen := slices.Clone(e.Guests)
	slices.SortFunc(chosen, func(a, b *Guest) int { return cmp.Compare(a.VMID, b.VMID) })
	r.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	var changes []Change
	for _, guest := range chosen[:count] {
		changes = append(changes, d.change(guest))
	}
	slices.SortFunc(changes, func(a, b Change) int { return cmp.Compare(a.VMID, b.VMID) })
	return changes
}

type drift struct {
	estate *Estate
	seed   uint64
	last   int // highest VMID ever given
}

func (d *drift) change(g *Guest) Change {
	r := entropy(d.seed, d.estate.Cluster, "drift", g.VMID)
	kinds := []func(*rand.Rand, *Guest) (Change, bool){
		d.rename, d.cpus, d.memory, d.disk, d.migrate, d.addNIC, d.removeNIC, d.tags, d.remove, d.create, d.reuse,
	}
	change, done := pick(r, kinds)(r, g)
	if !done {
		change, _ = d.rename(r, g)
	}
	return change
}

func changed(kind ChangeKind, g *Guest, from, to any) Change {
	return Change{Kind: kind, VMID: g.VMID, Guest: g.Kind, From: fmt.Sprint(from), To: fmt.Sprint(to)}
}

func (d *drift) rename(r *rand.Rand, g *Guest) (Change, bool) {
	from := g.Name
	g.Name = fmt.Sprintf("renamed-%d-%04x", g.VMID, r.IntN(1<<16))
	return changed(ChangeName, g, from, g.Name), true
}

func (d *drift) cpus(_ *rand.Rand, g *Guest) (Change, bool) {
	from := g.CPUs()
	g.Cores, g.VCPUs, g.CPULimit = g.Cores+1, 0, ""
	if g.CPUs() == from {
		g.Cores++
	}
	return changed(ChangeCPUs, g, from, g.CPUs()), true
}

func (d *drift) memory(_ *rand.Rand, g *Guest) (Change, bool) {
	from := g.MemoryBytes()
	g.Memory = from + 1<<30
	return changed(ChangeMemory, g, from, g.Memory), true
}

func (d *drift) disk(_ *rand.Rand, g *Guest) (Change, bool) {
	for i := range g.Disks {
		disk := &g.Disks[i]
		if disk.Kind != DiskVolume || disk.UnknownSize || disk.Bytes == 0 {
			continue
		}
		from := disk.Bytes
		disk.Bytes += 10 << 30
		change := changed(ChangeDisk, g, from, disk.Bytes)
		change.Key = disk.Slot
		return change, true
	}
	return Change{}, false
}

func (d *drift) migrate(r *rand.Rand, g *Guest) (Change, bool) {
	var others []string
	for _, node := range d.estate.Nodes {
		if node.State == NodeOnline && node.Name != g.Node {
			others = append(others, node.Name)
		}
	}
	if len(others) == 0 {
		return Change{}, false
	}
	from := g.Node
	g.Node = pick(r, others)
	return changed(ChangeNode, g, from, g.Node), true
}

func (d *drift) addNIC(r *rand.Rand, g *Guest) (Change, bool) {
	index := 0
	for g.NIC(index) != nil {
		index++
	}
	if index > 31 {
		return Change{}, false
	}
	nic := NIC{Index: index, MAC: macFrom(r), Bridge: "vmbr0"}
	nic.fill(g)
	g.NICs = append(g.NICs, nic)
	change := changed(ChangeNICAdd, g, "", nic.MAC)
	change.Key = fmt.Sprintf("net%d", index)
	return change, true
}

func (d *drift) removeNIC(r *rand.Rand, g *Guest) (Change, bool) {
	if len(g.NICs) == 0 {
		return Change{}, false
	}
	i := r.IntN(len(g.NICs))
	nic := g.NICs[i]
	g.NICs = slices.Delete(g.NICs, i, i+1)
	change := changed(ChangeNICRemove, g, nic.MAC, "")
	change.Key = fmt.Sprintf("net%d", nic.Index)
	return change, true
}

func (d *drift) tags(r *rand.Rand, g *Guest) (Change, bool) {
	from := strings.Join(g.Tags, ";")
	if len(g.Tags) > 0 && chance(r, 0.5) {
		g.Tags = g.Tags[1:]
	} else {
		g.Tags = append(g.Tags, fmt.Sprintf("drift-%d", r.IntN(10)))
	}
	return changed(ChangeTags, g, from, strings.Join(g.Tags, ";")), true
}

func (d *drift) remove(_ *rand.Rand, g *Guest) (Change, bool) {
	d.estate.RemoveGuest(g.VMID)
	return changed(ChangeDelete, g, g.Name, ""), true
}

// create adds a guest like g under the next VMID.
func (d *drift) create(r *rand.Rand, g *Guest) (Change, bool) {
	d.last++
	other := successor(r, g, d.last)
	d.estate.Guests = append(d.estate.Guests, other)
	return changed(ChangeCreate, other, "", other.Name), true
}

// reuse puts another guest in the place of g.
func (d *drift) reuse(r *rand.Rand, g *Guest) (Change, bool) {
	other := successor(r, g, g.VMID)
	from, to := g.UUID, other.UUID
	*g = *other
	return changed(ChangeReuse, g, from, to), true
}

// successor is a guest of the size of another, with an identity of its own and
// no addresses yet.
func successor(r *rand.Rand, g *Guest, vmid int) *Guest {
	other := g.Clone()
	other.VMID = vmid
	other.Name = fmt.Sprintf("new-%d-%04x", vmid, r.IntN(1<<16))
	other.Created = g.Created + 86400
	if g.Kind == QEMU {
		other.UUID = uuidFrom(r)
	}
	other.Interfaces = nil
	for i := range other.NICs {
		nic := &other.NICs[i]
		nic.MAC, nic.Addresses = macFrom(r), nil
		nic.IP, nic.IP6, nic.Gateway, nic.Gateway6 = "", "", "", ""
	}
	return other
}
