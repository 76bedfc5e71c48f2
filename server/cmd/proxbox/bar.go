package main

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// bar is a progress bar on the last line of a terminal.
type bar struct {
	out         io.Writer
	what        string
	done, total int
	bar         *progressbar.ProgressBar // nil while there is nothing to show
	drawn       time.Time
}

// redraw is how often a bar that moves is drawn anew.
const redraw = 100 * time.Millisecond

// unknown is the total of what cannot be counted beforehand.
const unknown = -1

func newBar(out io.Writer) *bar { return &bar{out: out} }

// set shows how far something is.
func (b *bar) set(what string, done, total int) {
	if total <= 0 {
		total = unknown
	}
	if b.bar == nil || b.what != what || b.total != total {
		b.clear()
		b.what, b.total, b.drawn = what, total, time.Time{}
		options := []progressbar.Option{
			progressbar.OptionSetWriter(b.out),
			progressbar.OptionSetDescription(what),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionFullWidth(),
			progressbar.OptionUseANSICodes(true),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetPredictTime(false),       // objects come in bursts
			progressbar.OptionSetSpinnerChangeInterval(0), // else it draws by itself, into what else is printed
		}
		if total != unknown {
			options = append(options, progressbar.OptionShowCount())
		}
		b.bar = progressbar.NewOptions(total, options...)
	}
	b.at(done)
}

// at moves the bar.
func (b *bar) at(done int) {
	b.done = done
	if time.Since(b.drawn) >= redraw {
		b.draw()
	}
}

// draw draws the bar; a terminal that is gone has nobody to tell.
func (b *bar) draw() {
	switch {
	case b.bar == nil:
		return
	case b.total == unknown:
		_ = b.bar.RenderBlank()
	default:
		_ = b.bar.Set(b.done)
	}
	b.drawn = time.Now()
}

// above prints something above the bar.
func (b *bar) above(print func()) {
	b.clear()
	print()
	b.draw()
}

func (b *bar) clear() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}

// finish takes the bar away.
func (b *bar) finish() {
	b.clear()
	b.bar = nil
}
