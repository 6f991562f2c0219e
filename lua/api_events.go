package lua

import (
	"fmt"
	"io"
	"strings"

	"panda/emu/event"
)

// writeEvents writes the tables of events, filters and fields.
func writeEvents(w io.Writer) {
	fmt.Fprint(w, "\n## Events\n\nArguments follow `cpu`. A callback that takes fewer is called faster.\n\n| event | arguments | returns | filters | |\n|-|-|-|-|-|\n")
	for i := range event.Rows {
		r := &event.Rows[i]
		name := r.Name
		if len(r.Aliases) > 0 {
			name += " (" + strings.Join(r.Aliases, ", ") + ")"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", name, r.Args, r.Returns, r.Filters, r.Doc)
	}
	fmt.Fprint(w, "\nPANDA's other events cannot occur in user mode; a subscription says so:\n\n")
	for i := range event.Absent {
		a := &event.Absent[i]
		fmt.Fprintf(w, "- `%s`: %s. Here: %s.\n", strings.Join(append([]string{a.Name}, a.Aliases...), "`, `"), a.Doc, a.Why)
	}
	fmt.Fprint(w, "\n## Filters\n\n")
	for _, f := range append(filterKeys[:len(filterKeys):len(filterKeys)], commonKeys...) {
		fmt.Fprintf(w, "- `%s`: %s\n", f.name, f.doc)
	}
	fmt.Fprint(w, "\n## Fields for by=, value= and when=\n\nBesides these: any register by its name, and `arg1` to `arg6` of a system call. `panda -l EVENT` lists those of an event; in parentheses stand the classes of events.\n\n")
	for _, f := range event.Fields {
		fmt.Fprintf(w, "- `%s`: %s (%s)\n", f.Name, f.Doc, strings.ReplaceAll(f.Classes, " ", ", "))
	}
}
