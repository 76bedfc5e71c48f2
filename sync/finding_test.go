package sync_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/proxbox-go/proxbox/sync"
)

func TestWorst(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		found []sync.Severity
		want  sync.Severity
	}{
		"nothing":        {nil, sync.Good},
		"good":           {[]sync.Severity{sync.Good, sync.Good}, sync.Good},
		"a warning":      {[]sync.Severity{sync.Good, sync.Warning, sync.Good}, sync.Warning},
		"a fault first":  {[]sync.Severity{sync.Fault, sync.Warning}, sync.Fault},
		"a fault at end": {[]sync.Severity{sync.Warning, sync.Fault}, sync.Fault},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var findings []sync.Finding
			for _, s := range tt.found {
				findings = append(findings, sync.Finding{Severity: s})
			}
			assert.Equal(t, tt.want, sync.Worst(findings))
		})
	}
}
