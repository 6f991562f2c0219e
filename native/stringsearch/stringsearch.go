// Package stringsearch finds where a string passes through memory: at each
// instruction it follows the bytes that the instruction reads, and those that it
// writes, and reports the instruction once the string has gone by. With the
// callstack plugin loaded before it, the report has the callers.
//
// Arguments: str, the string, or hex, its bytes; file (stringsearch.txt).
// Depends on: callstack, if loaded.
// Events: virt_mem_after_read, virt_mem_before_write.
// Its event: found with pc, address and whether the bytes were written.
// Example: panda -panda 'callstack;stringsearch:str=root' cat /etc/passwd
package stringsearch

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

func init() {
	plugin.Register("stringsearch", "finds where a string passes through memory", func() plugin.Plugin { return new(search) })
}

// tap is a stream of bytes: what one instruction of a thread reads, or writes.
type tap struct {
	thread int
	pc     guest.Addr
	write  bool
}

type search struct {
	host   *plugin.Host
	want   []byte
	back   []int // length of the longest border of each prefix, for the matcher
	done   map[tap]int
	file   *os.File
	out    *bufio.Writer
	caller func(c *vcpu.CPU) []guest.Addr
	event  *plugin.Event
}

// Init reads the string and subscribes.
func (s *search) Init(h *plugin.Host) (err error) {
	s.host = h
	str := h.Args().String("str", "", "string to find")
	digits := h.Args().String("hex", "", "its bytes in hexadecimal, instead of str")
	path := h.Args().String("file", "stringsearch.txt", "output file")
	if err := h.Args().Check(); err != nil {
		return err
	}
	if s.want = []byte(str); digits != "" {
		if s.want, err = hex.DecodeString(strings.Join(strings.Fields(digits), "")); err != nil {
			return fmt.Errorf("hex=%s: %w", digits, err)
		}
	}
	if len(s.want) == 0 {
		return errors.New("give the string to find: str=… or hex=…")
	}
	s.event = h.Event("found", "the string went by", "pc", "addr", "write")
	s.back, s.done = borders(s.want), map[tap]int{}
	if l := h.Get("callstack"); l != nil {
		s.caller, _ = l.Lookup("stack").(func(c *vcpu.CPU) []guest.Addr)
	}
	if s.file, err = os.Create(path); err != nil {
		return err
	}
	s.out = bufio.NewWriter(s.file)
	h.MemRead(nil, func(c *vcpu.CPU, m *vcpu.MemAccess) { s.feed(c, m, false) })
	h.MemWrite(nil, func(c *vcpu.CPU, m *vcpu.MemAccess) { s.feed(c, m, true) })
	return nil
}

// borders is the failure function of Knuth, Morris and Pratt.
func borders(p []byte) []int {
	b := make([]int, len(p))
	for i, n := 1, 0; i < len(p); i++ {
		for n > 0 && p[i] != p[n] {
			n = b[n-1]
		}
		if p[i] == p[n] {
			n++
		}
		b[i] = n
	}
	return b
}

func (s *search) feed(c *vcpu.CPU, m *vcpu.MemAccess, write bool) {
	at := tap{c.Machine.Thread, m.PC, write}
	n := s.done[at]
	for _, b := range m.Buf {
		for n > 0 && b != s.want[n] {
			n = s.back[n-1]
		}
		if b == s.want[n] {
			n++
		}
		if n == len(s.want) {
			s.found(c, m, write)
			n = s.back[n-1]
		}
	}
	if n == 0 {
		delete(s.done, at)
	} else {
		s.done[at] = n
	}
}

func (s *search) found(c *vcpu.CPU, m *vcpu.MemAccess, write bool) {
	s.event.Fire(uint64(m.PC), uint64(m.Addr), write)
	kind := "read"
	if write {
		kind = "write"
	}
	fmt.Fprintf(s.out, "%s of %q at pc %#x address %#x pid %d icount %d", kind, s.want, uint64(m.PC), uint64(m.Addr), c.Machine.Process, c.Icount())
	if name, off, ok := c.Machine.Symbol(m.PC); ok {
		fmt.Fprintf(s.out, " %s+%#x", name, off)
	}
	if s.caller != nil {
		for _, a := range s.caller(c) {
			fmt.Fprintf(s.out, " < %#x", uint64(a))
		}
	}
	s.out.WriteByte('\n')
}

// Close writes what is left.
func (s *search) Close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.out.Flush(), s.file.Close())
}
