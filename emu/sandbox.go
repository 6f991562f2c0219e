package emu

import (
	"panda/emu/linux/hostsys"
	"panda/emu/linux/sandbox"
)

// enclose puts a sandbox before the host.
func (m *Machine) enclose(host *hostsys.Host) error {
	if m.cfg.Sandbox == nil {
		return nil
	}
	cfg := *m.cfg.Sandbox
	cfg.Memory = int64(m.cfg.Limits.Memory)
	cfg.Root, cfg.Program, cfg.Dir, cfg.Log = m.cfg.Sysroot, m.cfg.Path, m.cfg.Dir, m.cfg.Log
	box, err := sandbox.New(cfg, host)
	if err != nil {
		return err
	}
	host.Door, host.Walks, m.box = box, true, box
	return nil
}

// Sandbox is what keeps the guest from the host, nil without.
func (m *Machine) Sandbox() *sandbox.Sandbox { return m.box }

// sysroot is the directory that the personality looks in first. In a sandbox
// there is no other.
func (m *Machine) sysroot() string {
	if m.box != nil {
		return ""
	}
	return m.cfg.Sysroot
}
