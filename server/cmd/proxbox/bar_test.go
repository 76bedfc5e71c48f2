package main

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/sync"
)

// screen returns what stays on a terminal: each line as it was when it was left, the bar's own line last.
func screen(written string) []string {
	var lines []string
	for line := range strings.SplitSeq(written, "\n") {
		parts := regexp.MustCompile(`\r|\x1b\[2K`).Split(line, -1)
		last := parts[len(parts)-1]
		lines = append(lines, strings.TrimSpace(strings.ReplaceAll(last, "\x1b[0K", "")))
	}
	return lines
}

func TestBar(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	l := &lines{out: &out, bar: newBar(&out)}
	machine := sync.Key{Kind: "virtual-machine", Name: "101"}
	l.observe(sync.Step{Stage: sync.StageRead, Status: sync.Started, Key: sync.Key{Kind: sync.SourceKind, Name: "lab"}, Name: "lab"})
	assert.Contains(t, screen(out.String())[0], "reading Proxmox VE")
	l.observe(sync.Step{Stage: sync.StageRead, Status: sync.Completed})
	assert.Contains(t, screen(out.String())[0], "comparing")
	l.observe(sync.Step{Stage: sync.StagePlan, Status: sync.Completed, Total: 3})
	assert.Regexp(t, `^writing NetBox +0% .*\(0/3\)`, screen(out.String())[0])
	l.observe(sync.Failure{Key: machine, Errors: []*sync.ObjectError{{Key: machine, Label: "web\x1b[31m", Err: errors.New("refused")}}})
	shown := screen(out.String())
	assert.Equal(t, "! virtual-machine web\uFFFD[31m: refused", shown[0], "a failure stays above the bar")
	assert.Regexp(t, `^writing NetBox +0% .*\(0/3\)|\(1/3\)`, shown[1], "the bar goes on below")
	l.observe(sync.Step{Stage: "virtual-machines", Status: sync.Completed, Key: machine, Op: sync.Create})
	l.observe(sync.Complete{Result: &sync.Result{}})
	shown = screen(out.String())
	assert.Empty(t, shown[len(shown)-1], "the bar is gone at the end")
}

// TestLines_sameReason tells of a NetBox that fails hundreds of objects at once.
func TestLines_sameReason(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	l := newLines(&out)
	for name := range strings.SplitSeq("abcdefghi", "") {
		key := sync.Key{Kind: "virtual-machine", Name: name}
		l.observe(sync.Failure{Key: key, Errors: []*sync.ObjectError{{Key: key, Label: name, Err: errors.New("refused")}}})
	}
	l.observe(sync.Complete{Result: &sync.Result{}})
	assert.Equal(t, 6, strings.Count(out.String(), "\n"))
	assert.True(t, strings.HasSuffix(out.String(), "! virtual-machine e: refused\n! and 4 more: refused\n"), out.String())
}
