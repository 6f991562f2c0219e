package emutest

import (
	"debug/elf"
	"os"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// TestBlocksVerify translates the code of this test binary and checks each
// block: it verifies before and after the passes, and its text reads back as
// the same operations.
func TestBlocksVerify(t *testing.T) {
	m, start, size := mapSelf(t)
	names := m.Guest.SlotNames()
	blocks := 0
	m.Engine.OnTranslate = func(tb *vcpu.TB, b *ir.Block, stage string) {
		blocks++
		if err := ir.Verify(b, regs.TempBase); err != nil {
			t.Fatalf("%s block at %#x: %v\n%s", stage, tb.PC, err, ir.Print(b, names))
		}
		if blocks%16 == 0 {
			readBack(t, b, names)
		}
	}
	m.Engine.Run(m.CPU, 0)
	for off := 0; off < size-4096; {
		n, _ := m.Engine.Pretranslate(start + guest.Addr(off))
		off += max(n, 1)
	}
	t.Logf("%d blocks", blocks/2)
}

// mapSelf maps the test binary's own code into a bare machine.
func mapSelf(t *testing.T) (m *Bare, start guest.Addr, size int) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.Open(exe)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	code, err := f.Section(".text").Data()
	if err != nil {
		t.Fatal(err)
	}
	code = code[:min(len(code), 1<<20)]
	m = NewBare(t, 64, "max")
	const at = guest.Addr(0x400000)
	m.Map(t, at, uint64(len(code)+4095)&^4095, guest.Read|guest.Exec)
	m.Write(t, at, code)
	m.CPU.SetPC(at)
	return m, at, len(code)
}

func readBack(t *testing.T, b *ir.Block, names ir.Names) {
	text := ir.Print(b, names)
	back, err := ir.Parse(text, names, b.Helpers)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if again := ir.Print(back, names); again != text {
		t.Fatalf("printed again:\n%s\nfirst:\n%s", again, text)
	}
}
