package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/server"
)

func serveCommand() *cobra.Command {
	var address, state string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the API that the netbox-proxbox plugin expects",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b, err := served(cmd)
			if err != nil {
				return err
			}
			if state, err = stateFolder(state, os.Getenv); err != nil {
				return err
			}
			listener, err := net.Listen("tcp", address)
			if err != nil {
				return fmt.Errorf("cannot listen on %s: %w", address, err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "proxbox listens on http://%s\n", listener.Addr())
			return serve(cmd.Context(), listener, b, &server.Options{StateDir: state}, cmd.OutOrStdout())
		},
	}
	configFlag(cmd)
	addressFlag(cmd, &address)
	cmd.Flags().StringVar(&state, "state", "", "folder for what is to survive a restart, such as the endpoints that the plugin pushes (default "+
		"$STATE_DIRECTORY, which systemd sets, else proxbox in $XDG_STATE_HOME or ~/.local/state)")
	return cmd
}

func addressFlag(cmd *cobra.Command, address *string) {
	cmd.Flags().StringVar(address, "addr", "127.0.0.1:8800", "address to listen on")
}

// shutdownTime is how long streams and runs may take to end once the server is to stop.
const shutdownTime = 10 * time.Second

// serve serves until ctx ends; then runs stop at a safe point, and whoever watches them is told.
func serve(ctx context.Context, listener net.Listener, b server.Backend, o *server.Options, out io.Writer) error {
	handler, err := server.New(b, o)
	if err != nil {
		return &runError{err}
	}
	s := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	select {
	case err := <-served:
		return &runError{err}
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "stopping")
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := errors.Join(handler.Shutdown(stop), s.Shutdown(stop)); err != nil {
		return &runError{fmt.Errorf("not all could be ended in time: %w", err)}
	}
	return nil
}
