package export

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// pieces are two functions next to each other.
var pieces = []Code{{"first", 0x7f0000001000, []byte{0x90, 0xc3}}, {"first+0x7", 0x7f0000001010, []byte{0xc3}}}

func addAll(t *testing.T, s Sink, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range pieces {
		if err := s.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	s.Reset()
}

func TestPerfMap(t *testing.T) {
	dir := t.TempDir()
	s, err := PerfMap(dir)
	addAll(t, s, err)
	got, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("perf-%d.map", os.Getpid())))
	if want := "7f0000001000 2 first\n7f0000001010 1 first+0x7\n"; err != nil || string(got) != want {
		t.Errorf("%v, %q", err, got)
	}
}

func TestJITDump(t *testing.T) {
	dir := t.TempDir()
	s, err := JITDump(dir)
	addAll(t, s, err)
	got, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("jit-%d.dump", os.Getpid())))
	if err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	if string(got[:4]) != "DTiJ" || le.Uint32(got[8:]) != dumpHeader || le.Uint32(got[12:]) != emX86_64 {
		t.Errorf("header % x", got[:dumpHeader])
	}
	got = got[dumpHeader:]
	last := uint64(0)
	for n, c := range pieces {
		size, at := le.Uint32(got[4:]), le.Uint64(got[8:])
		if le.Uint32(got) != dumpLoad || at < last || le.Uint64(got[32:]) != c.Addr || le.Uint64(got[40:]) != uint64(len(c.Bytes)) || le.Uint64(got[48:]) != uint64(n) {
			t.Errorf("record % x", got[:dumpRecord])
		}
		if want := append([]byte(c.Name+"\x00"), c.Bytes...); !bytes.Equal(got[dumpRecord:size], want) {
			t.Errorf("%q, want %q", got[dumpRecord:size], want)
		}
		got, last = got[size:], at
	}
	if len(got) > 0 {
		t.Errorf("% x", got)
	}
}

// TestObject reads the object that gdb gets.
func TestObject(t *testing.T) {
	f, err := elf.NewFile(bytes.NewReader(object([]symbol{{"first", 0x7f0000001000, 16}, {"first+0x7", 0x7f0000001010, 1}}, -200)))
	if err != nil {
		t.Fatal(err)
	}
	if s := f.Section(".text"); s == nil || s.Addr != 0x7f0000001000 || s.Size != 17 || s.Type != elf.SHT_NOBITS {
		t.Errorf("text %+v", s)
	}
	syms, err := f.Symbols()
	if err != nil || len(syms) != 2 || syms[1].Name != "first+0x7" || syms[1].Value != 0x7f0000001010 || syms[1].Size != 1 {
		t.Errorf("%v, %+v", err, syms)
	}
	frame, err := f.Section(".debug_frame").Data()
	if want := []byte{opBreg15, 0xb8, 0x7e, opDeref, opPlus, 8, cfaOffset | dwarfRA, 1}; err != nil || !bytes.Contains(frame, want) || len(frame)%8 != 0 {
		t.Errorf("%v, % x", err, frame)
	}
}
