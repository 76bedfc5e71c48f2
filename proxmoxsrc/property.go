package proxmoxsrc

import "strings"

// property is one part of a property string: "bridge=vmbr0", or a value whose key may be left out.
type property struct {
	key   string // in lower case; empty for the part without one
	value string
}

// properties are the parts of a property string in their order. Empty parts are left out.
type properties []property

// parseProperties splits "k=v,k=v,v". A part that names no key belongs to the default key, wherever it stands; the
// default key may be empty.
func parseProperties(s, defaultKey string) properties {
	var list properties
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		key, value, named := strings.Cut(part, "=")
		if !named {
			key, value = defaultKey, part
		}
		list = append(list, property{strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)})
	}
	return list
}

// get returns the value of the key, empty when it is not there. The first one counts.
func (p properties) get(key string) string {
	for _, part := range p {
		if part.key == key {
			return part.value
		}
	}
	return ""
}
