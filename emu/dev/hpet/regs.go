package hpet

// Registers (1.0a, 2.3.3): those of comparator N are 20h times N further on.
const (
	regCaps    = 0x000
	regConfig  = 0x010
	regStatus  = 0x020
	regCounter = 0x0f0
	regTimer   = 0x100
	regCompare = 0x108
	timerSpan  = 0x20

	caps = femtoperiod<<32 | vendor<<16 | 1<<15 | 1<<13 | (comparators-1)<<8 | 1
)

// Load reads a register of 64 bits or a part of it.
func (h *HPET) Load(off uint64, size int) uint64 {
	return h.read(off&^7) >> (off % 8 * 8)
}

func (h *HPET) read(reg uint64) uint64 {
	switch reg {
	case regCaps:
		return caps
	case regConfig:
		return h.config
	case regStatus:
		return uint64(h.status)
	case regCounter:
		return h.counter()
	}
	i := int(reg-regTimer) / timerSpan
	if reg < regTimer || i >= comparators {
		return 0
	}
	switch t := &h.timers[i]; reg - uint64(i)*timerSpan {
	case regTimer:
		return t.config | Routes<<32 | timerCanRep | timer64
	case regCompare:
		return t.at
	}
	return 0
}

// Store writes a register, or a half of it. Narrower accesses are none (1.0a, 2.4.1).
func (h *HPET) Store(off uint64, size int, v uint64) {
	if off%4 != 0 || size < 4 || off%8 != 0 && size == 8 {
		return
	}
	mask := ^uint64(0)
	if size == 4 {
		mask = 0xffffffff << (off % 8 * 8)
		v <<= off % 8 * 8
	}
	h.write(off&^7, v&mask, mask)
}

func (h *HPET) write(reg, v, mask uint64) {
	switch reg {
	case regConfig:
		h.setConfig(h.config&^mask | v)
		return
	case regStatus:
		h.change(func() { h.status &^= uint32(v) })
		return
	case regCounter:
		h.change(func() {
			now := h.counter()&^mask | v
			if h.offset = now; h.running() {
				h.offset -= h.ticks()
			}
		})
		return
	}
	i := int(reg-regTimer) / timerSpan
	if reg < regTimer || i >= comparators {
		return
	}
	switch reg - uint64(i)*timerSpan {
	case regTimer:
		h.setTimer(&h.timers[i], v, mask)
	case regCompare:
		h.change(func() { h.timers[i].compare(v, mask) })
	}
}

func (h *HPET) setConfig(v uint64) {
	legacy := h.config & confLegacy
	h.change(func() {
		now := h.counter()
		h.config = v & (confEnable | confLegacy)
		if h.offset = now; h.running() {
			h.offset -= h.ticks()
		}
	})
	if h.config&confLegacy != legacy && h.out.Legacy != nil {
		h.out.Legacy(h.config&confLegacy != 0)
	}
}

func (h *HPET) setTimer(t *comparator, v, mask uint64) {
	h.change(func() {
		t.config = (t.config&^mask | v) & timerWritable
		t.setting = v&timerSet != 0 && t.config&timerPeriodic != 0
		if t.config&timer32 != 0 {
			t.at, t.period = t.at&t.ones(), t.period&t.ones()
		}
	})
}

// compare is a write of the comparator. Of a periodic one it is that of the period, and of
// the comparator too only after its configuration had the bit that says so (1.0a, 2.3.9.2.2).
func (t *comparator) compare(v, mask uint64) {
	if t.config&timerPeriodic == 0 || t.setting {
		t.at = (t.at&^mask | v) & t.ones()
	}
	if t.config&timerPeriodic != 0 {
		t.period = (t.period&^mask | v) & t.ones()
	}
	t.setting = false
}
