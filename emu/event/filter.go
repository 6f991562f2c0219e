package event

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// Range is a half-open range of addresses.
type Range struct{ Lo, Hi guest.Addr }

// Filter says which events a subscription gets. The zero Filter takes all.
// Every field that is set must match.
type Filter struct {
	PC       []Range
	Bytes    Pattern
	Mnemonic []string
	Class    []vcpu.Class
	Symbol   []string // glob patterns of symbol names: only the symbol's first instruction
	Module   []string // glob patterns of file base names
	Addr     []Range  // of a memory access
	Size     int      // of a memory access
	Names    []string // of a syscall, a program
	Numbers  []int64  // of a syscall, an exception

	// What follows is decided at each event.
	Process []string // glob patterns of program names, or process numbers
	Thread  []int64
	When    *Expr
	Every   uint64 // only each n-th event that matches
	Limit   uint64 // so many events at most, then the subscription is disabled

	when string // of an Option, compiled when the kind is known
}

// Option sets a part of a Filter.
type Option func(*Filter) error

// Bytes matches the instruction's first bytes: hex pairs, ?? for any byte,
// alternatives divided by |.
func Bytes(pattern string) Option {
	return func(f *Filter) (err error) { f.Bytes, err = ParsePattern(pattern); return err }
}

// At matches instructions at the addresses.
func At(pcs ...guest.Addr) Option {
	return func(f *Filter) error {
		for _, pc := range pcs {
			f.PC = append(f.PC, Range{pc, pc + 1})
		}
		return nil
	}
}

// Within matches instructions in [lo, hi).
func Within(lo, hi guest.Addr) Option {
	return func(f *Filter) error { f.PC = append(f.PC, Range{lo, hi}); return nil }
}

// Mnemonic matches instructions by their mnemonics, as a disassembly has them.
func Mnemonic(names ...string) Option {
	return func(f *Filter) error { f.Mnemonic = append(f.Mnemonic, names...); return nil }
}

// Class matches instructions by what they do to the flow of control, whatever the
// architecture calls them.
func Class(cs ...vcpu.Class) Option {
	return func(f *Filter) error { f.Class = append(f.Class, cs...); return nil }
}

// Name matches system calls by name, glob patterns allowed.
func Name(names ...string) Option {
	return func(f *Filter) error { f.Names = append(f.Names, names...); return nil }
}

// Number matches system calls or exceptions by number.
func Number(ns ...int64) Option {
	return func(f *Filter) error { f.Numbers = append(f.Numbers, ns...); return nil }
}

// Addresses matches memory accesses that touch [lo, hi).
func Addresses(lo, hi guest.Addr) Option {
	return func(f *Filter) error { f.Addr = append(f.Addr, Range{lo, hi}); return nil }
}

// Symbol matches the first instruction of symbols, glob patterns allowed.
func Symbol(names ...string) Option {
	return func(f *Filter) error { f.Symbol = append(f.Symbol, names...); return nil }
}

// Module matches instructions in files by base name, glob patterns allowed.
func Module(names ...string) Option {
	return func(f *Filter) error { f.Module = append(f.Module, names...); return nil }
}

// InProcess takes events of processes by program name, glob patterns allowed, or
// by number.
func InProcess(names ...string) Option {
	return func(f *Filter) error { f.Process = append(f.Process, names...); return nil }
}

// Where takes events for which a condition holds; Expr says how it is written.
func Where(condition string) Option {
	return func(f *Filter) error { f.when = condition; return nil }
}

// Every takes each n-th event that matches.
func Every(n uint64) Option { return func(f *Filter) error { f.Every = n; return nil } }

// Limit takes n events that match at most; Limit(1) is once.
func Limit(n uint64) Option { return func(f *Filter) error { f.Limit = n; return nil } }

// Options joins several options to one.
func Options(opts ...Option) Option {
	return func(f *Filter) error {
		for _, o := range opts {
			if err := o(f); err != nil {
				return err
			}
		}
		return nil
	}
}

// Bind compiles the condition of Where for events of a kind.
func (f *Filter) Bind(k Kind, regs Lookup) (err error) {
	if f.when != "" {
		f.When, err = ParseWhen(k, f.when, regs)
	}
	return err
}

// NewFilter applies the options.
func NewFilter(opts ...Option) (*Filter, error) {
	f := new(Filter)
	for _, o := range opts {
		if err := o(f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// Pattern is a list of alternatives for the first bytes of an instruction.
type Pattern []bytePattern

type bytePattern struct{ val, mask []byte }

// ParsePattern reads "0f 05 | 0f ?? 90".
func ParsePattern(s string) (Pattern, error) {
	var p Pattern
	for alt := range strings.SplitSeq(s, "|") {
		b, err := parseAlternative(alt)
		if err != nil {
			return nil, fmt.Errorf("bytes %q: %w", s, err)
		}
		p = append(p, b)
	}
	return p, nil
}

func parseAlternative(s string) (b bytePattern, err error) {
	digits := strings.Join(strings.Fields(s), "")
	if len(digits) == 0 || len(digits)%2 != 0 {
		return b, fmt.Errorf("%q is not a list of hex pairs", strings.TrimSpace(s))
	}
	for i := 0; i < len(digits); i += 2 {
		pair := digits[i : i+2]
		if pair == "??" {
			b.val, b.mask = append(b.val, 0), append(b.mask, 0)
			continue
		}
		v, err := hex.DecodeString(pair)
		if err != nil {
			return b, fmt.Errorf("%q is neither a hex pair nor ??", pair)
		}
		b.val, b.mask = append(b.val, v[0]), append(b.mask, 0xff)
	}
	return b, nil
}

// Match reports whether code begins with one of the alternatives.
func (p Pattern) Match(code []byte) bool {
	return slices.ContainsFunc(p, func(b bytePattern) bool { return b.match(code) })
}

func (b *bytePattern) match(code []byte) bool {
	if len(code) < len(b.val) {
		return false
	}
	for i, v := range b.val {
		if code[i]&b.mask[i] != v {
			return false
		}
	}
	return true
}
