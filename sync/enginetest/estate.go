package enginetest

import (
	"fmt"
	"hash/fnv"
	"net/netip"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// Estate returns a sample inventory: a healthy cluster with that many nodes (pve01, …) and guests (vm101, …), spread over
// the nodes. Odd guests are virtual machines with one NIC, even ones containers with two. Each NIC has an IPv4 address
// that no other NIC has; those of sources of different names differ too, as far as a hash of one byte goes. It is made for
// up to 30,000 guests.
func Estate(source string, nodes, guests int) *inventory.Inventory {
	inv := &inventory.Inventory{
		Source:  source,
		Cluster: inventory.Cluster{Name: source, Quorate: true, Version: "9.0.3"},
	}
	hash := fnv.New32a()
	hash.Write([]byte(source))
	site := byte(hash.Sum32())
	for i := range nodes {
		inv.Nodes = append(inv.Nodes, inventory.Node{
			Name: fmt.Sprintf("pve%02d", i+1), Status: inventory.NodeOnline, Version: "9.0.3",
			Address: netip.AddrFrom4([4]byte{172, 16, site, byte(i + 1)}), CPUs: 16, Memory: 64 << 30,
		})
	}
	for i := range guests {
		g := inventory.Guest{
			ID: 101 + i, Kind: inventory.QEMU, Name: fmt.Sprintf("vm%d", 101+i), Status: inventory.GuestRunning,
			Tags: []string{"sample"}, CPUs: 2, Memory: 2 << 30, Description: "A sample.", OSType: "l26", Agent: true,
			UUID: fmt.Sprintf("4c4c4544-0000-4000-8000-%012x", 101+i),
		}
		nics := 1
		if nodes > 0 {
			g.Node = inv.Nodes[i%nodes].Name
		}
		if i%2 == 1 {
			g.Kind, g.UUID, g.OSType, g.Agent, nics = inventory.LXC, "", "debian", false, 2
		}
		for n := range nics {
			g.NICs = append(g.NICs, sampleNIC(g.Kind, site, i, n))
		}
		g.Disks = []inventory.Disk{{Key: "scsi0", Storage: "local", Volume: fmt.Sprintf("vm-%d-disk-0", g.ID), Bytes: 8 << 30, Known: true}}
		inv.Guests = append(inv.Guests, g)
	}
	return inv
}

func sampleNIC(kind inventory.GuestKind, site byte, guest, n int) inventory.NIC {
	host := guest*2 + n + 2 // not the address of a network
	address := netip.AddrFrom4([4]byte{10, site, byte(host / 250), byte(host%250 + 2)})
	nic := inventory.NIC{
		Key: fmt.Sprintf("net%d", n), Bridge: "vmbr0",
		MAC: fmt.Sprintf("BC:24:11:%02X:%02X:%02X", site, host/256%256, host%256),
		Addresses: []inventory.Address{{
			Prefix: netip.PrefixFrom(address, 16), Origin: inventory.OriginAgent,
		}},
	}
	if kind == inventory.LXC {
		nic.Name = fmt.Sprintf("eth%d", n)
		nic.Addresses[0].Origin = inventory.OriginContainer
	}
	return nic
}
