package mmu

import (
	"testing"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

// TestLastMaps: of the maps that are left when one process has taken what it can get,
// others fork and map, until there are none at all.
func TestLastMaps(t *testing.T) {
	greedy, modest, others := newTestSpace(t), newTestSpace(t), &Space{}
	defer others.setMaps(0)
	for i := range fewMaps {
		if err := greedy.Map(addr(2*i+16), PageSize, guest.Read, Anonymous("")); err != nil {
			t.Skip(err)
		}
	}
	mapOne := func(s *Space) error { return s.Map(addr(4*fewMaps), PageSize, rw, Anonymous("")) }
	others.setMaps(int(hostMaps() - mapsTaken.Load() - min(keptMaps, hostMaps()/8)))
	if err := mapOne(greedy); err != unix.ENOMEM {
		t.Error("one with many maps gets another:", err)
	}
	if err := mapOne(modest); err != nil {
		t.Error(err)
	}
	if c, err := modest.Clone(1); err != nil {
		t.Error(err)
	} else {
		c.Close()
	}
	others.setMaps(others.maps + int(hostMaps()-mapsTaken.Load()))
	var short error
	modest.group.Short = func(err error) { short = err }
	if err := mapOne(modest); err != unix.ENOMEM || short != unix.ENOMEM {
		t.Error("there are more maps than all:", err, short)
	}
	if err := greedy.Unmap(addr(16), PageSize); err != nil {
		t.Error(err)
	}
}
