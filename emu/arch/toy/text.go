package toy

import (
	"encoding/binary"
	"fmt"
	"strings"

	"panda/emu/guest"
	"panda/emu/vcpu"
)

// Text prints an instruction; symbol names what it leads to, and may be nil.
func (in *Insn) Text(pc uint64, symbol func(uint64) (string, uint64, bool)) string {
	var b strings.Builder
	b.WriteString(in.Name)
	for i, k := range in.Operands {
		kind := Kinds[k]
		switch {
		case i == 0:
			b.WriteByte(' ')
		case kind.Sort != Offset:
			b.WriteString(", ")
		}
		b.WriteString(printers[kind.Sort](pc, kind.Field(in.Word), symbol))
	}
	return b.String()
}

// printers print operands by their sort.
var printers = [...]func(pc uint64, v int64, symbol func(uint64) (string, uint64, bool)) string{
	General: func(_ uint64, v int64, _ func(uint64) (string, uint64, bool)) string { return general[v] },
	Float:   func(_ uint64, v int64, _ func(uint64) (string, uint64, bool)) string { return fmt.Sprintf("f%d", v) },
	Number:  func(_ uint64, v int64, _ func(uint64) (string, uint64, bool)) string { return fmt.Sprint(v) },
	Base:    func(_ uint64, v int64, _ func(uint64) (string, uint64, bool)) string { return "[" + general[v] },
	Offset: func(_ uint64, v int64, _ func(uint64) (string, uint64, bool)) string {
		if v == 0 {
			return "]"
		}
		return fmt.Sprintf("%+d]", v)
	},
	Relative: func(pc uint64, v int64, symbol func(uint64) (string, uint64, bool)) string {
		return place(pc+uint64(v), symbol)
	},
}

// place prints an address with its symbol.
func place(a uint64, symbol func(uint64) (string, uint64, bool)) string {
	text := fmt.Sprintf("%#x", a)
	if symbol == nil {
		return text
	}
	name, off, ok := symbol(a)
	switch {
	case ok && off == 0:
		return fmt.Sprintf("%s <%s>", text, name)
	case ok:
		return fmt.Sprintf("%s <%s+%#x>", text, name, off)
	}
	return text
}

func disasm(_ *vcpu.CPU, code []byte, pc guest.Addr, symbol func(uint64) (string, uint64, bool)) (string, int) {
	if len(code) < Size {
		return "(no memory)", 0
	}
	if in, ok := Decode(code); ok {
		return in.Text(uint64(pc), symbol), Size
	}
	return fmt.Sprintf(".word 0x%08x", binary.LittleEndian.Uint32(code)), Size
}
