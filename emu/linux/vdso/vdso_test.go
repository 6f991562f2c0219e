package vdso

import (
	"bytes"
	"debug/elf"
	"testing"
)

// text is a string that ends with NUL.
func text(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}

// TestImages: the images are such that a dynamic linker finds the functions.
func TestImages(t *testing.T) {
	for _, r := range []struct {
		style *style
		img   Image
		codes map[string]string
	}{
		{&style64, X86_64, map[string]string{"__vdso_getcpu": "\xb8\x35\x01\x00\x00\x0f\x05\xc3", "__vdso_time": "\xb8\xc9"}},
		{&style32, I386, map[string]string{
			Vsyscall: "\x51\x52\x55\x89\xe5\x0f\x34\xcd\x80\x5d", Sigreturn: "\x58\xb8\x77",
			RTSigreturn: "\xb8\xad\x00", "__vdso_time": "\x53\x8b",
		}},
	} {
		f, err := elf.NewFile(bytes.NewReader(r.img.Bytes))
		if err != nil || f.Machine != r.style.machine || len(f.Progs) != phdrCount {
			t.Fatalf("%v %+v", err, f)
		}
		found := symbolsOf(r.style, r.img.Bytes, f.Progs[1])
		for name, code := range r.codes {
			if !bytes.HasPrefix(r.img.Bytes[found[name]:], []byte(code)) || found[name] != r.img.At[name] {
				t.Errorf("%s: % x", name, r.img.Bytes[found[name]:][:8])
			}
		}
		if len(found) != len(r.img.At) {
			t.Errorf("symbols %v", found)
		}
	}
	if elfHash("LINUX_2.6") != 0x3ae75f6 {
		t.Errorf("hash %#x", elfHash("LINUX_2.6"))
	}
}

// symbolsOf reads the symbols by way of the dynamic segment.
func symbolsOf(s *style, b []byte, dynamic *elf.Prog) map[string]uint64 {
	long := func(at uint64) uint64 {
		if s.wide() {
			return le.Uint64(b[at:])
		}
		return uint64(le.Uint32(b[at:]))
	}
	table := map[elf.DynTag]uint64{}
	for at := dynamic.Off; at < dynamic.Off+dynamic.Filesz; at += 2 * uint64(s.word) {
		table[elf.DynTag(long(at))] = long(at + uint64(s.word))
	}
	found := map[string]uint64{}
	for i := range uint64(le.Uint32(b[table[elf.DT_HASH]+4:])) {
		sym := table[elf.DT_SYMTAB] + i*table[elf.DT_SYMENT]
		if name := text(b[table[elf.DT_STRTAB]+uint64(le.Uint32(b[sym:])):]); name != "" {
			found[name] = long(sym + uint64(s.word))
		}
	}
	return found
}

// TestSignalFrames: an unwinder takes all registers of what a signal interrupted
// from the struct sigcontext, wherever in the code a handler returns to.
func TestSignalFrames(t *testing.T) {
	for _, r := range []struct {
		name  string
		frame []byte
		esp   int // from the stack pointer at the first instruction
	}{{Sigreturn, sigreturnFrame(), 4 + 28}, {RTSigreturn, contextFrame(rtContext), 160 + 28}} {
		want := append(leb128([]byte{opESP}, r.esp), opDeref)
		if !bytes.HasPrefix(r.frame, append([]byte{cfaExpression, byte(len(want))}, want...)) {
			t.Errorf("%s: % x", r.name, r.frame)
		}
		if !bytes.Contains(I386.Bytes, r.frame) {
			t.Errorf("%s: the image lacks its frame", r.name)
		}
	}
	if !bytes.Contains(I386.Bytes, style32.signal) || !bytes.Contains(style32.signal, []byte("zRS\x00")) {
		t.Error("no CIE for signal frames")
	}
}
