package main

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar is a progress bar on a terminal.
type bar struct {
	out  io.Writer
	what string
	bar  *progressbar.ProgressBar
}

func newBar(out io.Writer) *bar { return &bar{out: out} }

// set shows how far something is; a total of -1 is not known.
func (b *bar) set(what string, done, total int) {
	if b.bar == nil || b.what != what {
		b.clear()
		b.what = what
		b.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(b.out),
			progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionFullWidth(),
		)
	}
	if total >= 0 {
		b.bar.ChangeMax(total)
	}
	_ = b.bar.Set(done) // a terminal that is gone has nobody to tell
}

func (b *bar) at(done int) {
	if b.bar != nil {
		_ = b.bar.Set(done)
	}
}

// clear takes the bar off the line, for something else to be printed there.
func (b *bar) clear() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}

func (b *bar) finish() {
	if b.bar != nil {
		_ = b.bar.Finish()
		_ = b.bar.Clear()
	}
}
