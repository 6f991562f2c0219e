package amd64

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/arch/x86/x86asm"

	"panda/emu/arch/x86/dec"
)

// asmRow is one encoding: what is written down as text and bytes, and the call
// that makes it. The text is what decoders read from the bytes.
type asmRow struct {
	text, bytes string
	emit        func(a *asm)
}

// someMem has all that a memory operand can have.
var someMem = Mem{Base: R13, Index: R9, Scale: 2, Disp: 0x80}

// asmRows has a row for each encoder of asm_insn.go.
var asmRows = []asmRow{
	{"mov eax, ebx", "8b c3", func(a *asm) { a.mov(4, RAX, RBX) }},
	{"mov r8, r15", "4d 8b c7", func(a *asm) { a.mov(8, R8, R15) }},
	{"mov cx, r10w", "66 41 8b ca", func(a *asm) { a.mov(2, RCX, R10) }},
	{"mov dl, sil", "40 8a d6", func(a *asm) { a.mov8(RDX, RSI) }},
	{"mov bpl, 0x7f", "40 c6 c5 7f", func(a *asm) { a.movImm8(RBP, 0x7f) }},
	{"mov r12w, 0x1234", "66 41 c7 c4 34 12", func(a *asm) { a.movImm16(R12, 0x1234) }},
	{"mov rcx, qword ptr [r13+r9*4+0x80]", "4b 8b 8c 8d 80 00 00 00", func(a *asm) { a.load(8, RCX, someMem) }},
	{"mov byte ptr [rbx], dil", "40 88 3b", func(a *asm) { a.store(1, at(RBX, 0), RDI) }},
	{"mov word ptr [rbx-0x1], ax", "66 89 43 ff", func(a *asm) { a.store(2, at(RBX, -1), RAX) }},
	{"mov qword ptr [rsp], r11", "4c 89 1c 24", func(a *asm) { a.store(8, at(RSP, 0), R11) }},
	{"mov r9d, 0x12345678", "41 b9 78 56 34 12", func(a *asm) { a.movImm(R9, 0x12345678) }},
	{"mov rax, 0xffffffffffffffff", "48 c7 c0 ff ff ff ff", func(a *asm) { a.movImm(RAX, 1<<64-1) }},
	{"mov r10, 0x123456789abcdef0", "49 ba f0 de bc 9a 78 56 34 12", func(a *asm) { a.movImm(R10, 0x123456789abcdef0) }},
	{"mov qword ptr [rdx], 0xfffffffffffffffe", "48 c7 02 fe ff ff ff", func(a *asm) { a.storeImm(8, at(RDX, 0), -2) }},
	{"mov dword ptr [rdx], 0x7", "c7 02 07 00 00 00", func(a *asm) { a.storeImm(4, at(RDX, 0), 7) }},
	{"mov byte ptr [r14], 0x7", "41 c6 06 07", func(a *asm) { a.storeImmN(1, at(R14, 0), 7) }},
	{"mov word ptr [r14], 0x708", "66 41 c7 06 08 07", func(a *asm) { a.storeImmN(2, at(R14, 0), 0x708) }},

	{"add rax, rbx", "48 03 c3", func(a *asm) { a.alu(aluAdd, 8, RAX, RBX) }},
	{"or ecx, r8d", "41 0b c8", func(a *asm) { a.alu(aluOr, 4, RCX, R8) }},
	{"adc rdx, rdx", "48 13 d2", func(a *asm) { a.alu(aluAdc, 8, RDX, RDX) }},
	{"sbb esi, edi", "1b f7", func(a *asm) { a.alu(aluSbb, 4, RSI, RDI) }},
	{"and r9, qword ptr [rbp]", "4c 23 4d 00", func(a *asm) { a.aluM(aluAnd, 8, R9, at(RBP, 0)) }},
	{"sub eax, dword ptr [rax]", "2b 00", func(a *asm) { a.aluM(aluSub, 4, RAX, at(RAX, 0)) }},
	{"xor qword ptr [rax], rcx", "48 31 08", func(a *asm) { a.aluTo(aluXor, 8, at(RAX, 0), RCX) }},
	{"cmp dil, bl", "40 3a fb", func(a *asm) { a.alu8(aluCmp, RDI, RBX) }},
	{"add cl, byte ptr [r15]", "41 02 0f", func(a *asm) { a.alu8M(aluAdd, RCX, at(R15, 0)) }},
	{"sub r8b, 0x9", "41 80 e8 09", func(a *asm) { a.alu8I(aluSub, R8, 9) }},
	{"cmp rax, 0x5", "48 83 f8 05", func(a *asm) { a.aluI(aluCmp, 8, RAX, 5) }},
	{"and ecx, 0x12345", "81 e1 45 23 01 00", func(a *asm) { a.aluI(aluAnd, 4, RCX, 0x12345) }},
	{"add dword ptr [rsi], 0x1", "83 06 01", func(a *asm) { a.aluMI(aluAdd, 4, at(RSI, 0), 1) }},
	{"or dword ptr [rsi], 0x100", "81 0e 00 01 00 00", func(a *asm) { a.aluMI(aluOr, 4, at(RSI, 0), 0x100) }},
	{"test rbx, rcx", "48 85 cb", func(a *asm) { a.test(8, RBX, RCX) }},
	{"test sil, al", "40 84 c6", func(a *asm) { a.test8(RSI, RAX) }},
	{"test dil, 0x3f", "40 f6 c7 3f", func(a *asm) { a.testI(4, RDI, 0x3f) }},
	{"test r8, 0x1000", "49 f7 c0 00 10 00 00", func(a *asm) { a.testI(8, R8, 0x1000) }},
	{"rol eax, 0x3", "c1 c0 03", func(a *asm) { a.shiftI(shiftRol, 4, RAX, 3) }},
	{"ror r9, 0x7", "49 c1 c9 07", func(a *asm) { a.shiftI(shiftRor, 8, R9, 7) }},
	{"shl rdx, 0x20", "48 c1 e2 20", func(a *asm) { a.shiftI(shiftShl, 8, RDX, 32) }},
	{"shr ecx, cl", "d3 e9", func(a *asm) { a.shiftCL(shiftShr, 4, RCX) }},
	{"sar rbx, cl", "48 d3 fb", func(a *asm) { a.shiftCL(shiftSar, 8, RBX) }},
	{"lea rax, [r13+r9*4+0x80]", "4b 8d 84 8d 80 00 00 00", func(a *asm) { a.lea(8, RAX, someMem) }},
	{"lea ecx, [rax*8+0x10]", "8d 0c c5 10 00 00 00", func(a *asm) { a.lea(4, RCX, Mem{Base: noReg, Index: RAX, Scale: 3, Disp: 16}) }},
	{"neg r10", "49 f7 da", func(a *asm) { a.neg(8, R10) }},
	{"not esi", "f7 d6", func(a *asm) { a.not(4, RSI) }},
	{"not rax", "48 f7 d0", func(a *asm) { a.unary(unaryNot, 8, RAX) }},
	{"neg eax", "f7 d8", func(a *asm) { a.unary(unaryNeg, 4, RAX) }},
	{"imul r11", "49 f7 eb", func(a *asm) { a.unary(unaryImul, 8, R11) }},
	{"div ebx", "f7 f3", func(a *asm) { a.unary(unaryDiv, 4, RBX) }},
	{"idiv r8", "49 f7 f8", func(a *asm) { a.unary(unaryIdiv, 8, R8) }},
	{"cdq", "99", func(a *asm) { a.signToRDX(4) }},
	{"cqo", "48 99", func(a *asm) { a.signToRDX(8) }},
	{"imul rax, r12", "49 0f af c4", func(a *asm) { a.imul(8, RAX, R12) }},
	{"imul ecx, edx, 0x101", "69 ca 01 01 00 00", func(a *asm) { a.imulI(4, RCX, RDX, 0x101) }},
	{"bswap r13", "49 0f cd", func(a *asm) { a.bswap(8, R13) }},
	{"bt edx, 0x0", "0f ba e2 00", func(a *asm) { a.btI(4, RDX, 0) }},
	{"rorx rax, r8, 0x38", "c4 c3 fb f0 c0 38", func(a *asm) { a.rorx(8, RAX, R8, 56) }},
	{"movzx eax, dil", "40 0f b6 c7", func(a *asm) { a.rrByte(opMovzx8, 4, RAX, RDI) }},
	{"movsx rcx, bl", "48 0f be cb", func(a *asm) { a.rrByte(opMovsx8, 8, RCX, RBX) }},
	{"movzx eax, bx", "0f b7 c3", func(a *asm) { a.rr(opMovzx16, 4, RAX, RBX) }},
	{"movsx eax, word ptr [rbx]", "0f bf 03", func(a *asm) { a.rm(opMovsx16, 4, RAX, at(RBX, 0)) }},
	{"mov eax, dword ptr [rbx]", "8b 03", func(a *asm) { a.rm(opMov, 4, RAX, at(RBX, 0)) }},
	{"movsxd rax, ebx", "48 63 c3", func(a *asm) { a.rr(opMovsxd, 8, RAX, RBX) }},
	{"lzcnt rax, r9", "f3 49 0f bd c1", func(a *asm) { a.rr(opLzcnt, 8, RAX, R9) }},
	{"tzcnt eax, ecx", "f3 0f bc c1", func(a *asm) { a.rr(opTzcnt, 4, RAX, RCX) }},
	{"popcnt rdx, rdx", "f3 48 0f b8 d2", func(a *asm) { a.rr(opPopcnt, 8, RDX, RDX) }},
	{"seto sil", "40 0f 90 c6", func(a *asm) { a.setcc(ccO, RSI) }},
	{"setg r11b", "41 0f 9f c3", func(a *asm) { a.setcc(ccG, R11) }},
	{"cmovo eax, ebp", "0f 40 c5", func(a *asm) { a.rr(opCmov, 4, RAX, RBP) }},
	{"cmovbe rax, rbp", "48 0f 46 c5", func(a *asm) { a.cmov(ccBE, 8, RAX, RBP) }},
	{"jns 0x10", "0f 89 0a 00 00 00", func(a *asm) { a.patch(a.jcc(ccNS), 16) }},
	{"jmp 0x0", "e9 fb ff ff ff", func(a *asm) { a.patch(a.jmp(), 0) }},
	{"je 0x2", "74 00", func(a *asm) { a.patch8(a.jcc8(ccE)) }},
	{"jmp r11", "41 ff e3", func(a *asm) { a.jmpReg(R11) }},
	{"jmp qword ptr [r15+0x8]", "41 ff 67 08", func(a *asm) { a.jmpMem(at(R15, 8)) }},
	{"lea r10, [rip] # 0x7", "4c 8d 15 00 00 00 00", func(a *asm) { a.leaNext(R10) }},
	{"ret", "c3", func(a *asm) { a.ret() }},
	{"syscall", "0f 05", func(a *asm) { a.syscall() }},
	{"or cl, bl", "0a cb", func(a *asm) { a.aluSized(aluOr, 1, RCX, RBX) }},
	{"or rcx, rbx", "48 0b cb", func(a *asm) { a.aluSized(aluOr, 8, RCX, RBX) }},
	{"test cl, bl", "84 d9", func(a *asm) { a.testSized(1, RCX, RBX) }},
	{"test cx, bx", "66 85 d9", func(a *asm) { a.testSized(2, RCX, RBX) }},
	{"pushfq", "9c", func(a *asm) { a.pushFlags() }},
	{"pop r10", "41 5a", func(a *asm) { a.popReg(R10) }},
	{"ldmxcsr dword ptr [r15]", "41 0f ae 17", func(a *asm) { a.ldmxcsr(at(R15, 0)) }},
	{"stmxcsr dword ptr [r15]", "41 0f ae 1f", func(a *asm) { a.stmxcsr(at(R15, 0)) }},
	{"vzeroupper", "c5 f8 77", func(a *asm) { a.vzeroupper() }},

	{"fadd dword ptr [rax]", "d8 00", func(a *asm) { a.x87ArithMem(0, arithF32, at(RAX, 0)) }},
	{"fsubr qword ptr [rax]", "dc 28", func(a *asm) { a.x87ArithMem(5, arithF64, at(RAX, 0)) }},
	{"fimul word ptr [rax]", "de 08", func(a *asm) { a.x87ArithMem(1, arithI16, at(RAX, 0)) }},
	{"ficomp dword ptr [rax]", "da 18", func(a *asm) { a.x87ArithMem(fcomNumber+1, arithI32, at(RAX, 0)) }},
	{"fdiv st, st(3)", "d8 f3", func(a *asm) { a.x87Arith(6, 3) }},
	{"fsubr st(2), st", "dc e2", func(a *asm) { a.x87ArithTo(5, 2, 0) }},
	{"fdivp st(1), st", "de f9", func(a *asm) { a.x87ArithTo(6, 1, 1) }},
	{"fld dword ptr [rax]", "d9 00", func(a *asm) { a.x87Mem(fld32, at(RAX, 0)) }},
	{"fld qword ptr [rax]", "dd 00", func(a *asm) { a.x87Mem(fld64, at(RAX, 0)) }},
	{"fld tbyte ptr [rax]", "db 28", func(a *asm) { a.x87Mem(fld80, at(RAX, 0)) }},
	{"fild word ptr [rax]", "df 00", func(a *asm) { a.x87Mem(fild16, at(RAX, 0)) }},
	{"fild dword ptr [rax]", "db 00", func(a *asm) { a.x87Mem(fild32, at(RAX, 0)) }},
	{"fild qword ptr [rax]", "df 28", func(a *asm) { a.x87Mem(fild64, at(RAX, 0)) }},
	{"fst dword ptr [rax]", "d9 10", func(a *asm) { a.x87Mem(fst32, at(RAX, 0)) }},
	{"fst qword ptr [rax]", "dd 10", func(a *asm) { a.x87Mem(fst64, at(RAX, 0)) }},
	{"fstp dword ptr [rax]", "d9 18", func(a *asm) { a.x87Mem(fstp32, at(RAX, 0)) }},
	{"fstp qword ptr [rax]", "dd 18", func(a *asm) { a.x87Mem(fstp64, at(RAX, 0)) }},
	{"fstp tbyte ptr [rax]", "db 38", func(a *asm) { a.x87Mem(fstp80, at(RAX, 0)) }},
	{"fist word ptr [rax]", "df 10", func(a *asm) { a.x87Mem(fist16, at(RAX, 0)) }},
	{"fist dword ptr [rax]", "db 10", func(a *asm) { a.x87Mem(fist32, at(RAX, 0)) }},
	{"fistp word ptr [rax]", "df 18", func(a *asm) { a.x87Mem(fistp16, at(RAX, 0)) }},
	{"fistp dword ptr [rax]", "db 18", func(a *asm) { a.x87Mem(fistp32, at(RAX, 0)) }},
	{"fistp qword ptr [rax]", "df 38", func(a *asm) { a.x87Mem(fistp64, at(RAX, 0)) }},
	{"fisttp word ptr [rax]", "df 08", func(a *asm) { a.x87Mem(fisttp16, at(RAX, 0)) }},
	{"fisttp dword ptr [rax]", "db 08", func(a *asm) { a.x87Mem(fisttp32, at(RAX, 0)) }},
	{"fisttp qword ptr [rax]", "dd 08", func(a *asm) { a.x87Mem(fisttp64, at(RAX, 0)) }},
	{"fldcw word ptr [rax]", "d9 28", func(a *asm) { a.x87Mem(fldcw, at(RAX, 0)) }},
	{"fnstsw word ptr [rax]", "dd 38", func(a *asm) { a.x87Mem(fnstsw, at(RAX, 0)) }},
	{"fnsave [rax]", "dd 30", func(a *asm) { a.x87Mem(fnsave, at(RAX, 0)) }},
	{"fld st(3)", "d9 c3", func(a *asm) { a.x87Reg(fldST, 3) }},
	{"fxch st(1)", "d9 c9", func(a *asm) { a.x87Reg(fxchST, 1) }},
	{"fst st(2)", "dd d2", func(a *asm) { a.x87Reg(fstST, 2) }},
	{"fstp st(0)", "dd d8", func(a *asm) { a.x87Reg(fstpST, 0) }},
	{"fcom st(2)", "d8 d2", func(a *asm) { a.x87Reg(fcomST, 2) }},
	{"fcomp st(2)", "d8 da", func(a *asm) { a.x87Reg(fcompST, 2) }},
	{"fcompp", "de d9", func(a *asm) { a.x87Reg(fcomppST, 1) }},
	{"fucom st(2)", "dd e2", func(a *asm) { a.x87Reg(fucomST, 2) }},
	{"fucomp st(2)", "dd ea", func(a *asm) { a.x87Reg(fucompST, 2) }},
	{"fucompp", "da e9", func(a *asm) { a.x87Reg(fucomppST, 1) }},
	{"fcomi st, st(1)", "db f1", func(a *asm) { a.x87Reg(fcomiST, 1) }},
	{"fcomip st, st(1)", "df f1", func(a *asm) { a.x87Reg(fcomipST, 1) }},
	{"fucomi st, st(1)", "db e9", func(a *asm) { a.x87Reg(fucomiST, 1) }},
	{"fucomip st, st(1)", "df e9", func(a *asm) { a.x87Reg(fucomipST, 1) }},
	{"fld1", "d9 e8", func(a *asm) { a.x87Reg(fconst, 0) }},
	{"fldz", "d9 ee", func(a *asm) { a.x87Reg(fconst, 6) }},
	{"fchs", "d9 e0", func(a *asm) { a.x87Reg(fchs, 0) }},
	{"fabs", "d9 e1", func(a *asm) { a.x87Reg(fabs, 0) }},
	{"fsqrt", "d9 fa", func(a *asm) { a.x87Reg(fsqrt, 0) }},
	{"frndint", "d9 fc", func(a *asm) { a.x87Reg(frndint, 0) }},
	{"fnclex", "db e2", func(a *asm) { a.x87Reg(fnclex, 0) }},
}

// TestAsm holds the other instructions against their rows.
func TestAsm(t *testing.T) {
	for _, r := range asmRows {
		var a asm
		r.emit(&a)
		checkInsn(t, a.code, r.text, r.bytes)
	}
	everyNameHasRow(t, "asm_insn.go", `func \(a \*asm\) (\w+)`, "asm_test.go")
	everyNameHasRow(t, "asm_insn.go", `(?m)^\t((?:alu|unary|op|shift)[A-Z]\w*)`, "asm_test.go")
	everyNameHasRow(t, "asm_x87.go", `\b(f\w+)(?:, f\w+)* += x87`, "asm_test.go")
	everyNameHasRow(t, "asm_x87.go", `\b(arith\w+) opcode =`, "asm_test.go")
	everyNameHasRow(t, "asm_x87.go", `func \(a \*asm\) (\w+)`, "asm_test.go")
}

// checkInsn holds an instruction against its text and bytes. x86asm knows no VEX,
// and of all else it must find the length and the name.
func checkInsn(t *testing.T, code []byte, text, bytes string) {
	t.Helper()
	if got := fmt.Sprintf("% x", code); got != bytes {
		t.Errorf("%s is %s, not %s", text, got, bytes)
	}
	var in dec.Inst
	if err := dec.Decode(&in, code, dec.Mode64); err != nil || int(in.Len) != len(code) {
		t.Errorf("%s: % x has %d bytes, %v", text, code, in.Len, err)
	} else if got := dec.Text(&in, 0, nil); got != text {
		t.Errorf("% x is %s, not %s", code, got, text)
	}
	if slices.Contains([]byte{0xc4, 0xc5}, code[0]) {
		return
	}
	x, err := x86asm.Decode(code, 64)
	name, _, _ := strings.Cut(text, " ")
	if err != nil || x.Len != len(code) || strings.ToLower(x.Op.String()) != name {
		t.Errorf("%s: x86asm finds %v with %d bytes, %v", text, x.Op, x.Len, err)
	}
}

// everyNameHasRow checks that what a file declares, as the expression finds it, is
// named in a test.
func everyNameHasRow(t *testing.T, file, declares, test string) {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile(test)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(declares).FindAllSubmatch(source, -1)
	if len(found) == 0 {
		t.Errorf("%s declares nothing like %s", file, declares)
	}
	for _, m := range found {
		if !regexp.MustCompile(`[ .(\[]` + string(m[1]) + `\b`).Match(rows) {
			t.Errorf("%s of %s has no row", m[1], file)
		}
	}
}

// TestAsmOperands tries all registers and kinds of addresses.
func TestAsmOperands(t *testing.T) {
	regs := []Reg{RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15}
	for _, base := range append(regs, noReg) {
		for _, index := range append(regs, noReg) {
			if index == RSP || base == noReg && index == noReg {
				continue
			}
			for n, disp := range []int32{0, 1, -1, 127, 128, -128, -129, 1 << 30} {
				m := Mem{Base: base, Index: index, Scale: uint8(n & 3), Disp: disp}
				if index == noReg {
					m.Scale = 0
				}
				checkOperand(t, regs[(int(base)+n)&15], m)
			}
		}
	}
	for _, x := range regs {
		for _, y := range regs {
			var a asm
			a.mov(8, x, y)
			in, err := x86asm.Decode(a.code, 64)
			if err != nil || in.Args[0] != x86asm.RAX+x86asm.Reg(x) || in.Args[1] != x86asm.RAX+x86asm.Reg(y) {
				t.Errorf("mov %d, %d: % x is %v, %v", x, y, a.code, in, err)
			}
		}
	}
}

// checkOperand reads a memory operand back with both decoders.
func checkOperand(t *testing.T, r Reg, m Mem) {
	t.Helper()
	var a, v asm
	a.load(8, r, m)
	v.vrm(opVmovdquLd, true, r, 0, m)
	reg := func(r Reg) x86asm.Reg {
		if r == noReg {
			return 0
		}
		return x86asm.RAX + x86asm.Reg(r)
	}
	want := x86asm.Mem{Base: reg(m.Base)}
	if m.Index != noReg {
		want.Index, want.Scale = reg(m.Index), 1<<m.Scale
	}
	x, err := x86asm.Decode(a.code, 64)
	if got, ok := x.Args[1].(x86asm.Mem); err != nil || x.Len != len(a.code) || x.Args[0] != reg(r) || !ok || got.Base != want.Base || got.Index != want.Index || m.Index != noReg && got.Scale != want.Scale || int32(got.Disp) != m.Disp { // x86asm shows it unsigned
		t.Errorf("%v: % x is %v, %v", m, a.code, x, err)
	}
	var general, vector dec.Inst
	if err := dec.Decode(&general, a.code, dec.Mode64); err != nil {
		t.Errorf("%v: % x: %v", m, a.code, err)
	}
	if err := dec.Decode(&vector, v.code, dec.Mode64); err != nil || int(vector.Len) != len(v.code) {
		t.Errorf("%v: % x: %v", m, v.code, err)
	}
	if general.Mem != vector.Mem || Reg(vector.Args[0].Reg) != r {
		t.Errorf("%v: % x is %v, %v", m, v.code, vector.Mem, dec.Text(&vector, 0, nil))
	}
}
