package i8237

import "panda/emu/snap"

// Bits of the mode of a channel, and of the command register.
const (
	modeWay     = 3 << 2
	modeAuto    = 1 << 4
	modeDown    = 1 << 5
	modeCascade = 3 << 6
	modeChannel = 3

	wayVerify = 0 << 2
	wayWrite  = 1 << 2 // to memory
	wayRead   = 2 << 2 // from memory

	commandDisable = 1 << 2
)

// channel is one of four.
type channel struct {
	baseAddress, baseCount uint16
	address, count         uint16
	mode                   uint8
}

// controller is one of the two.
type controller struct {
	channels  [4]channel
	command   uint8
	request   uint8 // of software
	mask      uint8
	done      uint8 // channels that came to their ends
	temporary uint8
	high      bool // which byte of 16 bits is next
}

// clear is master clear. Addresses, counts and modes stay.
func (u *controller) clear() {
	u.command, u.request, u.done, u.temporary, u.high = 0, 0, 0, 0, false
	u.mask = 15
}

// run is how many of n units may move at once: upwards to where the 16 bits of the address
// end, downwards one.
func (c *channel) run(n int) int {
	if c.mode&modeDown != 0 {
		return 1
	}
	return min(n, 1<<16-int(c.address))
}

// advance goes on by n units, and says whether the count has come to its end.
func (c *channel) advance(n int) bool {
	if c.mode&modeDown != 0 {
		c.address -= uint16(n)
	} else {
		c.address += uint16(n)
	}
	end := n > int(c.count)
	c.count -= uint16(n)
	return end
}

// end is terminal count of a channel: it begins anew, or is masked.
func (u *controller) end(n int) {
	u.done |= 1 << n
	u.request &^= 1 << n
	if c := &u.channels[n]; c.mode&modeAuto != 0 {
		c.address, c.count = c.baseAddress, c.baseCount
	} else {
		u.mask |= 1 << n
	}
}

// half is the byte of 16 bits that is read next.
func (u *controller) half(v uint16) uint8 {
	u.high = !u.high
	if u.high {
		return uint8(v)
	}
	return uint8(v >> 8)
}

func (u *controller) setHalf(base, current *uint16, b uint8) {
	u.high = !u.high
	if u.high {
		*base = *base&0xff00 | uint16(b)
	} else {
		*base = *base&0xff | uint16(b)<<8
	}
	*current = *base
}

func (u *controller) read(reg uint16) uint8 {
	if reg >= 8 {
		if do := controls[reg-8].read; do != nil {
			return do(u)
		}
		return 0xff
	}
	if c := &u.channels[reg>>1]; reg&1 == 0 {
		return u.half(c.address)
	} else {
		return u.half(c.count)
	}
}

func (u *controller) write(reg uint16, b uint8) {
	if reg >= 8 {
		controls[reg-8].write(u, b)
		return
	}
	if c := &u.channels[reg>>1]; reg&1 == 0 {
		u.setHalf(&c.baseAddress, &c.address, b)
	} else {
		u.setHalf(&c.baseCount, &c.count, b)
	}
}

// controls are the registers from 8 on.
var controls = [8]struct {
	read  func(u *controller) uint8
	write func(u *controller, b uint8)
}{
	{(*controller).status, func(u *controller, b uint8) { u.command = b }},
	{nil, func(u *controller, b uint8) { u.request = with(u.request, b) }},
	{nil, func(u *controller, b uint8) { u.mask = with(u.mask, b) }},
	{nil, func(u *controller, b uint8) { u.channels[b&modeChannel].mode = b &^ modeChannel }},
	{nil, func(u *controller, _ uint8) { u.high = false }},
	{func(u *controller) uint8 { return u.temporary }, func(u *controller, _ uint8) { u.clear() }},
	{nil, func(u *controller, _ uint8) { u.mask = 0 }},
	{func(u *controller) uint8 { return 0xf0 | u.mask }, func(u *controller, b uint8) { u.mask = b & 15 }},
}

// with sets or clears the bit of a channel: bits 0 and 1 say which, bit 2 what to.
func with(set, b uint8) uint8 {
	bit := uint8(1) << (b & 3)
	if b&4 != 0 {
		return set | bit
	}
	return set &^ bit
}

// status is which channels came to their ends, since it was read last, and are requested.
func (u *controller) status() uint8 {
	v := u.request<<4 | u.done
	u.done = 0
	return v
}

func (u *controller) state(s *snap.Stream) {
	for i := range u.channels {
		c := &u.channels[i]
		snap.Int(s, &c.baseAddress, &c.baseCount, &c.address, &c.count)
		snap.Int(s, &c.mode)
	}
	snap.Int(s, &u.command, &u.request, &u.mask, &u.done, &u.temporary)
	s.Bool(&u.high)
}
