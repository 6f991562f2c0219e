package i8042

import "panda/emu/snap"

const (
	farthest  = 1 << 20 // that movements are added up to
	mostMoved = 255     // in a packet
	mostWheel = 7

	usualSamples    = 100
	usualResolution = 2
)

// mouse is a mouse that turns into one with a wheel (3), then with five buttons (4), when
// it is told sample rates that nobody means.
type mouse struct {
	device
	id         uint8
	reporting  bool
	remote     bool
	wrap       bool // it sends back what it gets
	doubled    bool // scaling 2:1
	resolution uint8
	samples    uint8    // a second
	knocks     [2]uint8 // the sample rates before

	dx, dy, wheel int32 // not reported yet
	buttons       uint8
	reported      uint8 // buttons
}

func (m *mouse) powerOn() {
	*m = mouse{}
	m.defaults()
}

// defaults are what F6h sets.
func (m *mouse) defaults() {
	m.reporting, m.remote, m.doubled = false, false, false
	m.resolution, m.samples = usualResolution, usualSamples
	m.forget()
}

// forget drops movements that have not been reported.
func (m *mouse) forget() { m.dx, m.dy, m.wheel, m.events = 0, 0, 0, nil }

// move adds a movement up and to the right.
func (m *mouse) move(dx, dy, wheel int, buttons uint8) {
	m.dx, m.dy, m.wheel = far(m.dx, dx), far(m.dy, dy), far(m.wheel, wheel)
	pressed := buttons & 0x1f
	if m.buttons = pressed; pressed != m.reported && len(m.events) > 0 && m.streaming() {
		m.packet() // or a click would be lost
	}
	m.report()
}

func far(sum int32, d int) int32 {
	return max(-farthest, min(farthest, sum+int32(max(-farthest, min(farthest, d)))))
}

func (m *mouse) streaming() bool { return m.reporting && !m.remote && !m.wrap }

// report sends a packet when something is new, and the last one has gone.
func (m *mouse) report() {
	if m.id == 0 {
		m.wheel = 0
	}
	moved := m.dx != 0 || m.dy != 0 || m.wheel != 0
	if m.streaming() && len(m.events) == 0 && (moved || m.buttons != m.reported) {
		m.packet()
	}
}

// packet makes a packet an event.
func (m *mouse) packet() {
	if len(m.events)+4 <= mostEvents {
		m.event(m.bytes(m.doubled)...)
	}
}

// bytes are the next packet: as much of the movement as it can tell.
func (m *mouse) bytes(doubled bool) []uint8 {
	x, y := part(&m.dx, mostMoved), part(&m.dy, mostMoved)
	if doubled {
		x, y = double(x), double(y)
	}
	m.reported = m.buttons
	b := []uint8{8 | m.buttons&7 | uint8(x>>8&1)<<4 | uint8(y>>8&1)<<5, uint8(x), uint8(y)}
	switch m.id {
	case 3:
		b = append(b, uint8(part(&m.wheel, mostWheel)))
	case 4:
		b = append(b, uint8(part(&m.wheel, mostWheel))&15|m.buttons<<1&0x30)
	}
	return b
}

// part takes as much of a movement as most.
func part(sum *int32, most int32) int32 {
	v := max(-most, min(most, *sum))
	*sum -= v
	return v
}

// double is scaling 2:1.
func double(v int32) int32 {
	few := [6]int32{0, 1, 1, 3, 6, 9}
	switch {
	case v < 0:
		return -double(-v)
	case v < int32(len(few)):
		return few[v]
	}
	return min(2*v, mostMoved)
}

// mouseCommands are what the mouse is told.
var mouseCommands = map[uint8]struct {
	do   func(m *mouse)
	more func(m *mouse, v uint8)
}{
	0xe6: {do: func(m *mouse) { m.doubled = false }},
	0xe7: {do: func(m *mouse) { m.doubled = true }},
	0xe8: {more: func(m *mouse, v uint8) { m.resolution = v }},
	0xe9: {do: func(m *mouse) { m.reply(m.status(), m.resolution, m.samples) }},
	0xea: {do: func(m *mouse) { m.remote = false; m.forget() }},
	0xeb: {do: func(m *mouse) { m.reply(m.bytes(false)...) }},
	0xec: {do: func(m *mouse) { m.wrap = false }},
	0xee: {do: func(m *mouse) { m.wrap = true; m.forget() }},
	0xf0: {do: func(m *mouse) { m.remote = true; m.forget() }},
	0xf2: {do: func(m *mouse) { m.reply(m.id) }},
	0xf3: {more: (*mouse).sample},
	0xf4: {do: func(m *mouse) { m.reporting = true; m.forget() }},
	0xf5: {do: func(m *mouse) { m.reporting = false; m.forget() }},
	0xf6: {do: (*mouse).defaults},
	0xff: {do: func(m *mouse) { m.defaults(); m.id, m.knocks = 0, [2]uint8{}; m.wrap = false; m.reply(passed, 0) }},
}

// command takes a byte from the controller.
func (m *mouse) command(b uint8) {
	if first := m.pending; first != 0 {
		m.pending = 0
		if more := mouseCommands[first].more; more != nil {
			m.reply(ack)
			more(m, b)
			return
		}
	}
	c, ok := mouseCommands[b]
	switch {
	case m.wrap && b != 0xec && b != 0xff:
		m.reply(b)
	case b == resend:
		m.reply(m.last)
	case !ok:
		m.reply(resend)
	default:
		m.reply(ack)
		if c.do != nil {
			c.do(m)
		}
		if c.more != nil {
			m.pending = b
		}
	}
}

// sample sets the sample rate. 200, 100, 80 is how a driver asks for a wheel, and 200,
// 200, 80 then for five buttons.
func (m *mouse) sample(v uint8) {
	switch {
	case v == 80 && m.knocks == [2]uint8{200, 100}:
		m.id = 3
	case v == 80 && m.knocks == [2]uint8{200, 200} && m.id == 3:
		m.id = 4
	}
	m.knocks = [2]uint8{m.knocks[1], v}
	m.samples = v
}

func (m *mouse) status() uint8 {
	v := m.buttons&Left<<2 | m.buttons&Middle>>1 | m.buttons&Right>>1
	for i, on := range []bool{m.doubled, m.reporting, m.remote} {
		if on {
			v |= 0x10 << i
		}
	}
	return v
}

func (m *mouse) state(s *snap.Stream) {
	m.device.state(s)
	snap.Below(s, &m.id, 5)
	s.Bool(&m.reporting, &m.remote, &m.wrap, &m.doubled)
	snap.Int(s, &m.resolution, &m.samples, &m.buttons, &m.reported)
	snap.Ints(s, m.knocks[:])
	snap.Int(s, &m.dx, &m.dy, &m.wheel)
}
