package pc

import (
	"encoding/binary"
	"fmt"

	"panda/emu/guest"
	"panda/emu/load/bzimage"
)

// Kernel is a Linux that is booted without firmware.
type Kernel struct {
	Image   *bzimage.Kernel
	Cmdline string
	Initrd  []byte
}

// The kernel's flat segments (boot.rst, 32-bit boot protocol), and where their table lies.
const (
	tableAt = 0x9000
	bootCS  = 0x10
	bootDS  = 0x18
)

// ImageAt is where an image is put and begins, as a boot sector does.
const ImageAt = 0x7c00

// load has the CPU begin with what the PC runs without firmware.
func (p *PC) load() error {
	switch {
	case p.cfg.Kernel != nil:
		return p.boot()
	case p.cfg.Image != nil:
		if err := p.mem.Write(ImageAt, p.cfg.Image); err != nil {
			return fmt.Errorf("image: %w", err)
		}
		p.cpu.CPU().EnterReal(0, ImageAt)
	}
	return nil
}

// boot puts the kernel into memory, and the CPU at its entry in protected mode.
func (p *PC) boot() error {
	k := p.cfg.Kernel
	pieces, err := k.Image.Place(&bzimage.Boot{Cmdline: k.Cmdline, Initrd: k.Initrd, Memory: p.ranges()})
	if err != nil {
		return fmt.Errorf("kernel: %w", err)
	}
	table := binary.LittleEndian.AppendUint64(make([]byte, bootCS), 0x00cf9b000000ffff)
	pieces = append(pieces, bzimage.Piece{At: tableAt, Data: binary.LittleEndian.AppendUint64(table, 0x00cf93000000ffff)})
	for _, m := range pieces {
		if err := p.mem.Write(guest.PhysAddr(m.At), m.Data); err != nil {
			return err
		}
	}
	p.gate(1)(true)
	p.cpu.CPU().EnterFlat(tableAt, bootDS+7, bootCS, bootDS, bzimage.LoadAddress, bzimage.Params)
	return nil
}
