package proxmoxsrc

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Proxmox VE sends one and the same key as a number, a string, a boolean or null, by release and by way of storing it.
// The types below take whatever comes; what makes no sense is as good as absent.

// text is a scalar as text: a string as it is, a number or boolean as it is written, anything else empty.
type text string

// UnmarshalJSON never fails on valid JSON.
func (t *text) UnmarshalJSON(raw []byte) error {
	*t = ""
	if len(raw) == 0 {
		return nil
	}
	switch raw[0] {
	case '"':
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return err
		}
		*t = text(s)
	case 'n', '{', '[':
	default:
		*t = text(raw)
	}
	return nil
}

func (t text) String() string { return string(t) }

// flag is a scalar as a boolean: 1, on, yes and true in any case are true.
type flag bool

// UnmarshalJSON never fails on valid JSON.
func (f *flag) UnmarshalJSON(raw []byte) error {
	var t text
	if err := t.UnmarshalJSON(raw); err != nil {
		return err
	}
	*f = flag(isTrue(string(t)))
	return nil
}

// isTrue reads a boolean as Proxmox VE writes it.
func isTrue(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "1", "on", "yes", "true":
		return true
	}
	return false
}

// number is a scalar as a number, 0 for what is none.
type number float64

// UnmarshalJSON never fails on valid JSON.
func (n *number) UnmarshalJSON(raw []byte) error {
	var t text
	if err := t.UnmarshalJSON(raw); err != nil {
		return err
	}
	*n = number(parseNumber(string(t)))
	return nil
}

// int returns the number without its fraction, 0 for what an int cannot hold.
func (n number) int() int { return int(n.int64()) }

func (n number) int64() int64 {
	if math.Abs(float64(n)) >= 1<<62 {
		return 0
	}
	return int64(n)
}

// parseNumber returns 0 for what is no finite number.
func parseNumber(s string) float64 {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	return v
}

// parseInt returns 0 for what is no number that an int can hold.
func parseInt(s string) int { return number(parseNumber(s)).int() }

// leading returns the part of a version before its first dot.
func leading(version string) string {
	major, _, _ := strings.Cut(version, ".")
	return major
}
