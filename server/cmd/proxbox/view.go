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
	end     func(*sync.Result) error // tells whether all could be printed
}

// ended shows what the run came to, and returns its error, or that not all could be printed, as one for run.
func (v *view) ended(result *sync.Result, err error) error {
	if unprinted := v.end(result); unprinted != nil && err == nil {
		return &runError{unprinted}
	}
	return ended(err)
}

// newView returns the view for an output: "text" tells people, a terminal with a progress bar; "json" prints the
// result; "events" prints each event as a line of JSON.
func newView(output string, out, err io.Writer) (*view, error) {
	switch output {
	case "text":
		lines := newLines(out)
		return &view{lines.observe, lines.end}, nil
	case "json":
		lines := newLines(err)
		lines.quiet = true
		return &view{lines.observe, func(r *sync.Result) error { return printJSON(out, r) }}, nil
	case "events":
		var broken error
		return &view{
			func(ev sync.Event) {
				raw, err := sync.MarshalEvent(ev)
				if err == nil && broken == nil {
					_, err = fmt.Fprintf(out, "%s\n", raw)
				}
				if err != nil {
					broken = err
				}
			},
			func(*sync.Result) error { return broken },
		}, nil
	}
	return nil, fmt.Errorf("there is no output %q, only text, json and events", output)
}

// printJSON prints a value for programs, and for people who look at what these get.
func printJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
