package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	stdsync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/proxbox-go/proxbox/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTimetable(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 28, 12, 30, 0, 0, time.UTC) // a Saturday
	for name, c := range map[string]struct {
		schedule schedule
		key, err string
		next     time.Time
	}{
		"an interval":       {schedule{Every: "1h30m"}, "every", "", now.Add(90 * time.Minute)},
		"a time":            {schedule{Cron: "0 3 * * *"}, "cron", "", now.Add(14*time.Hour + 30*time.Minute)},
		"a day of the week": {schedule{Cron: "0 3 * * MON-FRI"}, "cron", "", now.Add(38*time.Hour + 30*time.Minute)},
		"a name":            {schedule{Cron: "@hourly"}, "cron", "", now.Add(30 * time.Minute)},
		"another zone":      {schedule{Cron: "CRON_TZ=Asia/Tokyo 0 3 * * *"}, "cron", "", now.Add(5*time.Hour + 30*time.Minute)},
		"a stage":           {schedule{Every: "1h", Stage: "devices"}, "every", "", now.Add(time.Hour)},
		"another stage":     {schedule{Every: "1h", Stage: "coffee"}, "stage", `there is no stage "coffee"`, time.Time{}},
		"no time":           {schedule{Stage: "devices"}, "every", "give every or cron", time.Time{}},
		"two":               {schedule{Every: "1h", Cron: "@daily"}, "cron", "exclude each other", time.Time{}},
		"no interval":       {schedule{Every: "hourly"}, "every", "hourly", time.Time{}},
		"a number":          {schedule{Every: "60"}, "every", "unit", time.Time{}},
		"too often":         {schedule{Every: "10s"}, "every", `"10s" is less than 1m0s`, time.Time{}},
		"backwards":         {schedule{Every: "-1h"}, "every", "less than", time.Time{}},
		"no crontab":        {schedule{Cron: "at noon"}, "cron", "at noon", time.Time{}},
		"never":             {schedule{Cron: "0 0 30 2 *"}, "cron", "0 0 30 2 *", time.Time{}},
		"out of range":      {schedule{Cron: "0 25 * * *"}, "cron", "25", time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, key, err := c.schedule.timetable()
			assert.Equal(t, c.key, key)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			assert.WithinDuration(t, c.next, at.Next(now), 0)
		})
	}
}

func TestCheckSchedules(t *testing.T) {
	t.Parallel()
	var got []string
	checkSchedules([]schedule{{Every: "1h"}, {Cron: "noon"}, {}}, func(path string, err error) {
		require.Error(t, err)
		got = append(got, path)
	})
	assert.Equal(t, []string{"$.schedules[1].cron", "$.schedules[2].every"}, got)
}

// starts notes what is started, and when.
type starts struct {
	mu    stdsync.Mutex
	begun time.Time
	list  []string
	err   error
}

func (s *starts) Start(r server.RunRequest) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, fmt.Sprint(time.Since(s.begun), " ", r.Stage, r.Sources))
	return "RUN", s.err
}

func TestKeepTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // which begins at midnight UTC
		var log bytes.Buffer
		s := &starts{begun: time.Now()}
		ctx, stop := context.WithTimeout(context.Background(), 5*time.Hour)
		defer stop()
		wait, err := keepTime(ctx, s, []schedule{
			{Every: "2h", Stage: "full-update"}, {Cron: "CRON_TZ=UTC 30 3 * * *", Sources: []string{"lab"}, Stage: "devices"},
		}, slog.New(slog.NewTextHandler(&log, nil)))
		require.NoError(t, err)
		wait()
		assert.Equal(t, []string{
			"0s full-update[]", "2h0m0s full-update[]", "3h30m0s devices[lab]", "4h0m0s full-update[]",
		}, s.list)
		assert.Contains(t, log.String(), "run=RUN")
	})
}

func TestScheduleTriesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := &starts{begun: time.Now(), err: errors.New("no NetBox is known")}
		ctx, stop := context.WithTimeout(context.Background(), 90*time.Minute)
		defer stop()
		wait, err := keepTime(ctx, s, []schedule{{Every: "1h"}}, slog.New(slog.NewTextHandler(&log, nil)))
		require.NoError(t, err)
		wait()
		assert.Len(t, s.list, 2)
		assert.Contains(t, log.String(), `error="no NetBox is known"`)
	})
	_, err := keepTime(t.Context(), &starts{}, []schedule{{Every: "x"}}, nil)
	require.ErrorContains(t, err, "every")
	wait, err := keepTime(t.Context(), &starts{}, nil, nil)
	require.NoError(t, err)
	wait()
}

func TestSchedulesInConfiguration(t *testing.T) {
	t.Parallel()
	var got configuration
	keep := func(c configuration) error {
		got = c
		return nil
	}
	read := func(text string) error {
		file := filepath.Join(t.TempDir(), "proxbox.yaml")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return configureFromFile(file, keep)
	}
	require.NoError(t, read(`netbox:
  url: https://netbox.example.com
schedules:
  - every: 1h
    stage: full-update
  - cron: "0 3 * * *"
    sources: [lab]
`))
	assert.Equal(t, []schedule{{Every: "1h", Stage: "full-update"}, {Cron: "0 3 * * *", Sources: []string{"lab"}}}, got.Schedules)
	assert.Equal(t, "https://netbox.example.com", got.NetBox.URL)

	err := read("schedules:\n  - every: 1h\n  - stage: devices\n    cron: noon\n")
	require.ErrorContains(t, err, "proxbox.yaml: line 4: schedules[1].cron: ")
	err = read("schedules:\n  - evry: 1h\n")
	require.ErrorContains(t, err, "line 2: schedules[0].evry: there is no such key here")
}
