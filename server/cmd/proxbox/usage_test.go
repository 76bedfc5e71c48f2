package main

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// try runs the program without a cluster.
func try(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	var stdout, stderr strings.Builder
	code = run(t.Context(), args, strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestUsage(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = busy.Close() })
	for args, want := range map[string]struct {
		code int
		err  string
	}{
		"bogus":                 {2, `there is no command "bogus": see proxbox --help`},
		"sync extra":            {2, `what is "extra"? proxbox sync takes flags only: see proxbox sync --help`},
		"sync --bogus":          {2, "unknown flag: --bogus: see proxbox sync --help"},
		"sync --stage nodes":    {2, `there is no stage "nodes", only devices and virtual-machines`},
		"sync --output xml":     {2, `there is no output "xml", only text, json and events`},
		"plan --stage nodes":    {2, `there is no stage "nodes", only devices and virtual-machines`},
		"plan --output events":  {2, `there is no output "events", only text and json`},
		"plan --out=":           {2, "--out must name a file"},
		"apply":                 {2, "proxbox apply takes the file of a plan, one: see proxbox apply --help"},
		"apply a b":             {2, "proxbox apply takes the file of a plan, one: see proxbox apply --help"},
		"apply no.json":         {2, `the plan "no.json" cannot be read: no such file or directory`},
		"explain":               {2, "proxbox explain takes a guest or a node, one: see proxbox explain --help"},
		"explain a --output x":  {2, `there is no output "x", only text and json`},
		"check --output events": {2, `there is no output "events", only text and json`},
		"check extra":           {2, `what is "extra"? proxbox check takes flags only: see proxbox check --help`},
		"sync --config":         {2, "flag needs an argument: --config: see proxbox sync --help"},
		"serve --config no.yml": {2, `the configuration file "no.yml" cannot be read: no such file or directory`},
		"plan --config=":        {2, `the configuration file "" cannot be read: no such file or directory`},
		"demo --guests x":       {2, `--guests must be a number, not "x"`},
		"demo --guests -1":      {2, "--guests must not be negative"},
		"demo --once=perhaps":   {2, `--once must be true or false, not "perhaps"`},
		"demo --addr nowhere":   {1, "cannot listen on nowhere (address nowhere: missing port in address): choose another address with --addr"},
		"demo --addr " + busy.Addr().String(): {
			1, "cannot listen on " + busy.Addr().String() + " (address already in use): choose another address with --addr",
		},
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			code, out, err := try(t, strings.Fields(args)...)
			assert.Equal(t, want.code, code)
			assert.Empty(t, out)
			assert.Equal(t, "proxbox: "+want.err+"\n", err)
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"", "--help", "help", "sync -h", "plan -h", "check -h", "apply -h", "explain -h", "serve -h", "demo -h"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			code, out, err := try(t, strings.Fields(args)...)
			assert.Zero(t, code)
			assert.Empty(t, err)
			assert.Contains(t, out, "Usage:\n  proxbox")
			for line := range strings.Lines(out) {
				assert.LessOrEqual(t, len([]rune(line)), 130, line)
			}
		})
	}
}
