package proxmoxsrc

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"

	"github.com/proxbox-go/proxbox/sync/inventory"
)

// addressBook collects addresses and names of a guest's NICs from a list of the interfaces inside it. It reads the list
// interface by interface and keeps nothing of those that are not wanted: there may be thousands.
type addressBook struct {
	byMAC map[string]int         // the index of the first NIC with that MAC address
	byNIC map[int][]netip.Prefix // in the order in which the guest tells them, each once
	seen  map[nicAddress]bool
	// names has what the guest calls each NIC: of several interfaces with its MAC address the one with the shortest name,
	// for VLANs and aliases are called "ens18.30" and "ens18:1"; of several of one length the first.
	names map[int]string
	// surplus counts what is beyond the limit.
	surplus int
}

// nicAddress is an address of the NIC with that index.
type nicAddress struct {
	nic    int
	prefix netip.Prefix
}

// addressLimit bounds the addresses of a guest: what an agent says is in the guest's hands.
const addressLimit = 1000

func newAddressBook(nics []inventory.NIC) *addressBook {
	b := &addressBook{byMAC: map[string]int{}, byNIC: map[int][]netip.Prefix{}, seen: map[nicAddress]bool{}, names: map[int]string{}}
	for i, nic := range nics {
		if _, taken := b.byMAC[nic.MAC]; nic.MAC != "" && !taken {
			b.byMAC[nic.MAC] = i
		}
	}
	return b
}

// guestInterface is an interface inside a guest, as the agent of a virtual machine or the host of a container lists it.
type guestInterface struct {
	Name            text
	HardwareAddress text `json:"hardware-address"`
	HWAddr          text
	IPAddresses     json.RawMessage `json:"ip-addresses"`
	INet, INet6     text            // only the last address of the family
}

// readAgent reads the data of agent/network-get-interfaces. An agent that refuses says so in a good answer.
func (b *addressBook) readAgent(raw json.RawMessage) error {
	var answer struct{ Result json.RawMessage }
	if err := json.Unmarshal(raw, &answer); err != nil || len(answer.Result) == 0 {
		return agentError("the guest agent's answer is not of the form that Proxmox VE sends")
	}
	if answer.Result[0] == '[' {
		return b.readList(answer.Result)
	}
	var refusal struct{ Error struct{ Class, Desc text } }
	if json.Unmarshal(answer.Result, &refusal) != nil || refusal.Error.Class == "" && refusal.Error.Desc == "" {
		return agentError("the guest agent's answer is not of the form that Proxmox VE sends")
	}
	return agentError("the guest agent refuses guest-network-get-interfaces (" + string(refusal.Error.Desc) +
		"): update it, or allow the command in its configuration")
}

// readList reads a list of interfaces. Odd elements are skipped.
func (b *addressBook) readList(raw json.RawMessage) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if start, err := decoder.Token(); err != nil || start != json.Delim('[') {
		return errors.New("is no list")
	}
	for decoder.More() {
		var element json.RawMessage
		if err := decoder.Decode(&element); err != nil {
			return err
		}
		var one guestInterface
		if json.Unmarshal(element, &one) == nil {
			b.add(&one)
		}
	}
	return nil
}

func (b *addressBook) add(one *guestInterface) {
	mac := parseMAC(string(one.HardwareAddress))
	if mac == "" {
		mac = parseMAC(string(one.HWAddr))
	}
	nic, wanted := b.byMAC[mac]
	if !wanted {
		return
	}
	b.call(nic, string(one.Name))
	var list []json.RawMessage
	if json.Unmarshal(one.IPAddresses, &list) != nil {
		for _, s := range []text{one.INet, one.INet6} {
			if prefix, ok := usableCIDR(string(s)); ok {
				b.put(nic, prefix)
			}
		}
		return
	}
	for _, element := range list {
		var a struct {
			Address text `json:"ip-address"`
			Prefix  text
		}
		if json.Unmarshal(element, &a) != nil {
			continue
		}
		if prefix, ok := usableAddress(string(a.Address), parsePrefixLength(string(a.Prefix))); ok {
			b.put(nic, prefix)
		}
	}
}

func (b *addressBook) call(nic int, name string) {
	if known := b.names[nic]; name != "" && (known == "" || len(name) < len(known)) {
		b.names[nic] = name
	}
}

func (b *addressBook) put(nic int, prefix netip.Prefix) {
	one := nicAddress{nic, prefix}
	switch {
	case b.seen[one]:
	case len(b.seen) >= addressLimit:
		b.surplus++
	default:
		b.seen[one] = true
		b.byNIC[nic] = append(b.byNIC[nic], prefix)
	}
}
