package asm

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
	emit        func(a *Writer)
}

// someMem has all that a memory operand can have.
var someMem = Mem{Base: R13, Index: R9, Scale: 2, Disp: 0x80}

// asmRows has a row for each encoder of insn.go.
var asmRows = []asmRow{
	{"mov eax, ebx", "8b c3", func(a *Writer) { a.Mov(4, RAX, RBX) }},
	{"mov r8, r15", "4d 8b c7", func(a *Writer) { a.Mov(8, R8, R15) }},
	{"mov cx, r10w", "66 41 8b ca", func(a *Writer) { a.Mov(2, RCX, R10) }},
	{"mov dl, sil", "40 8a d6", func(a *Writer) { a.Mov8(RDX, RSI) }},
	{"mov bpl, 0x7f", "40 c6 c5 7f", func(a *Writer) { a.MovImm8(RBP, 0x7f) }},
	{"mov r12w, 0x1234", "66 41 c7 c4 34 12", func(a *Writer) { a.MovImm16(R12, 0x1234) }},
	{"mov rcx, qword ptr [r13+r9*4+0x80]", "4b 8b 8c 8d 80 00 00 00", func(a *Writer) { a.Load(8, RCX, someMem) }},
	{"mov byte ptr [rbx], dil", "40 88 3b", func(a *Writer) { a.Store(1, At(RBX, 0), RDI) }},
	{"mov word ptr [rbx-0x1], ax", "66 89 43 ff", func(a *Writer) { a.Store(2, At(RBX, -1), RAX) }},
	{"mov qword ptr [rsp], r11", "4c 89 1c 24", func(a *Writer) { a.Store(8, At(RSP, 0), R11) }},
	{"mov r9d, 0x12345678", "41 b9 78 56 34 12", func(a *Writer) { a.MovImm(R9, 0x12345678) }},
	{"mov rax, 0xffffffffffffffff", "48 c7 c0 ff ff ff ff", func(a *Writer) { a.MovImm(RAX, 1<<64-1) }},
	{"mov r10, 0x123456789abcdef0", "49 ba f0 de bc 9a 78 56 34 12", func(a *Writer) { a.MovImm(R10, 0x123456789abcdef0) }},
	{"mov qword ptr [rdx], 0xfffffffffffffffe", "48 c7 02 fe ff ff ff", func(a *Writer) { a.StoreImm(8, At(RDX, 0), -2) }},
	{"mov dword ptr [rdx], 0x7", "c7 02 07 00 00 00", func(a *Writer) { a.StoreImm(4, At(RDX, 0), 7) }},
	{"mov byte ptr [r14], 0x7", "41 c6 06 07", func(a *Writer) { a.StoreImmN(1, At(R14, 0), 7) }},
	{"mov word ptr [r14], 0x708", "66 41 c7 06 08 07", func(a *Writer) { a.StoreImmN(2, At(R14, 0), 0x708) }},

	{"add rax, rbx", "48 03 c3", func(a *Writer) { a.Alu(AluAdd, 8, RAX, RBX) }},
	{"or ecx, r8d", "41 0b c8", func(a *Writer) { a.Alu(AluOr, 4, RCX, R8) }},
	{"adc rdx, rdx", "48 13 d2", func(a *Writer) { a.Alu(AluAdc, 8, RDX, RDX) }},
	{"sbb esi, edi", "1b f7", func(a *Writer) { a.Alu(AluSbb, 4, RSI, RDI) }},
	{"and r9, qword ptr [rbp]", "4c 23 4d 00", func(a *Writer) { a.AluM(AluAnd, 8, R9, At(RBP, 0)) }},
	{"sub eax, dword ptr [rax]", "2b 00", func(a *Writer) { a.AluM(AluSub, 4, RAX, At(RAX, 0)) }},
	{"xor qword ptr [rax], rcx", "48 31 08", func(a *Writer) { a.AluTo(AluXor, 8, At(RAX, 0), RCX) }},
	{"cmp dil, bl", "40 3a fb", func(a *Writer) { a.Alu8(AluCmp, RDI, RBX) }},
	{"add cl, byte ptr [r15]", "41 02 0f", func(a *Writer) { a.Alu8M(AluAdd, RCX, At(R15, 0)) }},
	{"sub r8b, 0x9", "41 80 e8 09", func(a *Writer) { a.Alu8I(AluSub, R8, 9) }},
	{"cmp rax, 0x5", "48 83 f8 05", func(a *Writer) { a.AluI(AluCmp, 8, RAX, 5) }},
	{"and ecx, 0x12345", "81 e1 45 23 01 00", func(a *Writer) { a.AluI(AluAnd, 4, RCX, 0x12345) }},
	{"add dword ptr [rsi], 0x1", "83 06 01", func(a *Writer) { a.AluMI(AluAdd, 4, At(RSI, 0), 1) }},
	{"or dword ptr [rsi], 0x100", "81 0e 00 01 00 00", func(a *Writer) { a.AluMI(AluOr, 4, At(RSI, 0), 0x100) }},
	{"test rbx, rcx", "48 85 cb", func(a *Writer) { a.Test(8, RBX, RCX) }},
	{"test sil, al", "40 84 c6", func(a *Writer) { a.Test8(RSI, RAX) }},
	{"test dil, 0x3f", "40 f6 c7 3f", func(a *Writer) { a.TestI(4, RDI, 0x3f) }},
	{"test r8, 0x1000", "49 f7 c0 00 10 00 00", func(a *Writer) { a.TestI(8, R8, 0x1000) }},
	{"rol eax, 0x3", "c1 c0 03", func(a *Writer) { a.ShiftI(ShiftRol, 4, RAX, 3) }},
	{"ror r9, 0x7", "49 c1 c9 07", func(a *Writer) { a.ShiftI(ShiftRor, 8, R9, 7) }},
	{"shl rdx, 0x20", "48 c1 e2 20", func(a *Writer) { a.ShiftI(ShiftShl, 8, RDX, 32) }},
	{"shr ecx, cl", "d3 e9", func(a *Writer) { a.ShiftCL(ShiftShr, 4, RCX) }},
	{"sar rbx, cl", "48 d3 fb", func(a *Writer) { a.ShiftCL(ShiftSar, 8, RBX) }},
	{"lea rax, [r13+r9*4+0x80]", "4b 8d 84 8d 80 00 00 00", func(a *Writer) { a.Lea(8, RAX, someMem) }},
	{"lea ecx, [rax*8+0x10]", "8d 0c c5 10 00 00 00", func(a *Writer) { a.Lea(4, RCX, Mem{Base: NoReg, Index: RAX, Scale: 3, Disp: 16}) }},
	{"neg r10", "49 f7 da", func(a *Writer) { a.Neg(8, R10) }},
	{"not esi", "f7 d6", func(a *Writer) { a.Not(4, RSI) }},
	{"not rax", "48 f7 d0", func(a *Writer) { a.Unary(UnaryNot, 8, RAX) }},
	{"neg eax", "f7 d8", func(a *Writer) { a.Unary(UnaryNeg, 4, RAX) }},
	{"imul r11", "49 f7 eb", func(a *Writer) { a.Unary(UnaryImul, 8, R11) }},
	{"div ebx", "f7 f3", func(a *Writer) { a.Unary(UnaryDiv, 4, RBX) }},
	{"idiv r8", "49 f7 f8", func(a *Writer) { a.Unary(UnaryIdiv, 8, R8) }},
	{"cdq", "99", func(a *Writer) { a.SignToRDX(4) }},
	{"cqo", "48 99", func(a *Writer) { a.SignToRDX(8) }},
	{"imul rax, r12", "49 0f af c4", func(a *Writer) { a.Imul(8, RAX, R12) }},
	{"imul ecx, edx, 0x101", "69 ca 01 01 00 00", func(a *Writer) { a.ImulI(4, RCX, RDX, 0x101) }},
	{"bswap r13", "49 0f cd", func(a *Writer) { a.Bswap(8, R13) }},
	{"bt edx, 0x0", "0f ba e2 00", func(a *Writer) { a.BtI(4, RDX, 0) }},
	{"rorx rax, r8, 0x38", "c4 c3 fb f0 c0 38", func(a *Writer) { a.Rorx(8, RAX, R8, 56) }},
	{"movzx eax, dil", "40 0f b6 c7", func(a *Writer) { a.RRByte(OpMovzx8, 4, RAX, RDI) }},
	{"movsx rcx, bl", "48 0f be cb", func(a *Writer) { a.RRByte(OpMovsx8, 8, RCX, RBX) }},
	{"movzx eax, bx", "0f b7 c3", func(a *Writer) { a.RR(OpMovzx16, 4, RAX, RBX) }},
	{"movsx eax, word ptr [rbx]", "0f bf 03", func(a *Writer) { a.RM(OpMovsx16, 4, RAX, At(RBX, 0)) }},
	{"mov eax, dword ptr [rbx]", "8b 03", func(a *Writer) { a.RM(OpMov, 4, RAX, At(RBX, 0)) }},
	{"movsxd rax, ebx", "48 63 c3", func(a *Writer) { a.RR(OpMovsxd, 8, RAX, RBX) }},
	{"lzcnt rax, r9", "f3 49 0f bd c1", func(a *Writer) { a.RR(OpLzcnt, 8, RAX, R9) }},
	{"tzcnt eax, ecx", "f3 0f bc c1", func(a *Writer) { a.RR(OpTzcnt, 4, RAX, RCX) }},
	{"popcnt rdx, rdx", "f3 48 0f b8 d2", func(a *Writer) { a.RR(OpPopcnt, 8, RDX, RDX) }},
	{"seto sil", "40 0f 90 c6", func(a *Writer) { a.Setcc(CcO, RSI) }},
	{"setg r11b", "41 0f 9f c3", func(a *Writer) { a.Setcc(CcG, R11) }},
	{"cmovo eax, ebp", "0f 40 c5", func(a *Writer) { a.RR(opCmov, 4, RAX, RBP) }},
	{"cmovbe rax, rbp", "48 0f 46 c5", func(a *Writer) { a.Cmov(CcBE, 8, RAX, RBP) }},
	{"jns 0x10", "0f 89 0a 00 00 00", func(a *Writer) { a.Patch(a.Jcc(CcNS), 16) }},
	{"jmp 0x0", "e9 fb ff ff ff", func(a *Writer) { a.Patch(a.Jmp(), 0) }},
	{"je 0x2", "74 00", func(a *Writer) { a.Patch8(a.Jcc8(CcE)) }},
	{"jmp r11", "41 ff e3", func(a *Writer) { a.JmpReg(R11) }},
	{"jmp qword ptr [r15+0x8]", "41 ff 67 08", func(a *Writer) { a.JmpMem(At(R15, 8)) }},
	{"lea r10, [rip] # 0x7", "4c 8d 15 00 00 00 00", func(a *Writer) { a.LeaNext(R10) }},
	{"ret", "c3", func(a *Writer) { a.Ret() }},
	{"syscall", "0f 05", func(a *Writer) { a.Syscall() }},
	{"or cl, bl", "0a cb", func(a *Writer) { a.AluSized(AluOr, 1, RCX, RBX) }},
	{"or rcx, rbx", "48 0b cb", func(a *Writer) { a.AluSized(AluOr, 8, RCX, RBX) }},
	{"test cl, bl", "84 d9", func(a *Writer) { a.TestSized(1, RCX, RBX) }},
	{"test cx, bx", "66 85 d9", func(a *Writer) { a.TestSized(2, RCX, RBX) }},
	{"pushfq", "9c", func(a *Writer) { a.PushFlags() }},
	{"pop r10", "41 5a", func(a *Writer) { a.PopReg(R10) }},
	{"ldmxcsr dword ptr [r15]", "41 0f ae 17", func(a *Writer) { a.Ldmxcsr(At(R15, 0)) }},
	{"stmxcsr dword ptr [r15]", "41 0f ae 1f", func(a *Writer) { a.Stmxcsr(At(R15, 0)) }},
	{"vzeroupper", "c5 f8 77", func(a *Writer) { a.Vzeroupper() }},

	{"fadd dword ptr [rax]", "d8 00", func(a *Writer) { a.X87ArithMem(0, ArithF32, At(RAX, 0)) }},
	{"fsubr qword ptr [rax]", "dc 28", func(a *Writer) { a.X87ArithMem(5, ArithF64, At(RAX, 0)) }},
	{"fimul word ptr [rax]", "de 08", func(a *Writer) { a.X87ArithMem(1, ArithI16, At(RAX, 0)) }},
	{"ficomp dword ptr [rax]", "da 18", func(a *Writer) { a.X87ArithMem(FcomNumber+1, ArithI32, At(RAX, 0)) }},
	{"fdiv st, st(3)", "d8 f3", func(a *Writer) { a.X87Arith(6, 3) }},
	{"fsubr st(2), st", "dc e2", func(a *Writer) { a.X87ArithTo(5, 2, 0) }},
	{"fdivp st(1), st", "de f9", func(a *Writer) { a.X87ArithTo(6, 1, 1) }},
	{"fld dword ptr [rax]", "d9 00", func(a *Writer) { a.X87Mem(Fld32, At(RAX, 0)) }},
	{"fld qword ptr [rax]", "dd 00", func(a *Writer) { a.X87Mem(Fld64, At(RAX, 0)) }},
	{"fld tbyte ptr [rax]", "db 28", func(a *Writer) { a.X87Mem(Fld80, At(RAX, 0)) }},
	{"fild word ptr [rax]", "df 00", func(a *Writer) { a.X87Mem(Fild16, At(RAX, 0)) }},
	{"fild dword ptr [rax]", "db 00", func(a *Writer) { a.X87Mem(Fild32, At(RAX, 0)) }},
	{"fild qword ptr [rax]", "df 28", func(a *Writer) { a.X87Mem(Fild64, At(RAX, 0)) }},
	{"fst dword ptr [rax]", "d9 10", func(a *Writer) { a.X87Mem(Fst32, At(RAX, 0)) }},
	{"fst qword ptr [rax]", "dd 10", func(a *Writer) { a.X87Mem(Fst64, At(RAX, 0)) }},
	{"fstp dword ptr [rax]", "d9 18", func(a *Writer) { a.X87Mem(Fstp32, At(RAX, 0)) }},
	{"fstp qword ptr [rax]", "dd 18", func(a *Writer) { a.X87Mem(Fstp64, At(RAX, 0)) }},
	{"fstp tbyte ptr [rax]", "db 38", func(a *Writer) { a.X87Mem(Fstp80, At(RAX, 0)) }},
	{"fist word ptr [rax]", "df 10", func(a *Writer) { a.X87Mem(Fist16, At(RAX, 0)) }},
	{"fist dword ptr [rax]", "db 10", func(a *Writer) { a.X87Mem(Fist32, At(RAX, 0)) }},
	{"fistp word ptr [rax]", "df 18", func(a *Writer) { a.X87Mem(Fistp16, At(RAX, 0)) }},
	{"fistp dword ptr [rax]", "db 18", func(a *Writer) { a.X87Mem(Fistp32, At(RAX, 0)) }},
	{"fistp qword ptr [rax]", "df 38", func(a *Writer) { a.X87Mem(Fistp64, At(RAX, 0)) }},
	{"fisttp word ptr [rax]", "df 08", func(a *Writer) { a.X87Mem(Fisttp16, At(RAX, 0)) }},
	{"fisttp dword ptr [rax]", "db 08", func(a *Writer) { a.X87Mem(Fisttp32, At(RAX, 0)) }},
	{"fisttp qword ptr [rax]", "dd 08", func(a *Writer) { a.X87Mem(Fisttp64, At(RAX, 0)) }},
	{"fldcw word ptr [rax]", "d9 28", func(a *Writer) { a.X87Mem(Fldcw, At(RAX, 0)) }},
	{"fnstsw word ptr [rax]", "dd 38", func(a *Writer) { a.X87Mem(Fnstsw, At(RAX, 0)) }},
	{"fnsave [rax]", "dd 30", func(a *Writer) { a.X87Mem(Fnsave, At(RAX, 0)) }},
	{"fld st(3)", "d9 c3", func(a *Writer) { a.X87Reg(FldST, 3) }},
	{"fxch st(1)", "d9 c9", func(a *Writer) { a.X87Reg(FxchST, 1) }},
	{"fst st(2)", "dd d2", func(a *Writer) { a.X87Reg(FstST, 2) }},
	{"fstp st(0)", "dd d8", func(a *Writer) { a.X87Reg(FstpST, 0) }},
	{"fcom st(2)", "d8 d2", func(a *Writer) { a.X87Reg(FcomST, 2) }},
	{"fcomp st(2)", "d8 da", func(a *Writer) { a.X87Reg(FcompST, 2) }},
	{"fcompp", "de d9", func(a *Writer) { a.X87Reg(FcomppST, 1) }},
	{"fucom st(2)", "dd e2", func(a *Writer) { a.X87Reg(FucomST, 2) }},
	{"fucomp st(2)", "dd ea", func(a *Writer) { a.X87Reg(FucompST, 2) }},
	{"fucompp", "da e9", func(a *Writer) { a.X87Reg(FucomppST, 1) }},
	{"fcomi st, st(1)", "db f1", func(a *Writer) { a.X87Reg(FcomiST, 1) }},
	{"fcomip st, st(1)", "df f1", func(a *Writer) { a.X87Reg(FcomipST, 1) }},
	{"fucomi st, st(1)", "db e9", func(a *Writer) { a.X87Reg(FucomiST, 1) }},
	{"fucomip st, st(1)", "df e9", func(a *Writer) { a.X87Reg(FucomipST, 1) }},
	{"fld1", "d9 e8", func(a *Writer) { a.X87Reg(Fconst, 0) }},
	{"fldz", "d9 ee", func(a *Writer) { a.X87Reg(Fconst, 6) }},
	{"fchs", "d9 e0", func(a *Writer) { a.X87Reg(Fchs, 0) }},
	{"fabs", "d9 e1", func(a *Writer) { a.X87Reg(Fabs, 0) }},
	{"fsqrt", "d9 fa", func(a *Writer) { a.X87Reg(Fsqrt, 0) }},
	{"frndint", "d9 fc", func(a *Writer) { a.X87Reg(Frndint, 0) }},
	{"fnclex", "db e2", func(a *Writer) { a.X87Reg(Fnclex, 0) }},
}

// TestAsm holds the other instructions against their rows.
func TestAsm(t *testing.T) {
	for _, r := range asmRows {
		var a Writer
		r.emit(&a)
		checkInsn(t, a.Buf, r.text, r.bytes)
	}
	everyNameHasRow(t, "insn.go", `func \(a \*Writer\) (\w+)`, "asm_test.go")
	everyNameHasRow(t, "insn.go", `(?m)^\t((?:Alu|Unary|Op|Shift)[A-Z]\w*)`, "asm_test.go")
	everyNameHasRow(t, "x87.go", `\b(F[a-z]\w+)`, "asm_test.go")
	everyNameHasRow(t, "x87.go", `\b(Arith\w+) +Opcode =`, "asm_test.go")
	everyNameHasRow(t, "x87.go", `func \(a \*Writer\) (\w+)`, "asm_test.go")
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
	for _, base := range append(regs, NoReg) {
		for _, index := range append(regs, NoReg) {
			if index == RSP || base == NoReg && index == NoReg {
				continue
			}
			for n, disp := range []int32{0, 1, -1, 127, 128, -128, -129, 1 << 30} {
				m := Mem{Base: base, Index: index, Scale: uint8(n & 3), Disp: disp}
				if index == NoReg {
					m.Scale = 0
				}
				checkOperand(t, regs[(int(base)+n)&15], m)
			}
		}
	}
	for _, x := range regs {
		for _, y := range regs {
			var a Writer
			a.Mov(8, x, y)
			in, err := x86asm.Decode(a.Buf, 64)
			if err != nil || in.Args[0] != x86asm.RAX+x86asm.Reg(x) || in.Args[1] != x86asm.RAX+x86asm.Reg(y) {
				t.Errorf("mov %d, %d: % x is %v, %v", x, y, a.Buf, in, err)
			}
		}
	}
}

// checkOperand reads a memory operand back with both decoders.
func checkOperand(t *testing.T, r Reg, m Mem) {
	t.Helper()
	var a, v Writer
	a.Load(8, r, m)
	v.VRM(VmovdquLd, true, r, 0, m)
	reg := func(r Reg) x86asm.Reg {
		if r == NoReg {
			return 0
		}
		return x86asm.RAX + x86asm.Reg(r)
	}
	want := x86asm.Mem{Base: reg(m.Base)}
	if m.Index != NoReg {
		want.Index, want.Scale = reg(m.Index), 1<<m.Scale
	}
	x, err := x86asm.Decode(a.Buf, 64)
	if got, ok := x.Args[1].(x86asm.Mem); err != nil || x.Len != len(a.Buf) || x.Args[0] != reg(r) || !ok || got.Base != want.Base || got.Index != want.Index || m.Index != NoReg && got.Scale != want.Scale || int32(got.Disp) != m.Disp { // x86asm shows it unsigned
		t.Errorf("%v: % x is %v, %v", m, a.Buf, x, err)
	}
	var general, vector dec.Inst
	if err := dec.Decode(&general, a.Buf, dec.Mode64); err != nil {
		t.Errorf("%v: % x: %v", m, a.Buf, err)
	}
	if err := dec.Decode(&vector, v.Buf, dec.Mode64); err != nil || int(vector.Len) != len(v.Buf) {
		t.Errorf("%v: % x: %v", m, v.Buf, err)
	}
	if general.Mem != vector.Mem || Reg(vector.Args[0].Reg) != r {
		t.Errorf("%v: % x is %v, %v", m, v.Buf, vector.Mem, dec.Text(&vector, 0, nil))
	}
}
