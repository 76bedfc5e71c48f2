package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	stdsync "sync"
	"time"

	"github.com/netresearch/go-cron"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/sse"
)

// schedule is an entry below schedules in the configuration: what the server starts by itself, and when.
type schedule struct {
	// Every is an interval, "1h30m". The first run begins with the server.
	Every string `yaml:"every"`
	// Cron is instead of it a time in the syntax of crontab, "0 3 * * *", in the server's time zone; with CRON_TZ=… before
	// it in another.
	Cron string `yaml:"cron"`
	// Stage and Sources are those of [server.RunRequest].
	Stage   string   `yaml:"stage"`
	Sources []string `yaml:"sources"`
	// Incremental runs read again only what may have changed. They need a schedule beside them whose runs do not.
	Incremental bool `yaml:"incremental"`
}

// shortestInterval is how often a schedule may come at the most: a run reads both ends as a whole.
const shortestInterval = time.Minute

// timetable returns when the schedule comes. Of one that makes no sense it names the key that is wrong.
func (s schedule) timetable() (at cron.Schedule, key string, err error) {
	switch sse.Stream(s.Stage) {
	case "", sse.FullUpdate, sse.Devices, sse.VirtualMachines:
	default:
		return nil, "stage", fmt.Errorf("there is no stage %q: there are full-update, devices and virtual-machines", s.Stage)
	}
	switch {
	case s.Every == "" && s.Cron == "":
		return nil, "every", errors.New("nothing says when: give every or cron")
	case s.Every != "" && s.Cron != "":
		return nil, "cron", errors.New("every and cron exclude each other")
	case s.Cron != "":
		at, err = cron.ParseStandard(s.Cron)
		if err == nil && at.Next(time.Now()).IsZero() {
			err = fmt.Errorf("%q never comes", s.Cron)
		}
		return at, "cron", err
	}
	interval, err := time.ParseDuration(s.Every)
	if err == nil && interval < shortestInterval {
		err = fmt.Errorf("%q is less than %v", s.Every, shortestInterval)
	}
	return cron.Every(interval), "every", err
}

// starter starts runs: a [server.Server].
type starter interface {
	Start(server.RunRequest) (id string, err error)
}

// keepTime starts what the schedules say, until ctx ends; wait returns when it has. A run that is due while the one before
// it goes on joins that.
func keepTime(ctx context.Context, s starter, schedules []schedule, log *slog.Logger) (wait func(), err error) {
	tables := make([]cron.Schedule, len(schedules))
	for i, entry := range schedules {
		var key string
		if tables[i], key, err = entry.timetable(); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	var group stdsync.WaitGroup
	for i, entry := range schedules {
		group.Go(func() {
			if entry.Every != "" {
				entry.start(s, log)
			}
			for due(ctx, tables[i]) {
				entry.start(s, log)
			}
		})
	}
	return group.Wait, nil
}

// checkSchedules tells what is wrong with schedules, of each entry the first, with the entry's path in the configuration.
func checkSchedules(schedules []schedule, wrong func(path string, err error)) {
	for i, s := range schedules {
		if _, key, err := s.timetable(); err != nil {
			wrong(fmt.Sprintf("$.schedules[%d].%s", i, key), err)
		}
	}
}

// due returns true when the timetable's next time has come, false when ctx ends.
func due(ctx context.Context, at cron.Schedule) bool {
	timer := time.NewTimer(time.Until(at.Next(time.Now())))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// start starts a run. What keeps it from that is logged, and may have gone when it is due again.
func (s schedule) start(to starter, log *slog.Logger) {
	id, err := to.Start(server.RunRequest{Stage: sse.Stream(s.Stage), Sources: s.Sources, Incremental: s.Incremental})
	if err != nil {
		log.Warn("a scheduled run cannot be started", "every", s.Every, "cron", s.Cron, "stage", s.Stage, "sources", s.Sources, "error", err)
		return
	}
	log.Info("scheduled run", "run", id, "every", s.Every, "cron", s.Cron, "incremental", s.Incremental)
}
