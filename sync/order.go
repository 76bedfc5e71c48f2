package sync

import (
	"cmp"
	"strings"
)

// compareChanges orders the changes of one unit, with its top-level record first, or those of shared objects.
func compareChanges(a, b Change) int {
	top := func(c Change) int {
		if c.isTop() {
			return 0
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(top(a), top(b)),
		compareKeys(a.Key, b.Key),
		cmp.Compare(a.Reason, b.Reason),
	)
}

// compareKeys orders keys as people do.
func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), compareNames(a.Name, b.Name))
}

// compareNames orders names as people do: runs of digits by their number.
func compareNames(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		n, m := digits(x), digits(y)
		if n > 0 && m > 0 {
			i, j := strings.TrimLeft(x[:n], "0"), strings.TrimLeft(y[:m], "0")
			if c := cmp.Or(cmp.Compare(len(i), len(j)), cmp.Compare(i, j)); c != 0 {
				return c
			}
			x, y = x[n:], y[m:]
			continue
		}
		if x[0] != y[0] {
			return cmp.Compare(x[0], y[0])
		}
		x, y = x[1:], y[1:]
	}
	return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
}

// digits returns the length of the run of digits at the start.
func digits(s string) int {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return i
		}
	}
	return len(s)
}
