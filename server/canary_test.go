package server_test

import (
	"bytes"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/proxbox-go/proxbox/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A key, valid or not, is in no answer, no log and no file.
func TestKeyShowsNowhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var shown bytes.Buffer
		folder := t.TempDir()
		s := withNetBox(t, server.Options{
			StateDir: folder, Logger: slog.New(slog.NewJSONHandler(&shown, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		show := func(r reply) {
			shown.Write(r.body)
			require.NoError(t, r.header.Write(&shown))
		}
		registration := `{"api_key":"` + otherKey + `","label":"canary"}`
		show(s.send(http.MethodPost, "/auth/register-key", noKey, `{"api_key":["`+otherKey+`"]}`))
		show(s.send(http.MethodPost, "/auth/register-key", noKey, registration[1:]))
		show(s.at(elsewhere).send(http.MethodPost, "/auth/register-key", noKey, registration))
		show(s.send(http.MethodPost, "/auth/register-key", noKey, registration))
		show(s.send(http.MethodPost, "/auth/register-key", otherKey, registration))
		show(s.send(http.MethodPost, "/auth/keys", otherKey, registration))
		show(s.send(http.MethodGet, "/auth/keys", otherKey, ""))
		show(s.sendWith(http.MethodGet, "/auth/keys", http.Header{"Authorization": {"Bearer " + otherKey}}, ""))
		for range 6 { // a wrong key is one with a misprint
			show(s.at(elsewhere).send(http.MethodGet, "/auth/keys", otherKey+"x", ""))
		}
		l := s.listenWith(http.Header{"Origin": {netboxPage}})
		for _, text := range []string{`{"api_key":"` + otherKey + `"}`, ` { "key": "` + otherKey + `"`} {
			_ = l.conn.Write(t.Context(), websocket.MessageText, []byte(text))
			synctest.Wait()
		}
		<-l.done
		for _, text := range l.heard() {
			shown.WriteString(text)
		}
		shown.WriteString(l.err.Error())
		require.NoError(t, fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(filepath.Join(folder, path))
			shown.Write(text)
			return err
		}))
		assert.Contains(t, shown.String(), "API key registered")
		assert.Contains(t, shown.String(), `"sha256"`)
		assert.NotContains(t, shown.String(), otherKey)
		time.Sleep(time.Second)
	})
}
