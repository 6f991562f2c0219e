package exec_test

import (
	"debug/elf"
	"os"
	"testing"

	"panda/emu/emutest"
	"panda/emu/guest"
)

// BenchmarkTranslate translates the code of this test binary block after block
// and reports the cost of a guest instruction.
func BenchmarkTranslate(b *testing.B) {
	exe, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	f, err := elf.Open(exe)
	if err != nil {
		b.Skip(err) // not an ELF host
	}
	defer f.Close()
	text := f.Section(".text")
	code, err := text.Data()
	if err != nil {
		b.Fatal(err)
	}
	m := emutest.NewBare(b, 64, "max")
	m.Map(b, codeAt, uint64(len(code)+4095)&^4095, guest.Read|guest.Exec)
	m.Write(b, codeAt, code)
	m.CPU.SetPC(codeAt)
	m.Engine.Run(m.CPU, 0)
	end := codeAt + guest.Addr(len(code)) - 4096
	b.ReportAllocs()
	pc, insns := codeAt, 0
	for b.Loop() {
		size, n := m.Engine.Pretranslate(pc)
		insns += n
		if pc += guest.Addr(size); size == 0 || pc >= end {
			pc = codeAt
			m.Engine.Drop(m.Space)
			m.Engine.Run(m.CPU, 0)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(insns), "ns/insn")
	b.ReportMetric(float64(insns)/float64(b.N), "insns/block")
}
