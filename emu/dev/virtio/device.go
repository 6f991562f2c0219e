// Package virtio is devices of the standard of that name (Virtual I/O Device Version 1.2,
// OASIS): a disk, a console, a network card and a source of random numbers, on PCI (for
// drivers of version 1 and for those before it) or behind a page of memory.
//
// A device does what is in a queue when it is told of it. What it finds there may be
// anything: a queue that makes no sense stops, and its driver is told to reset the device.
package virtio

import (
	"encoding/binary"

	"panda/emu/dev"
	"panda/emu/snap"
)

// Bits of the device status (2.1).
const (
	statusDriverOK   = 4
	statusFeaturesOK = 8
	statusNeedsReset = 0x40
)

// Features of all devices (6).
const (
	featureAnyLayout = 1 << 27 // of legacy drivers
	featureIndirect  = 1 << 28
	featureVersion1  = 1 << 32
	featuresOfAll    = featureAnyLayout | featureIndirect | featureVersion1
)

// Reasons of interrupts (4.1.4.5).
const (
	isrQueue  = 1
	isrConfig = 2
)

const noVector = 0xffff

// Kind is a kind of device.
type Kind interface {
	about() about
	// config is the configuration space.
	config() []byte
	// notify is told that a queue has something new.
	notify(d *device, queue int)
	reset()
	state(s *snap.Stream)
}

// about is what is always so of a kind.
type about struct {
	id       uint16 // 5
	pci      uint16 // of transitional devices (4.1.2.1)
	class    uint32
	queues   int
	features uint64
}

// device is a device without its transport.
type device struct {
	about
	kind   Kind
	memory dev.Memory
	// interrupt is that of a queue, or of the configuration when it is negative.
	interrupt func(queue int)

	queues   []queue
	selected uint16
	status   uint8
	isr      uint8
	driver   uint64 // the features that it accepts
	// The halves of features that are looked at.
	deviceHalf, driverHalf uint32
}

func newDevice(k Kind, m dev.Memory) *device {
	d := &device{about: k.about(), kind: k, memory: m, interrupt: func(int) {}}
	d.features |= featuresOfAll
	d.queues = make([]queue, d.about.queues)
	if b, ok := k.(interface{ bind(d *device) }); ok {
		b.bind(d)
	}
	d.reset()
	return d
}

func (d *device) reset() {
	d.selected, d.status, d.isr, d.driver, d.deviceHalf, d.driverHalf = 0, 0, 0, 0, 0, 0
	for i := range d.queues {
		d.queues[i].reset()
	}
	d.kind.reset()
}

func (d *device) state(s *snap.Stream) {
	s.Name("virtio 1")
	id := d.id
	if snap.Int(s, &id); id != d.id {
		s.Fail("it is of another kind of device")
	}
	snap.Int(s, &d.selected)
	snap.Int(s, &d.status, &d.isr)
	snap.Int(s, &d.driver)
	snap.Int(s, &d.deviceHalf, &d.driverHalf)
	for i := range d.queues {
		d.queues[i].state(s)
	}
	d.kind.state(s)
}

// queue is the selected one. One that there is not has no effect.
func (d *device) queue() *queue {
	if int(d.selected) < len(d.queues) {
		return &d.queues[d.selected]
	}
	return &queue{vector: noVector}
}

// most is how long the selected queue may be.
func (d *device) most() uint32 {
	if int(d.selected) < len(d.queues) {
		return queueMost
	}
	return 0
}

// half is a half of 64 bits, of which there are no more than two.
func half(v uint64, n uint32) uint32 {
	if n > 1 {
		return 0
	}
	return uint32(v >> (32 * n))
}

func setHalf(v *uint64, n uint32, to uint32) {
	if n <= 1 {
		*v = *v&^(0xffffffff<<(32*n)) | uint64(to)<<(32*n)
	}
}

// accept is the driver's choice of features, which is over when it has said so.
func (d *device) accept(half, v uint32) {
	if d.status&statusFeaturesOK == 0 {
		setHalf(&d.driver, half, v)
	}
}

// setStatus reports whether the device was reset. It takes no features that it has not
// (3.1.1 step 5).
func (d *device) setStatus(v uint8) (reset bool) {
	if v == 0 {
		d.reset()
		return true
	}
	if v&statusFeaturesOK != 0 && d.status&statusFeaturesOK == 0 && (d.driver&^d.features != 0 || d.driver&featureVersion1 == 0) {
		v &^= statusFeaturesOK
	}
	d.status = v | d.status&statusNeedsReset
	return false
}

// modern reports whether the driver is of version 1.
func (d *device) modern() bool { return d.driver&featureVersion1 != 0 }

// notify is the driver's notification of a queue.
func (d *device) notify(queue uint32) {
	if queue < uint32(len(d.queues)) && d.queues[queue].ready {
		d.kind.notify(d, int(queue))
	}
}

// next takes a chain from a queue, or is nil.
func (d *device) next(queue int) *chain {
	c, err := d.queues[queue].next(d.memory)
	if err != nil {
		d.broken(queue)
		return nil
	}
	return c
}

// put gives a chain back.
func (d *device) put(queue int, c *chain) {
	wanted, err := d.queues[queue].put(c)
	switch {
	case err != nil:
		d.broken(queue)
	case wanted:
		d.interrupt(queue)
	}
}

// each does all chains of a queue: no more than it has entries, as the guest does not run
// meanwhile.
func (d *device) each(queue int, do func(c *chain)) {
	for range queueMost {
		c := d.next(queue)
		if c == nil {
			return
		}
		do(c)
		d.put(queue, c)
	}
}

// broken stops a queue that makes no sense (2.1.2).
func (d *device) broken(queue int) {
	d.queues[queue].ready = false
	d.status |= statusNeedsReset
	if d.status&statusDriverOK != 0 && d.modern() {
		d.interrupt(-1)
	}
}

// loadConfig reads configuration space, which has zeros after its end.
func (d *device) loadConfig(off uint64, size int) uint64 {
	var b [8]byte
	if c := d.kind.config(); off < uint64(len(c)) {
		copy(b[:size], c[off:])
	}
	return binary.LittleEndian.Uint64(b[:])
}
