package emu

import (
	"errors"
	"fmt"
	"io/fs"

	"panda/emu/arch"
	"panda/emu/arch/x86"
	"panda/emu/board/pc"
	"panda/emu/dev/backend/image"
	"panda/emu/dev/ide"
	"panda/emu/load/bzimage"
	"panda/emu/vcpu"
)

// boardPC and boardISA are the PCs that there are.
const (
	boardPC  = "pc"
	boardISA = "isapc"
)

// buildPC makes a PC.
func buildPC(s *System, model string, c *vcpu.CPU, e *edge) (arch.Guest, whole, error) {
	m, err := x86.FindModel(model)
	if err != nil {
		return nil, nil, err
	}
	cfg := pc.Config{PCI: s.Board == boardPC, RAM: s.RAM, Model: m, Start: s.Start.Unix(), Boot: s.Boot}
	if s.Board == "" {
		cfg.PCI = s.Kernel == ""
	}
	if cfg.PCI && s.Kernel != "" {
		return nil, nil, &OptionError{"kernel", errors.New("the board pc boots from its disks, by firmware: -M isapc boots a kernel")}
	}
	if len(e.serial) > pc.SerialPorts {
		return nil, nil, &OptionError{"serial", fmt.Errorf("there are %d serial ports at most", pc.SerialPorts)}
	}
	for _, d := range e.serial {
		cfg.Serial = append(cfg.Serial, d.Send)
	}
	if s.Debug != nil {
		cfg.Debug = func(b byte) { s.Debug.Write([]byte{b}) }
	}
	for _, read := range []func(*System, *pc.Config, *edge) error{readKernel, readFirmware, openDisks} {
		if err := read(s, &cfg, e); err != nil {
			return nil, nil, err
		}
	}
	p, err := pc.New(cfg, c)
	if err != nil {
		return nil, nil, err
	}
	return p.CPU(), p, nil
}

// readKernel reads the files of a kernel that is booted without firmware, if there is one.
func readKernel(s *System, cfg *pc.Config, _ *edge) error {
	if s.Kernel == "" {
		return nil
	}
	b, err := readFile("kernel", s.Kernel)
	if err != nil {
		return err
	}
	k := &pc.Kernel{Cmdline: s.Append}
	if k.Image, err = bzimage.Parse(b); err != nil {
		return &OptionError{"kernel", fmt.Errorf("%s: %w", s.Kernel, err)}
	}
	if s.Initrd != "" {
		k.Initrd, err = readFile("initrd", s.Initrd)
	}
	cfg.Kernel = k
	return err
}

// Where distributions have the firmware of QEMU's PC.
const (
	usualBIOS    = "/usr/share/seabios/bios-256k.bin"
	usualVGABIOS = "/usr/share/seabios/vgabios-stdvga.bin"
)

// readFirmware reads what a machine without a kernel of its own begins with.
func readFirmware(s *System, cfg *pc.Config, _ *edge) (err error) {
	switch {
	case s.Kernel != "":
		return nil
	case !cfg.PCI && s.BIOS == "":
		return &OptionError{"M", errors.New("the board isapc has no firmware of its own: give it a -kernel, or a -bios")}
	}
	if cfg.Firmware, err = readFirm("bios", s.BIOS, usualBIOS); err != nil || !cfg.PCI {
		return err
	}
	cfg.VGABIOS, err = readFirm("vgabios", s.VGABIOS, usualVGABIOS)
	return err
}

// readFirm reads firmware from a file, or from where it usually is.
func readFirm(option, path, usual string) ([]byte, error) {
	if path != "" {
		return readFile(option, path)
	}
	b, err := readFile(option, usual)
	if errors.Is(err, fs.ErrNotExist) {
		err = &OptionError{option, fmt.Errorf("there is no %s: Debian's package seabios has it, or -%s names another", usual, option)}
	}
	return b, err
}

// openDisks opens the images of the drives.
func openDisks(s *System, cfg *pc.Config, e *edge) error {
	for n, d := range s.Drives {
		switch {
		case d.File == "" && !d.CDROM:
			continue
		case d.CDROM:
			cfg.Disks[n] = &ide.Drive{CDROM: true, Model: "PANDA CD-ROM"}
		default:
			cfg.Disks[n] = &ide.Drive{Model: "PANDA HARDDISK", Serial: fmt.Sprintf("PD%05d", n+1)}
		}
		if d.File == "" {
			continue
		}
		disk, err := image.Open(d.File, image.Options{ReadOnly: d.CDROM, Snapshot: s.Snapshot && !d.CDROM, Warn: e.warn})
		if err != nil {
			return &OptionError{d.Option, err}
		}
		e.disks = append(e.disks, disk)
		cfg.Disks[n].Disk = disk
	}
	return nil
}
