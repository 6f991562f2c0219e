package linux

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"

	"github.com/cespare/xxhash/v2"

	"panda/emu/digest"
	"panda/emu/event"
	"panda/emu/ir"
	"panda/emu/linux/abi"
	"panda/emu/linux/namei"
	"panda/emu/mmu"
)

// Sums are those of the registers of each thread, of the tables of the kernel, and, if
// memory is set, of the maps of each address space and of what is in them.
func (k *Kernel) Sums(memory bool) (parts []digest.Part) {
	for _, t := range k.tasks.threads {
		parts = append(parts, t.sumRegisters())
	}
	parts = append(parts, digest.Part{Name: "tables of the kernel", Sum: k.sumTables()})
	if !memory {
		return parts
	}
	seen := map[*mmu.Space]bool{}
	for _, p := range k.tasks.procs {
		if p.mm == nil || seen[p.mm.Space] {
			continue
		}
		seen[p.mm.Space] = true
		p.mm.Space.Sums(func(r *mmu.Region, sum uint64, pages []digest.Piece) {
			parts = append(parts, digest.Part{
				Name: fmt.Sprintf("memory of process %d at %#x to %#x %s", p.pid, uint64(r.Start), uint64(r.End), r.Name),
				Sum:  sum, Pieces: pages, Piece: pageName,
			})
		})
	}
	return parts
}

func pageName(n uint64) string { return fmt.Sprintf("page %#x", n*mmu.PageSize) }

// Place counts what happens between two instructions: see Host.TakeSignals.
func (k *Kernel) Place() uint64 { return k.sched.happened }

// words are the thread's register words.
func (t *Thread) words() *[ir.FrameWords]uint64 {
	if t == t.k.sched.cur {
		return &t.k.cpu.W
	}
	var w [ir.FrameWords]uint64
	copy(w[:], t.regs)
	return &w
}

// sumRegisters sums up registers with a name, vectors and the floating-point environment.
func (t *Thread) sumRegisters() digest.Part {
	a, w := t.k.cpu.Machine.Arch, t.words()
	part := digest.Part{Name: fmt.Sprintf("registers of thread %d", t.tid), Piece: func(key uint64) string {
		switch vectors := len(a.Names); {
		case key < uint64(vectors):
			return a.Names[key]
		case key < uint64(vectors)+uint64(a.TempBase-a.Vec):
			return fmt.Sprintf("word %d of the vectors", key-uint64(vectors))
		}
		return "what rounds and traps in floating point"
	}}
	var b []byte
	add := func(v uint64) {
		key := uint64(len(b) / 8)
		b = binary.LittleEndian.AppendUint64(b, v)
		part.Pieces = append(part.Pieces, digest.Piece{Key: key, Sum: uint16(xxhash.Sum64(b[len(b)-8:]))})
	}
	for _, n := range a.Names {
		add(a.Lookup(n).Value(w))
	}
	for r := a.Vec; r < a.TempBase; r++ {
		add(w[r])
	}
	add(w[a.FPEnv])
	part.Sum = xxhash.Sum64(b)
	return part
}

// notState are the types that hold no state of the guest, or one that is summed up by
// itself, and why.
var notState = map[reflect.Type]string{
	reflect.TypeFor[machinery]():     "what the kernel works with",
	reflect.TypeFor[callWork]():      "what a call works with until it returns",
	reflect.TypeFor[ABI]():           "a row of the guest's architecture",
	reflect.TypeFor[abi.Call]():      "a row of a table of calls",
	reflect.TypeFor[row]():           "a row of the table of functions",
	reflect.TypeFor[procRow]():       "a row of the table of /proc",
	reflect.TypeFor[namei.Node]():    "a *procNode",
	reflect.TypeFor[event.Syscall](): "what callbacks were shown of a call",
	reflect.TypeFor[mmu.Group]():     "memory, which mmu keeps",
	reflect.TypeFor[mmu.Space]():     "memory, which mmu keeps",
	reflect.TypeFor[savedRegs]():     "registers: see sumRegisters",
}

func (k *Kernel) sumTables() uint64 {
	t := tables{seen: map[reflect.Value]uint64{}}
	t.walk(reflect.ValueOf(k).Elem())
	return xxhash.Sum64(t.b)
}

// tables writes down what a kernel knows: values, and pointers to such.
type tables struct {
	b    []byte
	seen map[reflect.Value]uint64 // pointers, by when they were met
}

func (t *tables) number(n uint64) { t.b = binary.AppendUvarint(t.b, n) }

func (t *tables) walk(v reflect.Value) {
	if notState[v.Type()] != "" {
		return
	}
	switch v.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		t.number(numberOf(v))
	case reflect.String:
		t.number(uint64(v.Len()))
		t.b = append(t.b, v.String()...)
	case reflect.Pointer:
		t.pointer(v)
	case reflect.Map:
		t.mapping(v)
	case reflect.Slice, reflect.Array:
		t.number(uint64(v.Len()))
		for i := range v.Len() {
			t.walk(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			t.walk(v.Field(i))
		}
	default:
		panic(fmt.Sprintf("BUG: the kernel's state has a %s", v.Type()))
	}
}

func numberOf(v reflect.Value) uint64 {
	switch {
	case v.Kind() == reflect.Bool && v.Bool():
		return 1
	case v.Kind() == reflect.Bool:
		return 0
	case v.CanInt():
		return uint64(v.Int())
	}
	return v.Uint()
}

// pointer walks what a pointer leads to when it is met first.
func (t *tables) pointer(v reflect.Value) {
	if notState[v.Type().Elem()] != "" { // nor is whether there is one
		return
	}
	if v.IsNil() {
		t.number(0)
		return
	}
	if n, ok := t.seen[v]; ok {
		t.number(n)
		return
	}
	n := uint64(len(t.seen)) + 1
	t.seen[v] = n
	t.number(n)
	t.walk(v.Elem())
}

// mapping walks a map in the order of its keys as they are written down. Keys are numbers
// and texts, or structures of such.
func (t *tables) mapping(v reflect.Value) {
	type item struct {
		key   []byte
		value reflect.Value
	}
	var items []item
	for _, key := range v.MapKeys() {
		k := tables{}
		k.walk(key)
		items = append(items, item{k.b, v.MapIndex(key)})
	}
	slices.SortFunc(items, func(a, b item) int { return bytes.Compare(a.key, b.key) })
	t.number(uint64(len(items)))
	for _, i := range items {
		t.b = append(t.b, i.key...)
		t.walk(i.value)
	}
}
