package server_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

func TestWhatIsNotThereIsToldInJSON(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, nil)
		for _, c := range []struct {
			method, path string
			status       int
			want         string
		}{
			{http.MethodGet, "/nothing", http.StatusNotFound, "nothing at that path"},
			{http.MethodGet, "/sync/individual/node?node_name=pve1", http.StatusNotFound, "sync its virtual machine, all nodes or all virtual machines"},
			{http.MethodPut, "/health", http.StatusMethodNotAllowed, "PUT is none of the methods"},
		} {
			answer := s.ask(c.method, c.path)
			assert.Equal(t, c.status, answer.status, c.path)
			assert.Equal(t, "application/json", answer.header.Get("Content-Type"), c.path)
			assert.Contains(t, answer.json(t)["detail"], c.want)
		}
		assert.Equal(t, "GET, HEAD", s.ask(http.MethodPut, "/health").header.Get("Allow"))
	})
}
