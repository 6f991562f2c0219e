package lapic

// The MSRs of the APIC (SDM vol. 4 table 2-2).
const (
	msrBase     = 0x1b
	msrDeadline = 0x6e0
	msrX2APIC   = 0x800
	msrX2Last   = 0x8ff
)

// Bits of IA32_APIC_BASE (SDM figure 10-26).
const (
	baseBSP    = 1 << 8
	baseX2     = 1 << 10
	baseEnable = 1 << 11
	basePage   = 0x000ffffffffff000 // what no CPU has of it, the CPU refuses
	baseReset  = 0xfee00000 | baseEnable | baseBSP
)

func (a *APIC) x2() bool { return a.base&baseX2 != 0 }

// Enabled reports whether IA32_APIC_BASE has the APIC switched on: CPUID has its bit then.
func (a *APIC) Enabled() bool { return a.enabled() }

// Base is the address of the page, or 0 when there is none: it is off, or an x2APIC.
func (a *APIC) Base() uint64 {
	if !a.enabled() || a.x2() {
		return 0
	}
	return a.base & basePage
}

// MSR reads an MSR. It is a #GP when ok is false.
func (a *APIC) MSR(i uint32) (v uint64, ok bool) {
	switch {
	case i == msrBase:
		return a.base, true
	case i == msrDeadline && a.features.Deadline:
		a.settle()
		return a.deadline, true
	case i < msrX2APIC || i > msrX2Last || !a.x2():
		return 0, false
	}
	r := a.present(i - msrX2APIC)
	if r.read == nil {
		return 0, false
	}
	if a.settle(); i == msrX2APIC+regICR {
		return a.icr, true
	}
	return uint64(r.read(a)), true
}

// SetMSR writes an MSR. It is a #GP when ok is false.
func (a *APIC) SetMSR(i uint32, v uint64) (ok bool) {
	defer a.update()
	switch {
	case i == msrBase:
		return a.setBase(v)
	case i == msrDeadline && a.features.Deadline:
		if a.settle(); a.timerMode() == timerDeadline {
			a.deadline = v
		}
		a.settle()
		return true
	case i < msrX2APIC || i > msrX2Last || !a.x2():
		return false
	}
	r := a.present(i - msrX2APIC)
	switch {
	case r.write == nil, uint32(v)&^r.bits != 0:
		return false
	case i == msrX2APIC+regICR:
		a.send(v)
	case v>>32 != 0:
		return false
	default:
		r.write(a, uint32(v))
	}
	return true
}

// setBase allows the steps of SDM figure 10-27. An APIC that is switched off has forgotten
// all when it is on again.
func (a *APIC) setBase(v uint64) bool {
	was, now := a.base&(baseX2|baseEnable), v&(baseX2|baseEnable)
	legal := now != baseX2 && (was != baseX2|baseEnable || now != baseEnable) && (was != 0 || now != baseX2|baseEnable)
	if v&^(basePage|baseBSP|baseX2|baseEnable) != 0 || !legal || now&baseX2 != 0 && !a.features.X2APIC {
		return false
	}
	switch {
	case now == 0 && was != 0:
		moved := a.out.Moved
		a.out.Moved = nil
		a.Reset()
		a.out.Moved = moved
	case now&baseX2 != 0 && was&baseX2 == 0:
		a.id >>= 24
		a.icr = 0
	}
	a.base = v
	if a.out.Moved != nil {
		a.out.Moved(a.Base())
	}
	return true
}
