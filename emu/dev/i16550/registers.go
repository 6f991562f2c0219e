package i16550

// register is what reads and writes of one do.
type register struct {
	read  func(u *UART) uint8
	write func(u *UART, v uint8)
}

var registers = [8]register{
	regData: {(*UART).readData, (*UART).writeData},
	regIER:  {(*UART).readIER, (*UART).writeIER},
	regIIR:  {(*UART).readIIR, (*UART).writeFCR},
	regLCR:  {func(u *UART) uint8 { return u.lcr }, func(u *UART, v uint8) { u.lcr = v }},
	regMCR:  {func(u *UART) uint8 { return u.mcr }, (*UART).writeMCR},
	regLSR:  {(*UART).readLSR, func(*UART, uint8) {}},
	regMSR:  {(*UART).readMSR, func(*UART, uint8) {}},
	regSCR:  {func(u *UART) uint8 { return u.scr }, func(u *UART, v uint8) { u.scr = v }},
}

// In reads a port.
func (u *UART) In(port uint16, size int) uint32 {
	v := registers[port&7].read(u)
	u.update()
	return uint32(v)
}

// Out writes a port.
func (u *UART) Out(port uint16, size int, v uint32) {
	registers[port&7].write(u, uint8(v))
	u.update()
}

func (u *UART) readData() uint8 {
	switch {
	case u.lcr&lcrDivisor != 0:
		return uint8(u.divisor)
	case len(u.fifo) == 0:
		return 0
	}
	b := u.fifo[0].b
	u.fifo = u.fifo[1:]
	u.reveal()
	u.await()
	if u.Space != nil {
		u.Space()
	}
	return b
}

// writeData sends a byte. The request of an empty transmitter ends and begins, so that it
// is an edge.
func (u *UART) writeData(v uint8) {
	if u.lcr&lcrDivisor != 0 {
		u.divisor = u.divisor&0xff00 | uint16(v)
		return
	}
	u.empty = false
	u.update()
	if u.mcr&mcrLoop != 0 {
		u.push(received{b: v})
	} else {
		u.send(v)
	}
	u.empty = true
}

func (u *UART) readIER() uint8 {
	if u.lcr&lcrDivisor != 0 {
		return uint8(u.divisor >> 8)
	}
	return u.ier
}

// writeIER enables interrupts. That of the transmitter, which is empty, comes at once.
func (u *UART) writeIER(v uint8) {
	if u.lcr&lcrDivisor != 0 {
		u.divisor = u.divisor&0xff | uint16(v)<<8
		return
	}
	if v&^u.ier&ierEmpty != 0 {
		u.empty = true
	}
	u.ier = v & 0x0f
}

func (u *UART) readIIR() uint8 {
	v := u.cause()
	if v == iirEmpty {
		u.empty = false
	}
	if u.fcr&fcrEnable != 0 {
		v |= iirFIFO
	}
	return v
}

// writeFCR controls the FIFOs. Bits besides the first count only when that is set.
func (u *UART) writeFCR(v uint8) {
	if (v^u.fcr)&fcrEnable != 0 || v&(fcrEnable|fcrClear) == fcrEnable|fcrClear {
		u.fifo = nil
	}
	if v&fcrEnable == 0 {
		v = 0
	}
	u.fcr = v & (fcrEnable | 0xc0)
	u.await()
	if u.Space != nil {
		u.Space()
	}
}

func (u *UART) writeMCR(v uint8) {
	was := u.mcr
	u.mcr = v & mcrWritable
	u.modem()
	if was&^u.mcr&mcrLoop != 0 && u.Space != nil {
		u.Space()
	}
}

func (u *UART) readLSR() uint8 {
	v := u.lsr | lsrIdle
	if len(u.fifo) > 0 {
		v |= lsrReady
	}
	for _, r := range u.fifo {
		if u.fcr&fcrEnable != 0 && r.errors != 0 {
			v |= lsrFIFOError
		}
	}
	if u.fcr&fcrEnable != 0 && u.lsr&lsrErrors&^lsrOverrun != 0 {
		v |= lsrFIFOError
	}
	u.lsr = 0
	return v
}

func (u *UART) readMSR() uint8 {
	v := u.msr
	u.msr &^= msrDeltas
	return v
}
