package proxbox_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/proxbox-go/proxbox"

// pkg is what go list tells of a package.
type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
	GoFiles    []string
	Dir        string
}

// packages lists the module's packages and all that they depend on, without tests.
func packages(t *testing.T) map[string]pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Imports,Deps,GoFiles,Dir", "./...").Output()
	require.NoError(t, err)
	all := map[string]pkg{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		all[p.ImportPath] = p
	}
	require.Contains(t, all, module+"/sync")
	return all
}

// TestImports keeps each package's walls where the design has them: what it depends on outside of the standard
// library.
func TestImports(t *testing.T) {
	t.Parallel()
	const (
		netbox    = "github.com/netbox-community/go-netbox"
		proxmox   = "github.com/luthermonson/go-proxmox"
		websocket = "github.com/coder/websocket"
	)
	allowed := map[string][]string{
		"":                        {},
		"internal/atomicfile":     {},
		"sync":                    {module + "/sync/inventory"},
		"sync/inventory":          {},
		"sync/enginetest":         {module + "/sync", module + "/sync/inventory"},
		"sse":                     {module + "/sync", module + "/sync/inventory"},
		"server":                  {module + "/sync", module + "/sync/inventory", module + "/sse", module + "/server/ui", module + "/internal/atomicfile", websocket},
		"server/ui":               {},
		"proxmoxsrc/proxmoxtest":  {},
		"netboxsink/netboxtest":   {},
		"internal/places":         {},
		"internal/peer":           {module + "/sync", module + "/sync/inventory"},
		"proxmoxsrc":              {module + "/sync", module + "/sync/inventory", module + "/internal/peer", module + "/internal/places", proxmox + "*"},
		"netboxsink":              {module + "/sync", module + "/sync/inventory", module + "/internal/peer", module + "/internal/places", netbox + "*"},
		"server/backend":          {"*"},
		"server/cmd/proxbox":      {"*"},
		"server/cmd/proxbox/main": {"*"},
	}
	all := packages(t)
	for path, p := range all {
		name, ours := strings.CutPrefix(path, module)
		name = strings.TrimPrefix(name, "/")
		if !ours || strings.HasPrefix(name, "examples/") {
			continue
		}
		rules, known := allowed[name]
		if !assert.True(t, known, "%s is not in this table: say what it may import", path) || slices.Contains(rules, "*") {
			continue
		}
		for _, dep := range p.Deps {
			if d := all[dep]; d.Standard || strings.HasPrefix(dep, "vendor/") {
				continue
			}
			ok := slices.ContainsFunc(rules, func(rule string) bool {
				// What an allowed client needs is its own affair; another of our packages is not.
				if client, found := strings.CutSuffix(rule, "*"); found {
					return strings.HasPrefix(dep, client) || !strings.HasPrefix(dep, module) && slices.Contains(clientDeps(all, client), dep)
				}
				return dep == rule || strings.HasPrefix(dep, rule+"/") && !strings.HasPrefix(rule, module)
			})
			assert.True(t, ok, "%s must not depend on %s", path, dep)
		}
		if name != "sync/enginetest" {
			assert.NotContains(t, p.Deps, "testing", "%s: only enginetest may import testing", path)
		}
	}
}

// clientDeps returns what the packages below a client's path depend on.
func clientDeps(all map[string]pkg, client string) []string {
	var deps []string
	for path, p := range all {
		if strings.HasPrefix(path, client) {
			deps = append(deps, p.Deps...)
		}
	}
	return deps
}

// TestSources keeps habits out of the code that no import shows: init functions, variables of packages that change,
// exported channels.
func TestSources(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				assert.False(t, f.Recv == nil && f.Name.Name == "init", "%s has an init function", path)
				assert.False(t, f.Name.IsExported() && mentionsChannel(f.Type), "%s: %s has a channel in its signature", path, f.Name)
			}
		}
		return nil
	})
	require.NoError(t, err)
}

func mentionsChannel(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		_, channel := n.(*ast.ChanType)
		found = found || channel
		return !found
	})
	return found
}
