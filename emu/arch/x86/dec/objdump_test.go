package dec

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// objdump runs it with the arguments and hands over each instruction line.
func objdump(t *testing.T, each func(listing), args ...string) {
	t.Helper()
	cmd := exec.Command("objdump", append([]string{"-w", "-M", "intel"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip("objdump is not installed")
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(make([]byte, 1<<16), 1<<20)
	for lines.Scan() {
		if l, ok := parseListing(lines.Text()); ok {
			each(l)
		}
	}
	io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("objdump %v: %v", args, err)
	}
}

// parseListing reads "  addr:<tab>bytes<tab>text".
func parseListing(line string) (l listing, ok bool) {
	addr, rest, ok := strings.Cut(line, ":\t")
	if !ok {
		return l, false
	}
	code, text, ok := strings.Cut(rest, "\t")
	if !ok {
		return l, false
	}
	if _, err := fmt.Sscanf(strings.TrimSpace(addr), "%x", &l.addr); err != nil {
		return l, false
	}
	l.code, _ = hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(code), " ", ""))
	l.text = text
	return l, len(l.code) > 0
}

func textSection(t testing.TB, path string) (uint64, []byte) {
	f, err := elf.Open(path)
	if err != nil {
		t.Skipf("%s: %v", path, err)
	}
	defer f.Close()
	s := f.Section(".text")
	if s == nil {
		t.Skipf("%s has no .text", path)
	}
	code, err := s.Data()
	if err != nil {
		t.Skipf("%s: %v", path, err)
	}
	return s.Addr, code
}

// full asks for all of every program and ten times as many generated
// instructions: minutes instead of seconds.
func full() bool { return os.Getenv("DEC_FULL") != "" }

// corpus are programs that most Linux hosts have, and this test, and how many
// bytes of each are compared.
func corpus(t *testing.T) map[string]int {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]int{"/bin/bash": 160 << 10, "/lib/x86_64-linux-gnu/libc.so.6": 320 << 10, self: 256 << 10}
}

func TestObjdumpPrograms(t *testing.T) {
	for path, limit := range corpus(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			addr, code := textSection(t, path)
			switch {
			case testing.Short():
				limit /= 8
			case full():
				limit = len(code)
			}
			y := newTally(Mode64)
			objdump(t, y.check, "-d", "-j", ".text",
				fmt.Sprintf("--stop-address=%#x", addr+uint64(min(limit, len(code)))), path)
			y.report(t, path)
		})
	}
}

// slotLen is the room that each generated instruction gets in a flat binary.
// The rest is nops, so that a linear sweep is back in step at the next one.
const slotLen = 24

var machines = map[Mode]string{Mode16: "i8086", Mode32: "i386", Mode64: "i386:x86-64"}

// sweep writes the instructions to a flat file and compares them with
// objdump's reading of it.
func sweep(t *testing.T, mode Mode, insns [][]byte) {
	t.Helper()
	flat := bytes.Repeat([]byte{0x90}, slotLen*len(insns))
	for i, b := range insns {
		copy(flat[i*slotLen:], b)
	}
	path := filepath.Join(t.TempDir(), "flat")
	if err := os.WriteFile(path, flat, 0o600); err != nil {
		t.Fatal(err)
	}
	y := newTally(mode)
	objdump(t, func(l listing) {
		if l.addr%slotLen == 0 {
			y.check(l)
		}
	}, "-D", "-z", "-b", "binary", "-m", machines[mode], path)
	y.checkBad(func(addr uint64) []byte { return flat[addr : addr+slotLen] })
	y.report(t, fmt.Sprintf("%d-bit", mode))
}

// eachMode runs a test in the three modes with a fixed source of choices.
func eachMode(t *testing.T, run func(*testing.T, encoder)) {
	for _, mode := range []Mode{Mode64, Mode32, Mode16} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			run(t, encoder{rand.New(rand.NewPCG(1, uint64(mode))), mode})
		})
	}
}

// perRow is how many encodings of each row the tests try.
func perRow() int {
	switch {
	case testing.Short():
		return 1
	case full():
		return 60
	}
	return 6
}

// TestObjdumpRows shows every row to objdump in every mode.
func TestObjdumpRows(t *testing.T) {
	eachMode(t, func(t *testing.T, e encoder) {
		var insns [][]byte
		for m, table := range specs {
			for i := range table {
				for range perRow() {
					insns = append(insns, e.encode(Map(m), &table[i]))
				}
			}
		}
		sweep(t, e.mode, insns)
	})
}

// TestObjdumpRandom compares random bytes, half of them after an escape or a
// prefix: what is no instruction counts as much as what is.
func TestObjdumpRandom(t *testing.T) {
	heads := [][]byte{{0x0f}, {0x66, 0x0f}, {0xf2, 0x0f}, {0xf3, 0x0f}, {0xc4, 0xe2}, {0xc4, 0xc3}, {0xc5}, {0xd9}, {0xdb}}
	eachMode(t, func(t *testing.T, e encoder) {
		insns := make([][]byte, 1500*perRow())
		for i := range insns {
			if e.chance(2) {
				insns[i] = append(insns[i], heads[e.pick(len(heads))]...)
			}
			for len(insns[i]) < MaxLen {
				insns[i] = append(insns[i], byte(e.Uint32()))
			}
		}
		sweep(t, e.mode, insns)
	})
}

// assemble makes an object of assembly source and returns its path.
func assemble(t *testing.T, source string) string {
	t.Helper()
	if _, err := exec.LookPath("as"); err != nil {
		t.Skip("as is not installed")
	}
	obj := filepath.Join(t.TempDir(), "a.o")
	cmd := exec.Command("as", "--32", "-o", obj, "-")
	cmd.Stdin = strings.NewReader(".intel_syntax noprefix\n" + source)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("as --32: %v\n%s", err, out)
	}
	return obj
}

// program is what 32- and 16-bit code is made of, for the assembler to encode
// in whatever way it prefers in each mode.
const program = `
	push ebp; mov ebp, esp; sub esp, 0x18; and esp, -16
	mov eax, dword ptr [ebp+8]; mov cl, byte ptr [eax+ecx*4-1]; mov dword ptr [esp], 0x12345678
	mov ax, word ptr [bx+si+4]; mov word ptr [bp+di], dx; lea si, [bx+di-2]; mov al, byte ptr [bp]
	mov ds, ax; mov es, word ptr [di]; push fs; pop gs; push cs; pop ss; les di, [bx]; lds si, [bx+2]; lfs eax, [ebx]
	mov al, byte ptr [0x1234]; mov dword ptr ds:[0x5678], eax; mov eax, dword ptr gs:[0x14]; mov byte ptr es:[di], al
	in al, 0x60; out 0x20, al; in eax, dx; out dx, ax; int 0x10; int3; into; iret; iretd; cli; sti; hlt
	rep movsb; rep stosd; repne scasb; repe cmpsw; lodsb; insb; outsd; xlatb
	pusha; popa; pushad; popad; pushf; popf; daa; das; aaa; aas; aam 10; aad 10; bound eax, [ebx]; arpl ax, bx
	shl eax, 1; sar byte ptr [ebx], cl; rcr word ptr [bx], 3; shld eax, edx, cl; bt dword ptr [eax], 31
	mul ecx; imul eax, ebx, -5; div byte ptr [esi]; cwde; cdq; cbw; cwd; movzx eax, byte ptr [esp]; movsx ecx, dx
	call 1f; jmp 1f; je 1f; jcxz 1f; jecxz 1f; loop 1f; 1: ret; ret 8; retf; retf 4
	call dword ptr [eax]; jmp word ptr [bx]; call fword ptr [eax]; jmp 0x10:0x1000; call 0x8:0x20; enter 16, 1; leave
	lgdt [eax]; lidt [bx]; sgdt [esp]; mov eax, cr0; mov cr3, ebx; mov eax, dr7; smsw ax; lmsw ax; ltr ax; invlpg [eax]
	fld dword ptr [eax]; fstp tbyte ptr [ebx]; fadd st, st(3); faddp st(1), st; fnstsw ax; fild word ptr [bx]; fwait
	movaps xmm0, [eax]; addsd xmm1, qword ptr [esi]; pshufd xmm2, xmm3, 0x1b; movd eax, mm1; cvtsi2ss xmm0, ecx
	vaddps ymm0, ymm1, [eax]; vpshufb xmm3, xmm4, xmm5; vfmadd231sd xmm0, xmm1, xmm2; andn eax, ebx, ecx
	cmpxchg8b [edi]; lock xadd [ecx], eax; bswap esi; rdtsc; cpuid; sysenter; wbinvd; rdmsr; ud2; endbr32
`

func TestObjdumpAssembled(t *testing.T) {
	for mode, directive := range map[Mode]string{Mode32: ".code32\n", Mode16: ".code16\n"} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			obj := assemble(t, directive+strings.ReplaceAll(program, ";", "\n"))
			y := newTally(mode)
			objdump(t, y.check, "-d", "-m", machines[mode], obj)
			y.report(t, fmt.Sprintf("%d-bit", mode))
		})
	}
}
