package sse_test

import (
	"bytes"
	"fmt"
	"os"

	"github.com/proxbox-go/proxbox/sse"
	"github.com/proxbox-go/proxbox/sync"
)

func ExampleDocumented() {
	encoder := sse.NewEncoder(os.Stdout, sse.Documented(sse.Devices))
	_ = encoder.Encode(sync.Step{
		Meta: sync.Meta{Run: "R7", Seq: 1}, Stage: sync.StageRead, Status: sync.Started,
	})
	_ = encoder.Comment("keepalive")
	// Output:
	// id: R7-1
	// event: step
	// data: {"step":"devices","status":"started","message":"Starting devices synchronization."}
	//
	// : keepalive
}

func ExampleEvents() {
	var stream bytes.Buffer
	encoder := sse.NewEncoder(&stream, sse.Plain)
	_ = encoder.Encode(sync.Step{Stage: "devices", Status: sync.Completed, Name: "pve01", Op: sync.Keep})
	_ = encoder.Encode(sync.Complete{Result: &sync.Result{OK: true}})

	for ev, err := range sse.Events(&stream, nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		switch ev := ev.(type) {
		case sync.Step:
			fmt.Println(ev.Name, ev.Op)
		case sync.Failure:
			fmt.Println(ev.Error())
		case sync.Complete:
			fmt.Println("ok:", ev.Result.OK)
		}
	}
	// Output:
	// pve01 keep
	// ok: true
}
