package ioapic

import (
	"testing"

	"panda/emu/dev/chiptest"
)

func rig() *chiptest.Rig {
	r := &chiptest.Rig{}
	got, deaf := r.Word("got"), r.Word("deaf")
	a := New(func(m Message) bool {
		*got = uint64(m.Vector) | uint64(m.Mode)<<8 | uint64(m.Dest)<<16
		if m.Level {
			*got |= 1 << 12
		}
		if m.Logical {
			*got |= 1 << 13
		}
		return *deaf == 0
	})
	r.Chip = a
	r.MMIO("", a)
	r.Try("set", func(v []uint64) uint64 { a.Set(int(v[0]%Inputs), v[1]&1 != 0); return 0 })
	r.Try("eoi", func(v []uint64) uint64 { a.EOI(uint8(v[0])); return 0 })
	r.Verb("shut", func([]uint64) uint64 { *deaf = 1; return 0 })
	read := func(v []uint64) uint64 { a.Store(0, 4, v[0]); return a.Load(0x10, 4) }
	r.Verb("get", read)
	r.Try("put", func(v []uint64) uint64 { a.Store(0, 4, v[0]&0x3f); a.Store(0x10, 4, v[1]); return 0 })
	return r
}

func TestIOAPIC(t *testing.T) {
	chiptest.Script(t, rig, `
		get 1 = 170011
		get 10 = 10000
		get 3e = 10000
		get 40 = 0
		put 0 ffffffff
		get 0 = f000000
		get 2 = f000000
		put 14 8041         # level, vector 41
		put 15 5a000000
		get 15 = 5a000000
		set 2 1
		got = 5a1041
		get 14 = c041
		set 2 0
		set 2 1
		got = 0             # the first has not ended
		eoi 42
		got = 0
		eoi 41
		got = 5a1041        # it is still asserted
		set 2 0
		eoi 41
		got = 0
		get 14 = 8041
		set 2 1
		put 14 18041
		put 14 10041        # an edge forgets remote IRR
		put 14 8041
		got = 5a1041
		put 16 10942        # masked: an edge is lost
		set 3 1
		put 16 942          # lowest priority, logical
		got = 0
		set 3 0
		set 3 1
		got = 2142
		get 16 = 942
		shut
		put 18 8050
		set 4 1
		get 18 = 8050       # nobody took it
		deaf = 1
		set 4 1
		get 18 = c050
		w1 0 10
		r4 0 = 10
		r4 20 = 0
		reset
		get 14 = 10000
	`)
}

func FuzzIOAPIC(f *testing.F) { chiptest.Fuzz(f, rig) }
