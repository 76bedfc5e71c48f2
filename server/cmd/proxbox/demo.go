package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
				e, err := backend.New(estate.config, nil)
				if err != nil {
					return &runError{err}
				}
				return syncOnce(cmd.Context(), e, sync.Scope{}, show)
			}
			listener, err := listen(address)
			if err != nil {
				return &runError{err}
			}
			m := newMetrics()
			b, err := backend.Serve(estate.config, &backend.Options{WrapTransport: m.transport})
			if err != nil {
				return &runError{err}
			}
			estate.describe(out, listener.Addr().String())
			return service{backend: b, metrics: m}.serve(cmd.Context(), listener, out)
		},
	}
	addressFlag(cmd, &address)
	cmd.Flags().IntVar(&guests, "guests", 40, "`number` of guests of the fake cluster")
	cmd.Flags().BoolVar(&once, "once", false, "run one full sync, print what it came to, and exit")
	return cmd
}

// estate is a fake Proxmox VE cluster and a fake NetBox.
type estate struct {
	config  backend.Config // of both
	servers []*http.Server
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
	certificate, fingerprint, err := selfSigned()
	if err != nil {
		return nil, err
	}
	id, secret := cluster.Token()
	proxmoxURL, err := e.start(cluster, &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		return nil, err
	}
	netboxURL, err := e.start(box, nil)
	if err != nil {
		return nil, err
	}
	e.config = backend.Config{
		NetBox:  backend.NetBox{URL: netboxURL, Token: netboxtest.TokenV2},
		Proxmox: []backend.Proxmox{{Name: "demo", URLs: []string{proxmoxURL}, Token: id + "=" + secret, Fingerprint: fingerprint}},
	}
	return e, nil
}

// start serves a fake on a free port of the loopback, over TLS if there is a configuration for it.
func (e *estate) start(handler http.Handler, config *tls.Config) (url string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	scheme := "http"
	if config != nil {
		scheme, listener = "https", tls.NewListener(listener, config)
	}
	s := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // who does not like the certificate says so himself
	}
	e.servers = append(e.servers, s)
	go func() { _ = s.Serve(listener) }() // ends by close
	return scheme + "://" + listener.Addr().String(), nil
}

func (e *estate) close() {
	for _, s := range e.servers {
		_ = s.Close()
	}
}

// describe says what there is to try.
func (e *estate) describe(out io.Writer, address string) {
	proxmox := e.config.Proxmox[0]
	fmt.Fprintf(out, `proxbox listens on http://%[1]s, between two fakes. Look at http://%[1]s/ui/ or try:

  curl -N http://%[1]s/full-update/stream            # a full sync, live
  curl -N http://%[1]s/dcim/devices/create/stream    # only the nodes
  curl -X POST http://%[1]s/full-update              # a full sync, the result as JSON
  curl http://%[1]s/health
  curl http://%[1]s/metrics

  the fake NetBox:     curl -H "Authorization: Bearer %[3]s" %[2]s/api/virtualization/virtual-machines/
  the fake Proxmox VE: curl -k -H "Authorization: PVEAPIToken=%[5]s" %[4]s/api2/json/cluster/resources

For a NetBox with the plugin: its Proxmox endpoint may be that of the fake, user %[6]s, password %[7]s,
without verification of the certificate.

Ctrl-C ends it.
`, address, e.config.NetBox.URL, netboxtest.TokenV2, proxmox.URLs[0], proxmox.Token, proxmoxtest.DefaultUser, proxmoxtest.DefaultPassword)
}
