package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/proxbox-go/proxbox/sync"
)

// view shows a run while it goes on, and what it came to.
type view struct {
	observe func(sync.Event)
	end     func(*sync.Result)
}

// newView returns the view for an output: "text" tells people, a terminal with a progress bar; "json" prints the
// result; "events" prints each event as a line of JSON.
func newView(output string, out, err io.Writer) (*view, error) {
	switch output {
	case "text":
		lines := &lines{out: out}
		if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
			lines.bar = newBar(out)
		}
		return &view{observe: lines.observe, end: lines.end}, nil
	case "json":
		lines := &lines{out: err, quiet: true}
		return &view{observe: lines.observe, end: func(r *sync.Result) {
			encoder := json.NewEncoder(out)
			encoder.SetIndent("", "  ")
			_ = encoder.Encode(r)
		}}, nil
	case "events":
		return &view{
			observe: func(ev sync.Event) {
				if raw, err := sync.MarshalEvent(ev); err == nil {
					fmt.Fprintf(out, "%s\n", raw)
				}
			},
			end: func(*sync.Result) {},
		}, nil
	}
	return nil, fmt.Errorf("there is no output %q: text, json and events are", output)
}
