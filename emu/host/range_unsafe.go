package host

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"unsafe"
)

const (
	// maxArena keeps every jump inside an arena within 32 signed bits.
	maxArena = 1 << 30
	// The range is as large as the host allows, from this to rangeMax.
	rangeMin = 64 << 20
)

// codeRange is the one range of addresses that holds all arenas.
type codeRange struct {
	base unsafe.Pointer
	size uintptr

	mu   sync.Mutex
	used []extent // sorted, each with its guard page
}

// extent is a part of the range.
type extent struct{ off, size uintptr }

// reserved takes the range from the host, once. A host that limits the address
// space (RLIMIT_AS) gets asked for less.
var reserved = sync.OnceValues(func() (*codeRange, error) {
	var first error
	for size := uintptr(rangeMax); size >= rangeMin; size /= 2 {
		base, err := reserve(size)
		if err == nil {
			return &codeRange{base: base, size: size}, nil
		}
		if first == nil {
			first = fmt.Errorf("reserve %d MiB of addresses for machine code: %w", size>>20, err)
		}
		if errors.Is(err, errors.ErrUnsupported) {
			break
		}
	}
	return nil, first
})

// CodeRange tells where machine code is: in [lo, hi), for the life of the
// process. Both are zero where the host has no arenas.
func CodeRange() (lo, hi uintptr) {
	c, err := reserved()
	if err != nil {
		return 0, 0
	}
	return uintptr(c.base), uintptr(c.base) + c.size
}

// take finds the first gap for size bytes and a guard page.
func (c *codeRange) take(size, page uintptr) (extent, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := extent{size: size + page}
	i := 0
	for ; i < len(c.used) && c.used[i].off-e.off < e.size; i++ {
		e.off = c.used[i].off + c.used[i].size
	}
	if c.size-e.off < e.size {
		return e, fmt.Errorf("code arena of %d bytes: the %d MiB for machine code are full", size, c.size>>20)
	}
	c.used = slices.Insert(c.used, i, e)
	return e, nil
}

func (c *codeRange) give(e extent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.used, e)
	c.used = slices.Delete(c.used, i, i+1)
}
