package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sse"
)

// description is what is read of the description.
type description struct {
	OpenAPI    string
	Security   []map[string][]string
	Paths      map[string]map[string]operation
	Components struct {
		Parameters map[string]parameter
		Responses  map[string]response
		Schemas    map[string]json.RawMessage
	}
}

type operation struct {
	Summary     string
	OperationID string
	Security    *[]map[string][]string
	Parameters  []parameter
	Responses   map[string]response
}

type parameter struct {
	Ref      string `json:"$ref"`
	Name, In string
}

type response struct {
	Ref         string `json:"$ref"`
	Description string
	Content     map[string]struct{ Schema any }
}

const described = "memory:openapi.json"

// theDescription returns the description, and what makes schemas of its parts. There each object is closed that does not
// say otherwise: a field that an answer has and the description has not is found.
var theDescription = stdsync.OnceValues(func() (*description, *jsonschema.Compiler) {
	raw, err := os.ReadFile("openapi.json")
	if err != nil {
		panic(err)
	}
	var d description
	if err := json.Unmarshal(raw, &d); err != nil {
		panic(err)
	}
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		panic(err)
	}
	closeObjects(whole)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource(described, whole); err != nil {
		panic(err)
	}
	return &d, compiler
})

func closeObjects(v any) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			closeObjects(one)
		}
	case map[string]any:
		if _, ok := v["properties"].(map[string]any); ok && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
		for _, one := range v {
			closeObjects(one)
		}
	}
}

// compiling is held while a schema is made: the compiler is for one at a time.
var compiling stdsync.Mutex

// schema returns the schema at a place of the description.
func schema(t *testing.T, pointer string) *jsonschema.Schema {
	t.Helper()
	_, compiler := theDescription()
	compiling.Lock()
	defer compiling.Unlock()
	made, err := compiler.Compile(described + "#" + pointer)
	require.NoError(t, err, pointer)
	return made
}

// escaped returns a path for a JSON pointer.
func escaped(path string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(path) }

// pathOf returns the method and the path of a route as the description has it, without a slash at its end.
func pathOf(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	switch path = strings.TrimSuffix(path, "{$}"); path {
	case "/", "/ui/":
	default:
		path = strings.TrimSuffix(path, "/")
	}
	return strings.ToLower(method), path
}

// Each route is described, and each description is of a route.
func TestDescriptionIsOfTheRoutes(t *testing.T) {
	t.Parallel()
	d, _ := theDescription()
	s, err := server.New(server.Fixed(runOnlyBackend{}), &server.Options{Metrics: http.NotFoundHandler()})
	require.NoError(t, err)
	routes := map[string]bool{}
	for _, pattern := range s.Patterns() {
		method, path := pathOf(pattern)
		require.NotEmpty(t, method, "the route %s is for any method", pattern)
		routes[method+" "+path] = true
	}
	paths := map[string]bool{}
	for path, operations := range d.Paths {
		for method := range operations {
			paths[method+" "+path] = true
		}
	}
	assert.Equal(t, routes, paths)
}

// runOnlyBackend is a runner that does nothing.
type runOnlyBackend struct{ chatter }

// What anybody may ask is marked so; the socket judges by itself.
func TestDescriptionTellsWhatIsOpen(t *testing.T) {
	t.Parallel()
	d, _ := theDescription()
	marked := []string{}
	for path, operations := range d.Paths {
		for method, o := range operations {
			if o.Security != nil && len(*o.Security) == 0 {
				marked = append(marked, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(marked)
	want := append(slices.Clone(openRoutes), "POST /auth/register-key", "GET /ws")
	slices.Sort(want)
	assert.Equal(t, want, marked)
}

// The description holds together: names are given once, references lead somewhere, parameters of paths are described.
func TestDescriptionIsSound(t *testing.T) {
	t.Parallel()
	d, _ := theDescription()
	assert.Equal(t, "3.1.0", d.OpenAPI)
	ids := map[string]string{}
	variable := regexp.MustCompile(`\{(\w+)\}`)
	for path, operations := range d.Paths {
		for method, o := range operations {
			name := method + " " + path
			assert.NotEmpty(t, o.Summary, name)
			assert.Empty(t, ids[o.OperationID], "%s has the id of another", name)
			ids[o.OperationID] = name
			var inPath, wanted []string
			for _, p := range o.Parameters {
				known, ok := d.Components.Parameters[strings.TrimPrefix(p.Ref, "#/components/parameters/")]
				require.True(t, ok, "%s: %s", name, p.Ref)
				if known.In == "path" {
					inPath = append(inPath, known.Name)
				}
			}
			for _, found := range variable.FindAllStringSubmatch(path, -1) {
				wanted = append(wanted, found[1])
			}
			assert.Equal(t, wanted, inPath, name)
			for status, r := range o.Responses {
				resolved(t, d, r, name+" "+status)
			}
		}
	}
	for name := range d.Components.Schemas {
		schema(t, "/components/schemas/"+name)
	}
	var options struct{ Properties map[string]any }
	require.NoError(t, json.Unmarshal(d.Components.Schemas["StageOptions"], &options))
	for _, name := range server.QueryOptionNames() {
		assert.Contains(t, options.Properties, name)
	}
}

// resolved returns the answer that a reference may lead to.
func resolved(t *testing.T, d *description, r response, where string) (found response, pointer string) {
	t.Helper()
	if r.Ref == "" {
		assert.NotEmpty(t, r.Description, where)
		return r, ""
	}
	found, ok := d.Components.Responses[strings.TrimPrefix(r.Ref, "#/components/responses/")]
	require.True(t, ok, "%s: %s", where, r.Ref)
	return found, strings.TrimPrefix(r.Ref, "#")
}

func TestDescriptionIsServed(t *testing.T) {
	t.Parallel()
	s, err := server.New(server.Fixed(runOnlyBackend{}), nil)
	require.NoError(t, err)
	want, err := os.ReadFile("openapi.json")
	require.NoError(t, err)
	r := serveOn(t, s).at(elsewhere).ask(http.MethodGet, "/openapi.json")
	assert.Equal(t, http.StatusOK, r.status)
	assert.Equal(t, "application/json", r.header.Get("Content-Type"))
	assert.Equal(t, string(want), string(r.body))
}

// holding serves a server, and holds each of its answers against the description: that it may have that status and that
// kind of content, and whether the content is as described.
func holding(t *testing.T, s *server.Server) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard := &hearing{ResponseWriter: w, status: http.StatusOK}
		s.ServeHTTP(heard, r)
		method, path := pathOf(s.Route(r))
		if strings.EqualFold(method, r.Method) {
			heard.hold(t, method, path)
		}
	})
}

// hearing hears an answer.
type hearing struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *hearing) Unwrap() http.ResponseWriter { return h.ResponseWriter }

func (h *hearing) WriteHeader(status int) {
	h.status = status
	h.ResponseWriter.WriteHeader(status)
}

func (h *hearing) Write(p []byte) (int, error) {
	h.body.Write(p)
	return h.ResponseWriter.Write(p)
}

func (h *hearing) hold(t *testing.T, method, path string) {
	d, _ := theDescription()
	where := fmt.Sprintf("%s %s %d", method, path, h.status)
	written, ok := d.Paths[path][method].Responses[strconv.Itoa(h.status)]
	if !assert.True(t, ok, "%s is not described: %.300s", where, h.body.String()) {
		return
	}
	r, pointer := resolved(t, d, written, where)
	if pointer == "" {
		pointer = fmt.Sprintf("/paths/%s/%s/responses/%d", escaped(path), method, h.status)
	}
	kind, _, _ := strings.Cut(h.Header().Get("Content-Type"), ";")
	if len(r.Content) == 0 || h.body.Len() == 0 {
		return
	}
	if _, ok := r.Content[kind]; !assert.True(t, ok, "%s: %s is not described", where, kind) {
		return
	}
	shape := schema(t, pointer+"/content/"+escaped(kind)+"/schema")
	switch {
	case kind == "application/json":
		fits(t, shape, h.body.Bytes(), where)
	case kind == "text/event-stream" && path == "/runs/{id}/events":
		for f, err := range sse.Frames(bytes.NewReader(h.body.Bytes()), nil) {
			if err != nil {
				break // the client left
			}
			fits(t, shape, f.Data, where)
		}
	}
}

// fits makes sure that a JSON value is as described.
func fits(t *testing.T, shape *jsonschema.Schema, raw []byte, where string) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err == io.ErrUnexpectedEOF { // the client left
		return
	}
	if assert.NoError(t, err, where) {
		assert.NoError(t, shape.Validate(value), "%s: %.1000s", where, raw)
	}
}
