// Command proxbox keeps NetBox true to Proxmox VE clusters: once, on request over HTTP, or as a plan to look at.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Whoever reads the output may leave (proxbox sync | head): that is no reason to leave a sync half done.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
