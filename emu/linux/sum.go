package linux

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"

	"github.com/cespare/xxhash/v2"

	"panda/emu/event"
	"panda/emu/ir"
	"panda/emu/linux/abi"
	"panda/emu/linux/namei"
	"panda/emu/mmu"
)

// Sums of the guest's state: two runs that are in the same state have the same sums, on
// whatever engine and host. So who replays a run can tell whether it is the same.

// Sum is a number for a part of the state, which has a name.
type Sum struct {
	Part string
	Sum  uint64
}

// Sums are those of the registers of each thread, of the tables of the kernel, and, if
// memory is set, of the maps of each address space and of what is in them.
func (k *Kernel) Sums(memory bool) (sums []Sum) {
	add := func(sum uint64, format string, a ...any) { sums = append(sums, Sum{fmt.Sprintf(format, a...), sum}) }
	for _, t := range k.tasks.threads {
		add(t.sumRegisters(), "registers of thread %d", t.tid)
	}
	add(k.sumTables(), "tables of the kernel")
	if !memory {
		return sums
	}
	seen := map[*mmu.Space]bool{}
	for _, p := range k.tasks.procs {
		if p.mm == nil || seen[p.mm.Space] {
			continue
		}
		seen[p.mm.Space] = true
		p.mm.Space.Sums(func(r *mmu.Region, sum uint64) {
			add(sum, "memory of process %d at %#x to %#x %s", p.pid, uint64(r.Start), uint64(r.End), r.Name)
		})
	}
	return sums
}

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

func (t *Thread) sumRegisters() uint64 {
	a, w := t.k.cpu.Machine.Arch, t.words()
	var b []byte
	for _, n := range a.Names {
		b = binary.LittleEndian.AppendUint64(b, a.Lookup(n).Value(w))
	}
	for r := a.Vec; r < a.TempBase; r++ {
		b = binary.LittleEndian.AppendUint64(b, w[r])
	}
	return xxhash.Sum64(binary.LittleEndian.AppendUint64(b, w[a.FPEnv]))
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
