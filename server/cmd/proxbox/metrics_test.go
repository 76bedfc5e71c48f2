package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// value returns what a metric has, by its whole name with labels.
func value(t *testing.T, scraped, name string) float64 {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(scraped)
	if !assert.NotNil(t, found, "there is no %s in\n%s", name, scraped) {
		return 0
	}
	v, err := strconv.ParseFloat(found[1], 64)
	require.NoError(t, err)
	return v
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	e, err := newEstate(3)
	require.NoError(t, err)
	t.Cleanup(e.close)
	s := startServing(t, "--config", configFile(t, e.config), "--state", t.TempDir())
	scrape := func() string {
		status, text := s.ask(http.MethodGet, "/metrics", "")
		require.Equal(t, http.StatusOK, status)
		return text
	}
	text := scrape()
	assert.Zero(t, value(t, text, `proxbox_last_good_run_timestamp_seconds{cluster="demo"}`))
	assert.Zero(t, value(t, text, `proxbox_runs{state="running"}`))

	var answer map[string]any
	for range 2 {
		answer = s.json(http.MethodPost, "/full-update", "")
	}
	id := s.json(http.MethodPost, "/runs", `{"dry_run":true}`)["id"].(string)
	s.watch(id)
	text = scrape()
	assert.Equal(t, 2.0, value(t, text, `proxbox_runs_total{dry_run="false",result="completed",stage="full-update"}`))
	assert.Equal(t, 1.0, value(t, text, `proxbox_runs_total{dry_run="true",result="completed",stage="full-update"}`))
	assert.Equal(t, 2.0, value(t, text, `proxbox_run_duration_seconds_count{dry_run="false",stage="full-update"}`))
	for _, phase := range []string{"read", "plan"} {
		assert.Equal(t, 3.0, value(t, text, `proxbox_phase_duration_seconds_count{phase="`+phase+`"}`))
	}
	assert.Equal(t, 2.0, value(t, text, `proxbox_phase_duration_seconds_count{phase="virtual-machines"}`))
	for _, operation := range []string{"created", "kept"} {
		assert.Equal(t, 3.0, value(t, text, `proxbox_objects_total{kind="virtual-machine",operation="`+operation+`"}`))
		assert.Positive(t, value(t, text, `proxbox_objects_total{kind="vm-interface",operation="`+operation+`"}`))
	}
	assert.Positive(t, value(t, text, `proxbox_requests_total{cluster="",code="201",end="netbox",method="POST"}`))
	assert.Positive(t, value(t, text, `proxbox_requests_total{cluster="demo",code="200",end="proxmox",method="GET"}`))
	assert.Positive(t, value(t, text, `proxbox_request_duration_seconds_count{cluster="demo",end="proxmox"}`))
	assert.InDelta(t, float64(time.Now().Unix()), value(t, text, `proxbox_last_good_run_timestamp_seconds{cluster="demo"}`), 60)
	assert.Zero(t, value(t, text, `proxbox_watchers{kind="stream"}`))

	e.close()
	status, _ := s.ask(http.MethodPost, "/full-update", "")
	assert.Equal(t, http.StatusBadGateway, status)
	text = scrape()
	assert.Equal(t, 1.0, value(t, text, `proxbox_runs_total{dry_run="false",result="failed",stage="full-update"}`))
	assert.Positive(t, value(t, text, `proxbox_requests_total{cluster="demo",code="none",end="proxmox",method="GET"}`))
	assert.Positive(t, value(t, text, `proxbox_requests_total{cluster="",code="none",end="netbox",method="GET"}`))
	for _, list := range []string{"devices", "virtual_machines"} {
		objects, _ := answer[list].([]any)
		assert.NotEmpty(t, objects)
		for _, object := range objects {
			name, _ := object.(map[string]any)["name"].(string)
			assert.NotContains(t, text, `"`+name+`"`, "no object is named in a label")
		}
	}
	s.stop()
}

// Each line about a run names it, those of the ends included, which know nothing of runs.
func TestLogNamesTheRun(t *testing.T) {
	t.Parallel()
	e, err := newEstate(1)
	require.NoError(t, err)
	config := configFile(t, e.config)
	e.close()
	s := startServing(t, "--config", config, "--state", t.TempDir(), "--log-format", "json", "--log-level", "debug")
	id := s.json(http.MethodPost, "/runs", "")["id"]
	s.watch(id.(string))
	s.stop()
	got := map[string]int{}
	for line := range strings.Lines(s.log.String()) {
		var entry map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &entry), line)
		assert.Equal(t, id, entry["run"], line)
		got[entry["msg"].(string)]++
	}
	assert.Positive(t, got["run started"])
	assert.Positive(t, got["run ended"])
	assert.Positive(t, got["read again"], "of NetBox")
}

func TestLogFlags(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]logs{
		"no log format": {format: "xml", level: "info"},
		"no log level":  {format: "text", level: "loud"},
	} {
		_, err := l.logger(nil)
		require.ErrorContains(t, err, want)
	}
}
