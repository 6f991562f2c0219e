// Package hotblocks lists the blocks that ran most, by file and offset, so that
// counts of several processes and runs add up.
//
// Arguments: n, how many to list (20); file (hotblocks.txt).
// Events: after_block_translate; each block is counted in translated code.
// Example: panda -panda hotblocks:n=10 /bin/ls
package hotblocks

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
)

func init() {
	plugin.Register("hotblocks", "lists the blocks that ran most", func() plugin.Plugin { return new(profile) })
}

// place is a block in terms that hold across processes.
type place struct {
	file   string
	offset guest.Addr // from the start of the file's mapping; the pc outside of files
	symbol string
}

type profile struct {
	n      uint64
	path   string
	counts map[place]*uint64
}

// Init subscribes a counter by place.
func (p *profile) Init(h *plugin.Host) error {
	p.n = h.Args().Uint("n", 20, "how many blocks to list")
	p.path = h.Args().String("file", "hotblocks.txt", "output file")
	if err := h.Args().Check(); err != nil {
		return err
	}
	p.counts = map[place]*uint64{}
	machine := h.CPU().Machine
	h.CounterAt(event.BeforeBlockExec, nil, func(in *event.Insn) *uint64 {
		at := place{offset: in.PC}
		if file, base, ok := machine.Module(in.PC); ok {
			at.file, at.offset = file, in.PC-base
		}
		if name, off, ok := machine.Symbol(in.PC); ok {
			at.symbol = fmt.Sprintf("%s+%#x", name, off)
		}
		if p.counts[at] == nil {
			p.counts[at] = new(uint64)
		}
		return p.counts[at]
	}, nil)
	return nil
}

// Close writes the list, the hottest first.
func (p *profile) Close() error {
	places := slices.SortedFunc(maps.Keys(p.counts), func(a, b place) int {
		return cmp.Or(cmp.Compare(*p.counts[b], *p.counts[a]), cmp.Compare(a.file, b.file), cmp.Compare(a.offset, b.offset))
	})
	var out bytes.Buffer
	for _, at := range places[:min(len(places), int(p.n))] {
		file := at.file
		if file == "" {
			file = "?"
		}
		fmt.Fprintf(&out, "%12d %s+%#x %s\n", *p.counts[at], file, uint64(at.offset), at.symbol)
	}
	return os.WriteFile(p.path, out.Bytes(), 0o644)
}
