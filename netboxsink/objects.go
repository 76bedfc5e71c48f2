package netboxsink

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/proxbox-go/proxbox/sync"
)

// What is read of NetBox's objects. Only what is compared is decoded, and what may vary is decoded leniently.

// choice is a field of fixed choices: {"value", "label"}, or the bare value.
type choice string

func (c *choice) UnmarshalJSON(raw []byte) error {
	var object struct {
		Value *string `json:"value"`
	}
	if json.Unmarshal(raw, &object) == nil {
		if object.Value != nil {
			*c = choice(*object.Value)
		}
		return nil
	}
	return json.Unmarshal(raw, (*string)(c))
}

// brief is an object inside another.
type brief struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Model       string `json:"model"`
	Slug        string `json:"slug"`
	Display     string `json:"display"`
	Address     string `json:"mac_address"`
	VID         int64  `json:"vid"`
	IsDescribed isText `json:"description"`

	Manufacturer *brief `json:"manufacturer"` // of a device type
}

// UnmarshalJSON takes an object as leniently as [decode], or its bare id.
func (b *brief) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] != '{' {
		return json.Unmarshal(raw, &b.ID)
	}
	type plain brief
	odd, err := decode(raw, (*plain)(b))
	switch {
	case err != nil:
		return err
	case len(odd) > 0:
		return fmt.Errorf("the fields %v are not understood", odd)
	case b.ID == 0:
		return errors.New("it has no id")
	}
	return nil
}

// isText tells whether a field holds a text with anything in it: of most objects inside others nobody wants to know which.
type isText bool

func (t *isText) UnmarshalJSON(raw []byte) error {
	*t = len(raw) > len(`""`) && raw[0] == '"'
	return nil
}

func (b *brief) label() string {
	for _, s := range []string{b.Name, b.Model, b.Address, b.Display} {
		if s != "" {
			return s
		}
	}
	return id(b.ID)
}

type tagBrief struct {
	Name string `json:"name"`
	Slug string `json:"slug"`
}

type customFields map[string]json.RawMessage

// text returns the value of a text or integer field, or of a selection, as text.
func (c customFields) text(name string) string { return c.value(name).Text() }

// value returns the value of a field. From 4.7 a selection comes as {"value", "label"}.
func (c customFields) value(name string) sync.Value {
	var selection struct {
		Value json.RawMessage `json:"value"`
		Label *string         `json:"label"`
	}
	raw := c[name]
	if bytes.HasPrefix(raw, []byte("{")) && json.Unmarshal(raw, &selection) == nil && selection.Label != nil {
		raw = selection.Value
	}
	v, err := sync.ParseValue(raw)
	if err != nil {
		return sync.Value{}
	}
	return v
}

// sharedObject is an object of any shared kind but cluster.
type sharedObject struct {
	listed
	Name  string `json:"name"`
	Model string `json:"model"` // of a device type
	Slug  string `json:"slug"`
	// ObjectTypes are those that a tag is for; empty for all.
	ObjectTypes []string `json:"object_types"`
}

type clusterObject struct {
	listed
	Name         string       `json:"name"`
	Type         *brief       `json:"type"`
	Description  string       `json:"description"`
	ScopeType    string       `json:"scope_type"`
	Scope        *brief       `json:"scope"`
	Tenant       *brief       `json:"tenant"`
	Tags         []tagBrief   `json:"tags"`
	CustomFields customFields `json:"custom_fields"`
}

type deviceObject struct {
	listed
	Name         string       `json:"name"`
	Status       choice       `json:"status"`
	Site         *brief       `json:"site"`
	Location     *brief       `json:"location"`
	Cluster      *brief       `json:"cluster"`
	DeviceType   *brief       `json:"device_type"`
	Role         *brief       `json:"role"`
	Platform     *brief       `json:"platform"`
	Tenant       *brief       `json:"tenant"`
	Description  string       `json:"description"`
	PrimaryIP4   *brief       `json:"primary_ip4"`
	PrimaryIP6   *brief       `json:"primary_ip6"`
	Tags         []tagBrief   `json:"tags"`
	CustomFields customFields `json:"custom_fields"`
}

type machineObject struct {
	listed
	Name         string       `json:"name"`
	Status       choice       `json:"status"`
	Site         *brief       `json:"site"`
	Cluster      *brief       `json:"cluster"`
	Device       *brief       `json:"device"`
	Role         *brief       `json:"role"`
	Type         *brief       `json:"virtual_machine_type"`
	Platform     *brief       `json:"platform"`
	Tenant       *brief       `json:"tenant"`
	VCPUs        *json.Number `json:"vcpus"`
	Memory       *int64       `json:"memory"`
	StartOnBoot  choice       `json:"start_on_boot"`
	Description  string       `json:"description"`
	Comments     string       `json:"comments"`
	PrimaryIP4   *brief       `json:"primary_ip4"`
	PrimaryIP6   *brief       `json:"primary_ip6"`
	Tags         []tagBrief   `json:"tags"`
	CustomFields customFields `json:"custom_fields"`
}

// interfaceObject is an interface of a virtual machine or, with a type and what it belongs to, of a device.
type interfaceObject struct {
	listed
	VirtualMachine brief   `json:"virtual_machine"`
	Device         brief   `json:"device"`
	Name           string  `json:"name"`
	Type           choice  `json:"type"`
	Enabled        bool    `json:"enabled"`
	MTU            *int64  `json:"mtu"`
	Parent         *brief  `json:"parent"`
	Bridge         *brief  `json:"bridge"`
	LAG            *brief  `json:"lag"`
	Mode           choice  `json:"mode"`
	UntaggedVLAN   *brief  `json:"untagged_vlan"`
	TaggedVLANs    []brief `json:"tagged_vlans"`
	Description    string  `json:"description"`
	MACs           []brief `json:"mac_addresses"`
	PrimaryMAC     *brief  `json:"primary_mac_address"`
}

// unit returns the id of the device or virtual machine that the interface is on.
func (i *interfaceObject) unit() int64 { return max(i.VirtualMachine.ID, i.Device.ID) }

type addressObject struct {
	listed
	Address      string `json:"address"`
	Status       choice `json:"status"`
	Role         choice `json:"role"`
	VRF          *brief `json:"vrf"`
	Description  string `json:"description"`
	AssignedType string `json:"assigned_object_type"`
	AssignedID   int64  `json:"assigned_object_id"`
	Assigned     *struct {
		Name           string `json:"name"`
		VirtualMachine *brief `json:"virtual_machine"`
		Device         *brief `json:"device"`
	} `json:"assigned_object"`
}

// host returns the address without its mask; the zero value if it cannot be read.
func (a *addressObject) host() netip.Addr {
	p, err := netip.ParsePrefix(a.Address)
	if err != nil {
		return netip.Addr{}
	}
	return p.Addr()
}

// nobody has an address that is on no interface.
const nobody = "nobody"

// holder tells who has the address: "web01 net0", or "nobody".
func (a *addressObject) holder() string {
	if a.Assigned == nil {
		if a.AssignedType != "" {
			return a.AssignedType + " " + id(a.AssignedID)
		}
		return nobody
	}
	for _, owner := range []*brief{a.Assigned.VirtualMachine, a.Assigned.Device} {
		if owner != nil {
			return owner.label() + " " + a.Assigned.Name
		}
	}
	return a.Assigned.Name
}

type macObject struct {
	listed
	Address      string     `json:"mac_address"`
	AssignedType string     `json:"assigned_object_type"`
	AssignedID   int64      `json:"assigned_object_id"`
	Description  string     `json:"description"`
	Comments     string     `json:"comments"`
	Tags         []tagBrief `json:"tags"`
}

type diskObject struct {
	listed
	VirtualMachine brief  `json:"virtual_machine"`
	Name           string `json:"name"`
	Size           int64  `json:"size"`
	Description    string `json:"description"`
}

type locationObject struct {
	listed
	Name string `json:"name"`
	Slug string `json:"slug"`
	Site *brief `json:"site"`
}

type vlanGroupObject struct {
	listed
	Name      string `json:"name"`
	Slug      string `json:"slug"`
	ScopeType string `json:"scope_type"`
	ScopeID   int64  `json:"scope_id"`
}

type vlanObject struct {
	listed
	VID   int64  `json:"vid"`
	Name  string `json:"name"`
	Site  *brief `json:"site"`
	Group *brief `json:"group"`
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

func parseID(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// tagsValue returns tags as a value, in the order of their slugs.
func tagsValue(tags []tagBrief) sync.Value {
	list := make([]tagBrief, len(tags))
	copy(list, tags)
	slices.SortFunc(list, func(a, b tagBrief) int { return strings.Compare(a.Slug, b.Slug) })
	raw, _ := json.Marshal(list)
	v, _ := sync.ParseValue(raw)
	return v
}

// tagsOf reads what tagsValue made.
func tagsOf(v sync.Value) []tagBrief {
	var tags []tagBrief
	_ = json.Unmarshal([]byte(v.JSON()), &tags)
	return tags
}
