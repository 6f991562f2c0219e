package lua

import (
	"bytes"
	"path"
	"slices"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
	"panda/emu/vcpu"
	"panda/lua/num"
)

// searchLimit is how many places a search gives unless told otherwise.
const searchLimit = 1000

// maxFound is the most that it gives.
const maxFound = 1 << 20

// pandaSearch looks for text in the guest's memory.
func pandaSearch(s *State, L *glua.LState) int {
	text := []byte(L.CheckString(1))
	if len(text) == 0 {
		L.ArgError(1, "nothing to search for")
	}
	s.room(L, len(text))
	return s.search(L, len(text), func(b []byte) int { return bytes.Index(b, text) })
}

// pandaSearchBytes looks for a pattern such as "0f 05 | 0f ?? 90".
func pandaSearchBytes(s *State, L *glua.LState) int {
	p, err := event.ParsePattern(L.CheckString(1))
	if err != nil {
		L.ArgError(1, err.Error())
	}
	ticks := s.ticker(L)
	return s.search(L, longestPattern, matcher(p, func() { ticks.Step(len(p)) }))
}

// search applies find to the guest's mappings, in pieces that overlap by as much
// as a match may need. Argument 2 is a table: lo, hi, limit, module.
func (s *State) search(L *glua.LState, overlap int, find func([]byte) int) int {
	opt := L.OptTable(2, L.NewTable())
	number := func(key string, def uint64) uint64 {
		if u, ok := num.Bits(opt.RawGetString(key)); ok {
			return u
		}
		return def
	}
	lo, hi := guest.Addr(number("lo", 0)), guest.Addr(number("hi", ^uint64(0)))
	limit := int(min(number("limit", searchLimit), maxFound))
	ticks := s.ticker(L)
	piecewise := func(b []byte) int {
		ticks.Step(1 + len(b)/64)
		return find(b)
	}
	module, _ := opt.RawGetString("module").(glua.LString)
	found := L.NewTable()
	for _, r := range s.needHost(L).Core().Regions() {
		if ok, _ := path.Match(string(module), path.Base(r.File)); module != "" && !ok {
			continue
		}
		r.Start, r.End = max(r.Start, lo), min(r.End, hi)
		for _, a := range searchRange(s.host.CPU(), r.Start, r.End, overlap, limit-found.Len(), piecewise) {
			found.Append(num.Int(uint64(a)))
		}
	}
	L.Push(found)
	return 1
}

// SearchBytes lists the addresses in [lo, hi) where a pattern matches, limit at
// most; it ends at memory that cannot be read.
func SearchBytes(c *vcpu.CPU, lo, hi guest.Addr, p event.Pattern, limit int) []guest.Addr {
	return searchRange(c, lo, hi, longestPattern, limit, matcher(p, func() {}))
}

// longestPattern bounds how far a match may reach over the end of a piece.
const longestPattern = 1 << 12

// matcher finds the first match in a piece; it calls each at every place.
func matcher(p event.Pattern, each func()) func([]byte) int {
	return func(b []byte) int {
		for i := range b {
			each()
			if p.Match(b[i:]) {
				return i
			}
		}
		return -1
	}
}

func searchRange(c *vcpu.CPU, lo, hi guest.Addr, overlap, limit int, find func([]byte) int) (found []guest.Addr) {
	const piece = 1 << 20
	for a := lo; a < hi && len(found) < limit; a += piece {
		b := make([]byte, min(piece+overlap-1, int(hi-a)))
		if c.Read(a, b) != nil {
			break
		}
		for off := 0; len(found) < limit; {
			i := find(b[off:])
			if i < 0 || off+i >= piece {
				break
			}
			found = append(found, a+guest.Addr(off+i))
			off += i + 1
		}
	}
	return found
}

// MappedFile is a file that the guest has mapped, from its first mapping to the
// end of its last.
type MappedFile struct {
	Path       string
	Start, End guest.Addr
}

// ListModules lists the mapped files, in the order of their first mappings.
func ListModules(regions []plugin.Region) (ms []MappedFile) {
	for _, r := range regions {
		if r.File == "" || r.File[0] != '/' {
			continue
		}
		i := slices.IndexFunc(ms, func(m MappedFile) bool { return m.Path == r.File })
		if i < 0 {
			i = len(ms)
			ms = append(ms, MappedFile{Path: r.File, Start: r.Start})
		}
		ms[i].End = r.End
	}
	return ms
}

func pandaModules(s *State, L *glua.LState) int {
	t := L.NewTable()
	for _, f := range ListModules(s.needHost(L).Core().Regions()) {
		m := L.NewTable()
		m.RawSetString("name", glua.LString(path.Base(f.Path)))
		m.RawSetString("path", glua.LString(f.Path))
		m.RawSetString("start", num.Int(uint64(f.Start)))
		m.RawSetString("stop", num.Int(uint64(f.End)))
		t.Append(m)
	}
	L.Push(t)
	return 1
}
