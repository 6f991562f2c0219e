package vcpu

import "math/bits"

// JumpCache finds the blocks of one address space and mode by pc. An engine
// looks into it at indirect jumps; the run loop fills it. A block is at the place
// of its pc or at the neighbour, so that two that meet at a place do not
// turn each other out. Entries are apart from blocks for machine code, to which it
// begins at its first byte.
type JumpCache struct {
	Entries [1 << jumpBits]JumpEntry
	blocks  [1 << jumpBits]*TB
	used    [1 << jumpBits / 64]uint64 // a bit for each place that was filled since Clear
}

// JumpEntry is the code for a pc. What keeps it is the block.
type JumpEntry struct {
	PC    uint64
	Entry uintptr
}

const jumpBits = 13

// noPC is an address that is not looked for at a place.
func noPC(n uint64) uint64 {
	if n>>1 == JumpIndex(0)>>1 {
		return 1
	}
	return 0
}

// JumpFactor and JumpShift make the place of a pc, which is the upper bits of a
// product of 32 bits: functions begin at round addresses.
const (
	JumpFactor = 0x9e3779b1
	JumpShift  = 32 - jumpBits
)

// JumpIndex is the place of a pc.
func JumpIndex(pc uint64) uint64 { return uint64(uint32(pc) * JumpFactor >> JumpShift) }

// NewJumpCache makes an empty cache: no entry has a pc that is looked for there.
func NewJumpCache() *JumpCache {
	j := new(JumpCache)
	j.Entries[0].PC, j.Entries[1].PC = noPC(0), noPC(1)
	return j
}

// Find is the block at a pc, nil if it is not in the cache.
func (j *JumpCache) Find(pc uint64) *TB {
	n := JumpIndex(pc)
	switch pc {
	case j.Entries[n].PC:
		return j.blocks[n]
	case j.Entries[n^1].PC:
		return j.blocks[n^1]
	}
	return nil
}

// Set enters a block. What was at its place moves to the neighbour.
func (j *JumpCache) Set(tb *TB) {
	n := JumpIndex(uint64(tb.PC))
	if old := j.Entries[n]; old.PC != uint64(tb.PC) && j.blocks[n] != nil {
		j.fill(n^1, old, j.blocks[n])
	}
	j.fill(n, JumpEntry{uint64(tb.PC), uintptr(tb.Entry)}, tb)
}

func (j *JumpCache) fill(n uint64, e JumpEntry, tb *TB) {
	j.used[n/64] |= 1 << (n % 64)
	j.Entries[n], j.blocks[n] = e, tb
}

// Clear empties the cache. It costs what was put in: a guest's kernel changes its map
// much more often than it fills thousands of entries.
func (j *JumpCache) Clear() {
	for i, places := range j.used {
		for ; places != 0; places &= places - 1 {
			n := uint64(64*i + bits.TrailingZeros64(places))
			j.Entries[n], j.blocks[n] = JumpEntry{PC: noPC(n)}, nil
		}
		j.used[i] = 0
	}
}

// Remove takes a block out, if it is there.
func (j *JumpCache) Remove(tb *TB) {
	n := JumpIndex(uint64(tb.PC))
	for _, n := range [...]uint64{n, n ^ 1} {
		if j.blocks[n] == tb {
			j.Entries[n], j.blocks[n] = JumpEntry{PC: noPC(n)}, nil
		}
	}
}
