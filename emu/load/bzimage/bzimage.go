// Package bzimage reads the header of Linux kernels for x86 and makes what a boot loader
// hands them (Documentation/arch/x86/boot.rst of Linux). The file is hostile input.
package bzimage

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Kernel is a kernel's file.
type Kernel struct {
	Version string // of the kernel, as the file says
	setup   []byte // the sectors of real mode
	image   []byte // what is loaded at LoadAddress
	hdr     header
}

// header are fields of the setup header; the names are those of boot.rst.
type header struct {
	version     uint16
	code32      uint32
	initrdMax   uint32
	cmdlineSize uint32
	initSize    uint32
	preferred   uint64 // where it moves itself to
	loadflags   uint8
	relocatable bool
	xloadflags  uint16
}

// Places in the setup header.
const (
	offHeader      = 0x1f1
	offSetupSects  = 0x1f1
	offSize        = 0x1f4
	offBootFlag    = 0x1fe
	offJump        = 0x200
	offMagic       = 0x202
	offVersion     = 0x206
	offKernelVer   = 0x20e
	offLoader      = 0x210
	offLoadflags   = 0x211
	offCode32      = 0x214
	offInitrd      = 0x218
	offInitrdSize  = 0x21c
	offHeapEnd     = 0x224
	offCmdline     = 0x228
	offInitrdMax   = 0x22c
	offRelocatable = 0x234
	offXloadflags  = 0x236
	offCmdlineSize = 0x238
	offPreferred   = 0x258
	offInitSize    = 0x260

	loadedHigh = 1 << 0
	canUseHeap = 1 << 7

	sector = 512
)

// Parse reads a kernel's file.
func Parse(b []byte) (*Kernel, error) {
	le := binary.LittleEndian
	if len(b) < offInitSize+4 || le.Uint16(b[offBootFlag:]) != 0xaa55 || string(b[offMagic:offMagic+4]) != "HdrS" {
		return nil, errors.New("it is no bzImage of Linux: there is no setup header at 0x1f1")
	}
	sects := int(b[offSetupSects])
	if sects == 0 {
		sects = 4
	}
	h := header{version: le.Uint16(b[offVersion:]), code32: le.Uint32(b[offCode32:]), loadflags: b[offLoadflags]}
	if h.version < 0x203 || h.loadflags&loadedHigh == 0 {
		return nil, fmt.Errorf("its boot protocol is %d.%02d, and what is older than 2.03, or loaded below 1 MiB, cannot be booted directly: use -hda with a boot loader",
			h.version>>8, h.version&0xff)
	}
	size := (sects + 1) * sector
	if size >= len(b) {
		return nil, fmt.Errorf("it ends within its %d setup sectors", sects)
	}
	h.read(b)
	if need := size + 16*int(le.Uint32(b[offSize:])); need > len(b) {
		return nil, fmt.Errorf("it is cut off: its header speaks of %d bytes, and there are %d", need, len(b))
	}
	k := &Kernel{setup: b[:size], image: b[size:], hdr: h}
	k.Version = k.text(int(le.Uint16(b[offKernelVer:])) + offJump)
	return k, nil
}

// read reads the fields that later versions have.
func (h *header) read(b []byte) {
	le := binary.LittleEndian
	h.initrdMax, h.cmdlineSize = le.Uint32(b[offInitrdMax:]), 255
	if h.version >= 0x205 {
		h.relocatable = b[offRelocatable] != 0
	}
	if h.version >= 0x206 {
		h.cmdlineSize = le.Uint32(b[offCmdlineSize:])
	}
	if h.version >= 0x20a {
		h.preferred, h.initSize = le.Uint64(b[offPreferred:]), le.Uint32(b[offInitSize:])
	}
	if h.version >= 0x20c {
		h.xloadflags = le.Uint16(b[offXloadflags:])
	}
}

// text is the string at an offset of the setup sectors.
func (k *Kernel) text(at int) string {
	if at <= offJump || at >= len(k.setup) {
		return ""
	}
	for i, c := range k.setup[at:] {
		if c == 0 {
			return string(k.setup[at : at+i])
		}
	}
	return ""
}

// LoadAddress is where the kernel begins in memory, and where it is entered in protected mode
// with flat segments.
const LoadAddress = 0x100000

// Range is a range of physical memory as the kernel is told of it.
type Range struct {
	Start, Size uint64
	Usable      bool
}

// Boot is what a kernel is started with.
type Boot struct {
	Cmdline string
	Initrd  []byte
	Memory  []Range // by address
	// ACPI is the address of the root pointer of the tables, 0 for the kernel to look for it.
	ACPI uint64
}

// Piece is something to be put into memory.
type Piece struct {
	At   uint64
	Data []byte
}

// Where the loader puts what it makes, below 640 KiB.
const (
	Params  = 0x10000 // the zero page
	cmdline = 0x20000
	cmdMost = 0x10000
)

// maxRanges is how many ranges of memory the zero page has room for.
const maxRanges = 128

// Offsets in the zero page (Documentation/arch/x86/zero-page.rst).
const (
	zeroRSDP    = 0x70
	zeroE820    = 0x2d0
	zeroEntries = 0x1e8
)

// Place says what goes where in memory.
func (k *Kernel) Place(b *Boot) ([]Piece, error) {
	if most := min(int(k.hdr.cmdlineSize), cmdMost-1); len(b.Cmdline) > most {
		return nil, fmt.Errorf("the command line has %d bytes, and the kernel takes %d", len(b.Cmdline), most)
	}
	top := low(b.Memory)
	need := max(LoadAddress, min(k.hdr.preferred, 1<<32)) + max(uint64(len(k.image)), uint64(k.hdr.initSize))
	if need > top {
		return nil, fmt.Errorf("the kernel needs memory up to %#x, and there is some up to %#x: give it more with -m", need, top)
	}
	zero := k.zeroPage(b)
	pieces := []Piece{{LoadAddress, k.image}, {cmdline, append([]byte(b.Cmdline), 0)}}
	if len(b.Initrd) > 0 {
		at, err := k.initrdAt(uint64(len(b.Initrd)), need, top)
		if err != nil {
			return nil, err
		}
		binary.LittleEndian.PutUint32(zero[offInitrd:], uint32(at))
		binary.LittleEndian.PutUint32(zero[offInitrdSize:], uint32(len(b.Initrd)))
		pieces = append(pieces, Piece{at, b.Initrd})
	}
	return append(pieces, Piece{Params, zero}), nil
}

// low is the end of the memory that begins at 1 MiB or below.
func low(rs []Range) (end uint64) {
	for _, r := range rs {
		if r.Usable && r.Start <= LoadAddress {
			end = max(end, r.Start+r.Size)
		}
	}
	return end
}

// initrdAt is where the initrd goes: as high as the kernel takes it.
func (k *Kernel) initrdAt(size, from, top uint64) (uint64, error) {
	most := uint64(k.hdr.initrdMax) + 1
	if k.hdr.initrdMax == 0 {
		most = 0x38000000
	}
	end := min(top, most)
	if size > end || (end-size)&^0xfff < from {
		return 0, fmt.Errorf("the initrd has %d bytes, and between the kernel's end at %#x and %#x there is no room for it: give the machine more memory with -m", size, from, end)
	}
	return (end - size) &^ 0xfff, nil
}

func (k *Kernel) zeroPage(b *Boot) []byte {
	le := binary.LittleEndian
	zero := make([]byte, 4096)
	end := min(offMagic+int(k.setup[offJump+1]), len(k.setup), zeroE820)
	copy(zero[offHeader:], k.setup[offHeader:max(end, offInitSize+4)])
	zero[offLoader] = 0xff // one without a number of its own
	zero[offLoadflags] |= canUseHeap
	le.PutUint16(zero[offHeapEnd:], 0xfe00)
	le.PutUint32(zero[offCmdline:], cmdline)
	le.PutUint64(zero[zeroRSDP:], b.ACPI)
	ranges := b.Memory[:min(len(b.Memory), maxRanges)]
	zero[zeroEntries] = byte(len(ranges))
	for i, r := range ranges {
		e := zero[zeroE820+20*i:]
		le.PutUint64(e, r.Start)
		le.PutUint64(e[8:], r.Size)
		kind := uint32(2)
		if r.Usable {
			kind = 1
		}
		le.PutUint32(e[16:], kind)
	}
	return zero
}
