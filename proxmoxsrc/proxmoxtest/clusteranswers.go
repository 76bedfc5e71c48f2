package proxmoxtest

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

func (c *call) version() answer {
	v := c.node.release()
	sum := sha1.Sum([]byte(v.full()))
	return success(map[string]any{"version": v.full(), "release": v.short(), "repoid": hex.EncodeToString(sum[:8])})
}

func (c *call) permissions() answer {
	who := c.who
	if user := c.query.Get("userid"); user != "" && user != who.ID {
		if missing := c.need("/access", "Sys.Audit"); missing != "" {
			return failed(http.StatusForbidden, "Permission check failed ("+missing+")")
		}
		who = c.server.accounts.named(user)
	}
	return success(who.permissions(c.state, c.node.release(), c.query.Get("path")))
}

// clusterStatus has a cluster row only in a cluster; a standalone node has the
// id 0.
func (c *call) clusterStatus() answer {
	estate := c.state.estate
	list := rows{}
	if estate.Cluster != "" {
		list = append(list, map[string]any{
			"type": "cluster", "id": "cluster", "name": estate.Cluster,
			"nodes": len(estate.Nodes), "version": len(estate.Nodes), "quorate": number(!estate.QuorumLost),
		})
	}
	for i, node := range estate.Nodes {
		id := i + 1
		if estate.Cluster == "" {
			id = 0
		}
		list = append(list, map[string]any{
			"type": "node", "id": "node/" + node.Name, "name": node.Name, "nodeid": id,
			"ip": node.Address, "level": "",
			"local":  number(node == c.entry),
			"online": number(c.state.online(node, c.entry.Name)),
		})
	}
	return success(list)
}

// nextID tells whether a VMID is free, whoever asks and whatever they may see, or
// which is the first that is. An id is a string, as Perl left it.
func (c *call) nextID() answer {
	if text := c.query.Get("vmid"); text != "" {
		if vmid, err := strconv.Atoi(text); err == nil && c.state.guests[vmid] != nil {
			return misused(map[string]string{"vmid": fmt.Sprintf("VM %d already exists", vmid)})
		}
		return success(text)
	}
	free := 100
	for c.state.guests[free] != nil {
		free++
	}
	return success(strconv.Itoa(free))
}

func (c *call) datacenter() answer {
	options := map[string]any{"keyboard": "en-us"}
	setText(options, "mac_prefix", c.state.estate.MACPrefix)
	if style := c.state.estate.tagStyle(); len(style) > 0 && c.node.release().stylesTags() {
		options["tag-style"] = style
	}
	return success(options)
}

// tagStyle takes the stored property string apart, as the API does.
func (e *Estate) tagStyle() map[string]any {
	style := map[string]any{}
	for part := range strings.SplitSeq(e.TagStyle, ",") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "":
		case "case-sensitive":
			style[key] = number(truth(value))
		default:
			style[key] = value
		}
	}
	return style
}

func (c *call) haResources() answer {
	list := rows{}
	for _, guest := range c.state.estate.Guests {
		kind := "vm"
		if guest.Kind == LXC {
			kind = "ct"
		}
		if wanted := c.query.Get("type"); guest.HAState == "" || wanted != "" && wanted != kind {
			continue
		}
		state := guest.HAState
		if state == "error" || state == "fence" || state == "recovery" {
			state = "started" // what is asked for, not what came of it
		}
		list = append(list, map[string]any{
			"sid": fmt.Sprintf("%s:%d", kind, guest.VMID), "type": kind, "state": state,
			"digest": digest(map[string]any{"sid": guest.VMID}),
		})
	}
	return success(list)
}

func (c *call) haGroups() answer {
	if c.node.release().major >= 9 {
		return failed(http.StatusInternalServerError, "cannot index groups: ha groups have been migrated to rules")
	}
	return success(rows{})
}

func (c *call) zones() answer {
	list := rows{}
	for _, zone := range c.state.estate.Zones {
		if wanted := c.query.Get("type"); wanted != "" && wanted != zone.Kind || !c.may("/sdn/zones/"+zone.Name, "SDN.Audit") {
			continue
		}
		row := map[string]any{"zone": zone.Name, "type": zone.Kind, "digest": digest(map[string]any{"zone": zone.Name})}
		setText(row, "bridge", zone.Bridge)
		list = append(list, row)
	}
	return success(list)
}

func (c *call) vnets() answer {
	list := rows{}
	for _, vnet := range c.state.estate.Vnets {
		if !c.may("/sdn/zones/"+vnet.Zone+"/"+vnet.Name, "SDN.Audit") {
			continue
		}
		row := map[string]any{
			"vnet": vnet.Name, "zone": vnet.Zone, "type": "vnet",
			"digest": digest(map[string]any{"vnet": vnet.Name}),
		}
		setNumber(row, "tag", vnet.Tag)
		setText(row, "alias", vnet.Alias)
		list = append(list, row)
	}
	return success(list)
}

func (c *call) pools() answer {
	list := rows{}
	for _, pool := range c.state.estate.Pools {
		if !c.may("/pool/"+pool.Name, "Pool.Audit") {
			continue
		}
		row := map[string]any{"poolid": pool.Name}
		setText(row, "comment", pool.Comment)
		list = append(list, row)
	}
	return success(list)
}

// number is a boolean as Proxmox VE writes it.
func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
