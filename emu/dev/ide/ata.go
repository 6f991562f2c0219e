package ide

// command is what a drive does at a write to its command register.
type command func(ch *channel, d *drive)

// commands are those of a disk (ATA/ATAPI-7, 6). All others are aborted.
var commands = [256]command{
	0x20: read28, 0x21: read28, 0x24: read48, 0xc4: readMultiple(false), 0x29: readMultiple(true),
	0x30: write28, 0x31: write28, 0x34: write48, 0xc5: writeMultiple(false), 0x39: writeMultiple(true), 0xce: writeMultiple(true),
	0xc8: move(false, false), 0xc9: move(false, false), 0x25: move(false, true),
	0xca: move(true, false), 0xcb: move(true, false), 0x35: move(true, true), 0x3d: move(true, true),
	0x40: verify(false), 0x41: verify(false), 0x42: verify(true),
	0x91: setGeometry, 0xc6: setMultiple, 0xef: setFeatures,
	0xe7: flush, 0xea: flush, 0xec: identify,
	0xf8: nativeMax(false), 0x27: nativeMax(true),
	0xe5: powerMode, 0x98: powerMode,
	0xe0: nothing, 0xe1: nothing, 0xe2: nothing, 0xe3: nothing, 0xe6: nothing,
	0x94: nothing, 0x95: nothing, 0x96: nothing, 0x97: nothing, 0x99: nothing,
}

// packetCommands are those of a CD-ROM.
var packetCommands = [256]command{
	0x08: resetDevice, 0xa0: takePacket, 0xa1: identifyPacket, 0xef: setFeatures,
	0x20: refuseSigned, 0xec: refuseSigned,
	0xe5: powerMode, 0xe0: nothing, 0xe1: nothing, 0xe2: nothing, 0xe3: nothing, 0xe6: nothing,
}

const commandDiagnose = 0x90

func init() {
	for i := range 16 { // RECALIBRATE and SEEK, of which a range each is one command
		commands[0x10+i], commands[0x70+i] = nothing, nothing
	}
}

// command starts one. Another that is not ready is over.
func (ch *channel) command(v uint8) {
	d := ch.drive()
	if ch.control&controlReset != 0 || ch.empty() {
		return
	}
	if v == commandDiagnose {
		ch.diagnose()
		return
	}
	if !d.present {
		return
	}
	ch.stop()
	ch.signal()
	ch.job.unit = ch.selected
	d.err = 0
	table := &commands
	if d.CDROM {
		table = &packetCommands
	}
	if do := table[v]; do != nil {
		do(ch, d)
		return
	}
	ch.fail(errAbort)
}

// diagnose is for both drives, whichever is selected (ATA/ATAPI-7, 6.13).
func (ch *channel) diagnose() {
	ch.stop()
	ch.signal()
	ch.selected = 0
	for i := range ch.drives {
		ch.drives[i].reset()
	}
	ch.soon()
}

func nothing(ch *channel, _ *drive) { ch.done() }

// begin checks the range of a command and has it be the job.
func (ch *channel) begin(d *drive, ext bool) bool {
	lba, ok := d.address(ext)
	n := d.count(ext)
	if !ok || lba+n > d.total() {
		ch.fail(errNotFound)
		return false
	}
	ch.job = job{unit: ch.job.unit, pos: lba * block, left: n * block, block: block}
	return true
}

func (ch *channel) writable(d *drive) bool {
	if d.Disk == nil || d.Disk.ReadOnly() {
		ch.fail(errAbort | errProtected)
		return false
	}
	return true
}

func read28(ch *channel, d *drive) { ch.readPIO(d, false, 1) }

func read48(ch *channel, d *drive) { ch.readPIO(d, true, 1) }

func (ch *channel) readPIO(d *drive, ext bool, sectors uint8) {
	if ch.begin(d, ext) {
		ch.job.block = int64(sectors) * block
		ch.transfer()
	}
}

func write28(ch *channel, d *drive) { ch.writePIO(d, false, 1) }

func write48(ch *channel, d *drive) { ch.writePIO(d, true, 1) }

func (ch *channel) writePIO(d *drive, ext bool, sectors uint8) {
	if ch.writable(d) && ch.begin(d, ext) {
		ch.job.block, ch.job.write = int64(sectors)*block, true
		ch.transfer()
	}
}

func readMultiple(ext bool) command {
	return func(ch *channel, d *drive) {
		if d.multiple == 0 {
			ch.fail(errAbort)
			return
		}
		ch.readPIO(d, ext, d.multiple)
	}
}

func writeMultiple(ext bool) command {
	return func(ch *channel, d *drive) {
		if d.multiple == 0 {
			ch.fail(errAbort)
			return
		}
		ch.writePIO(d, ext, d.multiple)
	}
}

// move is a command by DMA.
func move(write, ext bool) command {
	return func(ch *channel, d *drive) {
		if write && !ch.writable(d) || !ch.begin(d, ext) {
			return
		}
		ch.job.write, ch.job.dma = write, true
		ch.transfer()
	}
}

// verify reads, and gives nobody what it read.
func verify(ext bool) command {
	return func(ch *channel, d *drive) {
		if !ch.begin(d, ext) {
			return
		}
		for ch.job.left > 0 {
			if !ch.fill(mostBuf) {
				return
			}
		}
		ch.done()
	}
}

// setGeometry is INITIALIZE DEVICE PARAMETERS.
func setGeometry(ch *channel, d *drive) {
	if d.regs[tfCount][0] == 0 {
		ch.fail(errAbort)
		return
	}
	d.sectors, d.heads = d.regs[tfCount][0], d.device&0xf+1
	ch.done()
}

func setMultiple(ch *channel, d *drive) {
	n := d.regs[tfCount][0]
	if n > mostMultiple || n&(n-1) != 0 {
		ch.fail(errAbort)
		return
	}
	d.multiple = n
	ch.done()
}

// Features that can be set (ATA/ATAPI-7, table 49).
const (
	featureCache   = 0x02
	featureMode    = 0x03
	featureNoCache = 0x82
)

// harmless are features that change nothing: power management, look-ahead, defaults.
var harmless = [256]bool{0x05: true, 0x85: true, 0x55: true, 0xaa: true, 0x66: true, 0xcc: true, 0x42: true, 0xc2: true}

// modes are how many there are of each kind of transfer: the upper five bits are the kind.
var modes = [32]uint8{0: 2, 1: 5, 4: 3, 8: 6}

func setFeatures(ch *channel, d *drive) {
	v := d.regs[tfCount][0]
	switch f := d.regs[tfFeature][0]; f {
	case featureCache, featureNoCache:
		d.noCache = f == featureNoCache
	case featureMode:
		if v&7 >= modes[v>>3] {
			ch.fail(errAbort)
			return
		}
		d.mode = v
	default:
		if !harmless[f] {
			ch.fail(errAbort)
			return
		}
	}
	ch.done()
}

func flush(ch *channel, d *drive) {
	if d.Disk != nil && d.Disk.Flush() != nil {
		ch.finish(ready|statusDF|statusERR, errAbort)
		ch.soon()
		return
	}
	ch.done()
}

func nativeMax(ext bool) command {
	return func(ch *channel, d *drive) {
		last := d.total() - 1
		if !ext {
			last = min(last, 1<<28-2)
		}
		d.device |= deviceLBA
		d.setAddress(max(last, 0), ext)
		ch.done()
	}
}

// powerMode says that the drive is active.
func powerMode(ch *channel, d *drive) {
	d.regs[tfCount][0] = 0xff
	ch.done()
}

func resetDevice(ch *channel, d *drive) {
	device := d.device
	d.reset()
	d.device = device
}

// refuseSigned tells who asks for a disk that it has found something else.
func refuseSigned(ch *channel, d *drive) {
	d.signature()
	ch.fail(errAbort)
}
