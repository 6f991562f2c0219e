package softfloat

import (
	"runtime"
	"runtime/debug"
	"testing"

	"panda/emu/softfloat/hostfp"
)

// trapping runs f and returns MXCSR as an unmasked exception left it: the Go
// runtime turns the SIGFPE into a panic, but keeps the register.
func trapping(f func()) (mxcsr uint32, trapped bool) {
	defer func() {
		if recover() != nil {
			mxcsr, trapped = hostfp.ReadMXCSR(), true
			hostfp.WriteMXCSR(0x1F80)
		}
	}()
	f()
	return 0, false
}

// TestHostUnmasked compares flags, and results where no trap occurs, with
// some exceptions unmasked.
func TestHostUnmasked(t *testing.T) {
	// Between signal and recover the thread runs with exceptions unmasked:
	// nothing else may use it, and the collector must not divide.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	rnd := newRand()
	traps := 0
	rows := append(append([]row(nil), arithmeticRows...), conversionRows...)
	for _, r := range rows {
		sp := specials(r.in)
		for range *cases / 20 {
			a := operand(rnd, r.in, sp[rnd.IntN(len(sp))])
			b := operand(rnd, r.in, a)
			if rnd.IntN(3) == 0 {
				b = sp[rnd.IntN(len(sp))]
			}
			e := Env{
				Round: Rounding(rnd.IntN(4)), Masks: Flags(rnd.IntN(64)) | PE*Flags(rnd.IntN(2)),
				DAZ: rnd.IntN(4) == 0, FTZ: rnd.IntN(2) == 0,
			}
			if checkTrap(t, &r, e, [3]uint64{a, b}) {
				traps++
			}
		}
	}
	t.Logf("%d cases, %d traps", len(rows)*(*cases/20), traps)
}

func checkTrap(t *testing.T, r *row, e Env, v [3]uint64) bool {
	mxcsr := mxcsrOf(&e)
	var want uint64
	var out uint32
	after, trapped := trapping(func() { want, out = r.host(mxcsr, v) })
	if trapped {
		out = after
	}
	masks := e.Masks
	got := r.soft(&e, v)
	if trapped != (e.Flags&^masks != 0) || uint32(e.Flags) != out&0x3F ||
		!trapped && (got^want)&r.mask != 0 {
		t.Errorf("%s %x mxcsr=%04x: got %x flags %02x, host %x flags %02x trap %v",
			r.name, v[:r.args], mxcsr, got, e.Flags, want, out&0x3F, trapped)
	}
	return trapped
}
