package proxmoxsrc

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// parseZones reads GET /cluster/sdn/zones: the type of each zone.
func parseZones(raw json.RawMessage) (map[string]string, error) {
	elements, err := parseList(raw)
	if err != nil {
		return nil, err
	}
	zones := map[string]string{}
	for _, element := range elements {
		var r struct{ Zone, Type text }
		if json.Unmarshal(element, &r) == nil && r.Zone != "" {
			zones[string(r.Zone)] = string(r.Type)
		}
	}
	return zones, nil
}

// vnet is an element of GET /cluster/sdn/vnets.
type vnet struct {
	VNet, Zone, Alias text
	Tag               text // up to 16,777,215: of a VXLAN it is no VLAN
}

// parseVNets reads GET /cluster/sdn/vnets, in the order of the names.
func parseVNets(raw json.RawMessage) (list []vnet, dropped []string, err error) {
	elements, err := parseList(raw)
	if err != nil {
		return nil, nil, err
	}
	for i, element := range elements {
		var r vnet
		if json.Unmarshal(element, &r) != nil || r.VNet == "" {
			dropped = append(dropped, fmt.Sprintf("element %d of the list of virtual networks has no name", i+1))
			continue
		}
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b vnet) int { return cmp.Compare(a.VNet, b.VNet) })
	return list, dropped, nil
}

// translated needs the types of the zones: the tag is a VLAN in some only.
func (v *vnet) translated(zones map[string]string) inventory.VNet {
	out := inventory.VNet{Name: string(v.VNet), Zone: string(v.Zone), Alias: string(v.Alias)}
	switch zones[out.Zone] {
	case "vlan", "qinq":
		out.VLAN = parseVLAN(string(v.Tag))
	}
	return out
}
