package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/server"
	"github.com/proxbox-go/proxbox/server/backend"
)

func serveCommand() *cobra.Command {
	var at listening
	var log logs
	var o server.Options
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the API that the netbox-proxbox plugin expects",
		Long: "Serve the API that the netbox-proxbox plugin expects. Until an API key is registered, with POST /auth/register-key, only\n" +
			"this machine itself is answered; from then on each request needs one.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.Logger, err = log.logger(cmd.ErrOrStderr()); err != nil {
				return err
			}
			m := newMetrics()
			b, schedules, err := served(cmd, &backend.Options{WrapTransport: m.transport, Logger: o.Logger})
			if err != nil {
				return err
			}
			if o.StateDir, err = stateFolder(o.StateDir, os.Getenv); err != nil {
				return err
			}
			listener, scheme, err := at.open()
			if err != nil {
				return &runError{err}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "proxbox listens on %s://%s\n", scheme, listener.Addr())
			if scheme == "http" && exposed(listener) {
				o.Logger.Warn("API keys and all else go over the network as they are: give a certificate with --tls-cert and --tls-key")
			}
			return service{b, o, schedules, m}.serve(cmd.Context(), listener, cmd.OutOrStdout())
		},
	}
	configFlag(cmd)
	at.flags(cmd)
	log.flags(cmd)
	cmd.Flags().StringSliceVar(&o.Origins, "origin", nil, "host whose pages may open the WebSocket, besides those of the NetBox that is known")
	cmd.Flags().BoolVar(&o.OpenWrites, "open-writes", false, "answer everybody until an API key is registered")
	cmd.Flags().BoolVar(&o.BootstrapFromAnywhere, "bootstrap-from-anywhere", false, "let any machine register the first API key")
	cmd.Flags().StringVar(&o.StateDir, "state", "", "`folder` for what survives a restart (default $STATE_DIRECTORY, else the user's state folder)")
	return cmd
}

// shutdownTime is how long streams and runs may take to end once the server is to stop.
const shutdownTime = 10 * time.Second

// service is what is served.
type service struct {
	backend   server.Backend
	options   server.Options
	schedules []schedule
	metrics   *metrics
}

// serve serves, and starts what the schedules say, until ctx ends; then runs stop at a safe point, and whoever watches
// them is told.
func (s service) serve(ctx context.Context, listener net.Listener, out io.Writer) error {
	s.options.Logger = cmp.Or(s.options.Logger, slog.New(slog.DiscardHandler))
	var handler *server.Server
	s.options.Observe = s.metrics.observe
	s.options.Metrics = s.metrics.handler(func() server.Stats { return handler.Stats() })
	handler, err := server.New(s.backend, &s.options)
	if err != nil {
		return &runError{err}
	}
	if exposed(listener) && !handler.HasKeys() && !s.options.OpenWrites {
		fmt.Fprintln(out, "no API key is registered: other machines are refused until one is, by POST /auth/register-key on this one")
	}
	ctx, cancel := context.WithCancel(ctx)
	wait, err := keepTime(ctx, handler, s.schedules, s.options.Logger)
	if err != nil {
		cancel()
		return &runError{err}
	}
	defer wait()
	defer cancel()
	web := webServer(handler)
	web.ErrorLog = slog.NewLogLogger(s.options.Logger.Handler(), slog.LevelWarn)
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	select {
	case err := <-served:
		return &runError{err}
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "stopping")
	stop, giveUp := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer giveUp()
	if err := errors.Join(handler.Shutdown(stop), web.Shutdown(stop)); err != nil {
		return &runError{fmt.Errorf("not all could be ended in time: %w", err)}
	}
	return nil
}
