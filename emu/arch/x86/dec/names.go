package dec

// Register and size names as they are displayed.

var gprNames = [9][16]string{
	1: {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b"},
	2: {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di", "r8w", "r9w", "r10w", "r11w", "r12w", "r13w", "r14w", "r15w"},
	4: {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"},
	8: {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"},
}

// numbered are the register files whose names are a word and a number.
var numbered = [...][16]string{
	CtlReg: numberedNames("cr", ""),
	DbgReg: numberedNames("dr", ""),
	STReg:  numberedNames("st(", ")"),
	MMReg:  numberedNames("mm", ""),
	XMM:    numberedNames("xmm", ""),
}

var (
	ymmNames  = numberedNames("ymm", "")
	gprhNames = [4]string{"ah", "ch", "dh", "bh"}
	segNames  = [8]string{"es", "cs", "ss", "ds", "fs", "gs"}
	ipNames   = [9]string{2: "ip", 4: "eip", 8: "rip"}
	ptrNames  = [33]string{
		1: "byte ptr ", 2: "word ptr ", 4: "dword ptr ", 6: "fword ptr ", 8: "qword ptr ",
		10: "tbyte ptr ", 16: "xmmword ptr ", 32: "ymmword ptr ",
	}
)

func numberedNames(before, after string) (t [16]string) {
	for i := range t {
		n := string(rune('0' + i%10))
		if i >= 10 {
			n = "1" + n
		}
		t[i] = before + n + after
	}
	return t
}

func (a *Arg) regName() string {
	switch a.Kind {
	case GPR:
		return gprNames[a.Size][a.Reg]
	case GPRH:
		return gprhNames[a.Reg]
	case SegReg:
		return segNames[a.Reg]
	case XMM:
		if a.Size == 32 {
			return ymmNames[a.Reg]
		}
	}
	return numbered[a.Kind][a.Reg]
}

// bySize are mnemonics that spell out the operand size.
var bySize = map[string][9]string{
	"cbw":   {2: "cbw", 4: "cwde", 8: "cdqe"},
	"cwd":   {2: "cwd", 4: "cdq", 8: "cqo"},
	"pushf": {2: "pushf", 4: "pushfd", 8: "pushfq"},
	"popf":  {2: "popf", 4: "popfd", 8: "popfq"},
	"pusha": {2: "pusha", 4: "pushad"},
	"popa":  {2: "popa", 4: "popad"},
	"iret":  {2: "iret", 4: "iretd", 8: "iretq"},

	"sysret":   {2: "sysret", 4: "sysret", 8: "sysretq"},
	"sysexit":  {2: "sysexit", 4: "sysexit", 8: "sysexitq"},
	"fxsave":   {2: "fxsave", 4: "fxsave", 8: "fxsave64"},
	"fxrstor":  {2: "fxrstor", 4: "fxrstor", 8: "fxrstor64"},
	"xsave":    {2: "xsave", 4: "xsave", 8: "xsave64"},
	"xsavec":   {2: "xsavec", 4: "xsavec", 8: "xsavec64"},
	"xsaveopt": {2: "xsaveopt", 4: "xsaveopt", 8: "xsaveopt64"},
	"xsaves":   {2: "xsaves", 4: "xsaves", 8: "xsaves64"},
	"xrstor":   {2: "xrstor", 4: "xrstor", 8: "xrstor64"},
	"xrstors":  {2: "xrstors", 4: "xrstors", 8: "xrstors64"},
}

// displayed are keys that are not themselves mnemonics.
var displayed = map[string]string{"movseg": "mov", "movcr": "mov", "movdr": "mov"}

var elemSuffix = [9]string{1: "b", 2: "w", 4: "d", 8: "q"}

// Mnemonic is the displayed name: Row.Name with the size in it where Intel
// syntax has it there.
func (in *Inst) Mnemonic() string {
	name := in.Row.Name
	if in.Row.Flags&(RepOK|RepZOK) != 0 {
		return name + elemSuffix[in.ElemSize()]
	}
	if name == "jcxz" {
		return [9]string{2: "jcxz", 4: "jecxz", 8: "jrcxz"}[in.AddrSize]
	}
	if s, ok := displayed[name]; ok {
		return s
	}
	if s, ok := bySize[name]; ok {
		return s[in.OpSize]
	}
	return name
}
