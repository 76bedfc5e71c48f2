package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
)

// fakesCommand is the first argument of a process that serves the fakes.
const fakesCommand = "serve-fakes"

// What a NetBox takes, which runs on two cores with two workers: it was measured with NetBox 4.7.3 and lists of 100.
const (
	netboxWorkers = 2
	requestTime   = 10 * time.Millisecond
	readTime      = 1200 * time.Microsecond // for each object
	writeTime     = 30 * time.Millisecond   // for each object
)

// driftShare is the part of the guests that changes.
const driftShare = 0.05

// served is what the process with the fakes tells its parent: where they are.
type served struct {
	Proxmox string `json:"proxmox"`
	Token   string `json:"token"`
	// NetBox is for proxbox, Floor is another one, for the floor.
	NetBox string `json:"netbox"`
	Floor  string `json:"floor"`
	// Control takes a POST, which lets the estate drift, and answers with the bound after that.
	Control string `json:"control"`
	Bound   bound  `json:"bound"`
}

// serveFakes serves a fake Proxmox VE and two fake NetBoxes, tells where, and ends with its input.
func serveFakes(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	var s size
	var version string
	var l latency
	flags := flag.NewFlagSet(fakesCommand, flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.IntVar(&s.Nodes, "nodes", 3, "`number` of nodes")
	flags.IntVar(&s.Guests, "guests", 40, "`number` of guests")
	flags.StringVar(&version, "version", "4.7", "`release` of NetBox")
	flags.Var(&l, "latency", "which fakes take their `time`")
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	where, err := start(s, version, l)
	if err == nil {
		err = json.NewEncoder(out).Encode(where)
	}
	if err != nil {
		fmt.Fprintln(errs, "bench:", err)
		return exitFailed
	}
	parent, left := context.WithCancel(ctx)
	go func() {
		defer left()
		_, _ = io.Copy(io.Discard, in) // until the parent closes it, or ends
	}()
	<-parent.Done()
	return exitGood
}

// start starts the servers, which run until the process ends.
func start(s size, version string, l latency) (*served, error) {
	const logLimit = 1 // nobody looks at the logs
	estate := proxmoxtest.Generate(proxmoxtest.Spec{Seed: 1, Name: sourceName, Nodes: s.Nodes, Guests: s.Guests, Number: 1})
	proxmox := proxmoxtest.Options{LogLimit: logLimit}
	if l.ofProxmox() {
		proxmox.LatencyScale = 1
	}
	cluster := proxmoxtest.New(estate, &proxmox)
	netbox := netboxtest.Options{Version: version, LogLimit: logLimit}
	if l.ofNetBox() {
		netbox.Workers, netbox.RequestLatency, netbox.ObjectLatency, netbox.WriteLatency = netboxWorkers, requestTime, readTime, writeTime
	}
	id, secret := cluster.Token()
	where := &served{Token: id + "=" + secret, Bound: boundOf(cluster)}
	control := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cluster.Update(func(e *proxmoxtest.Estate) { e.Drift(1, driftShare) })
		_ = json.NewEncoder(w).Encode(boundOf(cluster)) // the parent may be gone
	})
	ours, err := netboxtest.New(&netbox)
	if err != nil {
		return nil, err
	}
	floor, err := netboxtest.New(&netbox)
	if err != nil {
		return nil, err
	}
	for url, handler := range map[*string]http.Handler{
		&where.Proxmox: cluster, &where.NetBox: ours, &where.Floor: floor, &where.Control: control,
	} {
		if *url, err = serve(handler); err != nil {
			return nil, err
		}
	}
	return where, nil
}

// serve serves a handler on a free port of the loopback.
func serve(handler http.Handler) (url string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // until the process ends
	return "http://" + listener.Addr().String(), nil
}
