package event

import (
	"cmp"
	"path"
	"slices"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// index is what translation asks of a kind's subscriptions, made when it is
// asked for. With it, hooks at a thousand addresses cost a translation one
// lookup for each instruction.
type index struct {
	made   bool
	active []*Sub // all that are to be served, in order
	// The same, by what their filters say of the place: one of a few addresses,
	// the first instruction of a symbol, or anything else.
	byPC   map[guest.Addr][]*Sub
	symbol []*Sub
	wide   []*Sub
}

// fewAddresses is how many bytes of code a filter may name to be found by
// address.
const fewAddresses = 64

func (b *Bus) indexOf(k Kind) *index {
	x := &b.index[k]
	if !x.made {
		*x = index{made: true, byPC: map[guest.Addr][]*Sub{}}
		for _, s := range b.subs[k].all {
			if s.On {
				x.add(s)
			}
		}
	}
	return x
}

func (x *index) add(s *Sub) {
	x.active = append(x.active, s)
	f := s.Filter
	switch {
	case f.PC != nil && f.spread() <= fewAddresses:
		for _, r := range f.PC {
			for pc := r.Lo; pc < r.Hi; pc++ {
				if at := x.byPC[pc]; len(at) == 0 || at[len(at)-1] != s {
					x.byPC[pc] = append(at, s)
				}
			}
		}
	case f.Symbol != nil:
		x.symbol = append(x.symbol, s)
	default:
		x.wide = append(x.wide, s)
	}
}

// spread is how many addresses the filter's ranges hold.
func (f *Filter) spread() (n uint64) {
	for _, r := range f.PC {
		if r.Hi > r.Lo {
			n += min(uint64(r.Hi-r.Lo), fewAddresses+1)
		}
	}
	return n
}

// Active lists the subscriptions of a kind that are to be served, in order. The
// caller does not change the list.
func (b *Bus) Active(k Kind) []*Sub {
	if x := &b.index[k]; x.made { // most often, and without a call
		return x.active
	}
	return b.indexOf(k).active
}

// At appends to list the subscriptions of a kind whose filters take an
// instruction, in order.
func (b *Bus) At(list []*Sub, k Kind, in *Insn) []*Sub {
	x := b.indexOf(k)
	if len(x.active) == 0 {
		return list
	}
	start, kinds := len(list), 0
	for _, from := range [...][]*Sub{x.byPC[in.PC], x.atSymbol(in), x.wide} {
		n := len(list)
		for _, s := range from {
			if s.Filter.MatchInsn(in) {
				list = append(list, s)
			}
		}
		if len(list) > n {
			kinds++
		}
	}
	if kinds > 1 {
		slices.SortFunc(list[start:], func(x, y *Sub) int {
			return cmp.Or(cmp.Compare(x.Owner.Order, y.Owner.Order), cmp.Compare(x.seq, y.seq))
		})
	}
	return list
}

// May reports whether a subscription of a kind may take the instruction at an
// address, whatever it is.
func (b *Bus) May(k Kind, pc guest.Addr) bool {
	x := b.indexOf(k)
	return len(x.active) > 0 && (len(x.wide) > 0 || len(x.symbol) > 0 || len(x.byPC[pc]) > 0)
}

// atSymbol are the subscriptions to symbols, if one begins at the instruction.
func (x *index) atSymbol(in *Insn) []*Sub {
	if len(x.symbol) == 0 || len(in.symbols()) == 0 {
		return nil
	}
	return x.symbol
}

// Insn is an instruction about to be translated, for filters.
type Insn struct {
	PC   guest.Addr
	Code []byte
	Size int // of an access of it, for CounterAt
	// Symbols are the names of the symbol that starts at PC, Module the base name
	// of the mapped file. All of them are asked only when a filter needs them, and
	// Symbols once.
	Mnemonic func() string
	Class    func() vcpu.Class
	Symbols  func() []string
	Module   func() string

	names []string
	named bool
}

// InsnAt is an instruction whose symbols and module a machine knows. Code, Mnemonic
// and Class are left to who has them.
func InsnAt(m *vcpu.Machine, pc guest.Addr) *Insn {
	return &Insn{
		PC: pc,
		Symbols: func() []string {
			if m.Names != nil {
				return m.Names(pc)
			}
			if name, off, ok := m.Symbol(pc); ok && off == 0 {
				return []string{name}
			}
			return nil
		},
		Module: func() string { return ModuleOf(m, pc) },
	}
}

// ModuleOf is the base name of the file that an address belongs to, "" if there is
// none. What the kernel's object has of a file's functions belongs to that.
func ModuleOf(m *vcpu.Machine, pc guest.Addr) string {
	if file, _, ok := m.Module(pc); ok {
		return path.Base(file)
	}
	if m.Home != nil {
		file, _ := m.Home(pc)
		return file
	}
	return ""
}

func (in *Insn) symbols() []string {
	if !in.named {
		in.names, in.named = in.Symbols(), true
	}
	return in.names
}

// MatchInsn reports whether the filter takes the instruction.
func (f *Filter) MatchInsn(in *Insn) bool {
	return (f.PC == nil || inRanges(f.PC, in.PC, 1)) &&
		(f.Bytes == nil || f.Bytes.Match(in.Code)) &&
		(f.Mnemonic == nil || matchAny(f.Mnemonic, in.Mnemonic())) &&
		(f.Class == nil || slices.Contains(f.Class, in.Class())) &&
		(f.Symbol == nil || slices.ContainsFunc(in.symbols(), f.MatchSymbol)) &&
		(f.Module == nil || matchAny(f.Module, in.Module()))
}

// MatchSymbol reports whether the filter takes a symbol's first instruction.
func (f *Filter) MatchSymbol(name string) bool { return matchAny(f.Symbol, name) }

// ChoosesInsn reports whether the filter says anything about instructions.
func (f *Filter) ChoosesInsn() bool {
	return f.PC != nil || f.Bytes != nil || f.Mnemonic != nil || f.Class != nil || f.Symbol != nil || f.Module != nil
}

// MatchMem reports whether the filter takes a memory access.
func (f *Filter) MatchMem(a guest.Addr, size int) bool {
	return (f.Size == 0 || f.Size == size) && (f.Addr == nil || inRanges(f.Addr, a, size))
}

// MatchName reports whether the filter takes a syscall or program.
func (f *Filter) MatchName(name string, number int64) bool {
	return (f.Names == nil || matchAny(f.Names, name)) &&
		(f.Numbers == nil || slices.Contains(f.Numbers, number))
}

func inRanges(rs []Range, a guest.Addr, n int) bool {
	return slices.ContainsFunc(rs, func(r Range) bool { return a < r.Hi && a+guest.Addr(n) > r.Lo })
}

func matchAny(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if p == s {
			return true
		}
		ok, _ := path.Match(p, s)
		return ok
	})
}
