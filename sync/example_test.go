package sync_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/proxbox-go/proxbox/sync"
	"github.com/proxbox-go/proxbox/sync/enginetest"
	"github.com/proxbox-go/proxbox/sync/inventory"
)

// A run does the whole job. Where nothing has changed since, the next one writes nothing.
func Example() {
	source := enginetest.NewSource(enginetest.Estate("lab", 1, 2))
	engine, err := sync.New(enginetest.NewSink(nil), []sync.Source{source}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		result, err := engine.Run(context.Background(), nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("guests:", result.Objects["guest"].Created, "created,", result.Objects["guest"].Kept, "kept")
	}
	// Output:
	// guests: 2 created, 0 kept
	// guests: 0 created, 2 kept
}

// A plan shows what a run would do, and can be applied later.
func ExampleEngine_Plan() {
	ctx := context.Background()
	source := enginetest.NewSource(enginetest.Estate("lab", 1, 2))
	engine, err := sync.New(enginetest.NewSink(nil), []sync.Source{source}, nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := engine.Run(ctx, nil); err != nil {
		log.Fatal(err)
	}
	source.Edit(func(inv *inventory.Inventory) { inv.Guests[0].Memory = 4 << 30 })

	plan, err := engine.Plan(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := plan.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
	result, err := engine.Apply(ctx, plan, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("updated:", result.Objects["guest"].Updated)
	// Output:
	// ~ guest vm101 (lab 101)
	//     memory: 2048 → 4096
	// = 1 group: nothing to do
	// = 1 guest: nothing to do
	// = 1 host: nothing to do
	// Plan: 0 to create, 1 to update, 0 to delete.
	// updated: 1
}

// The run as a loop over its events. Leaving the loop would cancel it.
func ExampleEngine_Events() {
	source := enginetest.NewSource(enginetest.Estate("lab", 1, 2))
	engine, err := sync.New(enginetest.NewSink(nil), []sync.Source{source}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for event := range engine.Events(context.Background(), nil) {
		switch e := event.(type) {
		case sync.Step:
			if e.Op != "" {
				fmt.Printf("%s %d/%d: %s %s\n", e.Stage, e.Done, e.Total, e.Op, e.Name)
			}
		case sync.Failure:
			fmt.Println("failed:", e.Error())
		case sync.Complete:
			fmt.Println("ok:", e.Result.OK)
		}
	}
	// Output:
	// shared 1/1: create lab
	// hosts 1/1: create pve01
	// guests 1/2: create vm101
	// guests 2/2: create vm102
	// ok: true
}

// Diff compares states by itself, without an engine: a name that a person has changed stays, what is measured is written.
func ExampleDiff() {
	key := sync.Key{Kind: "vm", Name: "lab/101"}
	desired := &sync.State{Records: []sync.Record{{
		Key: key, Unit: key, Label: "web", Source: "lab", Guest: 101,
		Fields: sync.NewFields(map[string]sync.Field{
			"name":   {Value: sync.String("web"), Rule: sync.UntilEdited},
			"memory": {Value: sync.Int(4096)},
		}),
	}}}
	memory := sync.NewMemory(map[string]map[string][]sync.Value{"": {"name": {sync.String("web")}}})
	current := &sync.State{Records: []sync.Record{{
		Key: key, Unit: key, Label: "frontend", ID: "7", Source: "lab", Guest: 101,
		Fields: sync.NewFields(map[string]sync.Field{
			"name":           {Value: sync.String("frontend")},
			"memory":         {Value: sync.Int(2048)},
			sync.MemoryField: {Value: memory.Value()},
		}),
	}}}
	plan, err := sync.Diff(desired, current, sync.Scope{}, sync.Policy{})
	if err != nil {
		log.Fatal(err)
	}
	if err := plan.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ~ vm web (lab 101)
	//     memory: 2048 → 4096
	//     name: stays frontend, not web: edited by somebody else
	// Plan: 0 to create, 1 to update, 0 to delete.
}
