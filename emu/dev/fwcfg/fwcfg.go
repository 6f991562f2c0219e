// Package fwcfg is the firmware configuration device of QEMU's machines (QEMU's
// docs/specs/fw_cfg): items under numbers and files under names, which firmware reads byte
// by byte from a port or by DMA. Nothing can be written.
package fwcfg

import (
	"encoding/binary"
	"slices"

	"panda/emu/dev"
	"panda/emu/guest"
	"panda/emu/snap"
)

// Items that have numbers.
const (
	Signature   = 0x00
	ID          = 0x01
	UUID        = 0x02
	RAMSize     = 0x03
	NoGraphic   = 0x04
	NumCPUs     = 0x05
	KernelAddr  = 0x07
	KernelSize  = 0x08
	InitrdAddr  = 0x0a
	InitrdSize  = 0x0b
	BootDevice  = 0x0c
	BootMenu    = 0x0e
	MaxCPUs     = 0x0f
	KernelEntry = 0x10
	KernelData  = 0x11
	InitrdData  = 0x12
	CmdlineAddr = 0x13
	CmdlineSize = 0x14
	CmdlineData = 0x15
	SetupAddr   = 0x16
	SetupSize   = 0x17
	SetupData   = 0x18
	Directory   = 0x19
	firstFile   = 0x20

	// E820Table is the name of the file with entries of E820.
	E820Table = "etc/e820"
)

// Ports.
const (
	portSelect = 0x510
	portData   = 0x511
	portDMA    = 0x514
)

// Bits of the control word of a DMA access.
const (
	dmaError  = 1 << 0
	dmaRead   = 1 << 1
	dmaSkip   = 1 << 2
	dmaSelect = 1 << 3
	dmaWrite  = 1 << 4

	featureTraditional = 1
	featureDMA         = 2

	dmaHeader = 16
	mostFiles = 0x4000 - firstFile
	nameSize  = 56
	chunk     = 4096
)

var dmaSignature = []byte("QEMU CFG")

// Device is the device.
type Device struct {
	memory dev.Memory
	items  map[uint16][]byte
	files  []file // by name

	key     uint16
	offset  uint64
	address uint64 // of the DMA access, of which a half may have been written
}

type file struct {
	name string
	data []byte
}

// New is a device at its ports, with only the items that say that it is there.
func New(ports *dev.PortBus, memory dev.Memory) *Device {
	d := &Device{memory: memory, items: map[uint16][]byte{}}
	d.Add(Signature, []byte("QEMU"))
	d.Add32(ID, featureTraditional|featureDMA)
	d.directory()
	ports.Attach(portSelect, portData, 2, d)
	ports.Attach(portDMA, portDMA+7, 4, dma{d})
	return d
}

// Add gives an item its bytes, which stay the caller's.
func (d *Device) Add(key uint16, b []byte) { d.items[key] = b }

// Add16 is Add of a number.
func (d *Device) Add16(key, v uint16) { d.Add(key, binary.LittleEndian.AppendUint16(nil, v)) }

// Add32 is Add of a number.
func (d *Device) Add32(key uint16, v uint32) { d.Add(key, binary.LittleEndian.AppendUint32(nil, v)) }

// Add64 is Add of a number.
func (d *Device) Add64(key uint16, v uint64) { d.Add(key, binary.LittleEndian.AppendUint64(nil, v)) }

// AddFile gives a file its bytes. All are added before the guest runs: their numbers follow
// from their names.
func (d *Device) AddFile(name string, b []byte) {
	at, found := slices.BinarySearchFunc(d.files, name, func(f file, name string) int {
		if f.name < name {
			return -1
		} else if f.name > name {
			return 1
		}
		return 0
	})
	if len(name) >= nameSize || len(d.files) >= mostFiles {
		panic("BUG: no such file of firmware")
	}
	if found {
		d.files[at].data = b
	} else {
		d.files = slices.Insert(d.files, at, file{name, b})
	}
	d.directory()
}

// directory writes the list of files, whose numbers are of the highest byte first.
func (d *Device) directory() {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(d.files)))
	for i, f := range d.files {
		key := uint16(firstFile + i)
		b = binary.BigEndian.AppendUint32(b, uint32(len(f.data)))
		b = binary.BigEndian.AppendUint16(b, key)
		b = append(b, 0, 0)
		var name [nameSize]byte
		copy(name[:], f.name)
		b = append(b, name[:]...)
		d.items[key] = f.data
	}
	d.items[Directory] = b
}

// Range is an entry of E820: memory and its kind, 1 for RAM and 2 for what is reserved.
type Range struct {
	At   guest.PhysAddr
	Size uint64
	Kind uint32
}

// E820 is the file that says where memory is.
func E820(ranges []Range) (b []byte) {
	for _, r := range ranges {
		b = binary.LittleEndian.AppendUint64(b, uint64(r.At))
		b = binary.LittleEndian.AppendUint64(b, r.Size)
		b = binary.LittleEndian.AppendUint32(b, r.Kind)
	}
	return b
}

// Reset selects the first item.
func (d *Device) Reset() { d.key, d.offset, d.address = 0, 0, 0 }

// State names its state. The items are the board's.
func (d *Device) State(s *snap.Stream) {
	s.Name("fwcfg 1")
	snap.Int(s, &d.key)
	snap.Int(s, &d.offset, &d.address)
}

func (d *Device) choose(key uint16) {
	d.key, d.offset = key&0x3fff, 0 // the other bits are of writes and of the architecture
	if key&0x8000 != 0 {
		d.key = key
	}
}

// rest is what has not been read of the item.
func (d *Device) rest() []byte {
	item := d.items[d.key]
	return item[min(d.offset, uint64(len(item))):]
}

// In reads a byte of the item, which is zeros after its end.
func (d *Device) In(port uint16, size int) (v uint32) {
	if port == portSelect {
		return uint32(d.key)
	}
	if rest := d.rest(); len(rest) > 0 {
		v = uint32(rest[0])
		d.offset++
	}
	return v
}

// Out selects an item.
func (d *Device) Out(port uint16, size int, v uint32) {
	if port == portSelect && size == 2 {
		d.choose(uint16(v))
	}
}

// dma are the ports of the address of a DMA access, of the highest byte first. The second
// half starts it.
type dma struct{ d *Device }

// In reads who answers.
func (p dma) In(port uint16, size int) (v uint32) {
	for i := range size {
		v |= uint32(dmaSignature[int(port-portDMA)+i]) << (8 * i)
	}
	return v
}

// Out takes the address.
func (p dma) Out(port uint16, size int, v uint32) {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], v)
	half := uint64(binary.BigEndian.Uint32(b[:]))
	switch {
	case size != 4:
	case port == portDMA:
		p.d.address = half << 32
	default:
		at := p.d.address | half
		p.d.address = 0
		p.d.access(guest.PhysAddr(at))
	}
}

// access does what 16 bytes of memory say: control, length and address.
func (d *Device) access(at guest.PhysAddr) {
	var h [dmaHeader]byte
	if d.memory.Read(at, h[:]) != nil {
		return
	}
	control := binary.BigEndian.Uint32(h[:])
	if control&dmaSelect != 0 {
		d.choose(uint16(control >> 16))
	}
	length, to := uint64(binary.BigEndian.Uint32(h[4:])), guest.PhysAddr(binary.BigEndian.Uint64(h[8:]))
	result := uint32(0)
	switch {
	case control&dmaRead != 0:
		if !d.read(to, length) {
			result = dmaError
		}
	case control&dmaWrite != 0:
		result = dmaError
	case control&dmaSkip != 0:
		d.offset = min(d.offset+length, uint64(len(d.items[d.key])))
	}
	d.memory.Write(at, binary.BigEndian.AppendUint32(nil, result)) // it was read there
}

// read copies the item to memory, and zeros after its end.
func (d *Device) read(to guest.PhysAddr, length uint64) bool {
	for length > 0 {
		part := d.rest()
		if n := min(length, uint64(len(part))); n > 0 {
			part, d.offset = part[:n], d.offset+n
		} else {
			part = make([]byte, min(length, chunk))
		}
		if d.memory.Write(to, part) != nil {
			return false
		}
		to, length = to+guest.PhysAddr(len(part)), length-uint64(len(part))
	}
	return true
}
