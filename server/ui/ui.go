// Package ui is the page of a proxbox server: what the clusters, the runs and their plans are, for a person to see and to
// start.
//
// It is plain HTML, CSS and JavaScript modules, embedded as they are. All that the page shows it asks of the server below
// which it is mounted, by its API: it holds nothing of the estate itself. It loads nothing from elsewhere, has no script
// or style outside of its files, and writes values as text, never as HTML.
package ui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed files
var files embed.FS

// Handler serves the page at / and its files below. It is to be mounted with [http.StripPrefix] one level below the
// server's API, at /ui/. A browser keeps the files, and asks each time whether they still are the same.
func Handler() http.Handler {
	kept := map[string]file{}
	err := fs.WalkDir(files, "files", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		kept["/"+strings.TrimPrefix(name, "files/")] = file{
			kind: contentType(name), tag: `"` + hex.EncodeToString(sum[:16]) + `"`, content: content,
		}
		return nil
	})
	if err != nil {
		panic(fmt.Sprintf("ui: embedded files can be read, and yet: %v", err))
	}
	kept["/"] = kept["/index.html"]
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := kept[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		f.serve(w, r)
	})
}

// file is a file of the page.
type file struct {
	kind    string // Content-Type
	tag     string // ETag: made of the content
	content []byte
}

func (f file) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", f.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.content))
}

// contentType returns the type by the name's extension. What the operating system says of them is not asked: a browser
// takes no module of another type.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}
