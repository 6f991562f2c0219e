package x86

import (
	"encoding/binary"
	"fmt"

	"panda/emu/arch/x86/dec"
	"panda/emu/arch/x86/regs"
	"panda/emu/event"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Model is a CPU model: what CPUID says, and so which instructions exist.
type Model struct {
	Name string
	// Features by leaf: 1 and 80000001h ECX and EDX, 7 EBX and ECX.
	f1c, f1d, f7b, f7c, f8c, f8d uint32
}

// CPUID feature bits (SDM vol. 2A tables 3-8 and 3-10).
const (
	f1dFPU, f1dTSC, f1dCX8, f1dCMOV                                     = 1 << 0, 1 << 4, 1 << 8, 1 << 15
	f1dMMX, f1dFXSR, f1dSSE, f1dSSE2                                    = 1 << 23, 1 << 24, 1 << 25, 1 << 26
	f1cSSE3, f1cSSSE3, f1cCX16, f1cSSE41, f1cSSE42, f1cMOVBE, f1cPOPCNT = 1 << 0, 1 << 9, 1 << 13, 1 << 19, 1 << 20, 1 << 22, 1 << 23
	f1cPCLMUL, f1cAES, f1cOSXSAVE                                       = 1 << 1, 1 << 25, 1 << 27
	f8dSYSCALL, f8dNX, f8dRDTSCP, f8dLM                                 = 1 << 11, 1 << 20, 1 << 27, 1 << 29
	f8cLAHF, f8cLZCNT                                                   = 1 << 0, 1 << 5
	f7bFSGSBASE, f7bBMI1, f7bSHA                                        = 1 << 0, 1 << 3, 1 << 29
)

// models are the CPU models by their -cpu names.
var models = []*Model{
	{
		Name: "x86-64-v1",
		f1d:  f1dFPU | f1dTSC | f1dCX8 | f1dCMOV | f1dMMX | f1dFXSR | f1dSSE | f1dSSE2,
		f1c:  f1cCX16,
		f8d:  f8dSYSCALL | f8dNX | f8dLM | f8dRDTSCP,
		f8c:  f8cLAHF,
	},
	{
		Name: "x86-64-v2",
		f1d:  f1dFPU | f1dTSC | f1dCX8 | f1dCMOV | f1dMMX | f1dFXSR | f1dSSE | f1dSSE2,
		f1c:  f1cCX16 | f1cPOPCNT | f1cSSE3 | f1cSSSE3 | f1cSSE41 | f1cSSE42,
		f8d:  f8dSYSCALL | f8dNX | f8dLM | f8dRDTSCP,
		f8c:  f8cLAHF,
	},
	{
		Name: "max",
		f1d:  f1dFPU | f1dTSC | f1dCX8 | f1dCMOV | f1dMMX | f1dFXSR | f1dSSE | f1dSSE2,
		f1c: f1cCX16 | f1cPOPCNT | f1cMOVBE | f1cSSE3 | f1cSSSE3 | f1cSSE41 | f1cSSE42 |
			f1cAES | f1cPCLMUL,
		f7b: f7bFSGSBASE | f7bSHA,
		f8d: f8dSYSCALL | f8dNX | f8dLM | f8dRDTSCP,
		f8c: f8cLAHF | f8cLZCNT,
	},
}

// FindModel finds a CPU model by name.
func FindModel(name string) (*Model, error) {
	var names []string
	for _, m := range models {
		if m.Name == name {
			return m, nil
		}
		names = append(names, m.Name)
	}
	return nil, fmt.Errorf("no CPU model %q%s", name, event.DidYouMean(name, names))
}

func (m *Model) osxsave() bool { return m.f1c&f1cOSXSAVE != 0 }

// has reports whether the model has an instruction. LZCNT and TZCNT exist on
// every CPU, as BSR and BSF on those without them: see countZeros.
func (m *Model) has(in *dec.Inst) bool {
	n := &needs[in.Row.ID]
	return n.f1c&^m.f1c == 0 && n.f7b&^m.f7b == 0
}

// need is the CPUID bits without which an instruction does not exist.
type need struct{ f1c, f7b uint32 }

// extensions are the instructions beyond the baseline.
var extensions = []struct {
	need
	rows map[string]trFunc
}{
	{need{f1c: f1cSSE3}, sse3Table},
	{need{f1c: f1cSSE3}, map[string]trFunc{"fisttp": nil}},
	{need{f1c: f1cSSSE3}, ssse3Table},
	{need{f1c: f1cSSE41}, sse41Table},
	{need{f1c: f1cSSE42}, sse42Table},
	{need{f1c: f1cAES}, aesTable},
	{need{f1c: f1cPCLMUL}, clmulTable},
	{need{f7b: f7bSHA}, shaTable},
	{need{f1c: f1cPOPCNT}, map[string]trFunc{"popcnt": nil}},
	{need{f1c: f1cMOVBE}, map[string]trFunc{"movbe": nil}},
	{need{f7b: f7bFSGSBASE}, map[string]trFunc{"rdfsbase": nil, "rdgsbase": nil, "wrfsbase": nil, "wrgsbase": nil}},
}

// needs holds them by dec.Row.ID.
var needs = func() []need {
	rows := dec.Rows()
	ns := make([]need, len(rows))
	for i := range rows {
		r := &rows[i]
		for _, x := range extensions {
			if _, ok := x.rows[r.Name]; ok {
				ns[r.ID] = x.need
			}
		}
		if r.Name == "pextrw" && r.Map == dec.Map0F3A { // the form with a memory operand
			ns[r.ID] = need{f1c: f1cSSE41}
		}
	}
	return ns
}()

const vendor = "GenuineIntel"

// cpuid answers a leaf (SDM vol. 2A, CPUID).
func (m *Model) cpuid(leaf, _ uint32) (a, b, c, d uint32) {
	le := binary.LittleEndian
	switch leaf {
	case 0:
		return 7, le.Uint32([]byte(vendor)), le.Uint32([]byte(vendor)[8:]), le.Uint32([]byte(vendor)[4:])
	case 1: // family 6, model 15: the first of x86-64's baseline
		return 0x6f1, 1<<16 | 8<<8, m.f1c, m.f1d
	case 7:
		return 0, m.f7b, m.f7c, 0
	case 0x8000_0000:
		return 0x8000_0008, le.Uint32([]byte(vendor)), le.Uint32([]byte(vendor)[8:]), le.Uint32([]byte(vendor)[4:])
	case 0x8000_0001:
		return 0, 0, m.f8c, m.f8d
	case 0x8000_0002, 0x8000_0003, 0x8000_0004:
		return m.brand(leaf - 0x8000_0002)
	case 0x8000_0008:
		return 48<<8 | 40, 0, 0, 0
	}
	return 0, 0, 0, 0
}

func (m *Model) brand(part uint32) (a, b, c, d uint32) {
	var s [48]byte
	copy(s[:47], "panda virtual CPU "+m.Name)
	p := s[16*part:]
	le := binary.LittleEndian
	return le.Uint32(p), le.Uint32(p[4:]), le.Uint32(p[8:]), le.Uint32(p[12:])
}

// hCpuid offers the call to plugins as a hypercall and answers it if none of
// them takes it.
var hCpuid = &ir.Helper{
	Name: "cpuid", Reads: all, Writes: all,
	Fn: func(c *vcpu.CPU, _, _, _ uint64) uint64 {
		if h := c.Machine.Hypercall; h != nil && h(c) {
			return 0
		}
		a, b, cx, d := c.Machine.CPUID(uint32(c.W[regs.RAX]), uint32(c.W[regs.RCX]))
		c.W[regs.RAX], c.W[regs.RBX] = uint64(a), uint64(b)
		c.W[regs.RCX], c.W[regs.RDX] = uint64(cx), uint64(d)
		return 0
	},
}

// Reset gives the vCPU the registers of a fresh program for 64- or 32-bit code
// and the model's CPUID.
func (g *Guest) Reset(c *vcpu.CPU, bits int) {
	clear(c.W[:])
	w := &c.W
	regs.SetUserSegments(w, bits)
	regs.SetRFlags(w, regs.IF)
	w[regs.FCW], w[regs.MXCSR] = 0x37f, 0x1f80
	w[regs.XCR0] = 3
	c.Machine.CPUID = g.model.cpuid
	c.Machine.Arch = g.View(g.Mode(c))
}
