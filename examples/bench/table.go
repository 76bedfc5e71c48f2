package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// grid is a table that reads well in a terminal, and is Markdown.
type grid struct {
	title string
	rows  [][]string // the first is the heading
	notes []string
}

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

// write prints the first column to the left, the others to the right.
func (g *grid) write(out io.Writer) {
	widths := make([]int, len(g.rows[0]))
	for _, row := range g.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	fmt.Fprintf(out, "\n### %s\n\n", g.title)
	for n, row := range g.rows {
		fmt.Fprintln(out, line(row, widths, " "))
		if n == 0 {
			fmt.Fprintln(out, rule(widths))
		}
	}
	for _, note := range g.notes {
		fmt.Fprintf(out, "\n%s\n", note)
	}
}

func line(cells []string, widths []int, blank string) string {
	var b strings.Builder
	for i, cell := range cells {
		pad := strings.Repeat(blank, widths[i]-utf8.RuneCountInString(cell))
		if i == 0 {
			b.WriteString("| " + cell + pad)
		} else {
			b.WriteString(" | " + pad + cell)
		}
	}
	return b.String() + " |"
}

// rule is the line below the heading, which tells Markdown where the cells stand.
func rule(widths []int) string {
	cells := make([]string, len(widths))
	for i, width := range widths {
		cells[i] = strings.Repeat("-", width)
		if i > 0 {
			cells[i] = cells[i][1:] + ":"
		}
	}
	return line(cells, widths, "-")
}
