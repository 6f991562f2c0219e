package exec

import "panda/emu/vcpu"

// jumps are the jump caches that there are. Each belongs to one mode of one cache of
// translations. Programs are many, and so are the modes of a program that makes itself
// segments; a jump cache has 200 KiB. So there are some, and who was away longest gives
// its one away.
type jumps struct {
	owners []*modeCache
	clock  uint64
}

// jumpsMost is how many jump caches there are at most.
const jumpsMost = 32

// enter gives a mode its jump cache, which is empty if addresses of its blocks have got
// other places.
func (j *jumps) enter(m *modeCache) {
	j.clock++
	m.used = j.clock
	switch {
	case m.jump == nil:
		m.jump, m.held = j.take(m), 0
	case m.moved&m.held != 0:
		m.jump.Clear()
		m.held = 0
	}
	m.moved = 0
}

// take finds a new owner an empty jump cache.
func (j *jumps) take(m *modeCache) *vcpu.JumpCache {
	oldest := -1
	for i, o := range j.owners {
		if oldest < 0 || o.used < j.owners[oldest].used {
			oldest = i
		}
	}
	if oldest < 0 || j.owners[oldest].used != 0 && len(j.owners) < jumpsMost {
		j.owners = append(j.owners, m)
		return vcpu.NewJumpCache()
	}
	o := j.owners[oldest]
	j.owners[oldest] = m
	jump := o.jump
	o.jump = nil
	jump.Clear()
	return jump
}

// giveUpJump lets the next one who needs a jump cache have that of a mode whose blocks
// have all gone.
func (m *modeCache) giveUpJump() { m.used, m.byPC = 0, table[vcpu.TB]{} }
