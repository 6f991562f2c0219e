// Package memtrace writes every memory access of the guest, one to a line:
// instruction count, pc, r or w, address, size, bytes as a hexadecimal number.
//
// Arguments: file (memtrace.txt); start and end, the addresses to trace;
// limit, how many accesses to write (0: all).
// Events: virt_mem_after_read, virt_mem_before_write.
// Example: panda -panda memtrace:start=0x7fff0000,end=0x80000000 /bin/true
package memtrace

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

func init() {
	plugin.Register("memtrace", "writes every memory access to a file", func() plugin.Plugin { return new(tracer) })
}

type tracer struct {
	file *os.File
	out  *bufio.Writer
	left uint64
	subs []*event.Sub
}

// Init opens the file and subscribes.
func (t *tracer) Init(h *plugin.Host) (err error) {
	a := h.Args()
	path := a.String("file", "memtrace.txt", "output file")
	start := a.Uint("start", 0, "first address to trace")
	end := a.Uint("end", ^uint64(0), "first address not to trace")
	t.left = a.Uint("limit", 0, "accesses to write; 0 for all") - 1
	if err := a.Check(); err != nil {
		return err
	}
	if start >= end {
		return errors.New("start is not below end")
	}
	if t.file, err = os.Create(path); err != nil {
		return err
	}
	t.out = bufio.NewWriterSize(t.file, 1<<16)
	in := event.Addresses(guest.Addr(start), guest.Addr(end))
	t.subs = []*event.Sub{
		h.MemRead(in, func(c *vcpu.CPU, m *vcpu.MemAccess) { t.line(c, m, 'r') }),
		h.MemWrite(in, func(c *vcpu.CPU, m *vcpu.MemAccess) { t.line(c, m, 'w') }),
	}
	return nil
}

func (t *tracer) line(c *vcpu.CPU, m *vcpu.MemAccess, kind byte) {
	fmt.Fprintf(t.out, "%d %#x %c %#x %d ", c.Icount(), uint64(m.PC), kind, uint64(m.Addr), m.Size)
	for i := len(m.Buf) - 1; i >= 0; i-- {
		fmt.Fprintf(t.out, "%02x", m.Buf[i])
	}
	t.out.WriteByte('\n')
	if t.left--; t.left == ^uint64(0) {
		for _, s := range t.subs {
			s.Disable()
		}
	}
}

// Close writes what is left.
func (t *tracer) Close() error {
	if t.file == nil {
		return nil
	}
	return errors.Join(t.out.Flush(), t.file.Close())
}
