// Command source keeps NetBox true to an estate that is no Proxmox VE: here, one that is written down in the program.
// It shows all that a source of one's own needs. It only prints the plan.
//
//	NETBOX_URL=https://netbox.example.com NETBOX_TOKEN=nbt_… go run ./examples/source
package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/proxbox-go/proxbox/netboxsink"
	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

func main() {
	if err := run(context.Background(), os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// cellar is the estate in the cellar: one host with one machine on it.
type cellar struct{}

var _ sync.Source = cellar{}

// Name implements [sync.Source].
func (cellar) Name() string { return "cellar" }

// Inventory implements [sync.Source]. A part that could not be read would go into Gaps, so that nothing is taken for
// gone.
func (cellar) Inventory(ctx context.Context, _ sync.Scope) (*inventory.Inventory, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &inventory.Inventory{
		Source:  "cellar",
		Cluster: inventory.Cluster{Name: "cellar", Standalone: true, Quorate: true},
		Nodes:   []inventory.Node{{Name: "host1", Status: inventory.NodeOnline}},
		Guests: []inventory.Guest{{
			ID: 1, Kind: inventory.QEMU, Name: "files", Node: "host1", Status: inventory.GuestRunning,
			CPUs: 2, Memory: 4 << 30,
			NICs: []inventory.NIC{{
				Key: "net0", MAC: "02:00:00:00:00:01",
				Addresses: []inventory.Address{{Prefix: netip.MustParsePrefix("192.0.2.10/24"), Origin: inventory.OriginConfig}},
			}},
			Disks: []inventory.Disk{{Key: "disk0", Storage: "ssd", Bytes: 64 << 30, Known: true}},
		}},
	}, nil
}

func run(ctx context.Context, env func(string) string, out io.Writer) error {
	sink, err := netboxsink.New(env("NETBOX_URL"), env("NETBOX_TOKEN"), nil)
	if err != nil {
		return err
	}
	engine, err := sync.New(sink, []sync.Source{cellar{}}, nil)
	if err != nil {
		return err
	}
	plan, err := engine.Plan(ctx, nil)
	if err != nil {
		return err
	}
	return plan.WriteText(out)
}
