package proxmoxtest

import (
	"path"
	"strings"
)

// pattern selects requests. Its text is "GET /nodes/*/qemu/*/config": an
// optional method and a path below the base, where each segment may hold the
// wildcards of [path.Match] and a last segment "**" stands for any rest. The
// empty text selects every request.
type pattern struct {
	method   string
	segments []string
	any      bool
}

func parsePattern(text string) pattern {
	method, rest, found := strings.Cut(strings.TrimSpace(text), " ")
	if !found {
		method, rest = "", method
		if rest != "" && !strings.HasPrefix(rest, "/") {
			method, rest = rest, ""
		}
	}
	rest = strings.TrimSpace(rest)
	return pattern{method: method, segments: segments(rest), any: rest == ""}
}

func segments(path string) []string {
	return strings.Split(strings.Trim(path, "/"), "/")
}

func (p pattern) matches(method, requested string) bool {
	if p.method != "" && p.method != method {
		return false
	}
	if p.any {
		return true
	}
	parts := segments(requested)
	for i, want := range p.segments {
		if want == "**" {
			return true
		}
		if i >= len(parts) {
			return false
		}
		if ok, err := path.Match(want, parts[i]); err != nil || !ok {
			return false
		}
	}
	return len(parts) == len(p.segments)
}
