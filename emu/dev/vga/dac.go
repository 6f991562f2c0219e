package vga

// What the state port of the DAC says: which of the two indexes was written last.
const (
	dacWrites = 0
	dacReads  = 3
)

// dac is the table of colours.
type dac struct {
	mask    uint8
	state   uint8
	at      uint8 // the entry that is written next
	reads   uint8 // the entry that is read next
	part    uint8 // of red, green, blue
	partial [3]uint8
	colours [256][3]uint8 // as they were written
}

func (d *dac) seek(state, at uint8) {
	d.state, d.part = state, 0
	if d.reads = at; state == dacWrites {
		d.at = at
	} else {
		d.at = at + 1 // "the address is one more than what was written"
	}
}

func (d *dac) read() uint8 {
	b := d.colours[d.reads][d.part]
	if d.part++; d.part == 3 {
		d.part = 0
		d.reads++
		d.at = d.reads + 1
	}
	return b
}

// write takes a part, of 6 bits if it is not wide. The entry changes with the third one.
func (d *dac) write(b uint8, wide bool) {
	if !wide {
		b &= 0x3f
	}
	d.partial[d.part] = b
	if d.part++; d.part == 3 {
		d.part = 0
		d.colours[d.at] = d.partial
		d.at++
		d.reads = d.at
	}
}

// palette is what is shown for each value of a pixel.
func (v *VGA) palette() (p [256][4]uint8) {
	wide := v.wideDAC()
	for i := range p {
		c := v.dac.colours[uint8(i)&v.dac.mask]
		for k, b := range c {
			if !wide {
				b = b<<2 | b>>4&3
			}
			p[i][k] = b
		}
		p[i][3] = 0xff
	}
	return p
}
