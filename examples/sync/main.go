// Command sync brings a NetBox up to date with one Proxmox VE cluster, and shows the plan before it does so.
//
//	PROXMOX_URL=https://192.0.2.10:8006 PROXMOX_TOKEN='netbox@pve!sync=…' PROXMOX_FINGERPRINT=AA:BB:… \
//	NETBOX_URL=https://netbox.example.com NETBOX_TOKEN=nbt_… go run ./examples/sync
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/proxmoxsrc"
	"github.com/proxbox-go/proxbox/sync"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, env func(string) string, out io.Writer) error {
	options := &proxmoxsrc.Options{Token: env("PROXMOX_TOKEN")}
	if fingerprint := env("PROXMOX_FINGERPRINT"); fingerprint != "" {
		options.Fingerprints = []string{fingerprint}
	}
	source, err := proxmoxsrc.New("lab", []string{env("PROXMOX_URL")}, options)
	if err != nil {
		return err
	}
	sink, err := netboxsink.New(env("NETBOX_URL"), env("NETBOX_TOKEN"), nil)
	if err != nil {
		return err
	}
	engine, err := sync.New(sink, []sync.Source{source}, nil)
	if err != nil {
		return err
	}
	plan, err := engine.Plan(ctx, nil) // writes nothing
	if err != nil {
		return err
	}
	if err := plan.WriteText(out); err != nil {
		return err
	}
	result, err := engine.Apply(ctx, plan, nil)
	fmt.Fprintf(out, "%d virtual machines created\n", result.Objects[netboxsink.KindVirtualMachine].Created)
	return err
}
