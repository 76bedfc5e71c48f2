package proxmoxsrc

import (
	"encoding/json"
	"regexp"
	"strings"
)

var colors = regexp.MustCompile(`^[0-9a-f]{6}$`)

// parseTagStyle returns the background colours of the datacenter option "tag-style", as six hexadecimal digits in lower
// case by tag; nil for none. Releases send the option as it is stored, "color-map=prod:ff0000;web:00ff00:ffffff,shape=full",
// or as an object of its parts.
func parseTagStyle(raw json.RawMessage) map[string]string {
	var stored text
	var parts struct {
		ColorMap text `json:"color-map"`
	}
	if json.Unmarshal(raw, &stored) == nil && stored != "" {
		parts.ColorMap = text(parseProperties(string(stored), "").get("color-map"))
	} else if json.Unmarshal(raw, &parts) != nil {
		return nil
	}
	return parseColorMap(string(parts.ColorMap))
}

// parseColorMap reads "prod:ff0000;web:00ff00:ffffff": tag, background, and the colour of the text, which does not
// matter here. What is no colour is left out.
func parseColorMap(s string) map[string]string {
	var out map[string]string
	for part := range strings.SplitSeq(s, ";") {
		tag, rest, _ := strings.Cut(strings.TrimSpace(part), ":")
		background, _, _ := strings.Cut(rest, ":")
		if background = strings.ToLower(background); tag == "" || !colors.MatchString(background) {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[tag] = background
	}
	return out
}
