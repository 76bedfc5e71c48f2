package sync_test

import (
	"fmt"
	"testing"

	"github.com/proxbox-go/proxbox/sync"
)

// benchmarkStates returns what an estate of so many records should be and what it is: a tenth of its units has changed.
func benchmarkStates(records int) (desired, current *sync.State) {
	desired = &sync.State{Records: []sync.Record{{Key: tag("t"), Label: "t", Fields: fields("name", sync.String("t"))}}}
	for i := range records / 10 {
		top := unit(vm(fmt.Sprint("a/", i)), "")
		top.Guest, top.Label = i, fmt.Sprint("vm", i)
		top.Fields = fields("tag", sync.Ref(tag("t")), "memory", sync.Int(int64(i)), "status", sync.String("active"), "cpus", sync.Int(4))
		top.Fields.Set("name", sync.Field{Value: sync.String(top.Label), Rule: sync.UntilEdited})
		top.Claims = []sync.Claim{{Field: "name", On: "name " + top.Label}}
		desired.Records = append(desired.Records, top)
		for j := range 9 {
			d := child(disk(fmt.Sprint("a/", i, "/d", j)), top.Key, "")
			d.Fields = fields("vm", sync.Ref(top.Key), "size", sync.Int(int64(j)))
			d.Fields.Set("name", sync.Field{Value: sync.String(fmt.Sprint("d", j)), Remember: true})
			desired.Records = append(desired.Records, d)
		}
	}
	first, err := sync.Diff(desired, &sync.State{}, sync.Scope{}, sync.Policy{})
	if err != nil {
		panic(err)
	}
	current = apply(first, desired, &sync.State{})
	for i := range desired.Records {
		if r := &desired.Records[i]; r.Key == r.Unit && r.Guest%10 == 0 {
			r.Fields.Set("memory", sync.Field{Value: sync.Int(-1)})
		}
	}
	return desired, current
}

func BenchmarkDiff(b *testing.B) {
	for _, records := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			desired, current := benchmarkStates(records)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := sync.Diff(desired, current, sync.Scope{}, sync.Policy{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFirstDiff(b *testing.B) {
	desired, _ := benchmarkStates(100_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sync.Diff(desired, &sync.State{}, sync.Scope{}, sync.Policy{}); err != nil {
			b.Fatal(err)
		}
	}
}
