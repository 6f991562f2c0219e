//go:build linux && amd64

package export

import "unsafe"

// GDB finds machine code by a convention (GDB manual, "JIT Compilation
// Interface"): it stops in a function of a certain name and looks at a variable
// of another, which leads to a list of object files in memory. Both are in
// gdb_amd64.s, since their names are not Go's.
//
// gdb is slow with thousands of objects, and stops for each: so a new block has
// an object of its own, and youngMax of them become one.

// Layouts are those of the convention.
type (
	gdbEntry struct {
		next, prev *gdbEntry
		file       *byte
		size       uint64
	}
	gdbDescriptor struct {
		version, action uint32
		relevant, first *gdbEntry
	}
)

// Actions.
const (
	gdbRegister   = 1
	gdbUnregister = 2
)

// youngMax is how many objects with one symbol there are.
const youngMax = 64

// gdbSink is the list.
type gdbSink struct {
	slot    int64
	entries map[*gdbEntry][]byte // with their files: the descriptor keeps nothing alive
	young   []*gdbEntry
	symbols []symbol // of the young
}

// theDescriptor is where gdb looks; registerCode is where it stops.
func theDescriptor() *gdbDescriptor
func registerCode()

// GDB tells a debugger that is attached, or will be. The word at R15 + slot has the
// address of the return address of machine code.
func GDB(slot int64) (Sink, error) {
	return &gdbSink{slot: slot, entries: map[*gdbEntry][]byte{}}, nil
}

// Add registers a piece of code.
func (g *gdbSink) Add(c Code) error {
	s := symbol{c.Name, c.Addr, uint64(len(c.Bytes))}
	if len(g.young) == youngMax {
		for _, e := range g.young {
			g.remove(e)
		}
		g.add(g.symbols)
		g.young, g.symbols = g.young[:0], g.symbols[:0]
	}
	g.young, g.symbols = append(g.young, g.add([]symbol{s})), append(g.symbols, s)
	return nil
}

func (g *gdbSink) add(symbols []symbol) *gdbEntry {
	d, file := theDescriptor(), object(symbols, g.slot)
	e := &gdbEntry{next: d.first, file: unsafe.SliceData(file), size: uint64(len(file))}
	if e.next != nil {
		e.next.prev = e
	}
	g.entries[e] = file
	d.first, d.relevant, d.action = e, e, gdbRegister
	registerCode()
	return e
}

func (g *gdbSink) remove(e *gdbEntry) {
	d := theDescriptor()
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		d.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
	d.relevant, d.action = e, gdbUnregister
	registerCode()
	delete(g.entries, e)
}

// Reset removes all.
func (g *gdbSink) Reset() {
	for d := theDescriptor(); d.first != nil; {
		g.remove(d.first)
	}
	g.young, g.symbols = g.young[:0], g.symbols[:0]
}
