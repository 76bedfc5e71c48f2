package netboxsink

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/sync"
)

func TestSuffixed(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 70)
	for name, c := range map[string]struct {
		base string
		n    int
		want string
	}{
		"first":                  {"web01", 1, "web01"},
		"second":                 {"web01", 2, "web01 (2)"},
		"hundredth":              {"web01", 100, "web01 (100)"},
		"long":                   {long, 1, long[:64]},
		"long with a suffix":     {long, 2, long[:60] + " (2)"},
		"cut at a blank":         {strings.Repeat("x", 59) + " yyyyyyyy", 2, strings.Repeat("x", 59) + " (2)"},
		"letters of two bytes":   {strings.Repeat("ü", 70), 2, strings.Repeat("ü", 60) + " (2)"},
		"pictures of four bytes": {strings.Repeat("🚀", 70), 1, strings.Repeat("🚀", 64)},
		"suffix of its own":      {"web (2)", 2, "web (2) (2)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, suffixed(c.base, c.n))
		})
	}
}

func TestIsFrom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, base string
		want       bool
	}{
		{"web01", "web01", true},
		{"web01 (2)", "web01", true},
		{"web01 (17)", "web01", true},
		{"web01 (2)", "web01 (2)", true},
		{"web01 (2) (2)", "web01 (2)", true},
		{"web01 (0)", "web01", false},
		{"web01 (x)", "web01", false},
		{"web01(2)", "web01", false},
		{"web01 (lab)", "web01", true},
		{"web01 (east)", "web01", false},
		{"WEB01", "web01", false},
		{"web01", "web01 (2)", false},
		{"", "web01", false},
		{strings.Repeat("x", 60) + " (2)", strings.Repeat("x", 80), true},
		{strings.Repeat("x", 64), strings.Repeat("x", 80), true},
	} {
		assert.Equal(t, c.want, isFrom(c.name, c.base, "lab"), "%q from %q", c.name, c.base)
	}
}

func TestUnsuffixed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"pve01": "pve01", "pve01 (2)": "pve01", "pve01 (lab)": "pve01", "pve01 (east)": "pve01 (east)", "pve01 (2) (3)": "pve01 (2)", "(2)": "(2)", "": ""} {
		assert.Equal(t, want, unsuffixed(name, "lab"), name)
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		most int
		want string
	}{
		"blanks outside":           {"  a b\t\n", 10, "a b"},
		"line breaks inside":       {" a\r\nb ", 10, "a\r\nb"},
		"NUL":                      {"a\x00b", 10, "ab"},
		"blank behind a NUL":       {"a \x00", 10, "a"},
		"no UTF-8":                 {"a\xffb", 10, "a\uFFFDb"},
		"cut before a blank":       {"abc def", 4, "abc"},
		"cut counts characters":    {"üüü", 2, "üü"},
		"nothing":                  {"", 10, ""},
		"nothing but what is gone": {" \x00 ", 10, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, clean(c.in, c.most))
		})
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"lab":                     "lab",
		"Proxmox VE 9.1":          "proxmox-ve-9-1",
		"  a -- b  ":              "a-b",
		"under_score":             "under_score",
		"Zürich":                  "z-ufc-rich",
		"東京":                      "u6771-u4eac",
		"🚀":                       "",
		"":                        "",
		strings.Repeat("ab-", 50): strings.Repeat("ab-", 33) + "a",
	} {
		assert.Equal(t, want, slug(in), in)
	}
}

func TestNamesAreGivenOnce(t *testing.T) {
	t.Parallel()
	n := newNaming(KindVirtualMachine)
	here, there := sync.String("here"), sync.String("there")
	n.take(here, "taken")
	for _, c := range []struct {
		place      sync.Value
		base, want string
	}{
		{here, "web", "web"},
		{here, "web", "web (2)"},
		{here, "WEB", "WEB (3)"},
		{there, "web", "web"},
		{here, "web (2)", "web (2) (2)"},
		{here, "Taken", "Taken (2)"},
	} {
		assert.Equal(t, c.want, n.give(c.place, c.base, "lab"))
	}
}

func FuzzNames(f *testing.F) {
	for _, base := range []string{"web01", "web (2)", "", " ", "\x00", "\xff", strings.Repeat("ü", 80), "🚀 (10)", "a\nb"} {
		f.Add(base, 1)
		f.Add(base, 2)
		f.Add(base, 1234567)
	}
	f.Fuzz(func(t *testing.T, text string, n int) {
		if n < 1 {
			return
		}
		base := clean(text, 1000)
		name := suffixed(base, n)
		assert.LessOrEqual(t, utf8.RuneCountInString(name), nameLimit)
		assert.True(t, utf8.ValidString(name))
		assert.NotContains(t, name, "\x00")
		assert.True(t, isFrom(name, base, "lab"), "%q from %q", name, base)
		if n == 1 {
			assert.Equal(t, strings.TrimSpace(name), name, "NetBox trims")
		}
		if s := slug(text); s != "" {
			assert.Regexp(t, `^[-a-z0-9_]+$`, s)
			assert.LessOrEqual(t, len(s), 100)
		}
	})
}

func TestReleaseName(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"9.1.6": "Proxmox VE 9.1", "8.4.1": "Proxmox VE 8.4", "9.0": "Proxmox VE 9.0", "9.0.0~11": "Proxmox VE 9.0",
		"7.4-20": "Proxmox VE 7.4", "6.4-15": "Proxmox VE 6.4", "9": "", "": "",
	} {
		assert.Equal(t, want, releaseName(version), "%q", version)
	}
}
