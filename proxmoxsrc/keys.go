package proxmoxsrc

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// sortedKeys returns the keys of a configuration that match, in the order of their words, then of their numbers:
// "net2" before "net10".
func sortedKeys(config map[string]text, match func(string) bool) []string {
	var keys []string
	for key := range config {
		if match(key) {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b string) int {
		wordA, numberA := splitKey(a)
		wordB, numberB := splitKey(b)
		return cmp.Or(cmp.Compare(wordA, wordB), cmp.Compare(numberA, numberB), cmp.Compare(a, b))
	})
	return keys
}

// splitKey splits "net10" into "net" and 10.
func splitKey(key string) (word string, number int) {
	word = strings.TrimRight(key, "0123456789")
	number, _ = strconv.Atoi(key[len(word):]) // 0 for none
	return word, number
}
