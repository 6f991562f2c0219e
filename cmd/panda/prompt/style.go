package prompt

import (
	"io"
	"os"
)

// ink is a colour of the prompt's output, by what it marks.
type ink string

// The inks, as the parameters of ECMA-48's SGR (8.3.117).
const (
	inkChanged ink = "1;31" // a register that has changed
	inkHere    ink = "1;32" // the current instruction
	inkCode    ink = "31"   // an address that can be executed
	inkData    ink = "35"   // an address that can be written
	inkConst   ink = "34"   // any other address
	inkText    ink = "33"
	inkHead    ink = "36"
)

// style paints text for who wants it.
type style struct{ on bool }

// Colors reports whether output is painted: on terminals, unless NO_COLOR is set
// (https://no-color.org) or the terminal knows no colours.
func Colors(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (st style) paint(i ink, text string) string {
	if !st.on || text == "" {
		return text
	}
	return "\x1b[" + string(i) + "m" + text + "\x1b[m"
}
