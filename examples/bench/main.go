// Command bench measures what proxbox costs: time, requests, memory and NetBox's own CPU time, for a first run, an
// unchanged one and one after 5 % of the guests have changed.
//
// Proxmox VE is a fake, and so is NetBox unless one is named. The fakes are in a process of their own, so that
// allocations, heap and profiles are proxbox's. Beside each figure stands that of the floor: a bare loader that knows all
// rows beforehand, writes them in bulk lists of the same size, with as many requests in flight, and reads only the pages.
// The unchanged run and its floor take up to ten turns. There the floor reads the pages of all rows that it would write: MAC
// addresses, which proxbox reads with their interfaces, and shared objects too. Beside it stands how long the lists alone
// take that proxbox reads itself.
//
//	go run ./examples/bench --size S,M
//	go run ./examples/bench --size XL --latency off --memprofile heap.out
//
// With a real NetBox, which is emptied several times (see .ci/netbox-up), and whose token is in the environment as
// PROXBOX_TEST_NETBOX_TOKEN:
//
//	go run ./examples/bench --size S,M,L --runs 3 --netbox http://127.0.0.1:8180 \
//		--reset .ci/netbox-reset --netbox-dir "$PROXBOX_TEST_NETBOX_DIR"
//
// With --ways it measures something else: what the same rows cost that NetBox, written in different ways. A MAC address
// with its interface or apart, primary or not; whole answers or cut ones; fields that are defaults sent or left out;
// connections fresh or kept; lists of 10 to 200; a primary address with or without a custom field. The ways of a group take
// turns, for the speed of a machine changes within minutes. It takes about 4 minutes for each of the 5 --runs:
//
//	go run ./examples/bench --ways --netbox http://127.0.0.1:8180 \
//		--reset .ci/netbox-reset --netbox-dir "$PROXBOX_TEST_NETBOX_DIR"
package main

import (
	"context"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	if len(os.Args) > 1 && os.Args[1] == fakesCommand {
		os.Exit(serveFakes(ctx, os.Args[2:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
