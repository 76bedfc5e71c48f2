package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// cpuTime tells the CPU time that NetBox has used: of gunicorn, of PostgreSQL and of all their processes.
type cpuTime struct{ folder string }

// userHertz is the unit of times in /proc, on all architectures of Linux that matter.
const userHertz = 100

// pidFiles name the processes from which all others come.
func (c cpuTime) pidFiles() []string {
	return []string{filepath.Join(c.folder, "gunicorn.pid"), filepath.Join(c.folder, "postgres", "postmaster.pid")}
}

// total returns the sum since the processes started, zero without a folder. What has ended is in the sum of its parent.
func (c cpuTime) total() (time.Duration, error) {
	if c.folder == "" {
		return 0, nil
	}
	all, err := readProcesses()
	if err != nil {
		return 0, err
	}
	var ticks int64
	for _, file := range c.pidFiles() {
		root, err := all.root(file)
		if err != nil {
			return 0, err
		}
		ticks += all.tree(root)
	}
	return inTicks(ticks), nil
}

// workers returns the sum of each of gunicorn's workers, by the number of its process.
func (c cpuTime) workers() (map[int]time.Duration, error) {
	all, err := readProcesses()
	if err != nil {
		return nil, err
	}
	root, err := all.root(c.pidFiles()[0])
	if err != nil {
		return nil, err
	}
	workers := map[int]time.Duration{}
	for number, p := range all {
		if p.parent == root {
			workers[number] = inTicks(all.tree(number))
		}
	}
	return workers, nil
}

func inTicks(n int64) time.Duration { return time.Duration(n) * time.Second / userHertz }

// root returns the number in a file, of a process that runs.
func (all processes) root(file string) (int, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("the CPU time of NetBox is not known: %w", err)
	}
	line, _, _ := bytes.Cut(raw, []byte("\n"))
	root, err := strconv.Atoi(string(bytes.TrimSpace(line)))
	if err != nil || all[root].ticks == 0 && all[root].parent == 0 {
		return 0, fmt.Errorf("the CPU time of NetBox is not known: no process runs as %s says", file)
	}
	return root, nil
}

// process is what /proc says of one.
type process struct {
	parent int
	ticks  int64 // its own, and those of its children that have ended
}

// processes are those that run, by number.
type processes map[int]process

// readProcesses reads /proc.
func readProcesses() (processes, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	all := processes{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		number, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return nil, err
		}
		all[number] = parseStat(raw)
	}
	return all, nil
}

// parseStat reads a line of /proc/*/stat. The name, which may hold anything, stands in brackets before the rest.
func parseStat(raw []byte) process {
	fields := bytes.Fields(raw[bytes.LastIndexByte(raw, ')')+1:])
	const parent, userTime, times = 1, 11, 4 // utime, stime, cutime, cstime
	if len(fields) < userTime+times {
		return process{}
	}
	var p process
	p.parent, _ = strconv.Atoi(string(fields[parent]))
	for _, field := range fields[userTime : userTime+times] {
		n, _ := strconv.ParseInt(string(field), 10, 64)
		p.ticks += n
	}
	return p
}

// tree sums up a process and all below it.
func (all processes) tree(root int) int64 {
	sum := all[root].ticks
	for number, p := range all {
		if p.parent == root && number != root {
			sum += all.tree(number)
		}
	}
	return sum
}
