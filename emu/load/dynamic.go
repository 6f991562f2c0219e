package load

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
)

// Bounds of what is read for Mentions.
const (
	maxDynamic = 1 << 16
	maxStrings = 1 << 26
)

// Mentions reports whether the names of a program's dynamic symbols, of those it has
// and those it wants, begin with one of the given: "__asan_" of a program that was
// built with AddressSanitizer. What cannot be read mentions nothing.
func (p *Program) Mentions(r io.ReaderAt, names ...string) bool {
	strings := p.dynamicStrings(r)
	for _, name := range names {
		if bytes.Contains(strings, []byte("\x00"+name)) {
			return true
		}
	}
	return false
}

// dynamicStrings is the string table of dynamic linking (ELF gABI, "Dynamic Section").
func (p *Program) dynamicStrings(r io.ReaderAt) []byte {
	table := make([]byte, min(p.dynamic.File, maxDynamic))
	if !readFull(r, table, p.dynamic.Offset) {
		return nil
	}
	entries := p.entries(table)
	at, size := entries[elf.DT_STRTAB], entries[elf.DT_STRSZ]
	for _, s := range p.Segments {
		if at >= s.Addr && at-s.Addr < s.File && size <= min(maxStrings, s.File-(at-s.Addr)) {
			b := make([]byte, size)
			if readFull(r, b, s.Offset+(at-s.Addr)) {
				return b
			}
		}
	}
	return nil
}

// entries are the values of a dynamic section by their tags.
func (p *Program) entries(table []byte) map[elf.DynTag]uint64 {
	values := map[elf.DynTag]uint64{}
	for word := p.bits / 8; len(table) >= 2*word; table = table[2*word:] {
		tag := elf.DynTag(p.word(table))
		if tag == elf.DT_NULL {
			break
		}
		values[tag] = p.word(table[word:])
	}
	return values
}

func (p *Program) word(b []byte) uint64 {
	if p.bits == 32 {
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}
