package exec

import (
	"bytes"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// memo remembers translations by their code, so that processes that run the
// same code at the same address share the work and the records: a forked
// child, the dynamic linker of each program. It serves only while nobody
// watches, since instrumentation may depend on the address space.
type memo struct {
	byPC map[memoKey][]*memory
	n    int
}

type memoKey struct {
	pc   guest.Addr
	mode uint64
}

// memory is a translation with the bytes that it was made from, and those
// behind it that might have decided where it ends.
type memory struct {
	code []byte
	tb   *vcpu.TB
}

// memoMax is how many translations are remembered before all are forgotten.
const memoMax = 1 << 17

// beyond is how far behind its end a block's code is compared: the longest
// instruction of any architecture.
const beyond = 15

func span(tb *vcpu.TB, code []byte) []byte { return code[:min(len(code), tb.Size+beyond)] }

// find makes a block from a remembered translation of the same code.
func (m *memo) find(pc guest.Addr, mode uint64, code []byte) *vcpu.TB {
	for _, r := range m.byPC[memoKey{pc, mode}] {
		if bytes.Equal(r.code, span(r.tb, code)) {
			return &vcpu.TB{PC: pc, Size: r.tb.Size, Mode: mode, Marks: r.tb.Marks, Last: r.tb.Last, Entry: r.tb.Entry, Unchained: r.tb.Unchained}
		}
	}
	return nil
}

// add remembers a block that carries no instrumentation.
func (m *memo) add(tb *vcpu.TB, code []byte) {
	if m.n++; m.n > memoMax || m.byPC == nil {
		m.clear()
	}
	k := memoKey{tb.PC, tb.Mode}
	m.byPC[k] = append(m.byPC[k], &memory{bytes.Clone(span(tb, code)), tb})
}

func (m *memo) clear() { m.byPC, m.n = map[memoKey][]*memory{}, 0 }
