package lapic

import (
	"testing"

	"panda/emu/dev/chiptest"
)

func rig() *chiptest.Rig {
	r := &chiptest.Rig{Time: chiptest.NewTime()}
	nmis, ended := r.Word("nmis"), r.Word("ended")
	a := New(r.Clock, Features{X2APIC: true, Deadline: true}, Outputs{
		Pending: r.Wire("pending"),
		NMI: func(high bool) {
			if high {
				*nmis++
			}
		},
		EOI:  func(v uint8) { *ended = uint64(v) },
		INTA: func() uint8 { return 0x77 },
	})
	r.Chip = a
	r.MMIO("", a)
	r.Try("ack", func([]uint64) uint64 {
		v, ok := a.Acknowledge()
		if !ok {
			return 0x100
		}
		return uint64(v)
	})
	r.Try("lint", func(v []uint64) uint64 { a.setLINT(int(v[0]&1), v[1]&1 != 0); return 0 })
	r.Try("msi", func(v []uint64) uint64 {
		if m, ok := MSI(v[0], uint32(v[1])); ok && a.Deliver(m) {
			return 1
		}
		return 0
	})
	r.Try("msi at fee", func(v []uint64) uint64 { return r.Verbs["msi"]([]uint64{0xfee00000 | v[0]&0xfffff, v[1]}) })
	r.Try("rdmsr", func(v []uint64) uint64 {
		got, ok := a.MSR(uint32(v[0]))
		if !ok {
			return 0xbad
		}
		return got
	})
	r.Try("wrmsr", func(v []uint64) uint64 {
		if a.SetMSR(uint32(v[0]), v[1]) {
			return 1
		}
		return 0
	})
	r.Try("x2 wrmsr", func(v []uint64) uint64 { return r.Verbs["wrmsr"]([]uint64{0x800 | v[0]&0x3f, v[1]}) })
	r.Try("x2 on", func([]uint64) uint64 { return r.Verbs["wrmsr"]([]uint64{0x1b, 0xfee00d00}) })
	r.Verb("cr8", func(v []uint64) uint64 { a.SetTPR(uint8(v[0])); return 0 })
	r.Verb("wire", func([]uint64) uint64 { a.VirtualWire(); return 0 })
	return r
}

func TestRegisters(t *testing.T) {
	chiptest.Script(t, rig, `
		r4 30 = 50014
		r4 f0 = ff
		r4 e0 = ffffffff
		r4 350 = 10000
		r1 31 = 0            # parts of a register
		r2 32 = 5
		r4 34 = 0
		w4 350 700           # masked while switched off
		r4 350 = 10700
		w4 f0 1ff
		w4 350 700
		r4 350 = 700
		w4 d0 ffffffff
		r4 d0 = ff000000
		w4 300 0             # vector 0 cannot be sent
		w4 280 0
		r4 280 = 20
		w4 280 0
		r4 280 = 0
		r4 40 = 0            # no such register
		w4 280 0
		r4 280 = 80
		w4 20 5000000
		r4 20 = 5000000
		w4 f0 ff
		r4 350 = 10700
		reset
		r4 350 = 10000
	`)
}

func TestPriorities(t *testing.T) {
	chiptest.Script(t, rig, `
		msi fee00000 41 = 1
		pending = 0           # switched off by software
		w4 f0 1ff
		msi fee00000 41 = 1
		msi fee01000 42 = 0   # for another
		msi fee00000 51 = 1
		r4 220 = 20002
		pending = 1
		ack = 51
		pending = 0           # 41 is of lower priority
		r4 a0 = 50
		r4 120 = 20000
		msi feeff000 5f = 1   # of the same class: waits
		pending = 0
		ack = ff              # the spurious vector
		w4 b0 0
		pending = 1
		ack = 5f
		w4 b0 0
		w4 80 40
		pending = 0
		r4 a0 = 40
		cr8 3
		r4 80 = 30
		ack = 41
		w4 b0 0
		ack = 100             # nothing
		msi fee00000 8060 = 1 # level
		r4 1b0 = 1
		ack = 60
		w4 b0 0
		ended = 60
		w4 310 0
		w4 300 40070          # to itself
		ack = 70
		w4 300 c0075          # to all others
		pending = 0
		w4 b0 0
		ended = 0
		w4 d0 02000000        # logical: flat, then clusters
		msi fee02004 71 = 1
		msi fee04004 71 = 0
		w4 e0 0fffffff
		w4 d0 12000000
		msi fee12004 71 = 1
		msi fee02004 71 = 0
		msi feef2004 71 = 1
		msi fde00000 71 = 0
	`)
}

func TestPins(t *testing.T) {
	chiptest.Script(t, rig, `
		lint 0 1
		pending = 0
		wire
		pending = 1
		ack = 77
		lint 0 0
		pending = 0
		lint 1 1
		lint 1 1
		nmis = 1
		w4 350 8040           # level, fixed
		lint 0 1
		pending = 1
		r4 350 = c040
		ack = 40
		w4 b0 0
		r4 350 = c040         # it is still high
		ack = 40
		lint 0 0
		w4 b0 0
		r4 350 = 8040
		wrmsr 1b fee00100 = 1 # off: a wire
		lint 0 1
		pending = 1
		ack = 77
		r4 30 = ffffffff
		wrmsr 1b fee00900 = 1
		lint 0 0
		msi fee00000 700 = 1  # an ExtINT by way of an I/O APIC
		pending = 1
		ack = 77
		pending = 0
	`)
}

func TestTimer(t *testing.T) {
	chiptest.Script(t, rig, `
		w4 f0 1ff
		w4 320 30
		w4 3e0 b              # by 1
		w4 380 100
		pass 80
		r4 390 = 80
		pass 7f
		r4 390 = 1
		pending = 0
		pass 1
		r4 390 = 0
		pending = 1
		ack = 30
		w4 b0 0
		pass 1000
		pending = 0
		w4 320 20031          # periodic
		w4 3e0 3              # by 16
		w4 380 10
		pass 1f0
		pending = 1
		ack = 31
		r4 390 = 1
		w4 b0 0
		pass 10
		ack = 31
		w4 b0 0
		w4 3e0 b              # what is left goes faster
		r4 390 = 10
		pass 8
		r4 390 = 8
		pass 8
		ack = 31
		w4 b0 0
		w4 320 30031          # masked: counts on
		pass 18
		r4 390 = 8
		pending = 0
		w4 320 20031
		pass 8
		ack = 31
		w4 b0 0
		w4 380 0
		pass 100
		pending = 0
		wrmsr 6e0 99 = 1      # no deadlines in this mode
		rdmsr 6e0 = 0
		w4 320 40032
		wrmsr 6e0 10000 = 1
		rdmsr 6e0 = 10000
		w4 380 100            # no count
		r4 390 = 0
		pass 10000
		rdmsr 6e0 = 0
		ack = 32
		w4 b0 0
		wrmsr 6e0 1 = 1       # over already
		pass 0
		ack = 32
	`)
}

func TestX2APIC(t *testing.T) {
	chiptest.Script(t, rig, `
		rdmsr 802 = bad
		wrmsr 1b fee00500 = 0 # x2APIC without APIC
		w4 20 23000000
		wrmsr 1b fee00d00 = 1
		r4 30 = ffffffff
		rdmsr 802 = 23
		rdmsr 80d = 20008
		rdmsr 80e = bad
		wrmsr 802 1 = 0
		wrmsr 80b 1 = 0
		wrmsr 80f 11ff = 0
		wrmsr 80f 1ff = 1
		wrmsr 83f 88 = 1
		pending = 1
		ack = 88
		wrmsr 80b 0 = 1
		wrmsr 830 2300000066 = 1
		rdmsr 830 = 2300000066
		ack = 66
		wrmsr 830 2400000066 = 1
		wrmsr 80b 0 = 1
		pending = 0
		wrmsr 832 ffffffff = 0
		wrmsr 1b fee00900 = 0 # only by way of off
		wrmsr 1b fee00100 = 1
		wrmsr 1b fee00d00 = 0
		wrmsr 1b fee00900 = 1
		r4 f0 = ff
	`)
}

func FuzzAPIC(f *testing.F) { chiptest.Fuzz(f, rig) }
