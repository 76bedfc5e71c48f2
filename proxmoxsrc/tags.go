package proxmoxsrc

import (
	"slices"
	"strings"
	"unicode"
)

// splitList splits a list as Proxmox VE does: at ";", "," and white space.
func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == ',' || unicode.IsSpace(r) })
}

// parseTags splits what stands in the configuration. The tags are sorted; of those that differ by case only, which are
// one tag to Proxmox VE, the first is kept.
func parseTags(s string) []string {
	list := splitList(s)
	slices.Sort(list)
	seen := map[string]bool{}
	list = slices.DeleteFunc(list, func(tag string) bool {
		folded := strings.ToLower(tag)
		defer func() { seen[folded] = true }()
		return seen[folded]
	})
	if len(list) == 0 {
		return nil
	}
	return list
}
