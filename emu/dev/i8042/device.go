package i8042

import "panda/emu/snap"

// What both devices say.
const (
	ack    = 0xfa
	resend = 0xfe
	passed = 0xaa // the self test
)

const (
	mostReplies = 16
	mostEvents  = 64
)

// device is the line of a device: answers to commands go before what happens to it.
type device struct {
	replies []uint8
	events  []uint8
	last    uint8 // that was sent
	pending uint8 // the command that takes another byte, or 0
}

func (d *device) reply(b ...uint8) {
	if len(d.replies)+len(b) <= mostReplies {
		d.replies = append(d.replies, b...)
	}
}

// event is all of the bytes or none.
func (d *device) event(b ...uint8) bool {
	if len(d.events)+len(b) > mostEvents {
		return false
	}
	d.events = append(d.events, b...)
	return true
}

func (d *device) ready() bool { return len(d.replies)+len(d.events) > 0 }

// take is the next byte of a device that is ready.
func (d *device) take() uint8 {
	from := &d.replies
	if len(*from) == 0 {
		from = &d.events
	}
	d.last, *from = (*from)[0], (*from)[1:]
	return d.last
}

func (d *device) state(s *snap.Stream) {
	s.Blob(&d.replies, mostReplies)
	s.Blob(&d.events, mostEvents)
	snap.Int(s, &d.last, &d.pending)
}
