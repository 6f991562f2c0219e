package virtio

import (
	"encoding/binary"

	"panda/emu/snap"
)

// The queues of consoles and network cards (5.1.2 and 5.3.2).
const (
	queueReceive  = 0
	queueTransmit = 1
)

const (
	mostText  = 64 << 10 // bytes at once of a console, or of random ones
	mostFrame = 64 << 10
)

// RNG is a source of random numbers (5.4).
type RNG struct{ fill func(b []byte) }

// NewRNG is a source whose numbers come from a function.
func NewRNG(fill func(b []byte)) *RNG { return &RNG{fill} }

func (r *RNG) about() about       { return about{id: 4, pci: 0x1005, class: 0x00ff00, queues: 1} }
func (r *RNG) config() []byte     { return nil }
func (r *RNG) reset()             {}
func (r *RNG) state(*snap.Stream) {}

func (r *RNG) notify(d *device, queue int) {
	d.each(queue, func(c *chain) {
		b := make([]byte, min(length(c.in), mostText))
		r.fill(b)
		c.write(b) // what cannot be written has not been
	})
}

// Console is a console of one port (5.3).
type Console struct {
	output func(b []byte)
	d      *device
	// Ready, when set, is told that there is room for input.
	Ready func()
}

// NewConsole is a console whose output goes to a function, which does not keep it.
func NewConsole(output func(b []byte)) *Console { return &Console{output: output} }

func (c *Console) about() about {
	return about{id: 3, pci: 0x1003, class: 0x078000, queues: 2}
}
func (c *Console) config() []byte     { return make([]byte, 12) }
func (c *Console) reset()             {}
func (c *Console) state(*snap.Stream) {}

func (c *Console) notify(d *device, queue int) {
	if queue == queueReceive {
		if c.Ready != nil {
			c.Ready()
		}
		return
	}
	d.each(queue, func(ch *chain) {
		b := make([]byte, min(length(ch.out), mostText))
		if n, _ := ch.read(b); n > 0 {
			c.output(b[:n])
		}
	})
}

func (c *Console) bind(d *device) { c.d = d }

// Receive is input, of which as many bytes are taken as there is room for.
func (c *Console) Receive(b []byte) (n int) {
	for n < len(b) {
		ch := c.d.next(queueReceive)
		if ch == nil {
			return n
		}
		got, err := ch.write(b[n:])
		c.d.put(queueReceive, ch)
		if n += got; err != nil || got == 0 && length(ch.in) == 0 && ch.written == 0 {
			return n
		}
	}
	return n
}

// Features of a network card (5.1.3).
const (
	netMAC    = 1 << 5
	netStatus = 1 << 16
)

// Net is a network card (5.1).
type Net struct {
	mac  [6]byte
	send func(frame []byte)
	d    *device
	// Ready, when set, is told that there is room for frames.
	Ready func()
}

// NewNet is a card whose frames go to a function, which does not keep them.
func NewNet(mac [6]byte, send func(frame []byte)) *Net { return &Net{mac: mac, send: send} }

func (n *Net) about() about {
	return about{id: 1, pci: 0x1000, class: 0x020000, queues: 2, features: netMAC | netStatus}
}

func (n *Net) config() []byte {
	return binary.LittleEndian.AppendUint16(append([]byte(nil), n.mac[:]...), 1) // the link is up
}
func (n *Net) reset()             {}
func (n *Net) state(*snap.Stream) {}
func (n *Net) bind(d *device)     { n.d = d }

// header is how long the one of each frame is: that of legacy drivers lacks the number of
// buffers, which is 1 (5.1.6.1).
func (n *Net) header() int {
	if n.d.modern() {
		return 12
	}
	return 10
}

func (n *Net) notify(d *device, queue int) {
	if queue == queueReceive {
		if n.Ready != nil {
			n.Ready()
		}
		return
	}
	d.each(queue, func(c *chain) {
		b := make([]byte, min(length(c.out), mostFrame))
		if got, err := c.read(b); err == nil && got > n.header() {
			n.send(b[n.header():got])
		}
	})
}

// Receive is a frame for the guest. One for which it has no room is not taken; one that is
// longer than the room that it has is lost.
func (n *Net) Receive(frame []byte) (taken bool) {
	c := n.d.next(queueReceive)
	if c == nil {
		return false
	}
	b := make([]byte, n.header(), n.header()+len(frame))
	if len(b) == 12 {
		b[10] = 1
	}
	if b = append(b, frame...); uint64(len(b)) <= length(c.in) {
		c.write(b) // what cannot be written has not been
	}
	n.d.put(queueReceive, c)
	return true
}
