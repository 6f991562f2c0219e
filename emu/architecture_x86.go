package emu

import (
	"sync"

	"panda/emu/arch"
	"panda/emu/arch/x86"
	"panda/emu/guest"
	"panda/emu/linux"
	"panda/emu/vcpu"
)

// x86Architecture runs programs of x86-64 and i386.
var x86Architecture = Architecture{
	Name: "x86", Model: "max", Models: x86.ModelNames(), Build: buildX86,
	Boards: []string{boardPC, boardISA}, System: buildPC,
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

// hostView knows machine code of an x86-64 host, whatever the guest's architecture.
var hostView = sync.OnceValue(func() *vcpu.Arch { return x86.New(nil).View(64) })

// disasmHost prints an instruction of the host.
func disasmHost(c *vcpu.CPU, code []byte, pc uint64) (text string, n int) {
	return hostView().Disasm(c, code, guest.Addr(pc), nil)
}
