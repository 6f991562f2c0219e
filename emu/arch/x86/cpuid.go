package x86

import (
	"encoding/binary"
	"fmt"
	"strings"

	"panda/emu/arch/x86/regs"
	"panda/emu/ir"
	"panda/emu/vcpu"
)

// Model is a CPU model: what CPUID says, and so which instructions exist.
type Model struct {
	Name string
	features
	signature uint32 // leaf 1 EAX: family, model, stepping
	leaf, ext uint32 // the highest leaves
}

// features are CPUID's feature words by leaf: 1 and 80000001h ECX and EDX, 7 EBX
// ECX and EDX, 0Dh.1 EAX (SDM vol. 2A tables 3-8 and 3-10).
type features struct{ f1c, f1d, f7b, f7c, f7d, f8c, f8d, fda uint32 }

// Bits of the feature words.
const (
	f1dFPU, f1dTSC, f1dMSR, f1dCX8                = 1 << 0, 1 << 4, 1 << 5, 1 << 8
	f1dDE, f1dPSE, f1dPAE, f1dAPIC                = 1 << 2, 1 << 3, 1 << 6, 1 << 9
	f1dMTRR, f1dPGE, f1dPAT, f1dPSE36             = 1 << 12, 1 << 13, 1 << 16, 1 << 17
	f1dSEP, f1dCMOV                               = 1 << 11, 1 << 15
	f1dCLFSH, f1dMMX, f1dFXSR, f1dSSE, f1dSSE2    = 1 << 19, 1 << 23, 1 << 24, 1 << 25, 1 << 26
	f1cSSE3, f1cPCLMUL, f1cSSSE3, f1cFMA, f1cCX16 = 1 << 0, 1 << 1, 1 << 9, 1 << 12, 1 << 13
	f1cSSE41, f1cSSE42, f1cMOVBE, f1cPOPCNT       = 1 << 19, 1 << 20, 1 << 22, 1 << 23
	f1cAES, f1cXSAVE, f1cOSXSAVE, f1cAVX          = 1 << 25, 1 << 26, 1 << 27, 1 << 28
	f1cF16C, f1cRDRAND, f1cPCID, f1cX2APIC        = 1 << 29, 1 << 30, 1 << 17, 1 << 21

	f7bFSGSBASE, f7bBMI1, f7bAVX2, f7bBMI2       = 1 << 0, 1 << 3, 1 << 5, 1 << 8
	f7bINVPCID, f7bSMEP, f7bSMAP                 = 1 << 10, 1 << 7, 1 << 20
	f7bNoFPUCS, f7bRDSEED, f7bADX, f7bCLFLUSHOPT = 1 << 13, 1 << 18, 1 << 19, 1 << 23
	f7bCLWB, f7bSHA                              = 1 << 24, 1 << 29
	f7cUMIP, f7cGFNI                             = 1 << 2, 1 << 8
	f7cVAES, f7cVPCLMUL, f7cRDPID                = 1 << 9, 1 << 10, 1 << 22
	f7dSPEC, f7dSTIBP, f7dARCH                   = 1 << 26, 1 << 27, 1 << 29 // IA32_SPEC_CTRL, IA32_ARCH_CAPABILITIES
	f8dSYSCALL, f8dNX, f8dRDTSCP, f8dLM          = 1 << 11, 1 << 20, 1 << 27, 1 << 29
	f8dGiant                                     = 1 << 26
	f8cLAHF, f8cLZCNT, f8cPREFETCHW              = 1 << 0, 1 << 5, 1 << 8
	fdaOPT, fdaXSAVEC, fdaXGETBV1, fdaXSAVES     = 1 << 0, 1 << 1, 1 << 2, 1 << 3
)

// includes reports whether nothing of need is missing.
func (f *features) includes(need *features) bool {
	return need.f1c&^f.f1c|need.f1d&^f.f1d|need.f7b&^f.f7b|need.f7c&^f.f7c|need.f7d&^f.f7d|need.f8c&^f.f8c|need.f8d&^f.f8d|need.fda&^f.fda == 0
}

// plus is the features of both.
func (f features) plus(g features) features {
	return features{f.f1c | g.f1c, f.f1d | g.f1d, f.f7b | g.f7b, f.f7c | g.f7c, f.f7d | g.f7d, f.f8c | g.f8c, f.f8d | g.f8d, f.fda | g.fda}
}

// Sets of features, each with what the one before has.
var (
	hasPentium  = features{f1d: f1dFPU | f1dTSC | f1dMSR | f1dCX8}
	hasPentium2 = hasPentium.plus(features{f1d: f1dCMOV | f1dMMX | f1dFXSR | f1dSEP})
	hasPentium3 = hasPentium2.plus(features{f1d: f1dSSE})
	hasPentium4 = hasPentium3.plus(features{f1d: f1dSSE2 | f1dCLFSH})
	hasCoreDuo  = hasPentium4.plus(features{f1c: f1cSSE3, f8d: f8dNX})

	hasV1 = hasPentium4.plus(features{f1c: f1cCX16, f8d: f8dSYSCALL | f8dNX | f8dLM | f8dRDTSCP, f8c: f8cLAHF})
	hasV2 = hasV1.plus(features{f1c: f1cPOPCNT | f1cSSE3 | f1cSSSE3 | f1cSSE41 | f1cSSE42})
	hasV3 = hasV2.plus(features{
		f1c: f1cMOVBE | f1cFMA | f1cF16C | f1cAVX | f1cXSAVE | f1cOSXSAVE,
		f7b: f7bAVX2 | f7bBMI1 | f7bBMI2 | f7bNoFPUCS, f8c: f8cLZCNT,
	})
	hasAll = hasV3.plus(features{
		f1c: f1cAES | f1cPCLMUL | f1cRDRAND,
		f7b: f7bFSGSBASE | f7bINVPCID | f7bSHA | f7bADX | f7bRDSEED | f7bCLFLUSHOPT | f7bCLWB,
		f7c: f7cUMIP | f7cGFNI | f7cVAES | f7cVPCLMUL | f7cRDPID, f8c: f8cPREFETCHW,
		fda: fdaOPT | fdaXSAVEC | fdaXGETBV1 | fdaXSAVES,
	})
)

// The highest extended leaf of 64-bit models.
const topExt = 0x8000_0008

// models are the CPU models by their -cpu names. Repeated string moves are no
// faster than others here, so none has ERMS.
var models = []*Model{
	{"pentium", hasPentium, 0x543, 1, 0},
	{"pentium2", hasPentium2, 0x652, 2, 0},
	{"pentium3", hasPentium3, 0x683, 2, 0},
	{"pentium4", hasPentium4, 0xf29, 2, 0x8000_0004},
	{"coreduo", hasCoreDuo, 0x6e8, 7, topExt},
	{"x86-64-v1", hasV1, 0x6f1, 7, topExt},
	{"x86-64-v2", hasV2, 0x6f1, 7, topExt},
	{"x86-64-v3", hasV3, 0x6f1, 0xd, topExt},
	{"max", hasAll, 0x6f1, 0xd, topExt},
}

// FindModel finds a CPU model by name.
func FindModel(name string) (*Model, error) {
	for _, m := range models {
		if m.Name == name {
			return m, nil
		}
	}
	return nil, fmt.Errorf("no CPU model %q; there are %s", name, strings.Join(ModelNames(), ", "))
}

// ModelNames are the names of the CPU models, the smallest first.
func ModelNames() (names []string) {
	for _, m := range models {
		names = append(names, m.Name)
	}
	return names
}

// Vendor is the maker that CPUID names.
const Vendor = "GenuineIntel"

// cpuid answers a leaf (SDM vol. 2A, CPUID).
func (m *Model) cpuid(leaf, sub uint32) (a, b, c, d uint32) {
	le := binary.LittleEndian
	if leaf > m.leaf && leaf < 1<<31 || leaf > m.ext && leaf >= 1<<31 {
		return 0, 0, 0, 0
	}
	switch leaf {
	case 0:
		return m.leaf, le.Uint32([]byte(Vendor)), le.Uint32([]byte(Vendor)[8:]), le.Uint32([]byte(Vendor)[4:])
	case 1:
		return m.signature, 1<<16 | m.flushUnits()<<8, m.f1c, m.f1d
	case 2: // ask leaf 4; 64 bytes are prefetched
		return 0x00ff_0001, 0xf0, 0, 0
	case 4:
		return cacheLeaf(sub)
	case 7:
		if sub == 0 {
			return 0, m.f7b, m.f7c, m.f7d
		}
	case 0xd:
		return m.xstateLeaf(sub)
	case 0x8000_0000:
		return m.ext, le.Uint32([]byte(Vendor)), le.Uint32([]byte(Vendor)[8:]), le.Uint32([]byte(Vendor)[4:])
	case 0x8000_0001:
		return 0, 0, m.f8c, m.f8d
	case 0x8000_0002, 0x8000_0003, 0x8000_0004:
		return m.brand(leaf - 0x8000_0002)
	case 0x8000_0008:
		return 48<<8 | 40, 0, 0, 0
	}
	return 0, 0, 0, 0
}

// flushUnits is the size of what CLFLUSH flushes, in units of 8 bytes.
func (m *Model) flushUnits() uint32 {
	if m.f1d&f1dCLFSH != 0 {
		return 8
	}
	return 0
}

// cacheLeaf describes caches, which programs look at to choose how they copy:
// type, level, ways, sets of 64 bytes.
func cacheLeaf(n uint32) (a, b, c, d uint32) {
	caches := [...][4]uint32{{1, 1, 8, 64}, {2, 1, 8, 64}, {3, 2, 8, 1024}, {3, 3, 16, 8192}}
	if n >= uint32(len(caches)) {
		return 0, 0, 0, 0
	}
	x := caches[n]
	return x[0] | x[1]<<5 | 1<<8, (x[2]-1)<<22 | 63, x[3] - 1, 0
}

// xcr0 is the extended state that there is.
func (m *Model) xcr0() uint64 {
	switch {
	case m.f1c&f1cAVX != 0:
		return regs.XX87 | regs.XSSE | regs.XAVX
	case m.f1c&f1cXSAVE != 0:
		return regs.XX87 | regs.XSSE
	}
	return regs.XX87
}

// xstateLeaf describes the XSAVE image.
func (m *Model) xstateLeaf(n uint32) (a, b, c, d uint32) {
	size := uint32(regs.XSize(m.xcr0()))
	switch {
	case n == 0:
		return uint32(m.xcr0()), size, size, 0
	case n == 1 && m.fda != 0:
		return m.fda, size, 0, 0
	case n == 2 && m.xcr0()&regs.XAVX != 0:
		at := uint32(regs.XSize(0))
		return size - at, at, 0, 0
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

// cpuidAnswer changes the answer for a leaf by what the CPU's state says.
type cpuidAnswer func(leaf uint32, b, c, d *uint32)

// newCpuid makes the helper of CPUID, which offers the call to plugins as a hypercall and answers it if none of
// them takes it.
func newCpuid(g *Guest) *ir.Helper {
	return &ir.Helper{Name: "cpuid", Reads: all, Writes: all, MayFault: true, Once: true, Fn: func(c *vcpu.CPU, _, _, _ uint64) uint64 {
		then := func() {}
		if h := c.Machine.Hypercall; h != nil {
			var taken bool
			if then, taken = h(c); taken {
				then()
				return 0
			}
		}
		leaf := uint32(c.W[regs.RAX])
		a, b, cx, d := g.model.cpuid(leaf, uint32(c.W[regs.RCX]))
		if g.answer != nil {
			g.answer(leaf, &b, &cx, &d)
		}
		if leaf == 0x8000_0001 && regs.CodeBits(&c.W) != 64 { // see trSyscall
			d &^= f8dSYSCALL
		}
		c.W[regs.RAX], c.W[regs.RBX] = uint64(a), uint64(b)
		c.W[regs.RCX], c.W[regs.RDX] = uint64(cx), uint64(d)
		then()
		return 0
	}}
}

// CPUID answers the instruction of that name.
func (g *Guest) CPUID(leaf, sub uint32) (a, b, c, d uint32) { return g.model.cpuid(leaf, sub) }

// Reset gives the vCPU the registers of a fresh program for 64- or 32-bit code.
func (g *Guest) Reset(c *vcpu.CPU, bits int) {
	clear(c.W[:])
	w := &c.W
	regs.SetUserSegments(w, bits)
	regs.SetRFlags(w, regs.IF)
	w[regs.FCW], w[regs.MXCSR] = 0x37f, 0x1f80
	w[regs.XCR0] = g.model.xcr0()
	c.Machine.Arch = g.View(g.Mode(c))
}
