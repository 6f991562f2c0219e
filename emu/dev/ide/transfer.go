package ide

// Reasons of interrupts of a drive with packets, in the count register (ATA/ATAPI-7, 6.30.5).
const (
	reasonCommand = 1
	reasonIn      = 2
	reasonStatus  = 3
)

// done ends a command well.
func (ch *channel) done() {
	ch.finish(ready, 0)
	ch.soon()
}

// fail ends a command with an error.
func (ch *channel) fail(err uint8) {
	ch.finish(ready|statusERR, err)
	ch.soon()
}

// finish leaves the result of a command in the drive's registers.
func (ch *channel) finish(status, err uint8) {
	d := &ch.drives[ch.job.unit]
	if ch.job.packet {
		d.regs[tfCount][0] = reasonStatus
	}
	ch.phase, ch.buf, ch.at, ch.end = idle, nil, 0, 0
	unit := ch.job.unit
	ch.job = job{unit: unit}
	d.status, d.err = status, err
}

// answer sends bytes that are there already.
func (ch *channel) answer(b []byte) {
	ch.buf, ch.end = b, 0
	ch.at = 0
	ch.job.left = 0
	if ch.job.block == 0 {
		ch.job.block = int64(len(b))
	}
	ch.transfer()
}

// transfer begins to send what the job is, from buf and then from the medium.
func (ch *channel) transfer() {
	switch d := &ch.drives[ch.job.unit]; {
	case ch.job.dma:
		ch.phase = dmaReady
		d.status = ready | statusDRQ
		if ch.bm.command&bmStart != 0 {
			ch.runDMA()
		}
	case ch.job.write:
		ch.take()
	default:
		ch.at, ch.end = 0, 0
		ch.sent()
	}
}

// sent goes on when the guest has all of a block.
func (ch *channel) sent() {
	d := &ch.drives[ch.job.unit]
	if ch.end == len(ch.buf) && ch.job.left > 0 && !ch.fill(ch.job.block) {
		return
	}
	n := int(min(int64(len(ch.buf)-ch.end), ch.job.block))
	switch {
	case n == 0 && ch.job.packet:
		ch.done()
		return
	case n == 0:
		ch.finish(ready, 0)
		return
	}
	ch.phase, ch.at, ch.end = sending, ch.end, ch.end+n
	if d.status = ready | statusDRQ; ch.job.packet {
		d.regs[tfCount][0] = reasonIn
		d.regs[tfMid][0], d.regs[tfHigh][0] = uint8(n), uint8(n>>8)
	}
	ch.soon()
}

// fill reads the next bytes of the medium, at most so many, or fails the command.
func (ch *channel) fill(most int64) bool {
	j := &ch.job
	if j.packet { // blocks of the guest's choice are no sectors
		most = mostBuf
	}
	b := make([]byte, min(j.left, most))
	if err := ch.drives[j.unit].read(j.pos, b); err != nil {
		ch.failAt(errMedium)
		return false
	}
	ch.buf, ch.at, ch.end = b, 0, 0
	j.pos, j.left = j.pos+int64(len(b)), j.left-int64(len(b))
	return true
}

// failAt fails a command at the place where it is.
func (ch *channel) failAt(err uint8) {
	d := &ch.drives[ch.job.unit]
	if ch.job.packet {
		ch.check(d, senseMedium)
		return
	}
	d.setAddress(ch.job.pos/block, d.device&deviceLBA != 0 && ch.job.pos/block >= 1<<28)
	ch.fail(err)
}

// take asks for the next block of what is written.
func (ch *channel) take() {
	ch.buf = make([]byte, min(ch.job.left, ch.job.block))
	ch.phase, ch.at, ch.end = taking, 0, len(ch.buf)
	ch.drives[ch.job.unit].status = ready | statusDRQ
}

// taken writes a block that is complete.
func (ch *channel) taken() {
	if !ch.flushBuf() {
		return
	}
	if ch.job.left == 0 {
		ch.done()
		return
	}
	ch.take()
	ch.soon()
}

// flushBuf writes buf to the medium, or fails the command.
func (ch *channel) flushBuf() bool {
	if err := ch.drives[ch.job.unit].write(ch.job.pos, ch.buf); err != nil {
		ch.failAt(errAbort)
		return false
	}
	ch.job.pos, ch.job.left = ch.job.pos+int64(len(ch.buf)), ch.job.left-int64(len(ch.buf))
	return true
}
