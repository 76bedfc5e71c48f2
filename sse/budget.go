package sse

import "github.com/proxbox-go/proxbox/sync"

// A frame of the documented dialect stays below 4 KiB: the plugin's reader needs time that grows with the square of the
// line. What people name and what errors say has no bound of its own, so each text in a frame has a budget, in bytes
// as they go over the wire.
const (
	maxData   = 3900 // of the data line: it leaves room for the lines of name and id
	maxName   = 384  // 64 characters, NetBox's limit, of any alphabet
	maxCell   = 120
	maxText   = 240
	maxReason = 600
)

const ellipsis = "…"

// cut returns the text, shortened so that it takes at most the budget.
func cut(s string, budget int) string {
	used, keep := 0, 0 // keep is where the text can be cut so that the ellipsis still fits
	for i, r := range s {
		if used+escapeLen <= budget {
			keep = i
		}
		used += wireLen(r)
		if used > budget {
			return s[:keep] + ellipsis
		}
	}
	return s
}

// wireLen returns how many bytes a character takes in a JSON text on the wire, at the most.
func wireLen(r rune) int {
	switch {
	case r == '"' || r == '\\':
		return 2
	case r < ' ' || r == '<' || r == '>' || r == '&':
		return escapeLen
	case r <= '~':
		return 1
	case r < 0x10000:
		return escapeLen
	}
	return 2 * escapeLen
}

func textLen(s string) int {
	n := 0
	for _, r := range s {
		n += wireLen(r)
	}
	return n
}

// cell returns a value as it is shown in a cell of a table.
func cell(v sync.Value) sync.Value {
	if !v.IsRef() && textLen(v.JSON()) <= maxCell {
		return v
	}
	return sync.String(cut(v.Text(), maxCell))
}

// fit returns the first few texts, each shortened to maxText and all together, as a list, within the budget; an ellipsis
// stands for the rest.
func fit(texts []string, budget int) []string {
	const most = 5
	const around = len(`"",`)
	budget -= escapeLen + around + len("[]")
	if budget < 0 {
		return nil
	}
	var list []string
	for _, s := range texts {
		s = cut(s, maxText)
		budget -= textLen(s) + around
		if budget < 0 || len(list) == most {
			return append(list, ellipsis)
		}
		list = append(list, s)
	}
	return list
}
