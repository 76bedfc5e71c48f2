package sync

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteText prints the explanation: a line for the object, with the signs of [Plan.WriteText], a table of its fields,
// and the same for each of its children.
func (x *Explanation) WriteText(w io.Writer) error { return x.write(w, "") }

func (x *Explanation) write(w io.Writer, indent string) error {
	if _, err := fmt.Fprintln(w, indent+x.title()); err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(x.Fields) > 0 {
		fmt.Fprintf(table, "%s    field\tstands\twanted\tfrom\trule\tbecomes of it\n", indent)
	}
	for _, f := range x.Fields {
		if f.Outcome == FieldUnspoken && f.Current.IsNull() {
			continue // there is nothing to be said of it
		}
		wanted := ""
		if f.Outcome != FieldUnspoken && f.Outcome != FieldDeleted {
			wanted = shownIn(f.Wanted, cellWidth)
		}
		fmt.Fprintf(table, "%s    %s\t%s\t%s\t%s\t%s\t%s\n",
			indent, printable(f.Name), shownIn(f.Current, cellWidth), wanted, printable(f.From), f.Rule, f.said())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for i := range x.Children {
		if err := x.Children[i].write(w, indent+"    "); err != nil {
			return err
		}
	}
	return nil
}

// cellWidth is the most characters that the table shows of a value.
const cellWidth = 40

// title names the object, and says what becomes of it.
func (x *Explanation) title() string {
	title := strings.TrimSpace(opSigns()[x.Op] + " " + string(x.Key.Kind) + " " + printable(x.Label))
	if x.Guest != 0 {
		title += fmt.Sprintf(" (%s %d)", x.Source, x.Guest)
	}
	if x.ID != "" {
		title += ", id " + x.ID
	}
	title += ": " + map[Op]string{
		Create: "is created", Update: "is written", Delete: "is deleted", Keep: "stays as it is", Skip: "left alone",
	}[x.Op]
	if x.Adopted {
		title += "; adopted"
	}
	if x.Reason != "" {
		title += "; " + printable(x.Reason)
	}
	return title
}

// said tells what becomes of the field.
func (f *ExplainedField) said() string {
	switch f.Outcome {
	case FieldWritten:
		return "written"
	case FieldKept:
		return "as it should be"
	case FieldLeft:
		return "left alone: " + printable(f.Reason)
	case FieldDeleted:
		return "deleted"
	}
	return "not spoken of"
}
