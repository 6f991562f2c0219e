package lapic

// Message is an interrupt on its way, from an I/O APIC, a device or the ICR.
type Message struct {
	Dest    uint32
	Logical bool // Dest is a set, else a number
	Mode    uint8
	Vector  uint8
	Level   bool
}

// MSI is the message of a device's write to memory (SDM 10.11). ok is false when that is no
// address of an APIC.
func MSI(addr uint64, data uint32) (m Message, ok bool) {
	return Message{
		Dest: uint32(addr >> 12 & 0xff), Logical: addr&(1<<2) != 0,
		Mode: uint8(data >> 8 & 7), Vector: uint8(data), Level: data&(1<<15) != 0,
	}, addr>>20 == 0xfee
}

// Deliver takes a message if it is for this APIC.
func (a *APIC) Deliver(m Message) (taken bool) {
	if !a.enabled() || !a.matches(m) {
		return false
	}
	a.deliver(m.Mode, m.Vector, m.Level)
	return true
}

func (a *APIC) matches(m Message) bool {
	switch {
	case a.x2():
		// Those who have but eight bits say 255 for everybody.
		if m.Dest == 0xff || m.Dest == ^uint32(0) || !m.Logical {
			return m.Dest == 0xff || m.Dest == ^uint32(0) || m.Dest == a.id
		}
		return m.Dest>>16 == a.x2LDR()>>16 && m.Dest&a.x2LDR()&0xffff != 0
	case !m.Logical:
		return m.Dest == 0xff || m.Dest == a.id>>24
	case a.dfr>>28 == 0xf: // flat model
		return m.Dest&(a.ldr>>24) != 0
	}
	cluster := m.Dest >> 4 & 0xf
	return (cluster == 0xf || cluster == a.ldr>>28) && m.Dest&(a.ldr>>24)&0xf != 0
}

// send is a write to the ICR (SDM 10.6.1). There is no other CPU to hear it.
func (a *APIC) send(v uint64) {
	a.icr = v &^ (1 << 12) // it is sent at once
	m := Message{
		Logical: v&(1<<11) != 0, Mode: uint8(v >> 8 & 7), Vector: uint8(v),
		Dest: uint32(v >> 56), Level: v&(1<<15) != 0 && v>>8&7 == Fixed,
	}
	if a.x2() {
		m.Dest = uint32(v >> 32)
	}
	switch shorthand := v >> 18 & 3; {
	case shorthand == 3, shorthand == 0 && !a.matches(m):
		return
	case m.Mode == INIT && v&(1<<14) == 0: // the end of an INIT by level
		return
	case m.Mode <= Lowest && m.Vector < 16:
		a.fail(errSendVector)
		return
	}
	a.deliver(m.Mode, m.Vector, m.Level)
}
