package emutest

import (
	"math/rand/v2"
	"testing"

	"panda/emu/arch/x86/regs"
	"panda/emu/guest"
	"panda/emu/mmu"
	"panda/emu/vcpu"
)

// The loops of TestHot: what gets hot is translated another way. Each runs rcx
// times and ends in UD2; rdi points to memory.
var hotLoops = []struct {
	name   string
	longer bool // a block continues after a branch
	code   []byte
}{
	{"one block", false, []byte{
		0x48, 0x01, 0xd8, // add rax, rbx
		0x48, 0x89, 0x07, // mov [rdi], rax
		0xc4, 0xe1, 0xf9, 0x6e, 0xc8, // vmovq xmm1, rax
		0x66, 0x0f, 0xfe, 0xd1, // paddd xmm2, xmm1
		0x4d, 0x11, 0xd3, // adc r11, r10
		0x49, 0x83, 0xc2, 0x07, // add r10, 7
		0x48, 0xff, 0xc9, // dec rcx
		0x75, 0xe6, // jnz
		0x0f, 0x0b,
	}},
	{"branches", true, []byte{
		0x48, 0x01, 0xd8, // add rax, rbx
		0xa8, 0x01, // test al, 1
		0x74, 0x03, // je
		0x48, 0x31, 0xc3, // xor rbx, rax
		0x48, 0x89, 0x47, 0x08, // mov [rdi+8], rax
		0x48, 0x39, 0xd0, // cmp rax, rdx
		0x72, 0x03, // jb
		0x48, 0x29, 0xd0, // sub rax, rdx
		0x48, 0x6b, 0xdb, 0x21, // imul rbx, rbx, 33
		0x48, 0xff, 0xc9, // dec rcx
		0x75, 0xe1, // jnz
		0x0f, 0x0b,
	}},
	{"walk into the end", true, []byte{
		0x48, 0x31, 0xd8, // xor rax, rbx
		0x48, 0x11, 0x07, // adc [rdi], rax
		0x70, 0x03, // jo
		0x48, 0xd1, 0xc0, // rol rax
		0x48, 0x83, 0xc7, 0x01, // add rdi, 1
		0xf2, 0x0f, 0x58, 0xc1, // addsd xmm0, xmm1
		0x49, 0x01, 0xc4, // add r12, rax
		0x48, 0xff, 0xc9, // dec rcx
		0x75, 0xe6, // jnz
		0x0f, 0x0b,
	}},
	{"bytes, into the end", true, []byte{
		0x0f, 0xb6, 0x07, // movzx eax, byte [rdi]
		0x48, 0x83, 0xc7, 0x01, // add rdi, 1
		0x31, 0xc2, // xor edx, eax
		0x69, 0xd2, 0x93, 0x01, 0x00, 0x01, // imul edx, edx, 0x1000193
		0x88, 0x57, 0xff, // mov [rdi-1], dl
		0x48, 0xff, 0xc9, // dec rcx
		0x75, 0xe9, // jnz
		0x0f, 0x0b,
	}},
	{"indices, into the end", true, []byte{
		0x0f, 0xb6, 0xd9, // movzx ebx, cl
		0x03, 0x04, 0x9f, // add eax, [rdi+rbx*4]
		0x0f, 0x95, 0xc2, // setnz dl
		0x40, 0x0f, 0x94, 0xc6, // setz sil
		0x89, 0x44, 0x9f, 0x08, // mov [rdi+rbx*4+8], eax
		0x0f, 0xaf, 0xd0, // imul edx, eax
		0x70, 0x03, // jo
		0x48, 0xd1, 0xe0, // shl rax
		0x48, 0x83, 0xc7, 0x01, // add rdi, 1
		0x48, 0xff, 0xc9, // dec rcx
		0x75, 0xde, // jnz
		0x0f, 0x0b,
	}},
	{"calls", false, []byte{
		0xe8, 0x0a, 0, 0, 0, // call f
		0x48, 0x83, 0xe9, 0x01, // sub rcx, 1
		0x73, 0xf5, // jnc
		0x0f, 0x0b, 0x90, 0x90,
		0x48, 0x8d, 0x04, 0x43, // f: lea rax, [rbx+rax*2]
		0x48, 0x01, 0x47, 0x10, // add [rdi+16], rax
		0x79, 0x03, // jns
		0x48, 0xf7, 0xd0, // not rax
		0xc3, // ret
	}},
}

// TestHot runs loops long enough for the engine to translate their blocks again, stops
// them at arbitrary places, and compares all words that the architecture shows
// with the interpreter's.
func TestHot(t *testing.T) {
	for _, l := range hotLoops {
		t.Run(l.name, func(t *testing.T) {
			var ran []*hotRun
			eachEngine(t, func(t *testing.T) { ran = append(ran, runHot(t, l.code)) })
			if l.longer && len(ran) > 1 && ran[0].hot == 0 {
				t.Error("no block became longer")
			}
			if ran[0].hot > 20 {
				t.Errorf("blocks are translated again %d times", ran[0].hot)
			}
			for _, r := range ran[1:] {
				ran[0].compare(t, r)
			}
		})
	}
}

// hotRun is what was seen at the stops of a run.
type hotRun struct {
	stops []hotStop
	mem   []byte
	hot   uint64 // blocks translated again
}

type hotStop struct {
	why    vcpu.Stop
	icount uint64
	flags  uint64
	regs   [17]uint64
	vecs   [12]uint64
	addr   guest.Addr
}

const (
	hotCode = guest.Addr(0x10000)
	hotData = guest.Addr(0x20000)
	hotSize = 64 * mmu.PageSize
)

func runHot(t *testing.T, code []byte) *hotRun {
	b := NewBare(t, 64, "max")
	b.Map(t, hotCode, mmu.PageSize, guest.Read|guest.Exec)
	b.Map(t, hotData, hotSize, guest.Read|guest.Write)
	b.Write(t, hotCode, code)
	w := &b.CPU.W
	w[regs.RAX], w[regs.RBX], w[regs.RCX], w[regs.RDX], w[regs.RDI] = 3, 0x123456789, 1_500_000, 1<<62, uint64(hotData)
	w[regs.RSP], w[regs.R10], w[regs.YMM+4] = uint64(hotData)+hotSize, 0xfedcba9876543210, 0x3ff0000000000001
	w[regs.RIP] = uint64(hotCode)
	r, rng := &hotRun{}, rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		stop := b.Engine.Run(b.CPU, 1+rng.Int64N(600_000))
		s := hotStop{why: stop, icount: b.CPU.Icount(), flags: hotFlags(b)}
		copy(s.regs[:], w[:17])
		copy(s.vecs[:], w[regs.YMM:])
		if stop == vcpu.StopException {
			s.addr = guest.Addr(b.CPU.Exc.Addr)
		}
		r.stops = append(r.stops, s)
		if stop != vcpu.StopBudget {
			break
		}
	}
	r.hot = b.Engine.Stats.Hot
	r.mem = make([]byte, hotSize)
	if err := b.Space.Read(hotData, r.mem); err != nil {
		t.Fatal(err)
	}
	return r
}

// hotFlags are the flags as the architecture shows them.
func hotFlags(b *Bare) uint64 {
	f, _ := b.CPU.Reg("rflags")
	return f
}

func (r *hotRun) compare(t *testing.T, o *hotRun) {
	if len(r.stops) != len(o.stops) {
		t.Fatalf("%d stops, and %d", len(r.stops), len(o.stops))
	}
	for i := range r.stops {
		if r.stops[i] != o.stops[i] {
			t.Fatalf("stop %d:\n%+v\n%+v", i, r.stops[i], o.stops[i])
		}
	}
	if string(r.mem) != string(o.mem) {
		t.Error("memory differs")
	}
}
