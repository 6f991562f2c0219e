package i8042

import "panda/emu/snap"

const (
	breakPrefix = 0xf0
	extended    = 0xe0
	usualRate   = 0x2b // 10.9 a second after 500 ms
)

// keyboard is a keyboard of 102 keys.
type keyboard struct {
	device
	scanning bool
	set      uint8 // of scan codes, 1 to 3
	leds     uint8
	rate     uint8
}

func (k *keyboard) powerOn() { *k = keyboard{scanning: true, set: 2, rate: usualRate} }

// defaults are what F6h sets.
func (k *keyboard) defaults() {
	k.set, k.rate, k.events = 2, usualRate, nil
}

// key presses or releases a key.
func (k *keyboard) key(name string, down bool) bool {
	codes := keys[name]
	if codes == nil {
		return false
	}
	return !k.scanning || k.event(codes.bytes(k.set, down)...)
}

// keyboardCommands are what the keyboard is told. Those of more do more with another byte.
var keyboardCommands = map[uint8]struct {
	do   func(k *keyboard)
	more func(k *keyboard, v uint8)
}{
	0xed: {more: func(k *keyboard, v uint8) { k.leds = v & 7 }},
	0xf0: {more: (*keyboard).chooseSet},
	0xf2: {do: func(k *keyboard) { k.reply(0xab, 0x83) }},
	0xf3: {more: func(k *keyboard, v uint8) { k.rate = v & 0x7f }},
	0xf4: {do: func(k *keyboard) { k.scanning, k.events = true, nil }},
	0xf5: {do: func(k *keyboard) { k.defaults(); k.scanning = false }},
	0xf6: {do: (*keyboard).defaults},
	0xf7: {}, // F7h to FDh choose what keys of set 3 say: here all say when they are released
	0xf8: {},
	0xf9: {},
	0xfa: {},
	0xfb: {more: func(*keyboard, uint8) {}},
	0xfc: {more: func(*keyboard, uint8) {}},
	0xfd: {more: func(*keyboard, uint8) {}},
	0xff: {do: func(k *keyboard) { k.defaults(); k.leds, k.scanning = 0, true; k.reply(passed) }},
}

// command takes a byte from the controller.
func (k *keyboard) command(b uint8) {
	if first := k.pending; first != 0 {
		k.pending = 0
		if more := keyboardCommands[first].more; more != nil {
			k.reply(ack)
			more(k, b)
			return
		}
	}
	c, ok := keyboardCommands[b]
	switch {
	case b == 0xee: // echo
		k.reply(0xee)
	case b == resend:
		k.reply(k.last)
	case !ok:
		k.reply(resend)
	default:
		k.reply(ack)
		if c.do != nil {
			c.do(k)
		}
		if c.more != nil {
			k.pending = b
		}
	}
}

// chooseSet chooses the set of scan codes, or tells which it is.
func (k *keyboard) chooseSet(v uint8) {
	switch {
	case v == 0:
		k.reply(k.set)
	case v <= 3:
		k.set = v
	}
}

func (k *keyboard) state(s *snap.Stream) {
	k.device.state(s)
	s.Bool(&k.scanning)
	snap.Below(s, &k.set, 4)
	snap.Int(s, &k.leds, &k.rate)
}
