package ide

import "encoding/binary"

// Answers to packets that ask (MMC-3, 6, and SPC-2, 7).

func requestSense(ch *channel, d *drive, p []byte) {
	b := make([]byte, 18)
	b[0], b[7] = 0x70, 10
	if d.changed && d.sense == (sense{}) {
		d.sense, d.changed = senseChanged, false
	}
	b[2], b[12], b[13] = d.sense[0], d.sense[1], d.sense[2]
	d.sense = sense{}
	ch.give(b, int(p[4]))
}

func inquiry(ch *channel, d *drive, p []byte) {
	if p[1]&3 != 0 || p[2] != 0 { // pages of vital data, which there are none of
		ch.check(d, senseField)
		return
	}
	b := make([]byte, 36)
	copy(b, []byte{5, 0x80, 0, 0x21, 31})
	copy(b[8:], "PANDA   CD-ROM          1.0 ")
	ch.give(b, int(binary.BigEndian.Uint16(p[3:])))
}

func readCapacity(ch *channel, d *drive, _ []byte) {
	var b [8]byte
	binary.BigEndian.PutUint32(b[:], uint32(max(d.blocks()-1, 0)))
	binary.BigEndian.PutUint32(b[4:], cdBlock)
	ch.give(b[:], len(b))
}

// appendAddress adds the address of a block, or the minutes, seconds and frames of it.
func appendAddress(b []byte, lba int64, msf bool) []byte {
	if !msf {
		return binary.BigEndian.AppendUint32(b, uint32(lba))
	}
	lba += 150
	return append(b, 0, uint8(lba/75/60), uint8(lba/75%60), uint8(lba%75))
}

// readTOC is that of one session with one track of data.
func readTOC(ch *channel, d *drive, p []byte) {
	const track, leadOut = 1, 0xaa
	msf, format, from := p[1]&2 != 0, p[2]&0xf, p[6]
	if format == 0 {
		format = p[9] >> 6 // where older drafts have it
	}
	b := []byte{0, 0, 1, 1}
	switch format {
	case 0:
		if from > track && from != leadOut {
			ch.check(d, senseField)
			return
		}
		if from <= track {
			b = appendAddress(append(b, 0, 0x14, track, 0), 0, msf)
		}
		b = appendAddress(append(b, 0, 0x16, leadOut, 0), d.blocks(), msf)
	case 1:
		b = appendAddress(append(b, 0, 0x14, track, 0), 0, msf)
	case 2:
		for _, point := range []struct {
			point uint8
			at    []byte
		}{
			{0xa0, []byte{0, track, 0, 0}},
			{0xa1, []byte{0, track, 0, 0}},
			{0xa2, appendAddress(nil, d.blocks(), true)},
			{track, appendAddress(nil, 0, true)},
		} {
			b = append(append(b, 1, 0x14, 0, point.point, 0, 0, 0), point.at...)
		}
	default:
		ch.check(d, senseField)
		return
	}
	binary.BigEndian.PutUint16(b, uint16(len(b)-2))
	ch.give(b, int(binary.BigEndian.Uint16(p[7:])))
}

const profileCDROM = 8

// features are those of a CD-ROM (MMC-3, 5): code, version and flags, data.
var features = []struct {
	code  uint16
	flags uint8
	data  []byte
}{
	{0x0000, 0x03, []byte{0, profileCDROM, 1, 0}},
	{0x0001, 0x07, []byte{0, 0, 0, 2}},                        // core, of ATAPI
	{0x0003, 0x03, []byte{0x29, 0, 0, 0}},                     // a tray that can be locked
	{0x0010, 0x00, []byte{0, 0, cdBlock >> 8, 0, 0, 1, 0, 0}}, // reads at random
	{0x001e, 0x00, []byte{0, 0, 0, 0}},                        // READ CD
}

func getConfiguration(ch *channel, d *drive, p []byte) {
	kind, from := p[1]&3, binary.BigEndian.Uint16(p[2:])
	if kind == 3 {
		ch.check(d, senseField)
		return
	}
	b := make([]byte, 8)
	if d.loaded() {
		b[7] = profileCDROM
	}
	for _, f := range features {
		if kind == 2 && f.code != from || f.code < from {
			continue
		}
		data := append([]byte(nil), f.data...)
		if f.code == 0 {
			data[2] = b[7] / profileCDROM
		}
		b = append(append(b, uint8(f.code>>8), uint8(f.code), f.flags, uint8(len(data))), data...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	ch.give(b, int(binary.BigEndian.Uint16(p[7:])))
}

// getEvent says what has become of the medium (MMC-3, 6.6).
func getEvent(ch *channel, d *drive, p []byte) {
	const polled, media = 1, 4
	if p[1]&polled == 0 {
		ch.check(d, senseField)
		return
	}
	b := []byte{0, 2, 0x80, 1 << media}
	if p[4]&(1<<media) != 0 {
		event, state := uint8(0), uint8(0)
		if d.event {
			event = 3 // removed
		}
		switch {
		case d.loaded():
			state = 2
			event = min(event, 2) // new
		case d.open:
			state = 1
		}
		if int(binary.BigEndian.Uint16(p[7:])) > 4 {
			d.event = false
		}
		b = append([]byte{0, 6, media, 1 << media}, event, state, 0, 0)
	}
	ch.give(b, int(binary.BigEndian.Uint16(p[7:])))
}

func discInformation(ch *channel, d *drive, p []byte) {
	if p[1]&7 != 0 {
		ch.check(d, senseField)
		return
	}
	b := make([]byte, 34)
	copy(b, []byte{0, 32, 0xe, 1, 1, 1, 1, 0x20}) // complete, one session, one track
	ch.give(b, int(binary.BigEndian.Uint16(p[7:])))
}

// pages are those of modes (MMC-3, 5.5 of annex): error recovery, and what the drive can.
var pages = []struct {
	code uint8
	data []byte
}{
	{0x01, []byte{0x01, 6, 0, 5, 0, 0, 0, 0}},
	{0x0e, []byte{0x0e, 14, 4, 0, 0, 0, 0, 0, 1, 0xff, 2, 0xff, 0, 0, 0, 0}},
	{0x2a, []byte{0x2a, 18, 3, 0, 0, 0x60, 0x29, 0, 2, 0xc2, 0, 2, 2, 0, 2, 0xc2, 0, 0, 0, 0}},
}

func modeSense(ch *channel, d *drive, p []byte) {
	const all = 0x3f
	want, control := p[2]&0x3f, p[2]>>6
	if control == 3 {
		ch.check(d, sense{5, 0x39, 0}) // nothing is saved
		return
	}
	b := make([]byte, 8)
	b[2] = 0x70 // no medium, or
	if d.loaded() {
		b[2] = 0x01
	}
	found := false
	for _, page := range pages {
		if want != page.code && want != all {
			continue
		}
		at := len(b)
		b, found = append(b, page.data...), true
		if page.code == 0x2a && d.locked {
			b[at+6] |= 2
		}
		if control == 1 { // what can be changed: nothing
			clear(b[at+2:])
		}
	}
	if !found {
		ch.check(d, senseField)
		return
	}
	binary.BigEndian.PutUint16(b, uint16(len(b)-2))
	ch.give(b, int(binary.BigEndian.Uint16(p[7:])))
}

func mechanismStatus(ch *channel, d *drive, p []byte) {
	b := make([]byte, 8)
	if d.open {
		b[1] = 0x10
	}
	ch.give(b, int(binary.BigEndian.Uint16(p[8:])))
}
