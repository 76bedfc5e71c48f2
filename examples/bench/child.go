package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
)

// child is the process with the fakes.
type child struct {
	served
	command *exec.Cmd
	input   io.Closer
}

// startChild starts this program once more, to serve the fakes.
func startChild(ctx context.Context, s size, version string, l latency, errs io.Writer) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{command: exec.CommandContext(ctx, self, fakesCommand,
		"--nodes", strconv.Itoa(s.Nodes), "--guests", strconv.Itoa(s.Guests), "--version", version, "--latency", string(l))}
	c.command.Stderr = errs
	input, err := c.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	c.input = input
	output, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.command.Start(); err != nil {
		return nil, err
	}
	if err := json.NewDecoder(output).Decode(&c.served); err != nil {
		c.stop()
		return nil, fmt.Errorf("the process with the fakes does not start: %w", err)
	}
	return c, nil
}

// stop ends the process.
func (c *child) stop() {
	_ = c.input.Close()
	_ = c.command.Wait() // it has no more to tell
}

// drift lets the estate drift.
func (c *child) drift(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Control, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(&c.Bound)
}
