package lua

import (
	"bytes"
	"path"

	glua "github.com/yuin/gopher-lua"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/plugin"
)

// searchLimit is how many places a search gives unless told otherwise.
const searchLimit = 1000

// pandaSearch looks for text in the guest's memory.
func pandaSearch(s *State, L *glua.LState) int {
	text := []byte(L.CheckString(1))
	if len(text) == 0 {
		L.ArgError(1, "nothing to search for")
	}
	return s.search(L, len(text), func(b []byte) int { return bytes.Index(b, text) })
}

// pandaSearchBytes looks for a pattern such as "0f 05 | 0f ?? 90".
func pandaSearchBytes(s *State, L *glua.LState) int {
	p, err := event.ParsePattern(L.CheckString(1))
	if err != nil {
		L.ArgError(1, err.Error())
	}
	return s.search(L, 64, func(b []byte) int {
		for i := range b {
			if p.Match(b[i:]) {
				return i
			}
		}
		return -1
	})
}

// search applies find to the guest's mappings, in pieces that overlap by as much
// as a match may need. Argument 2 is a table: lo, hi, limit, module.
func (s *State) search(L *glua.LState, overlap int, find func([]byte) int) int {
	opt := L.OptTable(2, L.NewTable())
	number := func(key string, def uint64) uint64 {
		if u, ok := bits64(opt.RawGetString(key)); ok {
			return u
		}
		return def
	}
	lo, hi := guest.Addr(number("lo", 0)), guest.Addr(number("hi", ^uint64(0)))
	limit := int(number("limit", searchLimit))
	module, _ := opt.RawGetString("module").(glua.LString)
	found := L.NewTable()
	for _, r := range s.needHost(L).Core().Regions() {
		if ok, _ := path.Match(string(module), path.Base(r.File)); module != "" && !ok {
			continue
		}
		r.Start, r.End = max(r.Start, lo), min(r.End, hi)
		s.searchRegion(r, overlap, limit, find, found)
	}
	L.Push(found)
	return 1
}

func (s *State) searchRegion(r plugin.Region, overlap, limit int, find func([]byte) int, found *glua.LTable) {
	const piece = 1 << 20
	c := s.host.CPU()
	for a := r.Start; a < r.End && found.Len() < limit; {
		b := make([]byte, min(piece+overlap-1, int(r.End-a)))
		if c.Read(a, b) != nil {
			return
		}
		off := 0
		for found.Len() < limit {
			i := find(b[off:])
			if i < 0 || off+i >= piece {
				break
			}
			found.Append(Int(uint64(a) + uint64(off+i)))
			off += i + 1
		}
		a += piece
	}
}

// pandaModules lists the mapped files.
func pandaModules(s *State, L *glua.LState) int {
	t := L.NewTable()
	byFile := map[string]*glua.LTable{}
	for _, r := range s.needHost(L).Core().Regions() {
		if r.File == "" || r.File[0] != '/' {
			continue
		}
		m := byFile[r.File]
		if m == nil {
			m = L.NewTable()
			m.RawSetString("name", glua.LString(path.Base(r.File)))
			m.RawSetString("path", glua.LString(r.File))
			m.RawSetString("start", Int(uint64(r.Start)))
			byFile[r.File] = m
			t.Append(m)
		}
		m.RawSetString("stop", Int(uint64(r.End)))
	}
	L.Push(t)
	return 1
}
