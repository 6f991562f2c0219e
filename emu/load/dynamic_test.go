package load

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"testing"
)

// dynamicImage is a program with a table of dynamic strings at an address.
func dynamicImage(strings string, at, size uint64) []byte {
	b := image64(func(h *elf.Header64, _ []elf.Prog64) { h.Phnum = 3 })
	put := func(off int, v any) {
		var w bytes.Buffer
		binary.Write(&w, binary.LittleEndian, v)
		copy(b[off:], w.Bytes())
	}
	put(64+2*56, elf.Prog64{Type: uint32(elf.PT_DYNAMIC), Off: 0x1000, Filesz: 48})
	put(0x1000, []uint64{uint64(elf.DT_STRTAB), at, uint64(elf.DT_STRSZ), size, uint64(elf.DT_NULL), 0})
	copy(b[0x1100:], strings)
	return b
}

// TestMentions: names are found by how they begin, and odd tables have none.
func TestMentions(t *testing.T) {
	const text = "\x00libc.so.6\x00my__asan_init\x00__tsan_init\x00"
	for _, row := range []struct {
		name     string
		at, size uint64
		want     bool
	}{
		{"__tsan_", 0x401100, uint64(len(text)), true},
		{"__asan_", 0x401100, uint64(len(text)), false}, // not at the beginning
		{"__tsan_", 0x401100, 12, false},                // the table ends before it
		{"__tsan_", 0x401100, 0, false},
		{"__tsan_", 0x401100, 1 << 62, false},
		{"__tsan_", 0x501100, uint64(len(text)), false}, // in no segment
		{"__tsan_", 1 << 63, uint64(len(text)), false},
	} {
		r := bytes.NewReader(dynamicImage(text, row.at, row.size))
		p, err := Parse(r, x86)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Mentions(r, "nothing", row.name); got != row.want {
			t.Errorf("%+v: %v", row, got)
		}
	}
}
