package enginetest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// TestSource holds a source to the contract of [sync.Source], and returns all that does not hold, each with the sentence
// that says so. The estate behind the source must be readable, and must not change meanwhile.
func TestSource(ctx context.Context, src sync.Source) error {
	return testAll(ctx, sourceChecks(), src)
}

// RunSource is [TestSource] with a subtest for each sentence.
func RunSource(t *testing.T, src sync.Source) {
	t.Helper()
	runAll(t, sourceChecks(), src)
}

func sourceChecks() []check[sync.Source] {
	return []check[sync.Source]{
		{"name", "It is not empty, holds no slash and never changes.", sourceName},
		{"source", "Source is the source's configured name.", sourceOfInventory},
		{"cancel", "Implementations honour ctx.", sourceCancelled},
		{"again", "Implementations are safe for concurrent use, and an estate that does not change is read as the same.", sourceAgain},
		{"ownership", "The inventory is the caller's.", sourceOwnership},
		{"order", "Nodes stand in the order of their names, guests in that of their IDs, each once.", sourceOrder},
		{"gaps", "A Gap tells what could not be read, and why, of what the inventory names.", sourceGaps},
		{"scope", "Inventory reads of the estate what the scope asks for.", sourceScope},
		{"gone", "ConfirmGone returns one error for each guest, nil if no guest has the VMID any more.", sourceGone},
	}
}

func sourceName(_ context.Context, src sync.Source) error {
	name := src.Name()
	switch {
	case name == "" || strings.Contains(name, "/"):
		return fmt.Errorf("it is %q", name)
	case src.Name() != name:
		return fmt.Errorf("it was %q and is %q", name, src.Name())
	}
	return nil
}

func sourceOfInventory(ctx context.Context, src sync.Source) error {
	inv, err := src.Inventory(ctx, sync.Scope{})
	if err != nil {
		return err
	}
	if inv.Source != src.Name() {
		return fmt.Errorf("it is %q, and the source is called %q", inv.Source, src.Name())
	}
	return nil
}

func sourceCancelled(ctx context.Context, src sync.Source) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := src.Inventory(ctx, sync.Scope{}); err == nil {
		return errors.New("Inventory has an answer after a cancel")
	}
	return nil
}

func sourceAgain(ctx context.Context, src sync.Source) error {
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer)
	const readers = 3
	for range readers {
		go func() {
			text, err := readText(ctx, src)
			answers <- answer{text, err}
		}()
	}
	first := <-answers
	for range readers - 1 {
		next := <-answers
		if err := errors.Join(first.err, next.err); err != nil {
			first.err = err
		} else if next.text != first.text {
			first.err = fmt.Errorf("it was read as\n%s\nand as\n%s", first.text, next.text)
		}
	}
	return first.err
}

func readText(ctx context.Context, src sync.Source) (string, error) {
	inv, err := src.Inventory(ctx, sync.Scope{})
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(inv)
	return string(raw), err
}

func sourceOwnership(ctx context.Context, src sync.Source) error {
	before, err := readText(ctx, src)
	if err != nil {
		return err
	}
	inv, err := src.Inventory(ctx, sync.Scope{})
	if err != nil {
		return err
	}
	for i := range inv.Nodes {
		inv.Nodes[i] = inventory.Node{}
	}
	for i := range inv.Guests {
		for j := range inv.Guests[i].NICs {
			inv.Guests[i].NICs[j] = inventory.NIC{}
		}
		inv.Guests[i] = inventory.Guest{}
	}
	after, err := readText(ctx, src)
	if err == nil && after != before {
		err = errors.New("what was done to one shows in the next")
	}
	return err
}

func sourceOrder(ctx context.Context, src sync.Source) error {
	inv, err := src.Inventory(ctx, sync.Scope{})
	if err != nil {
		return err
	}
	err = inOrder("nodes", inv.Nodes, func(n inventory.Node) string { return n.Name })
	err = errors.Join(err, inOrder("guests", inv.Guests, func(g inventory.Guest) int { return g.ID }))
	for _, g := range inv.Guests {
		err = errors.Join(err, inOrder(fmt.Sprintf("tags of guest %d", g.ID), g.Tags, func(s string) string { return s }))
		keys := map[string]bool{}
		for _, nic := range g.NICs {
			if keys[nic.Key] {
				err = errors.Join(err, fmt.Errorf("guest %d has two NICs %s", g.ID, nic.Key))
			}
			keys[nic.Key] = true
		}
	}
	return err
}

// inOrder requires that each element's key is greater than that of the one before.
func inOrder[E any, K cmp.Ordered](what string, list []E, key func(E) K) error {
	for i := 1; i < len(list); i++ {
		if before, after := key(list[i-1]), key(list[i]); before >= after {
			return fmt.Errorf("%s: %v comes before %v", what, before, after)
		}
	}
	return nil
}

func sourceGaps(ctx context.Context, src sync.Source) error {
	inv, err := src.Inventory(ctx, sync.Scope{})
	if err != nil {
		return err
	}
	var errs []error
	for _, g := range inv.Gaps {
		guest := slices.ContainsFunc(inv.Guests, func(x inventory.Guest) bool { return x.ID == g.Guest })
		node := slices.ContainsFunc(inv.Nodes, func(x inventory.Node) bool { return x.Name == g.Node })
		good := g.Reason != ""
		switch g.Part {
		case inventory.PartSource, inventory.PartQuorum, inventory.PartGuests:
		case inventory.PartNode, inventory.PartNetwork:
			good = good && node
		case inventory.PartGuest, inventory.PartConfig, inventory.PartAddresses:
			good = good && guest
		default:
			good = false
		}
		if !good {
			errs = append(errs, fmt.Errorf("%+v", g))
		}
	}
	return errors.Join(errs...)
}

func sourceScope(ctx context.Context, src sync.Source) error {
	all, err := src.Inventory(ctx, sync.Scope{})
	if err != nil || len(all.Guests) == 0 {
		return err
	}
	wanted := all.Guests[len(all.Guests)/2]
	scope := sync.Scope{Guests: []sync.GuestRef{{Source: src.Name(), ID: wanted.ID}}}
	part, err := src.Inventory(ctx, scope)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(part.Guests, func(g inventory.Guest) bool { return g.ID == wanted.ID })
	if i < 0 {
		return fmt.Errorf("guest %d is missing when asked for alone", wanted.ID)
	}
	want, err := json.Marshal(wanted)
	if err != nil {
		return err
	}
	got, err := json.Marshal(part.Guests[i])
	if err == nil && string(got) != string(want) {
		err = fmt.Errorf("guest %d is read as\n%s\nand, asked for alone, as\n%s", wanted.ID, want, got)
	}
	return err
}

// sourceGone asks a [sync.Confirmer] about the guests of its inventory, which are there.
func sourceGone(ctx context.Context, src sync.Source) error {
	confirmer, ok := src.(sync.Confirmer)
	if !ok {
		return nil
	}
	inv, err := src.Inventory(ctx, sync.Scope{})
	if err != nil {
		return err
	}
	guests := make([]int, len(inv.Guests))
	for i, g := range inv.Guests {
		guests[i] = g.ID
	}
	doubts := confirmer.ConfirmGone(ctx, guests)
	if len(doubts) != len(guests) {
		return fmt.Errorf("there are %d answers about %d guests", len(doubts), len(guests))
	}
	for i, doubt := range doubts {
		if doubt == nil {
			return fmt.Errorf("guest %d is said to be gone, and is in the inventory", guests[i])
		}
	}
	return nil
}
