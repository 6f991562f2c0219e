package mmu

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"panda/emu/guest"
)

// The host gives a process a limited number of maps (vm.max_map_count,
// proc_sys_vm(5)). A guest that takes them all would leave none to Go's runtime,
// to machine code, and to the watches of code pages, each of which may cut a map
// in three. So windows have a budget, watches a smaller one on top of it, and the
// rest is the emulator's.
//
// On Linux each process has the limit for itself. Here a process that takes all it
// can get must not keep the others from forking, so that the last part of the budget
// is for windows with few maps.

const (
	usualMaps = 65530 // what Linux sets
	watchMaps = 1 << 12
	spareMaps = 1 << 12
	keptMaps  = 1 << 12 // for windows that have few, and a clone is one of those
	fewMaps   = 1 << 10
)

// hostMaps is how many maps all windows of this host process may have.
var hostMaps = sync.OnceValue(func() int64 {
	n, err := readMaxMaps()
	if err != nil {
		n = usualMaps
	}
	return max(n-spareMaps-watchMaps, n/2)
})

func readMaxMaps() (int64, error) {
	text, err := os.ReadFile("/proc/sys/vm/max_map_count")
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
}

// mapsTaken is how many they have, at most.
var mapsTaken atomic.Int64

// take is called before the host is asked for what may need n more maps. It fails
// with ENOMEM.
func (s *Space) take(n int) error {
	return s.group.short(s.takeBelow(n, func() int64 {
		if s.maps+n <= fewMaps {
			return hostMaps()
		}
		return hostMaps() - min(keptMaps, hostMaps()/8)
	}))
}

// takeBelow is take with a limit of its own, which may depend on what the window has.
func (s *Space) takeBelow(n int, limit func() int64) error {
	if s.maps > 2*s.counted+1024 || mapsTaken.Load()+int64(n) > limit() {
		s.count()
	}
	if mapsTaken.Load()+int64(n) > limit() {
		return unix.ENOMEM
	}
	s.setMaps(s.maps + n)
	return nil
}

// count counts the maps of the window again.
func (s *Space) count() {
	regions, gaps := s.regions.count()
	n := 3 + regions + gaps + 2*s.guarded + 2*len(s.chunks) // 3: guards, and what is free after the last region
	s.counted = n
	s.setMaps(n)
}

func (s *Space) setMaps(n int) {
	mapsTaken.Add(int64(n - s.maps))
	s.maps = n
}

// mayMap takes maps for a new map, mayCut for the ends of a range where a map is
// cut in two. Giving maps back takes none, so that a guest that has used up all of
// them can do so.
func (s *Space) mayMap(a guest.Addr, size uint64) error {
	return s.take(2 + s.cuts(a, size))
}

func (s *Space) mayCut(a guest.Addr, size uint64) error {
	if n := s.cuts(a, size); n > 0 {
		return s.take(n)
	}
	return nil
}

// cuts counts the ends of a range that lie within a region.
func (s *Space) cuts(a guest.Addr, size uint64) (n int) {
	for _, at := range [...]guest.Addr{a, a + guest.Addr(size)} {
		if r := s.find(at); r != nil && r.Start < at {
			n++
		}
	}
	return n
}

// mayWatch takes maps for the watch of a page. When there are none left the caller
// ends all watches: what was watched is then translated again.
func (s *Space) mayWatch() error {
	return s.takeBelow(2, func() int64 { return hostMaps() + watchMaps })
}
