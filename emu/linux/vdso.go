package linux

import (
	"debug/elf"

	"panda/emu/guest"
	"panda/emu/linux/mm"
	"panda/emu/mmu"
)

// The shared object that Linux maps into i386 programs: a page with the code for
// system calls and for the return from signal handlers, as an ELF image that the
// C library and unwinders read.
//
// A call pushes the registers that SYSENTER needs for itself. The kernel goes on
// behind the INT 0x80 after it; that instruction is there for a call that is made
// again, and for CPUs without SYSENTER.

// vdso32 is the image, and where its parts are.
var vdso32 = newVdso32()

type vdsoImage struct {
	bytes []byte
	// Offsets of the entries, and of the place behind INT 0x80.
	vsyscall, landing, sigreturn, rtSigreturn uint64
	enter                                     uint64 // offset of the code that enters by SYSENTER
}

var (
	// push %ecx; push %edx; push %ebp; mov %esp,%ebp; sysenter; int $0x80;
	// pop %ebp; pop %edx; pop %ecx; ret
	vsyscallCode = []byte{0x51, 0x52, 0x55, 0x89, 0xe5, 0x0f, 0x34, 0xcd, 0x80, 0x5d, 0x5a, 0x59, 0xc3}
	// nop; pop %eax; mov $119,%eax; int $0x80
	sigreturnCode = []byte{0x90, 0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80}
	// nop; mov $173,%eax; int $0x80
	rtSigreturnCode = []byte{0x90, 0xb8, 173, 0, 0, 0, 0xcd, 0x80}
	// mov %esp,%ebp; sysenter is replaced by it where there is no SYSENTER.
	noEnter = []byte{0x90, 0x90, 0x90, 0x90}
)

const (
	enterAt   = 3 // in vsyscallCode
	landingAt = 9
	nopBefore = 1 // unwinders look at the byte before the address of a return
)

// unwindInfo is an .eh_frame section: a CIE, then an FDE whose first word of
// content is the distance to vsyscallCode (DWARF 4 section 6.4, Linux Standard
// Base 10.6). It follows the pushes and pops.
var unwindInfo = []byte{
	20, 0, 0, 0, 0, 0, 0, 0, // length, id of a CIE
	1, 'z', 'R', 0, 1, 0x7c, 8, 1, 0x1b, // version, augmentation, factors 1 and -4, return address 8, pc-relative
	0x0c, 4, 4, 0x88, 1, 0, 0, // the frame is esp+4, the return address is below it
	36, 0, 0, 0, 28, 0, 0, 0, // length, distance to the CIE
	0, 0, 0, 0, byte(len(vsyscallCode)), 0, 0, 0, 0, // start, length, no augmentation
	0x41, 0x0e, 8, 0x41, 0x0e, 12, 0x41, 0x0e, 16, 0x85, 4, // after each push; ebp is saved
	0x47, 0x0e, 12, 0xc5, 0x41, 0x0e, 8, 0x41, 0x0e, 4, // after each pop
	0, 0,
}

const (
	fdeAt      = 24 // in unwindInfo
	fdeStartAt = fdeAt + 8
)

// vdsoBuilder lays the image out from its start.
type vdsoBuilder struct{ b []byte }

func (v *vdsoBuilder) align(n int) uint64 {
	for len(v.b)%n != 0 {
		v.b = append(v.b, 0)
	}
	return uint64(len(v.b))
}

func (v *vdsoBuilder) words(ws ...uint64) {
	for _, w := range ws {
		v.b = le.AppendUint32(v.b, uint32(w))
	}
}

func (v *vdsoBuilder) put32(at, w uint64) { le.PutUint32(v.b[at:], uint32(w)) }

// add appends code or data and returns where it is.
func (v *vdsoBuilder) add(alignment int, b []byte) uint64 {
	at := v.align(alignment)
	v.b = append(v.b, b...)
	return at
}

const (
	ehdrSize, phdrSize, symSize = 52, 32, 16
	vdsoPhdrs                   = 3
)

func newVdso32() (img vdsoImage) {
	v := &vdsoBuilder{b: make([]byte, ehdrSize+vdsoPhdrs*phdrSize)}
	img.vsyscall = v.add(32, vsyscallCode)
	img.enter, img.landing = img.vsyscall+enterAt, img.vsyscall+landingAt
	img.sigreturn = v.add(32, sigreturnCode) + nopBefore
	img.rtSigreturn = v.add(32, rtSigreturnCode) + nopBefore
	dynamic, size := v.symbols([]vdsoSymbol{
		{"__kernel_vsyscall", img.vsyscall, len(vsyscallCode)},
		{"__kernel_sigreturn", img.sigreturn, len(sigreturnCode) - nopBefore},
		{"__kernel_rt_sigreturn", img.rtSigreturn, len(rtSigreturnCode) - nopBefore},
	})
	unwind, unwindSize := v.unwind(img.vsyscall)
	v.header(&img, [vdsoPhdrs]elf.Prog32{
		{Type: uint32(elf.PT_LOAD), Filesz: uint32(len(v.b)), Flags: uint32(elf.PF_R | elf.PF_X), Align: mm.PageSize},
		{Type: uint32(elf.PT_DYNAMIC), Off: uint32(dynamic), Filesz: uint32(size), Flags: uint32(elf.PF_R), Align: 4},
		{Type: uint32(elf.PT_GNU_EH_FRAME), Off: uint32(unwind), Filesz: uint32(unwindSize), Flags: uint32(elf.PF_R), Align: 4},
	})
	img.bytes = v.b
	return img
}

type vdsoSymbol struct {
	name string
	at   uint64
	size int
}

// Version definitions: the one of the object, that of its symbols, and the one
// under which programs look for clocks, of which there are none.
const (
	versionBase = 1 + iota
	version25
	version26
)

var vdsoVersions = [...]struct {
	name  string
	flags uint64
}{versionBase: {vdsoName, uint64(elf.VER_FLG_BASE)}, version25: {"LINUX_2.5", 0}, version26: {"LINUX_2.6", 0}}

const vdsoName = "linux-gate.so.1"

// elfHash is the hash function of the ELF specification.
func elfHash(name string) (h uint64) {
	for _, c := range []byte(name) {
		h = h<<4 + uint64(c)
		h = h ^ h>>24&0xf0
		h &= 0xfffffff
	}
	return h
}

// versions appends the version definitions, and the version of each of n symbols.
func (v *vdsoBuilder) versions(name func(string) uint64, n int) (defs, versym uint64) {
	const defSize, auxSize = 20, 8
	defs = v.align(4)
	for i, d := range vdsoVersions[versionBase:] {
		next := uint64(defSize + auxSize)
		if i == len(vdsoVersions)-2 {
			next = 0
		}
		v.words(1|d.flags<<16, uint64(i+versionBase)|1<<16, elfHash(d.name), defSize, next, name(d.name), 0)
	}
	versym = v.align(4)
	v.b = le.AppendUint16(v.b, 0)
	for range n {
		v.b = le.AppendUint16(v.b, version25)
	}
	return defs, versym
}

// symbols appends the tables of the dynamic linker: symbols, names, a hash table
// of one chain, versions, and the list of them.
func (v *vdsoBuilder) symbols(syms []vdsoSymbol) (dynamic, size uint64) {
	names := []byte{0}
	name := func(s string) uint64 {
		at := len(names)
		names = append(append(names, s...), 0)
		return uint64(at)
	}
	soname := name(vdsoName)
	symtab := v.add(4, make([]byte, symSize))
	for i := range syms {
		v.words(name(syms[i].name), syms[i].at, uint64(syms[i].size), uint64(elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC))|1<<16)
	}
	defs, versym := v.versions(name, len(syms))
	strtab := v.add(1, names)
	hash := v.align(4)
	v.words(1, uint64(len(syms)+1), uint64(len(syms)), 0)
	for i := range syms {
		v.words(uint64(i))
	}
	dynamic = v.align(4)
	v.words(uint64(elf.DT_SONAME), soname, uint64(elf.DT_HASH), hash, uint64(elf.DT_STRTAB), strtab, uint64(elf.DT_SYMTAB), symtab,
		uint64(elf.DT_STRSZ), uint64(len(names)), uint64(elf.DT_SYMENT), symSize, uint64(elf.DT_VERDEF), defs,
		uint64(elf.DT_VERDEFNUM), version26, uint64(elf.DT_VERSYM), versym, uint64(elf.DT_NULL), 0)
	return dynamic, uint64(len(v.b)) - dynamic
}

// unwind appends what an unwinder reads, with its index of one entry.
func (v *vdsoBuilder) unwind(code uint64) (header, size uint64) {
	frames := v.add(4, unwindInfo)
	v.put32(frames+fdeStartAt, code-(frames+fdeStartAt))
	v.words(0) // the end
	header = v.align(4)
	const version, frameEnc, countEnc, tableEnc = 1, 0x1b, 0x03, 0x3b
	v.words(version|frameEnc<<8|countEnc<<16|tableEnc<<24, frames-(header+4), 1, code-header, frames+fdeAt-header)
	return header, uint64(len(v.b)) - header
}

func (v *vdsoBuilder) header(img *vdsoImage, phdrs [vdsoPhdrs]elf.Prog32) {
	copy(v.b, elf.ELFMAG)
	v.b[elf.EI_CLASS], v.b[elf.EI_DATA], v.b[elf.EI_VERSION] = byte(elf.ELFCLASS32), byte(elf.ELFDATA2LSB), 1
	for at, w := range map[uint64]uint64{16: uint64(elf.ET_DYN) | uint64(elf.EM_386)<<16, 20: 1, 24: img.vsyscall, 28: ehdrSize,
		40: ehdrSize | phdrSize<<16, 44: vdsoPhdrs} {
		v.put32(at, w)
	}
	for i, p := range phdrs {
		at := uint64(ehdrSize + i*phdrSize)
		for j, w := range []uint32{p.Type, p.Off, p.Off, p.Off, p.Filesz, p.Filesz, p.Flags, p.Align} {
			v.put32(at+uint64(4*j), uint64(w))
		}
	}
}

// capSEP is the bit of the hardware capabilities, and of CPUID, that says that
// there is SYSENTER.
const capSEP = 1 << 11

// mapVdso maps the object.
func mapVdso(m *mm.MM, hwcap uint64) error {
	size := mm.RoundUp(uint64(len(vdso32.bytes)))
	at, ok := m.Space.FindFree(size, 0x10000, m.Layout.MapTop, true)
	if !ok {
		return nil // programs can do without
	}
	if err := m.Space.Map(at, size, guest.Read|guest.Exec, mmu.Anonymous("[vdso]")); err != nil {
		return err
	}
	m.Vdso = at
	if err := m.Space.Write(at, vdso32.bytes); err != nil || hwcap&capSEP != 0 {
		return err
	}
	return m.Space.Write(at+guest.Addr(vdso32.enter), noEnter)
}
