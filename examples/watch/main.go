// Command watch asks a proxbox server for a full update and prints what happens as it happens.
//
//	go run ./examples/watch http://127.0.0.1:8800
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"

	"github.com/proxbox-go/proxbox/sse"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: watch URL")
		os.Exit(2)
	}
	if err := run(ctx, os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// frame is what the documented frames have in common.
type frame struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Error   string `json:"error"`
	OK      *bool  `json:"ok"`
}

func run(ctx context.Context, server string, out io.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/full-update/stream", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	for f, err := range sse.Frames(response.Body, nil) {
		if err != nil {
			return err
		}
		var body frame
		if err := json.Unmarshal(f.Data, &body); err != nil {
			return fmt.Errorf("a frame of the event %q is not understood: %w", f.Event, err)
		}
		switch f.Event {
		case "error":
			fmt.Fprintln(out, "failed:", body.Error)
		case "complete":
			fmt.Fprintln(out, body.Message)
			if body.OK == nil || !*body.OK {
				return errors.New("not everything could be done")
			}
			return nil
		default:
			fmt.Fprintln(out, body.Message)
		}
	}
	return errors.New("the stream ended without saying how the run went")
}
