package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"panda/emu"
	"panda/emu/rr"
)

// recordOptions are those of panda record, and -record.
type recordOptions struct {
	on   bool // panda record
	name string
}

// suffix is that of recordings.
const suffix = ".rr"

const recordUsage = `usage: panda record [-o NAME] [options] PROGRAM [ARG…]

Runs a program and records all that it gets from the world, so that panda replay
NAME runs it again exactly, on any machine and without its files. NAME is
PROGRAM.rr, or PROGRAM.2.rr and so on where that is there; -o overwrites. A line
on standard error says at the end what has been recorded. The status is the
program's.

`

func (o *recordOptions) flags(f *flag.FlagSet) {
	if o.on {
		f.StringVar(&o.name, "o", "", "record into the file `NAME`, or NAME.rr if that has no such end, which is overwritten")
		return
	}
	f.StringVar(&o.name, "record", "", "record the run into the file `NAME`, or NAME.rr, which is overwritten: see panda record")
}

// wanted reports whether the run is recorded.
func (o *recordOptions) wanted() bool { return o.on || o.name != "" }

// to says where the run is recorded, nil for nowhere.
func (o *recordOptions) to(program string) (*emu.RecordTo, error) {
	if !o.wanted() {
		return nil, nil
	}
	r := &emu.RecordTo{File: withSuffix(o.name), Overwrite: true, Panda: version()}
	if o.name == "" {
		r.Overwrite, r.Next = false, freeNames(filepath.Base(program))
		r.File = r.Next()
	}
	for _, name := range []string{r.File, o.name} { // -o /dev/null does not mean /dev/null.rr
		if st, err := os.Stat(name); err == nil && !st.Mode().IsRegular() {
			return nil, fmt.Errorf("record: %s is no file", name)
		}
	}
	return r, nil
}

// dirs is where the recording lies.
func (o *recordOptions) dirs() []string {
	if !o.wanted() {
		return nil
	}
	return []string{filepath.Dir(o.name)}
}

func withSuffix(name string) string {
	if strings.HasSuffix(name, suffix) {
		return name
	}
	return name + suffix
}

// freeNames gives, one after the other, names for recordings of a program that nothing has.
func freeNames(program string) func() string {
	n := 0
	return func() string {
		for {
			name := program + suffix
			if n++; n > 1 {
				name = fmt.Sprintf("%s.%d%s", program, n, suffix)
			}
			if _, err := os.Lstat(name); err != nil {
				return name
			}
		}
	}
}

// version is that of this panda.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return info.Main.Version + " " + s.Value
		}
	}
	return info.Main.Version
}

// tell says what has been recorded.
func (o *recordOptions) tell(m *emu.Machine, json bool, stderr io.Writer) {
	r, ok := m.Recorded()
	switch {
	case !ok:
	case json:
		writeOutcome(stderr, recordOutcome(r))
	case r.Spoilt != nil:
		fmt.Fprintf(stderr, "panda: %s is no recording of the run: %v; give -o a place that the program does not touch\n", r.Was, r.Spoilt)
	case r.Lost != nil:
		fmt.Fprintf(stderr, "panda: only the beginning of the run is in the recording %s, which could not be written: %v\n", r.File, r.Lost)
	default:
		if r.File != r.Was {
			fmt.Fprintf(stderr, "panda: the recording %s has another name now\n", r.Was)
		}
		fmt.Fprintf(stderr, "panda: recorded %s: %s instructions, %s inputs, %s%s\n", r.File, grouped(r.Instructions), grouped(r.Inputs), bytesText(r.Size), sharedText(r.Shared))
	}
}

// sharedText says what a recording may lack.
func sharedText(names []string) string {
	if len(names) == 0 {
		return ""
	}
	more := ""
	if n := len(names) - 1; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("; if others wrote to what the program mapped to be written (%s%s), that is missing", rr.Printable(names[0]), more)
}

// grouped writes a number with a comma after each three digits.
func grouped(n uint64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bytesText writes a size for people.
func bytesText(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d bytes", n)
	case n < 10_000_000:
		return fmt.Sprintf("%.1f KB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
