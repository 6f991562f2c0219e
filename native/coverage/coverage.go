// Package coverage writes which blocks ran, in DynamoRIO's drcov format, which
// Lighthouse, Cartographer and bncov read.
//
// Arguments: file (coverage.drcov).
// Events: before_block_exec, once for each block and process.
// Example: panda -panda coverage:file=ls.drcov /bin/ls
package coverage

import (
	"fmt"
	"os"
	"sort"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

func init() {
	plugin.Register("coverage", "writes the blocks that ran as a drcov file", func() plugin.Plugin { return new(recorder) })
}

// module is a mapped file: a row of drcov's module table.
type module struct {
	id         int
	start, end guest.Addr
	path       string
}

// block is a row of drcov's block table.
type block struct {
	offset uint32
	size   uint16
	module uint16
}

type recorder struct {
	host    *plugin.Host
	path    string
	modules []*module
	blocks  map[block]bool
	seen    map[seenKey]bool
}

// seenKey names a block that was looked at: addresses mean different files in
// different address spaces.
type seenKey struct {
	asid guest.ASID
	pc   guest.Addr
	size int
}

// Init asks for the blocks.
func (r *recorder) Init(h *plugin.Host) error {
	r.host = h
	r.path = h.Args().String("file", "coverage.drcov", "output file")
	if err := h.Args().Check(); err != nil {
		return err
	}
	r.blocks, r.seen = map[block]bool{}, map[seenKey]bool{}
	h.BeforeBlockExec(nil, r.before)
	h.Subscribe(event.ProcessStart, nil, event.ProcessFunc(func(c *vcpu.CPU, _ *event.Process) {
		for k := range r.seen {
			if k.asid == c.ASID() {
				delete(r.seen, k)
			}
		}
	}))
	f, err := os.Create(r.path) // fail now, not after the run
	if err != nil {
		return err
	}
	return f.Close()
}

func (r *recorder) before(c *vcpu.CPU, tb *vcpu.TB) {
	k := seenKey{c.ASID(), tb.PC, tb.Size}
	if r.seen[k] {
		return
	}
	r.seen[k] = true
	if m := r.module(tb.PC); m != nil {
		r.blocks[block{uint32(tb.PC - m.start), uint16(tb.Size), uint16(m.id)}] = true
	}
}

// module finds or enters the mapped file of an address. drcov counts offsets
// from the lowest mapping of the file.
func (r *recorder) module(pc guest.Addr) *module {
	var path string
	regions := r.host.Core().Regions()
	for _, g := range regions {
		if g.Start <= pc && pc < g.End {
			path = g.File
		}
	}
	if path == "" || path[0] != '/' {
		return nil
	}
	m := &module{path: path, start: ^guest.Addr(0)}
	for _, g := range regions {
		if g.File == path {
			m.start, m.end = min(m.start, g.Start), max(m.end, g.End)
		}
	}
	for _, o := range r.modules {
		if o.path == m.path && o.start == m.start {
			o.end = max(o.end, m.end)
			return o
		}
	}
	m.id = len(r.modules)
	r.modules = append(r.modules, m)
	return m
}

// Close writes the file.
func (r *recorder) Close() error {
	if r.host == nil {
		return nil
	}
	f, err := os.Create(r.path)
	if err != nil {
		return err
	}
	if _, err := f.Write(r.encode()); err != nil {
		return err
	}
	return f.Close()
}

// encode makes a drcov version 2 file: text tables and 8-byte block records.
func (r *recorder) encode() []byte {
	out := fmt.Appendf(nil, "DRCOV VERSION: 2\nDRCOV FLAVOR: panda\nModule Table: version 2, count %d\n", len(r.modules))
	out = append(out, "Columns: id, base, end, entry, checksum, timestamp, path\n"...)
	for _, m := range r.modules {
		out = fmt.Appendf(out, "%3d, %#016x, %#016x, %#016x, %#08x, %#08x, %s\n", m.id, uint64(m.start), uint64(m.end), 0, 0, 0, m.path)
	}
	list := make([]block, 0, len(r.blocks))
	for b := range r.blocks {
		list = append(list, b)
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.module != b.module {
			return a.module < b.module
		}
		if a.offset != b.offset {
			return a.offset < b.offset
		}
		return a.size < b.size
	})
	out = fmt.Appendf(out, "BB Table: %d bbs\n", len(list))
	for _, b := range list {
		out = append(out, byte(b.offset), byte(b.offset>>8), byte(b.offset>>16), byte(b.offset>>24),
			byte(b.size), byte(b.size>>8), byte(b.module), byte(b.module>>8))
	}
	return out
}
