// Package insncount counts the instructions that the guest executes.
//
// Arguments: file, where to write the count (standard error when empty).
// Events: insn_exec, as a counter in translated code.
// Exports: count, a func() uint64.
// Example: panda -panda insncount /bin/true
package insncount

import (
	"fmt"
	"os"

	"panda/emu/event"
	"panda/emu/plugin"
)

func init() {
	plugin.Register("insncount", "counts executed instructions", func() plugin.Plugin { return new(counter) })
}

type counter struct {
	host *plugin.Host
	path string
	n    uint64
}

// Init subscribes the counter.
func (p *counter) Init(h *plugin.Host) error {
	p.host = h
	p.path = h.Args().String("file", "", "output file; standard error when empty")
	if err := h.Args().Check(); err != nil {
		return err
	}
	h.Counter(event.InsnExec, nil, &p.n)
	h.Export("count", func() uint64 { return p.n })
	return nil
}

// Close prints the count.
func (p *counter) Close() error {
	if p.path == "" {
		p.host.Log("%d instructions", p.n)
		return nil
	}
	return os.WriteFile(p.path, fmt.Appendf(nil, "%d\n", p.n), 0o644)
}
