package rr

import (
	"encoding/binary"
	"math"

	"panda/emu/linux/hostsys"
)

// decoder reads the entries of a frame.
type decoder struct {
	b      []byte
	seq    uint64
	icount uint64
	thread int
	clocks [lastClock]int64
	bad    bool
}

func (d *decoder) begin(b []byte) error {
	*d = decoder{b: b}
	d.seq, d.icount = d.uvarint(), d.uvarint()
	return d.err()
}

func (d *decoder) err() error {
	if d.bad {
		return ErrCorrupt
	}
	return nil
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

// bytes takes n bytes, which stay those of the frame.
func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) byte() byte {
	if b := d.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// count is a number of things that take at least a byte each.
func (d *decoder) count(most uint64) int {
	n := d.uvarint()
	if n > min(most, uint64(len(d.b))) {
		d.bad, d.b = true, nil
		return 0
	}
	return int(n)
}

// next reads an entry.
func (d *decoder) next(e *entry) error {
	*e = entry{}
	k := d.byte()
	e.kind = kind(k &^ otherThread)
	if n := d.varint(); n > 0 && uint64(n) > math.MaxUint64-d.icount || n < 0 && uint64(-n) > d.icount {
		d.bad = true
	} else {
		d.icount += uint64(n)
	}
	if k&otherThread != 0 {
		d.thread += int(d.varint())
	}
	e.seq, e.icount, e.thread = d.seq, d.icount, d.thread
	d.seq++
	if e.kind == 0 || e.kind >= kinds {
		return ErrCorrupt
	}
	decodeKind[e.kind](d, e)
	return d.err()
}

var decodeKind = [kinds]func(d *decoder, e *entry){
	callEntry:  func(d *decoder, e *entry) { d.call(&e.call) },
	clockEntry: func(d *decoder, e *entry) { d.clock(&e.clock) },
	fileEntry: func(d *decoder, e *entry) {
		e.file = recordedFile{id: d.uvarint(), typ: fileType(d.byte()), mode: int(d.byte())}
	},
	pagesEntry: func(d *decoder, e *entry) { d.pages(&e.pages) },
	echoEntry: func(d *decoder, e *entry) {
		e.echo.to = stream(d.byte())
		e.echo.data = d.bytes(d.uvarint())
	},
	stateEntry: func(d *decoder, e *entry) { d.state(&e.state) },
	editEntry: func(d *decoder, e *entry) {
		e.edit.Icount = e.icount
		d.edit(&e.edit)
	},
	processEntry: func(d *decoder, e *entry) { d.process(&e.process) },
}

func (d *decoder) call(c *recordedCall) {
	c.nr = uintptr(d.uvarint())
	flags := d.byte()
	c.echo = stream(flags >> echoShift)
	if b := d.bytes(4); b != nil {
		c.sum = binary.LittleEndian.Uint32(b)
	}
	if flags&hasErrno != 0 {
		c.errno = hostsys.Errno(d.uvarint())
	}
	if flags&hasRet != 0 {
		c.ret = d.varint()
	}
	if flags&hasPlace != 0 {
		c.place = d.uvarint()
	}
	if flags&hasOuts != 0 {
		c.outs = make([]outBuf, d.count(mostOuts))
		for i := range c.outs {
			d.out(&c.outs[i])
		}
	}
}

func (d *decoder) out(o *outBuf) {
	n := d.uvarint()
	pages := n / PageSize
	if pages > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return
	}
	for range pages {
		o.pages = append(o.pages, pageID(d.uvarint()))
	}
	o.rest = d.bytes(n % PageSize)
}

func (d *decoder) clock(c *recordedClock) {
	c.clock = int(d.uvarint())
	c.ns = d.varint()
	if c.clock >= 0 && c.clock < lastClock {
		c.ns += d.clocks[c.clock]
		d.clocks[c.clock] = c.ns
	}
}

func (d *decoder) pages(p *recordedPages) {
	p.id, p.size = d.uvarint(), int64(d.uvarint())
	p.runs = make([]pageRun, d.count(mostRuns))
	for i := range p.runs {
		p.runs[i] = pageRun{d.uvarint(), d.uvarint(), pageID(d.uvarint())}
	}
}
