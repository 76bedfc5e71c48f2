package proxmoxsrc_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/proxbox-go/proxbox/proxmoxsrc"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// counting counts the answers as they come, refusals too, before they are made errors of this package.
type counting struct {
	next             http.RoundTripper
	answers, refused *atomic.Int64
}

func (c counting) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.next.RoundTrip(request)
	if err == nil {
		c.answers.Add(1)
		if response.StatusCode == http.StatusUnauthorized {
			c.refused.Add(1)
		}
	}
	return response, err
}

func TestWrapTransport(t *testing.T) {
	t.Parallel()
	l := newLab(t, proxmoxtest.Generate(proxmoxtest.Spec{Seed: 1, Guests: 1}), nil)
	var answers, refused atomic.Int64
	l.options.WrapTransport = func(next http.RoundTripper) http.RoundTripper { return counting{next, &answers, &refused} }
	source, err := proxmoxsrc.New("lab", l.urls, &l.options)
	require.NoError(t, err)
	_, err = source.Version(t.Context())
	require.NoError(t, err)
	assert.Equal(t, int64(1), answers.Load())

	l.options.Token += "x"
	source, err = proxmoxsrc.New("lab", l.urls, &l.options)
	require.NoError(t, err)
	_, err = source.Version(t.Context())
	require.Error(t, err)
	assert.Equal(t, int64(1), refused.Load())
}
