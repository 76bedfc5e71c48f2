package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/proxbox-go/proxbox/sync"
)

// logs says what is logged, and how.
type logs struct{ format, level string }

func (l *logs) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.format, "log-format", "text", "how to log, to standard error: text or json")
	cmd.Flags().StringVar(&l.level, "log-level", "info", "what to log at least: debug, info, warn or error")
}

// logger returns the logger that writes to out.
func (l *logs) logger(out io.Writer) (*slog.Logger, error) {
	var o slog.HandlerOptions
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.level)); err != nil {
		return nil, fmt.Errorf("there is no log level %q: debug, info, warn and error are", l.level)
	}
	o.Level = level
	switch l.format {
	case "text":
		return slog.New(runHandler{slog.NewTextHandler(out, &o)}), nil
	case "json":
		return slog.New(runHandler{slog.NewJSONHandler(out, &o)}), nil
	}
	return nil, fmt.Errorf("there is no log format %q: text and json are", l.format)
}

// runHandler adds the id of the run to what is logged within one.
type runHandler struct{ slog.Handler }

// Handle implements [slog.Handler].
func (h runHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := sync.RunID(ctx); id != "" {
		record = record.Clone()
		record.AddAttrs(slog.String("run", id))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements [slog.Handler].
func (h runHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return runHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements [slog.Handler].
func (h runHandler) WithGroup(name string) slog.Handler { return runHandler{h.Handler.WithGroup(name)} }
