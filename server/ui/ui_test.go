package ui_test

import (
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/proxbox-go/proxbox/server/ui"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func ask(t *testing.T, method, path string, header http.Header) *http.Response {
	t.Helper()
	request := httptest.NewRequest(method, path, nil)
	maps.Copy(request.Header, header)
	w := httptest.NewRecorder()
	ui.Handler().ServeHTTP(w, request)
	return w.Result()
}

// sources returns the page's files by name.
func sources(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	root := os.DirFS("files")
	require.NoError(t, fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, name)
		all[name] = string(text)
		return err
	}))
	require.NotEmpty(t, all)
	return all
}

func TestEveryFileIsServed(t *testing.T) {
	t.Parallel()
	types := map[string]string{
		".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	}
	for name, text := range sources(t) {
		response := ask(t, http.MethodGet, "/"+name, nil)
		assert.Equal(t, http.StatusOK, response.StatusCode, name)
		assert.Equal(t, types[path.Ext(name)], response.Header.Get("Content-Type"), name)
		assert.EqualValues(t, len(text), response.ContentLength, name)
		assert.Equal(t, "no-cache", response.Header.Get("Cache-Control"), name)
	}
	assert.Equal(t, "text/html; charset=utf-8", ask(t, http.MethodGet, "/", nil).Header.Get("Content-Type"))
}

func TestABrowserAsksWhetherItsFileIsTheSame(t *testing.T) {
	t.Parallel()
	tags := map[string]string{}
	for name := range sources(t) {
		tag := ask(t, http.MethodGet, "/"+name, nil).Header.Get("ETag")
		require.NotEmpty(t, tag)
		assert.NotContains(t, tags, tag, "files that differ have tags that differ")
		tags[tag] = name
		same := ask(t, http.MethodGet, "/"+name, http.Header{"If-None-Match": {tag}})
		assert.Equal(t, http.StatusNotModified, same.StatusCode, name)
		other := ask(t, http.MethodGet, "/"+name, http.Header{"If-None-Match": {`"old"`}})
		assert.Equal(t, http.StatusOK, other.StatusCode, name)
	}
}

func TestWhatIsNotServed(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/nothing", "/files/page.js", "/../ui.go", "/ui.go", "/index.html/"} {
		assert.Equal(t, http.StatusNotFound, ask(t, http.MethodGet, path, nil).StatusCode, path)
	}
	refused := ask(t, http.MethodPost, "/", nil)
	assert.Equal(t, http.StatusMethodNotAllowed, refused.StatusCode)
	assert.Equal(t, "GET, HEAD", refused.Header.Get("Allow"))
}

// A strict Content-Security-Policy lets none of this through.
func TestNothingStandsInlineOrElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := regexp.MustCompile(`(?i)(https?:)?//[a-z0-9-]+\.[a-z]`)
	inline := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|<script(?:>|[^>]*>[^<])`)
	for name, text := range sources(t) {
		text = strings.ReplaceAll(text, `xmlns="http://www.w3.org/2000/svg"`, "") // a name, not a place
		assert.NotRegexp(t, elsewhere, text, name)
		if path.Ext(name) == ".html" {
			assert.NotRegexp(t, inline, text, name)
		}
	}
}

// Names of guests are anybody's choice: no way leads from a value to HTML or to code.
func TestValuesAreNeverHTML(t *testing.T) {
	t.Parallel()
	ways := regexp.MustCompile(`(?i)innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML|srcdoc|DOMParser|createContextualFragment|\beval\(|new Function`)
	for name, text := range sources(t) {
		assert.NotRegexp(t, ways, text, name)
	}
}

func TestModulesImportWhatThereIs(t *testing.T) {
	t.Parallel()
	all := sources(t)
	imports := regexp.MustCompile(`import \{([^}]+)\} from "\./([^"]+)"`)
	found := 0
	for name, text := range all {
		for _, match := range imports.FindAllStringSubmatch(text, -1) {
			found++
			if !assert.Contains(t, all, match[2], "imported by %s", name) {
				continue
			}
			for word := range strings.SplitSeq(match[1], ",") {
				word = strings.TrimSpace(word)
				assert.Regexp(t, `export (async )?(function\*?|class) `+word+`\b`, all[match[2]], "imported by %s", name)
				assert.Greater(t, len(regexp.MustCompile(`\b`+word+`\b`).FindAllString(text, -1)), 1, "%s imports %s and does not use it", name, word)
			}
		}
	}
	assert.Positive(t, found)
}
