package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// listening says where and how the server is reached.
type listening struct {
	address          string
	certificate, key string // files; both are empty without TLS
}

func (l *listening) flags(cmd *cobra.Command) {
	addressFlag(cmd, &l.address)
	cmd.Flags().StringVar(&l.certificate, "tls-cert", "", "file with the certificate, and those between it and the root, in PEM: serve HTTPS")
	cmd.Flags().StringVar(&l.key, "tls-key", "", "file with the certificate's private key, in PEM")
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

// open begins to listen. The scheme is that of the server's URLs.
func (l *listening) open() (listener net.Listener, scheme string, err error) {
	scheme = "http"
	var config *tls.Config
	if l.certificate != "" || l.key != "" {
		if l.certificate == "" || l.key == "" {
			return nil, "", errors.New("--tls-cert and --tls-key go together")
		}
		pair, err := tls.LoadX509KeyPair(l.certificate, l.key)
		if err != nil {
			return nil, "", fmt.Errorf("the certificate cannot be used: %w", err)
		}
		// A WebSocket needs HTTP/1.1.
		config = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}
		scheme = "https"
	}
	if listener, err = listen(l.address); err != nil {
		return nil, "", err
	}
	if config != nil {
		return tls.NewListener(listener, config), scheme, nil
	}
	return listener, scheme, nil
}

// exposed tells whether other machines can reach the listener.
func exposed(listener net.Listener) bool {
	address, ok := listener.Addr().(*net.TCPAddr)
	return !ok || !address.IP.IsLoopback()
}

// webServer returns the HTTP server around a handler, with the limits that streams allow: what takes long is the
// handler's to limit.
func webServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
}
