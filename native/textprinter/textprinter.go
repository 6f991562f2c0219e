// Package textprinter prints the bytes that pass through tap points: what one
// instruction reads or writes when it is called from one place in one address
// space. stringsearch finds such points. A file tells which points, one to a line:
//
//	caller pc asid
//
// in hexadecimal; caller is a return address, and * stands for any caller or
// address space. Each byte becomes a line of the output:
//
//	caller pc asid address count byte
//
// where count numbers the accesses of a point.
//
// Arguments: taps, the file of points (tap_points.txt); read and write, the
// output files (read_tap_buffers.txt, write_tap_buffers.txt).
// Depends on: callstack, which is loaded if need be.
// Events: virt_mem_after_read, virt_mem_before_write at the points' instructions.
// Exports: none.
// Example: panda -panda textprinter:taps=points.txt /bin/cat /etc/passwd
package textprinter

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
)

func init() {
	plugin.Register("textprinter", "prints the bytes that pass through tap points", func() plugin.Plugin { return new(printer) })
}

// point is a tap point; any stands for every caller or address space.
type point struct{ caller, pc, asid uint64 }

const wildcard = ^uint64(0)

type printer struct {
	points map[point]bool
	stack  func(c *vcpu.CPU) []guest.Addr
	read   *output
	write  *output
}

// output is a file of bytes that passed, with the number of accesses by point.
type output struct {
	file   *os.File
	w      *bufio.Writer
	counts map[point]int
}

// Init reads the points and subscribes at their instructions.
func (p *printer) Init(h *plugin.Host) error {
	a := h.Args()
	taps := a.String("taps", "tap_points.txt", "file of tap points: caller, pc and asid in hexadecimal, * for any")
	read := a.String("read", "read_tap_buffers.txt", "output file of bytes that are read")
	write := a.String("write", "write_tap_buffers.txt", "output file of bytes that are written")
	if err := a.Check(); err != nil {
		return err
	}
	callstack, err := h.Need("callstack")
	if err != nil {
		return err
	}
	p.stack, _ = callstack.Lookup("stack").(func(c *vcpu.CPU) []guest.Addr)
	if p.points, err = readPoints(taps); err != nil {
		return err
	}
	if p.read, err = create(read); err != nil {
		return err
	}
	if p.write, err = create(write); err != nil {
		return err
	}
	at := event.At(p.pcs()...)
	h.MemRead(at, func(c *vcpu.CPU, m *vcpu.MemAccess) { p.tap(p.read, c, m) })
	h.MemWrite(at, func(c *vcpu.CPU, m *vcpu.MemAccess) { p.tap(p.write, c, m) })
	return nil
}

func create(name string) (*output, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return &output{f, bufio.NewWriter(f), map[point]int{}}, nil
}

func readPoints(name string) (map[point]bool, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("tap points: %w", err)
	}
	points := map[point]bool{}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0][0] == '#' {
			continue
		}
		pt, err := parsePoint(fields)
		if err != nil {
			return nil, fmt.Errorf("tap points: %s:%d: %w", name, n, err)
		}
		points[pt] = true
	}
	if len(points) == 0 {
		return nil, fmt.Errorf("tap points: %s has none", name)
	}
	return points, nil
}

func parsePoint(fields []string) (point, error) {
	var v [3]uint64
	if len(fields) != len(v) {
		return point{}, errors.New("a point is caller, pc and asid")
	}
	for i, f := range fields {
		var err error
		if v[i], err = strconv.ParseUint(strings.TrimPrefix(f, "0x"), 16, 64); f == "*" && i != 1 {
			v[i] = wildcard
		} else if err != nil {
			return point{}, fmt.Errorf("%q is no hexadecimal number", f)
		}
	}
	return point{v[0], v[1], v[2]}, nil
}

func (p *printer) pcs() []guest.Addr {
	seen := map[uint64]bool{}
	var as []guest.Addr
	for pt := range p.points { // the order of a filter's addresses is not seen
		if !seen[pt.pc] {
			seen[pt.pc] = true
			as = append(as, guest.Addr(pt.pc))
		}
	}
	return as
}

// tap prints an access if it passes a point.
func (p *printer) tap(out *output, c *vcpu.CPU, m *vcpu.MemAccess) {
	at := point{pc: uint64(m.PC), asid: uint64(c.ASID())}
	if callers := p.stack(c); len(callers) > 0 {
		at.caller = uint64(callers[0])
	}
	if !p.taps(at) {
		return
	}
	n := out.counts[at]
	out.counts[at]++
	for i, b := range m.Buf {
		fmt.Fprintf(out.w, "%x %x %x %x %d %02x\n", at.caller, at.pc, at.asid, uint64(m.Addr)+uint64(i), n, b)
	}
}

func (p *printer) taps(at point) bool {
	return p.points[at] || p.points[point{wildcard, at.pc, at.asid}] ||
		p.points[point{at.caller, at.pc, wildcard}] || p.points[point{wildcard, at.pc, wildcard}]
}

// Close writes what is left.
func (p *printer) Close() error {
	return errors.Join(p.read.close(), p.write.close())
}

func (o *output) close() error {
	if o == nil {
		return nil
	}
	return errors.Join(o.w.Flush(), o.file.Close())
}
