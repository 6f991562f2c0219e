package exec_test

import (
	"debug/elf"
	"os"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/emutest"
	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
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
			m.Engine.Drop(m.Space, false)
			m.Engine.Run(m.CPU, 0)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(insns), "ns/insn")
	b.ReportMetric(float64(insns)/float64(b.N), "insns/block")
}

// hotLoop runs `dec rcx; jnz` with a load in between for ever.
var hotLoop = []byte{
	0x48, 0x8b, 0x03, // mov rax, [rbx]
	0x48, 0xff, 0xc9, // dec rcx
	0x48, 0x01, 0xc2, // add rdx, rax
	0xeb, 0xf5, // jmp 0
}

func batch(k event.Kind, fields vcpu.Fields, opts ...event.Option) func(m *emutest.Bare, o *event.Owner) {
	return func(m *emutest.Bare, o *event.Owner) {
		f, _ := event.NewFilter(opts...)
		m.Bus.Collect(o, k, f, fields, 0, func([]vcpu.Record) {})
	}
}

// hooks subscribes to n addresses where nothing runs.
func hooks(m *emutest.Bare, o *event.Owner, n int, fn event.PCFunc) {
	for i := range n {
		f, _ := event.NewFilter(event.At(0x500000 + guest.Addr(i)*16))
		m.Bus.Subscribe(o, event.InsnExec, f, fn)
	}
}

// BenchmarkSubscribe subscribes to one address and removes that again, while a
// loop runs at it and 10,000 instructions elsewhere are translated.
func BenchmarkSubscribe(b *testing.B) {
	m := emutest.NewBare(b, 64, "max")
	m.Map(b, codeAt, 0x10000, guest.Read|guest.Exec)
	m.Map(b, dataAt, 0x1000, guest.Read|guest.Write)
	code := make([]byte, 0x10000)
	for i := range code {
		code[i] = 0x90
	}
	copy(code[0xff00:], hotLoop)
	m.Write(b, codeAt, code)
	m.CPU.SetPC(codeAt)
	m.CPU.W[regs.RBX] = uint64(dataAt)
	m.Engine.Run(m.CPU, 0x10000)
	o := &event.Owner{Name: "bench"}
	for b.Loop() {
		f := &event.Filter{PC: []event.Range{{Lo: codeAt + 0xff00, Hi: codeAt + 0xff01}}}
		s := m.Bus.Subscribe(o, event.InsnExec, f, event.PCFunc(func(*vcpu.CPU, guest.Addr) {}))
		m.Engine.Run(m.CPU, 40)
		s.Remove()
		m.Engine.Run(m.CPU, 40)
	}
}

// BenchmarkEvents runs a loop of four instructions under subscriptions. ns/op
// is the cost of a round; the difference to "none" is that of the events in it.
func BenchmarkEvents(b *testing.B) {
	pc := event.PCFunc(func(*vcpu.CPU, guest.Addr) {})
	for _, c := range []struct {
		name string
		sub  func(m *emutest.Bare, o *event.Owner)
	}{
		{"none", func(*emutest.Bare, *event.Owner) {}},
		{"filter that never matches", func(m *emutest.Bare, o *event.Owner) {
			f, _ := event.NewFilter(event.Bytes("0f 05"))
			m.Bus.Subscribe(o, event.InsnExec, f, pc)
		}},
		{"count 4 insns", func(m *emutest.Bare, o *event.Owner) { m.Bus.Count(o, event.InsnExec, nil, new(uint64)) }},
		{"call on 1 insn", func(m *emutest.Bare, o *event.Owner) {
			f, _ := event.NewFilter(event.At(codeAt))
			m.Bus.Subscribe(o, event.InsnExec, f, pc)
		}},
		{"call on 4 insns", func(m *emutest.Bare, o *event.Owner) { m.Bus.Subscribe(o, event.InsnExec, nil, pc) }},
		{"batch of 1 insn", batch(event.InsnExec, vcpu.FieldPC, event.At(codeAt))},
		{"batch of 4 insns", batch(event.InsnExec, vcpu.FieldPC)},
		{"batch of 4 insns, all fields", batch(event.InsnExec, vcpu.AllFields)},
		{"batch of reads", batch(event.VirtMemAfterRead, vcpu.FieldPC|vcpu.FieldAddr|vcpu.FieldValue|vcpu.FieldSize)},
		{"batch of reads, all fields", batch(event.VirtMemAfterRead, vcpu.AllFields)},
		{"1000 hooks elsewhere", func(m *emutest.Bare, o *event.Owner) { hooks(m, o, 1000, pc) }},
		{"call on 1 insn among 1000 hooks", func(m *emutest.Bare, o *event.Owner) {
			hooks(m, o, 1000, pc)
			f, _ := event.NewFilter(event.At(codeAt))
			m.Bus.Subscribe(o, event.InsnExec, f, pc)
		}},
		{"call on block", func(m *emutest.Bare, o *event.Owner) {
			m.Bus.Subscribe(o, event.BeforeBlockExec, nil, event.BlockFunc(func(*vcpu.CPU, *vcpu.TB) {}))
		}},
		{"call on read", func(m *emutest.Bare, o *event.Owner) {
			m.Bus.Subscribe(o, event.VirtMemAfterRead, nil, event.MemFunc(func(*vcpu.CPU, *vcpu.MemAccess) {}))
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := emutest.NewBare(b, 64, "max")
			m.Map(b, codeAt, 0x1000, guest.Read|guest.Exec)
			m.Map(b, dataAt, 0x1000, guest.Read|guest.Write)
			m.Write(b, codeAt, hotLoop)
			m.CPU.SetPC(codeAt)
			m.CPU.W[regs.RBX] = uint64(dataAt)
			c.sub(m, &event.Owner{Name: "bench"})
			b.ResetTimer()
			m.Engine.Run(m.CPU, int64(b.N)*4)
		})
	}
}
