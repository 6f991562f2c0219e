package lapic

// reg is a register. A read or a write of nil is an error.
type reg struct {
	read  func(a *APIC) uint32
	write func(a *APIC, v uint32)
	// bits are what a write of x2APIC may set; none may be set else (SDM 10.12.1.2).
	bits uint32
	// only is the mode that alone has the register, if there is one.
	only mode
}

type mode uint8

const (
	both mode = iota
	xAPIC
	x2APIC
)

// Registers that are more than a row, by their number: their offset through 16.
const (
	regEOI  = 0x0b
	regICR  = 0x30
	regICR2 = 0x31
	regLVT  = 0x32
)

// regs are the registers of SDM tables 10-1 and 10-6.
var regs = [0x40]reg{
	0x02:    {read: func(a *APIC) uint32 { return a.id }, write: setID},
	0x03:    {read: func(*APIC) uint32 { return (lvtCount-1)<<16 | 0x14 }},
	0x08:    {read: func(a *APIC) uint32 { return uint32(a.tpr) }, write: func(a *APIC, v uint32) { a.tpr = uint8(v) }, bits: 0xff},
	0x09:    {read: func(*APIC) uint32 { return 0 }, only: xAPIC},
	0x0a:    {read: func(a *APIC) uint32 { return uint32(a.ppr()) }},
	regEOI:  {write: func(a *APIC, _ uint32) { a.end() }},
	0x0d:    {read: (*APIC).readLDR, write: func(a *APIC, v uint32) { a.ldr = v & 0xff000000 }},
	0x0e:    {read: func(a *APIC) uint32 { return a.dfr }, write: func(a *APIC, v uint32) { a.dfr = v | 0xfffffff }, only: xAPIC},
	0x0f:    {read: func(a *APIC) uint32 { return a.svr }, write: (*APIC).setSVR, bits: svrBits},
	0x28:    {read: func(a *APIC) uint32 { return a.esr }, write: func(a *APIC, _ uint32) { a.esr, a.errs = a.errs, 0 }},
	regICR:  {read: func(a *APIC) uint32 { return uint32(a.icr) }, write: func(a *APIC, v uint32) { a.send(a.icr>>32<<32 | uint64(v&0xcdfff)) }, bits: 0xcdfff},
	regICR2: {read: func(a *APIC) uint32 { return uint32(a.icr >> 32) }, write: func(a *APIC, v uint32) { a.icr = a.icr&0xffffffff | uint64(v&0xff000000)<<32 }, only: xAPIC},
	0x38:    {read: func(a *APIC) uint32 { return a.initial }, write: (*APIC).setInitial, bits: ^uint32(0)},
	0x39:    {read: (*APIC).current},
	0x3e:    {read: func(a *APIC) uint32 { return a.divide }, write: (*APIC).setDivide, bits: 0xb},
	0x3f:    {write: func(a *APIC, v uint32) { a.send(uint64(v&0xff) | 1<<18) }, bits: 0xff, only: x2APIC},
}

func init() {
	for i := range 8 {
		regs[0x10+i].read = func(a *APIC) uint32 { return a.isr[i] }
		regs[0x18+i].read = func(a *APIC) uint32 { return a.tmr[i] }
		regs[0x20+i].read = func(a *APIC) uint32 { return a.irr[i] }
	}
	for i := range lvtCount {
		regs[regLVT+i] = reg{
			read:  func(a *APIC) uint32 { return a.lvt[i] },
			write: func(a *APIC, v uint32) { a.setLVT(i, v) },
			bits:  lvtBits[i] | lvtStatus,
		}
	}
}

func setID(a *APIC, v uint32) { a.id = v & 0xff000000 }

func (a *APIC) readLDR() uint32 {
	if a.x2() {
		return a.x2LDR()
	}
	return a.ldr
}

// x2LDR is the logical number that follows from the other (SDM 10.12.10.2).
func (a *APIC) x2LDR() uint32 { return a.id>>4<<16 | 1<<(a.id&0xf) }

// setSVR masks all entries when the APIC is switched off (SDM 10.4.7.2).
func (a *APIC) setSVR(v uint32) {
	a.settle()
	if a.svr = v & svrBits; a.svr&svrEnable == 0 {
		for i := range a.lvt {
			a.lvt[i] |= lvtMasked
		}
	}
	a.settle()
	a.sample()
}

func (a *APIC) setLVT(i int, v uint32) {
	v = v&lvtBits[i] | a.lvt[i]&lvtRemoteIRR
	if a.svr&svrEnable == 0 {
		v |= lvtMasked
	}
	if i == lvtTimer {
		a.setTimer(v)
		return
	}
	if v&lvtLevel == 0 {
		v &^= lvtRemoteIRR
	}
	a.lvt[i] = v
	a.sample()
}

// present is the register of a number in the mode that the APIC is in.
func (a *APIC) present(n uint32) *reg {
	r := &regs[n&0x3f]
	if n >= uint32(len(regs)) || r.only == xAPIC && a.x2() || r.only == x2APIC && !a.x2() {
		return &reg{}
	}
	return r
}

// Load reads the page of xAPIC. Each register is the first four of sixteen bytes.
func (a *APIC) Load(off uint64, size int) uint64 {
	if !a.enabled() || a.x2() {
		return ^uint64(0)
	}
	r := a.present(uint32(off >> 4))
	if r.read == nil {
		if r.write == nil {
			a.fail(errRegister)
		}
		return 0
	}
	a.settle()
	return uint64(r.read(a)) >> (off % 16 * 8)
}

// Store writes the page. Registers take 32 bits at once alone (SDM 10.4.1).
func (a *APIC) Store(off uint64, size int, v uint64) {
	if !a.enabled() || a.x2() || off%16 != 0 || size < 4 {
		return
	}
	r := a.present(uint32(off >> 4))
	if r.write == nil {
		a.fail(errRegister)
		return
	}
	r.write(a, uint32(v))
	a.update()
}
