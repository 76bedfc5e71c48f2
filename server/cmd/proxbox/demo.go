package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/netboxsink/netboxtest"
	"github.com/proxbox-go/proxbox/proxmoxsrc/proxmoxtest"
	"github.com/proxbox-go/proxbox/server/backend"
	"github.com/proxbox-go/proxbox/sync"
)

func demoCommand() *cobra.Command {
	var address string
	var guests int
	var once bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Try it without anything: a fake Proxmox VE and a fake NetBox inside this process",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if guests < 0 {
				return errors.New("--guests must not be negative")
			}
			out := cmd.OutOrStdout()
			estate, err := newEstate(guests)
			if err != nil {
				return &runError{err}
			}
			defer estate.close()
			if once {
				show, err := newView("text", out, cmd.ErrOrStderr())
				if err != nil {
					return err
				}
				return syncOnce(cmd.Context(), estate.engine, sync.Scope{}, show)
			}
			listener, err := listen(address)
			if err != nil {
				return &runError{err}
			}
			estate.describe(out, listener.Addr().String())
			return serve(cmd.Context(), listener, estate.engine, out)
		},
	}
	addressFlag(cmd, &address)
	cmd.Flags().IntVar(&guests, "guests", 40, "`number` of guests of the fake cluster")
	cmd.Flags().BoolVar(&once, "once", false, "run one full sync, print what it came to, and exit")
	return cmd
}

// estate is a fake Proxmox VE cluster and a fake NetBox, and the engine between them.
type estate struct {
	proxmoxURL, netboxURL string
	tokenID, tokenSecret  string
	engine                *sync.Engine
	servers               []*http.Server
}

func newEstate(guests int) (*estate, error) {
	const logLimit = 100 // nobody looks at the logs
	spec := proxmoxtest.Spec{Seed: 1, Name: "demo", Guests: guests}
	cluster := proxmoxtest.New(proxmoxtest.Generate(spec), &proxmoxtest.Options{LogLimit: logLimit})
	// Some of the time that a real NetBox takes, so that there is something to watch.
	box, err := netboxtest.New(&netboxtest.Options{
		RequestLatency: 5 * time.Millisecond, ObjectLatency: time.Millisecond, LogLimit: logLimit,
	})
	if err != nil {
		return nil, err
	}
	e := &estate{}
	e.tokenID, e.tokenSecret = cluster.Token()
	if e.proxmoxURL, err = e.start(cluster); err != nil {
		return nil, err
	}
	if e.netboxURL, err = e.start(box); err != nil {
		return nil, err
	}
	e.engine, err = backend.New(backend.Config{
		NetBox:  backend.NetBox{URL: e.netboxURL, Token: netboxtest.TokenV2},
		Proxmox: []backend.Proxmox{{Name: "demo", URLs: []string{e.proxmoxURL}, Token: e.tokenID + "=" + e.tokenSecret}},
	}, nil)
	return e, err
}

// start serves a fake on a free port of the loopback.
func (e *estate) start(handler http.Handler) (url string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	e.servers = append(e.servers, s)
	go func() { _ = s.Serve(listener) }() // ends by close
	return "http://" + listener.Addr().String(), nil
}

func (e *estate) close() {
	for _, s := range e.servers {
		_ = s.Close()
	}
}

// describe says what there is to try.
func (e *estate) describe(out io.Writer, address string) {
	fmt.Fprintf(out, `proxbox listens on http://%[1]s, between two fakes. Try:

  curl -N http://%[1]s/full-update/stream            # a full sync, live
  curl -N http://%[1]s/dcim/devices/create/stream    # only the nodes
  curl -X POST http://%[1]s/full-update              # a full sync, the result as JSON
  curl http://%[1]s/health

  the fake NetBox:     curl -H "Authorization: Bearer %[3]s" %[2]s/api/virtualization/virtual-machines/
  the fake Proxmox VE: curl -H "Authorization: PVEAPIToken=%[5]s=%[6]s" %[4]s/api2/json/cluster/resources

Ctrl-C ends it.
`, address, e.netboxURL, netboxtest.TokenV2, e.proxmoxURL, e.tokenID, e.tokenSecret)
}
