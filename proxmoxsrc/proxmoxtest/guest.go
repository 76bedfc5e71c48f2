package proxmoxtest

import (
	"maps"
	"net/netip"
	"slices"
)

// Kind is the kind of a guest, in Proxmox's word.
type Kind string

// The kinds of guests.
const (
	QEMU Kind = "qemu"
	LXC  Kind = "lxc"
)

// Status is what the resource list says of a guest. QEMU guests know more run
// states than these; any text is served as it is.
type Status string

// Statuses of guests. A container is running or stopped only.
const (
	StatusRunning   Status = "running"
	StatusStopped   Status = "stopped"
	StatusPaused    Status = "paused"
	StatusSuspended Status = "suspended"
	StatusPrelaunch Status = "prelaunch"
	StatusIOError   Status = "io-error"
)

// Guest is a virtual machine or container.
type Guest struct {
	// VMID is unique in the estate, 100 or more.
	VMID int
	// Kind defaults to QEMU.
	Kind Kind
	// Name, or host name of a container; "" is a configuration without one,
	// listed as "VM 101" or "CT101".
	Name string
	// Node defaults to the first one of the estate.
	Node string
	// Status defaults to running, for a template to stopped.
	Status   Status
	Template bool
	// Lock such as "backup", "clone", "suspended"; "" is none.
	Lock string
	// Tags in stored order and case.
	Tags []string
	Pool string
	// HAState such as "started" or "error"; "" is a guest without HA.
	HAState string
	// UUID is the SMBIOS identifier of a QEMU guest. Default: one made from
	// cluster name and VMID.
	UUID string
	// Created is the creation time in Unix seconds of a QEMU guest. Default
	// 1717171717.
	Created int64
	// Sockets, Cores and VCPUs are configuration keys, 0 when the key is not
	// there; see [Guest.CPUs].
	Sockets, Cores, VCPUs int
	// CPULimit is the cpulimit key, such as "0.5"; "" when not there.
	CPULimit string
	// Memory in bytes, whole MiB; 0 when the key is not there, see
	// [Guest.MemoryBytes].
	Memory int64
	// Description as UTF-8 text, without the newline that containers add.
	Description string
	OnBoot      bool
	// OSType is the ostype key. Default "l26", for a container "debian". Agents
	// of guests whose type begins with "win" answer as on Windows.
	OSType string
	// Agent is the state of the QEMU guest agent.
	Agent Agent
	// NICs are the configured network devices.
	NICs []NIC
	// Interfaces are what the guest has beside its NICs and the loopback:
	// bridges of containers, tunnels, VLAN interfaces that share a NIC's MAC.
	Interfaces []GuestInterface
	// Disks are all drives and volumes, also those that are none (CD-ROM).
	Disks []Disk
	// Config overrides keys of the rendered configuration with any JSON value;
	// nil deletes the key. It does not change the resource list.
	Config map[string]any
	// Pending are the changes that wait for a restart: part of the
	// configuration unless current=1 is asked. nil deletes the key.
	Pending map[string]any
}

// Agent is the state of a QEMU guest agent.
type Agent string

// Agent states.
const (
	// AgentOff: no agent key in the configuration.
	AgentOff Agent = ""
	// AgentOK answers.
	AgentOK Agent = "ok"
	// AgentDisabled: configured as "agent: 0"; asked, it looks dead.
	AgentDisabled Agent = "disabled"
	// AgentDead: enabled, but nothing answers in the guest (3 s, then 500).
	AgentDead Agent = "dead"
	// AgentStalled answers the ping but not the command (8 s, then 500).
	AgentStalled Agent = "stalled"
	// AgentRefused answers 200 with result.error, as an old or restricted one.
	AgentRefused Agent = "refused"
	// AgentNoPrivilege: asking this guest is forbidden to everybody (403).
	AgentNoPrivilege Agent = "no-privilege"
)

// NIC is a configured network device.
type NIC struct {
	// Index n of the configuration key netn.
	Index int
	// Model of a QEMU device. Default "virtio".
	Model string
	// MAC as typed in the configuration; "" is a device without one, which has
	// another at each start.
	MAC string
	// Bridge, or SDN vnet; "" is none.
	Bridge string
	// Tag is the VLAN, 0 when untagged.
	Tag int
	// Trunks such as "20;30-40".
	Trunks   string
	LinkDown bool
	Firewall bool
	// MTU of the device, 1 inherits the bridge's; 0 when unset.
	MTU int
	// Name of a container's device (default "eth<Index>"); in a QEMU guest what
	// the agent calls it (default "ens<18+Index>", on Windows "Ethernet").
	Name string
	// IP, IP6, Gateway and Gateway6 are the configured intent: a CIDR, "dhcp",
	// "auto" or "manual". Of a container they stand in netN, of a QEMU guest in
	// ipconfigN.
	IP, IP6, Gateway, Gateway6 string
	// Addresses are those that the running guest really has, without the
	// link-local one that the fake adds. On Windows a full-length prefix is
	// reported as -1.
	Addresses []netip.Prefix
}

// GuestInterface is an interface seen inside a guest that is not a NIC.
type GuestInterface struct {
	Name string
	// MAC is "" when the interface has none.
	MAC       string
	Addresses []netip.Prefix
}

// DiskKind says what a drive is.
type DiskKind string

// The kinds of drives. Volumes in slots "unused<n>" are detached.
const (
	DiskVolume      DiskKind = ""
	DiskCDROM       DiskKind = "cdrom"
	DiskCloudInit   DiskKind = "cloudinit"
	DiskPassthrough DiskKind = "passthrough"
	DiskBind        DiskKind = "bind"
)

// Disk is a drive of a QEMU guest or a volume of a container.
type Disk struct {
	// Slot is the configuration key: scsi0, virtio1, efidisk0, rootfs, mp0,
	// unused0.
	Slot string
	Kind DiskKind
	// Storage of a volume. Default "local-lvm". A CD-ROM with none is empty.
	Storage string
	// Volume name in the storage. Default "vm-<vmid>-disk-<n>", of a template
	// "base-<vmid>-disk-<n>".
	Volume string
	// Bytes is the exact size.
	Bytes int64
	// UnknownSize leaves the size out of the configuration.
	UnknownSize bool
	// Path is the device of a passthrough drive, or the source of a bind mount.
	Path string
	// MountPoint of a container's volume other than rootfs. Default
	// "/mnt/<slot>".
	MountPoint string
}

// CPUs returns the number of virtual CPUs the configuration says: VCPUs, or
// sockets times cores; for a container its cores, where 0 means all CPUs of the
// node.
func (g *Guest) CPUs() int {
	if g.Kind == LXC {
		return g.Cores
	}
	if g.VCPUs > 0 {
		return g.VCPUs
	}
	return max(g.Sockets, 1) * max(g.Cores, 1)
}

// MemoryBytes returns Memory or, when the configuration says nothing, the
// 512 MiB that Proxmox VE takes then.
func (g *Guest) MemoryBytes() int64 {
	if g.Memory == 0 {
		return 512 << 20
	}
	return g.Memory
}

// NIC returns the device with that index, or nil.
func (g *Guest) NIC(index int) *NIC {
	for i := range g.NICs {
		if g.NICs[i].Index == index {
			return &g.NICs[i]
		}
	}
	return nil
}

// Disk returns the drive in that slot, or nil.
func (g *Guest) Disk(slot string) *Disk {
	for i := range g.Disks {
		if g.Disks[i].Slot == slot {
			return &g.Disks[i]
		}
	}
	return nil
}

// Clone returns a deep copy; the values inside Config and Pending are shared.
func (g *Guest) Clone() *Guest {
	c := *g
	c.Tags = slices.Clone(g.Tags)
	c.NICs = slices.Clone(g.NICs)
	for i := range c.NICs {
		c.NICs[i].Addresses = slices.Clone(c.NICs[i].Addresses)
	}
	c.Interfaces = slices.Clone(g.Interfaces)
	for i := range c.Interfaces {
		c.Interfaces[i].Addresses = slices.Clone(c.Interfaces[i].Addresses)
	}
	c.Disks = slices.Clone(g.Disks)
	c.Config = maps.Clone(g.Config)
	c.Pending = maps.Clone(g.Pending)
	return &c
}

func (g *Guest) fill(e *Estate) {
	if g.Kind == "" {
		g.Kind = QEMU
	}
	if g.Node == "" {
		g.Node = e.Nodes[0].Name
	}
	if g.Status == "" {
		g.Status = StatusRunning
		if g.Template {
			g.Status = StatusStopped
		}
	}
	if g.OSType == "" {
		g.OSType = "l26"
		if g.Kind == LXC {
			g.OSType = "debian"
		}
	}
	if g.Kind == QEMU && g.UUID == "" {
		g.UUID = uuidFrom(entropy(0, e.Cluster, "uuid", g.VMID))
	}
	if g.Kind == QEMU && g.Created == 0 {
		g.Created = 1717171717
	}
	for i := range g.NICs {
		g.NICs[i].fill(g)
	}
	for i := range g.Disks {
		if g.Disks[i].Storage == "" && g.Disks[i].Kind != DiskCDROM {
			g.Disks[i].Storage = "local-lvm"
		}
	}
}
