package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
)

// options is what the command line says.
type options struct {
	sizes     sizes
	version   string
	runs      int
	latency   latency
	json      bool
	netbox    end
	reset     string
	netboxDir string
	ways      bool

	cpuProfile, memProfile string
}

// end is a NetBox and the token for it.
type end struct{ url, token string }

// real tells whether NetBox is a real one.
func (o *options) real() bool { return o.netbox.url != "" }

func parseOptions(args []string, errs io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Var(&o.sizes, "size", "`size` of the estate: S, M, L or XL, or several: S,M (default S)")
	flags.StringVar(&o.version, "version", "4.7", "`release` that the fake NetBox poses as: 4.2 to 4.7")
	flags.IntVar(&o.runs, "runs", 1, "`number` of times that all is done: the best wall time counts, and the median of the ratios")
	flags.Var(&o.latency, "latency", "which fakes take their `time`: on, off, proxmox or netbox (default on, with --netbox off)")
	flags.BoolVar(&o.json, "json", false, "print one JSON document instead of tables")
	flags.StringVar(&o.netbox.url, "netbox", "", "`URL` of a real NetBox, which is emptied by --reset")
	flags.StringVar(&o.netbox.token, "netbox-token", "", "API `token` for it (default what PROXBOX_TEST_NETBOX_TOKEN says)")
	flags.StringVar(&o.reset, "reset", "", "`command` that empties it: .ci/netbox-reset")
	flags.StringVar(&o.netboxDir, "netbox-dir", "", "`folder` in which its gunicorn.pid and postgres/postmaster.pid are: measures its CPU time")
	flags.StringVar(&o.cpuProfile, "cpuprofile", "", "`file` for a CPU profile; its samples are labelled with run and who: proxbox, floor, or heap (proxbox while its heap is watched)")
	flags.StringVar(&o.memProfile, "memprofile", "", "`file` for a heap profile at the highest live heap of the last size; it takes some room on the heap itself")
	flags.BoolVar(&o.ways, "ways", false, "measure ways to write the same rows instead: needs --netbox, --reset and --netbox-dir, and has 5 --runs by default")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	var given []string
	flags.Visit(func(f *flag.Flag) { given = append(given, f.Name) })
	if err := o.completeWays(given); err != nil {
		return nil, err
	}
	return o, o.complete(flags.Args())
}

// complete fills in what is not said, and refuses what does not fit together.
func (o *options) complete(rest []string) error {
	if len(o.sizes) == 0 {
		o.sizes = sizes(allSizes()[:1])
	}
	if o.latency == "" {
		o.latency = latencyOn
		if o.real() {
			o.latency = latencyOff
		}
	}
	o.netbox.token = cmp.Or(o.netbox.token, os.Getenv("PROXBOX_TEST_NETBOX_TOKEN"))
	switch {
	case len(rest) > 0:
		return fmt.Errorf("what is %q? bench takes flags only", rest[0])
	case o.runs < 1:
		return errors.New("--runs must be at least 1")
	case o.real() && o.netbox.token == "":
		return errors.New("--netbox needs a token: set PROXBOX_TEST_NETBOX_TOKEN")
	case o.real() && o.reset == "":
		return errors.New("--netbox needs --reset, a command that empties it: proxbox and the floor both begin with nothing")
	case !o.real() && o.netboxDir != "":
		return errors.New("--netbox-dir is for a real NetBox: give --netbox too")
	case o.real() && o.latency.ofNetBox() && !o.latency.ofProxmox():
		return errors.New("--latency netbox is for a fake NetBox")
	}
	return nil
}

// wayRuns is how many rounds make a median that one bad moment does not move.
const wayRuns = 5

// completeWays does what is to be done for --ways only.
func (o *options) completeWays(given []string) error {
	if !o.ways {
		return nil
	}
	for _, name := range given {
		if slices.Contains([]string{"size", "version", "latency", "cpuprofile", "memprofile"}, name) {
			return fmt.Errorf("--%s is not for --ways, which writes rows of its own and measures NetBox alone", name)
		}
	}
	if !o.real() || o.reset == "" || o.netboxDir == "" {
		return errors.New("--ways measures the CPU time of a real NetBox, and empties it: give --netbox, --reset and --netbox-dir too")
	}
	if !slices.Contains(given, "runs") {
		o.runs = wayRuns
	}
	return nil
}

// latency says which of the fakes take the time that the real ones would.
type latency string

const (
	latencyOn      latency = "on"
	latencyOff     latency = "off"
	latencyProxmox latency = "proxmox"
	latencyNetBox  latency = "netbox"
)

// String implements [flag.Value].
func (l *latency) String() string { return string(*l) }

// Set implements [flag.Value].
func (l *latency) Set(text string) error {
	if !slices.Contains([]latency{latencyOn, latencyOff, latencyProxmox, latencyNetBox}, latency(text)) {
		return errors.New("it is none of on, off, proxmox and netbox")
	}
	*l = latency(text)
	return nil
}

func (l latency) ofProxmox() bool { return l == latencyOn || l == latencyProxmox }

func (l latency) ofNetBox() bool { return l == latencyOn || l == latencyNetBox }
