package proxmoxsrc

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// nodeStatus is GET /nodes/{node}/status.
type nodeStatus struct {
	PVEVersion text `json:"pveversion"`
	CPUInfo    struct {
		Model text
		CPUs  number
	} `json:"cpuinfo"`
	Memory struct{ Total number }
}

// fill adds what the status tells.
func (s *nodeStatus) fill(node *inventory.Node) {
	node.Version = string(s.PVEVersion)
	if parts := strings.Split(node.Version, "/"); len(parts) > 1 {
		node.Version = parts[1] // "pve-manager/8.4.1/2a5fa54a8503f96d"
	}
	node.CPUs = s.CPUInfo.CPUs.int()
	node.CPUModel = strings.TrimSpace(string(s.CPUInfo.Model))
	node.Memory = s.Memory.Total.int64()
}

// parseNodeNetwork reads GET /nodes/{node}/network, in the order of the interfaces' names.
func parseNodeNetwork(raw json.RawMessage) (interfaces []inventory.NodeInterface, dropped []string, err error) {
	elements, err := parseList(raw)
	if err != nil {
		return nil, nil, err
	}
	for i, element := range elements {
		var r nodeInterface
		if json.Unmarshal(element, &r) != nil || r.Iface == "" {
			dropped = append(dropped, fmt.Sprintf("element %d of the list of interfaces has no name", i+1))
			continue
		}
		interfaces = append(interfaces, r.translated())
	}
	slices.SortStableFunc(interfaces, func(a, b inventory.NodeInterface) int { return cmp.Compare(a.Name, b.Name) })
	return interfaces, dropped, nil
}

// nodeInterface is an interface as the node's /etc/network/interfaces has it.
type nodeInterface struct {
	Iface, Type, Comments, MTU text
	Active                     flag
	CIDR, CIDR6                text
	Gateway, Gateway6          text
	BridgePorts                text `json:"bridge_ports"`
	BridgeVLANAware            flag `json:"bridge_vlan_aware"`
	BridgeVIDs                 text `json:"bridge_vids"`
	BondMode                   text `json:"bond_mode"`
	Slaves                     text
	OVSPorts                   text `json:"ovs_ports"`
	OVSBonds                   text `json:"ovs_bonds"`
	OVSTag                     text `json:"ovs_tag"`
	VLANID                     text `json:"vlan-id"`
	VLANRawDevice              text `json:"vlan-raw-device"`
	AltNames                   altNames
}

func (r *nodeInterface) translated() inventory.NodeInterface {
	out := inventory.NodeInterface{
		Name:      string(r.Iface),
		Type:      string(r.Type),
		Active:    bool(r.Active),
		MAC:       r.AltNames.mac(),
		MTU:       max(parseInt(string(r.MTU)), 0),
		Ports:     strings.Fields(string(cmp.Or(r.BridgePorts, r.Slaves, r.OVSPorts, r.OVSBonds))),
		Parent:    string(r.VLANRawDevice),
		VLAN:      parseVLAN(string(cmp.Or(r.VLANID, r.OVSTag))),
		BondMode:  string(r.BondMode),
		VLANAware: bool(r.BridgeVLANAware),
		Comment:   strings.TrimSpace(string(r.Comments)),
	}
	if out.VLANAware { // a bridge that is not ignores them
		out.Trunks = parseTrunks(string(r.BridgeVIDs))
	}
	if out.Type == "vlan" {
		r.deriveVLAN(&out)
	}
	for _, s := range []text{r.CIDR, r.CIDR6} {
		if prefix, err := netip.ParsePrefix(string(s)); err == nil {
			out.Addresses = append(out.Addresses, prefix)
		}
	}
	for _, s := range []text{r.Gateway, r.Gateway6} {
		if address, err := netip.ParseAddr(string(s)); err == nil {
			out.Gateways = append(out.Gateways, address)
		}
	}
	return out
}

var vlanNames = regexp.MustCompile(`^(?:vlan|(.+)\.)(\d+)$`)

// deriveVLAN reads "eno1.20" and "vlan20" where the keys say nothing.
func (r *nodeInterface) deriveVLAN(out *inventory.NodeInterface) {
	match := vlanNames.FindStringSubmatch(out.Name)
	if match == nil {
		return
	}
	out.Parent = cmp.Or(out.Parent, match[1])
	out.VLAN = cmp.Or(out.VLAN, parseVLAN(match[2]))
}

// altNames are the other names of an interface, from Proxmox VE 9 on. "enx001b21aabbcc" spells the MAC address, which
// the API has nowhere else.
type altNames []text

// UnmarshalJSON takes anything but a list for none.
func (a *altNames) UnmarshalJSON(raw []byte) error {
	var list []text
	if json.Unmarshal(raw, &list) == nil {
		*a = list
	}
	return nil
}

func (a altNames) mac() string {
	for _, name := range a {
		digits, ok := strings.CutPrefix(string(name), "enx")
		if !ok || len(digits) != 12 {
			continue
		}
		var parts []string
		for pair := range slices.Chunk([]byte(digits), 2) {
			parts = append(parts, string(pair))
		}
		return parseMAC(strings.Join(parts, ":"))
	}
	return ""
}
