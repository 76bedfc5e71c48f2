package proxmoxsrc

import (
	"slices"
	"strings"
	"unicode"
)

// parseTags splits what stands in the configuration at ";", "," and white space. The tags are sorted; of those that
// differ by case only, which are one tag to Proxmox VE, the first is kept.
func parseTags(s string) []string {
	list := strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == ',' || unicode.IsSpace(r) })
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
