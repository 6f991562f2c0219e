//go:build linux && amd64

package enter

import (
	"encoding/binary"
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"panda/emu/host"
	"panda/emu/jit/amd64/asm"
	"panda/emu/vcpu"
)

// Words of the frame that the programs of these tests use, from R15.
const (
	wordArg = ctxWord + iota
	wordLeft
	wordMXCSR
	wordOld
)

const defaultMXCSR = 0x1f80

// page makes an arena and hooks the signals.
func page(t testing.TB) *program {
	t.Helper()
	if err := Unusable(); err != nil {
		t.Fatal(err)
	}
	a, err := host.NewArena(os.Getpagesize())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	if end := a.Base + uintptr(len(a.Buf)); a.Base < codeLo || end > codeLo+codeSize {
		t.Fatalf("the hooks do not watch %#x..%#x", a.Base, end)
	}
	return &program{arena: a}
}

// program collects pieces of machine code.
type program struct {
	arena *host.Arena
	n     int
}

// here is where the next piece will run.
func (p *program) here() uintptr { return p.arena.Base + uintptr(p.n) }

// add appends a piece and returns where it runs.
func (p *program) add(pieces ...[]byte) uintptr {
	at := p.here()
	for _, b := range pieces {
		p.n += copy(p.arena.Buf[p.n:], b)
	}
	return at
}

var ret = []byte{0x45, 0x31, 0xd2, 0xc3}

// pattern is what trash leaves in a register.
func pattern(reg int) uint64 { return 0x1234000 + uint64(reg) }

// trash changes every register but RSP and R15.
func trash() []byte {
	var b []byte
	for r := range 16 {
		if r == 4 || r == 15 {
			continue
		}
		b = append(b, 0x48|byte(r>>3), 0xc7, 0xc0|byte(r&7)) // mov r, imm32
		b = binary.LittleEndian.AppendUint32(b, uint32(pattern(r)))
	}
	for x := range byte(16) { // pcmpeqd x, x
		b = append(b, 0x66, 0x40|x>>3|x>>3<<2, 0x0f, 0x76, 0xc0|x&7<<3|x&7)
	}
	return b
}

// spin counts wordLeft down until it is negative or the stop word is not 0.
func spin() []byte {
	b := []byte{
		0x49, 0x83, 0x6f, 8, 1, // again: sub qword [r15+8], 1
		0x78, 10, // js out
		0x41, 0x83, 0xbf, // cmp dword [r15+stop], 0
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(stopAt))
	return append(b, 0,
		0x74, 0xef, // je again
		0x45, 0x31, 0xd2, 0xc3, // out: xor r10d, r10d; ret
	)
}

// send makes machine code send a signal to its own thread.
func send(sig unix.Signal) []byte {
	var a asm.Writer
	tryYield(&a, sig)
	return a.Buf[:len(a.Buf)-1] // without RET
}

// pages maps a page without access, and one beyond the end of its file.
func pages(t testing.TB) (none, beyond uintptr) {
	t.Helper()
	fd, err := unix.MemfdCreate("empty", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	size := os.Getpagesize()
	a, err := unix.Mmap(-1, 0, size, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		t.Fatal(err)
	}
	b, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Munmap(a); unix.Munmap(b) })
	return uintptr(unsafe.Pointer(unsafe.SliceData(a))), uintptr(unsafe.Pointer(unsafe.SliceData(b)))
}

// faultCase is an instruction that faults with the address arg in RAX.
type faultCase struct {
	name string
	code []byte
	arg  uintptr
	sig  unix.Signal
	addr uintptr // 0 for the instruction's own
	both bool    // addr is what the kernel must say even if it is 0
}

func faultCases(t testing.TB) []faultCase {
	none, beyond := pages(t)
	load, store := []byte{0x8b, 0x00}, []byte{0x89, 0x00}
	return []faultCase{
		{"load", load, none + 8, unix.SIGSEGV, none + 8, true},
		{"store", store, none + 16, unix.SIGSEGV, none + 16, true},
		{"load at 0", load, 0, unix.SIGSEGV, 0, true},
		{"not canonical", load, 1 << 60, unix.SIGSEGV, 0, true}, // #GP tells no address
		{"beyond the file", load, beyond + 4, unix.SIGBUS, beyond + 4, true},
		{"store beyond the file", store, beyond + 12, unix.SIGBUS, beyond + 12, true},
		{"div", []byte{0x49, 0xf7, 0x77, 8}, 0, unix.SIGFPE, 0, false}, // div qword [r15+8]
		{"divss", []byte{0xf3, 0x0f, 0x5e, 0xc0}, 0, unix.SIGFPE, 0, false},
	}
}

// faulty is the program of a case.
type faulty struct {
	faultCase
	entry, insn, landing uintptr
}

func (p *program) fault(f faultCase) *faulty {
	r := &faulty{faultCase: f}
	r.entry = p.add([]byte{0x41, 0x0f, 0xae, 0x5f, 24}, // stmxcsr [r15+24]
		trash(), []byte{
			0x41, 0x0f, 0xae, 0x57, 16, // ldmxcsr [r15+16]
			0x0f, 0x57, 0xc0, // xorps xmm0, xmm0
			0x49, 0x8b, 0x07, // mov rax, [r15]
		})
	r.insn = p.add(f.code)
	p.add([]byte{0x0f, 0x0b})                                  // ud2
	r.landing = p.add([]byte{0x41, 0x0f, 0xae, 0x57, 24}, ret) // ldmxcsr [r15+24]
	return r
}

// run runs the program and checks what the handler noted.
func (f *faulty) run(t testing.TB, c *vcpu.CPU) {
	t.Helper()
	c.W[wordArg], c.W[wordLeft], c.W[wordMXCSR] = uint64(f.arg), 0, 0
	h := &c.Host
	*h = vcpu.Host{Landing: f.landing}
	Run(c, f.entry)
	addr := f.addr
	if !f.both {
		addr = f.insn
	}
	if h.Signal != uint32(f.sig) || h.RIP != f.insn || h.Addr != addr {
		t.Errorf("%s: signal %d at %#x of %#x; want %d at %#x of %#x", f.name, h.Signal, h.RIP, h.Addr, f.sig, f.insn, addr)
	}
	for r, got := range h.Regs {
		want := pattern(r)
		switch r {
		case 0:
			want = uint64(f.arg)
		case 4:
			want = uint64(h.SP)
		case 15:
			want = uint64(uintptr(unsafe.Pointer(&c.W[ctxWord])))
		}
		if got != want {
			t.Errorf("%s: register %d was %#x, noted as %#x", f.name, r, want, got)
		}
	}
	if got := uint32(c.W[wordOld]); got&0xffc0 != defaultMXCSR {
		t.Errorf("%s: Go ran with MXCSR %#x", f.name, got)
	}
}
