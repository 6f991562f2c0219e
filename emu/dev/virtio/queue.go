package virtio

import (
	"encoding/binary"
	"errors"

	"panda/emu/dev"
	"panda/emu/guest"
	"panda/emu/snap"
)

const (
	queueMost = 256  // entries of a queue
	chainMost = 1024 // descriptors of a chain, those of an indirect table included

	descSize     = 16
	descNext     = 1
	descWrite    = 2
	descIndirect = 4

	availNoInterrupt = 1
)

// queue is a split virtqueue (virtio 1.2, 2.7): three areas in the guest's memory, which
// may say anything.
type queue struct {
	size              uint16
	ready             bool
	desc, avail, used uint64
	vector            uint16 // of MSI-X
	seen              uint16 // entries of the available ring that were taken
	done              uint16 // entries of the used ring
}

func (q *queue) reset() { *q = queue{size: queueMost, vector: noVector} }

func (q *queue) state(s *snap.Stream) {
	snap.Below(s, &q.size, queueMost+1)
	s.Bool(&q.ready)
	snap.Int(s, &q.desc, &q.avail, &q.used)
	snap.Int(s, &q.vector, &q.seen, &q.done)
	if s.Loading() && q.size == 0 {
		s.Fail("a queue without entries")
	}
}

// setSize is refused if there cannot be such a queue.
func (q *queue) setSize(n uint32) {
	if n > 0 && n <= queueMost {
		q.size = uint16(n)
	}
}

// place puts the areas where legacy drivers have them: one after the other, the last one
// at the next multiple of align (2.7.2).
func (q *queue) place(at, align uint64) {
	q.desc = at
	q.avail = at + descSize*uint64(q.size)
	q.used = (q.avail + 6 + 2*uint64(q.size) + align - 1) &^ (align - 1)
	q.ready, q.seen, q.done = at != 0, 0, 0
}

var (
	errRing  = errors.New("the ring is further on than it is long")
	errChain = errors.New("no such chain of descriptors")
)

// chain is what a driver gives: memory to be read, then memory to be written.
type chain struct {
	memory  dev.Memory
	head    uint16
	out, in []segment
	written uint32
}

type segment struct {
	at  guest.PhysAddr
	len uint32
}

func length(s []segment) (n uint64) {
	for _, g := range s {
		n += uint64(g.len)
	}
	return n
}

// read reads the next bytes, as many as there are of those that b has room for.
func (c *chain) read(b []byte) (n int, err error) {
	return walk(&c.out, b, c.memory.Read)
}

// write writes the next bytes.
func (c *chain) write(b []byte) (n int, err error) {
	n, err = walk(&c.in, b, c.memory.Write)
	c.written += uint32(n)
	return n, err
}

func walk(s *[]segment, b []byte, do func(guest.PhysAddr, []byte) error) (n int, err error) {
	for n < len(b) && len(*s) > 0 {
		g := &(*s)[0]
		part := b[n:][:min(uint64(len(b)-n), uint64(g.len))]
		if err := do(g.at, part); err != nil {
			return n, err
		}
		n += len(part)
		g.at, g.len = g.at+guest.PhysAddr(len(part)), g.len-uint32(len(part))
		if g.len == 0 {
			*s = (*s)[1:]
		}
	}
	return n, nil
}

func load16(m dev.Memory, at uint64) (uint16, error) {
	var b [2]byte
	err := m.Read(guest.PhysAddr(at), b[:])
	return binary.LittleEndian.Uint16(b[:]), err
}

// next takes a chain from the available ring, if there is one.
func (q *queue) next(m dev.Memory) (*chain, error) {
	if !q.ready {
		return nil, nil
	}
	index, err := load16(m, q.avail+2)
	if err != nil || index == q.seen {
		return nil, err
	}
	if index-q.seen > q.size {
		return nil, errRing
	}
	head, err := load16(m, q.avail+4+2*uint64(q.seen%q.size))
	if err != nil {
		return nil, err
	}
	c := &chain{memory: m, head: head}
	if err := q.follow(c); err != nil {
		return nil, err
	}
	q.seen++
	return c, nil
}

// follow walks the descriptors of a chain (2.7.5). A chain that is a ring ends by its length.
func (q *queue) follow(c *chain) error {
	table, size, at, indirect := q.desc, uint32(q.size), uint32(c.head), false
	for range chainMost {
		var d [descSize]byte
		if at >= size {
			return errChain
		}
		if err := c.memory.Read(guest.PhysAddr(table+descSize*uint64(at)), d[:]); err != nil {
			return err
		}
		g := segment{guest.PhysAddr(binary.LittleEndian.Uint64(d[:])), binary.LittleEndian.Uint32(d[8:])}
		flags := binary.LittleEndian.Uint16(d[12:])
		switch {
		case flags&descIndirect != 0:
			if indirect || flags&descNext != 0 || g.len%descSize != 0 {
				return errChain
			}
			table, size, at, indirect = uint64(g.at), g.len/descSize, 0, true
			continue
		case g.len == 0:
		case flags&descWrite != 0:
			c.in = append(c.in, g)
		case len(c.in) > 0:
			return errChain
		default:
			c.out = append(c.out, g)
		}
		if flags&descNext == 0 {
			return nil
		}
		at = uint32(binary.LittleEndian.Uint16(d[14:]))
	}
	return errChain
}

// put gives a chain back, and reports whether the driver wants an interrupt.
func (q *queue) put(c *chain) (interrupt bool, err error) {
	var e [8]byte
	binary.LittleEndian.PutUint32(e[:], uint32(c.head))
	binary.LittleEndian.PutUint32(e[4:], c.written)
	if err := c.memory.Write(guest.PhysAddr(q.used+4+8*uint64(q.done%q.size)), e[:]); err != nil {
		return false, err
	}
	q.done++
	if err := c.memory.Write(guest.PhysAddr(q.used+2), binary.LittleEndian.AppendUint16(nil, q.done)); err != nil {
		return false, err
	}
	flags, err := load16(c.memory, q.avail)
	return flags&availNoInterrupt == 0, err
}
