package emu

import (
	"panda/emu/linux"
	"panda/emu/linux/hostsys"
	"panda/emu/linux/sandbox"
)

// enclose puts a sandbox before the host.
func (m *Machine) enclose(p *Program, host *hostsys.Host) error {
	if p.Sandbox == nil {
		return nil
	}
	cfg := *p.Sandbox
	cfg.Memory = int64(p.Limits.Memory)
	cfg.Root, cfg.Program, cfg.Dir, cfg.Log = p.Sysroot, p.Path, p.Dir, m.cfg.Log
	box, err := sandbox.New(cfg, host)
	if err != nil {
		return err
	}
	host.Door, host.Walks, m.box = box, true, box
	return nil
}

// Sandbox is what keeps the guest from the host, nil without.
func (m *Machine) Sandbox() *sandbox.Sandbox { return m.box }

// budget counts a sandbox's files, nil without one.
func (m *Machine) budget() linux.FileBudget {
	if m.box == nil {
		return nil
	}
	return m.box
}

// sysroot is the directory that the personality looks in first. In a sandbox
// there is no other.
func (m *Machine) sysroot(p *Program) string {
	if m.box != nil {
		return ""
	}
	return p.Sysroot
}
