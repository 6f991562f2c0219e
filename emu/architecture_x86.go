package emu

import (
	"fmt"
	"sync"

	"panda/emu/arch"
	"panda/emu/arch/x86"
	"panda/emu/board/pc"
	"panda/emu/dev/backend/char"
	"panda/emu/dev/backend/image"
	"panda/emu/dev/ide"
	"panda/emu/guest"
	"panda/emu/linux"
	"panda/emu/load/bzimage"
	"panda/emu/vcpu"
)

// x86Architecture runs programs of x86-64 and i386.
var x86Architecture = Architecture{
	Name: "x86", Model: "max", Models: x86.ModelNames(), Build: buildX86,
	Boards: []string{"pc", "isapc"}, System: buildPC,
}

func buildX86(model string, c *vcpu.CPU) (arch.Guest, *linux.Guest, error) {
	m, err := x86.FindModel(model)
	if err != nil {
		return nil, nil, err
	}
	g := x86.New(m)
	g.Reset(c, 64)
	return g, linux.X86(g.Environment(), g.HWCap(), g.HWCap2()), nil
}

// buildPC makes a PC.
func buildPC(s *System, model string, c *vcpu.CPU, serial []*char.Device) (arch.Guest, whole, error) {
	m, err := x86.FindModel(model)
	if err != nil {
		return nil, nil, err
	}
	cfg := pc.Config{PCI: s.Board != "isapc", RAM: s.RAM, Model: m, Start: s.Start.Unix()}
	if s.Debug != nil {
		cfg.Debug = func(b byte) { s.Debug.Write([]byte{b}) }
	}
	for _, f := range []struct {
		to                  *[]byte
		option, path, usual string
	}{{&cfg.Firmware, "bios", s.BIOS, "/usr/share/seabios/bios-256k.bin"}, {&cfg.VGABIOS, "vgabios", "", "/usr/share/seabios/vgabios-stdvga.bin"}} {
		if s.Kernel != "" || !cfg.PCI {
			break
		}
		path := f.path
		if path == "" {
			path = f.usual
		}
		if *f.to, err = readFile(f.option, path); err != nil {
			return nil, nil, err
		}
	}
	for n, d := range s.Disks {
		if d != "" {
			disk, err := image.Open(d, image.Options{Snapshot: s.Snapshot})
			if err != nil {
				return nil, nil, err
			}
			cfg.Disks[n] = &ide.Drive{Disk: disk, CDROM: n == 2 && s.CDROM, Model: "PANDA HARDDISK", Serial: "PD0000" + string(rune('1'+n))}
		}
	}
	if len(serial) > 0 {
		cfg.Serial = serial[0].Send
	}
	if cfg.Kernel, err = readKernel(s); err != nil {
		return nil, nil, err
	}
	p, err := pc.New(cfg, c)
	if err != nil {
		return nil, nil, err
	}
	return p.CPU(), p, nil
}

// readKernel reads the files of a kernel that is booted without firmware, nil for none.
func readKernel(s *System) (*pc.Kernel, error) {
	if s.Kernel == "" {
		return nil, nil
	}
	b, err := readFile("kernel", s.Kernel)
	if err != nil {
		return nil, err
	}
	k := &pc.Kernel{Cmdline: s.Append}
	if k.Image, err = bzimage.Parse(b); err != nil {
		return nil, &OptionError{"kernel", fmt.Errorf("%s: %w", s.Kernel, err)}
	}
	if s.Initrd != "" {
		k.Initrd, err = readFile("initrd", s.Initrd)
	}
	return k, err
}

// hostView knows machine code of an x86-64 host, whatever the guest's architecture.
var hostView = sync.OnceValue(func() *vcpu.Arch { return x86.New(nil).View(64) })

// disasmHost prints an instruction of the host.
func disasmHost(c *vcpu.CPU, code []byte, pc uint64) (text string, n int) {
	return hostView().Disasm(c, code, guest.Addr(pc), nil)
}
