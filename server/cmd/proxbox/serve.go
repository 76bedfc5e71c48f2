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
	var address string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the API that the netbox-proxbox plugin expects",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := engine(cmd)
			if err != nil {
				return err
			}
			listener, err := listen(address)
			if err != nil {
				return &runError{err}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "proxbox listens on http://%s\n", listener.Addr())
			return serve(cmd.Context(), listener, e, cmd.OutOrStdout())
		},
	}
	configFlag(cmd)
	addressFlag(cmd, &address)
	return cmd
}

func addressFlag(cmd *cobra.Command, address *string) {
	cmd.Flags().StringVar(address, "addr", "127.0.0.1:8800", "`address` to listen on, as host:port")
}

// listen takes an address.
func listen(address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	var wrapped *net.OpError
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var system *os.SyscallError
	if errors.As(err, &system) {
		err = system.Err
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s (%w): choose another address with --addr", address, err)
	}
	return listener, nil
}

// shutdownTime is how long streams and runs may take to end once the server is to stop.
const shutdownTime = 10 * time.Second

// serve serves until ctx ends; then runs stop at a safe point, and whoever watches them is told.
func serve(ctx context.Context, listener net.Listener, b server.Backend, out io.Writer) error {
	handler, err := server.New(b, nil)
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
