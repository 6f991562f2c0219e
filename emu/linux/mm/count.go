package mm

import (
	"panda/emu/guest"
	"panda/emu/mmu"
)

// Pages counts the pages of the regions that want takes.
func (m *MM) Pages(want func(r *mmu.Region) bool) (n uint64) {
	for r := range m.Space.Overlapping(0, m.Space.Limit) {
		if want(&r) {
			n += PagesOf(&r)
		}
	}
	return n
}

// PagesOf is how many pages a region has.
func PagesOf(r *mmu.Region) uint64 { return uint64(r.End-r.Start) / PageSize }

// IsAnon takes memory of the process's own that could have been written.
func IsAnon(r *mmu.Region) bool { return r.Prot&guest.Write != 0 && !r.Shared }

// IsData takes the same but for the stack.
func IsData(r *mmu.Region) bool { return IsAnon(r) && !IsStack(r) }

// IsStack takes the stack of the first thread.
func IsStack(r *mmu.Region) bool { return r.Name == "[stack]" }

// IsFile takes what a file holds.
func IsFile(r *mmu.Region) bool { return r.Prot != 0 && r.Ino != 0 && !IsAnon(r) }

// IsLibrary takes the code that is not the program's.
func (m *MM) IsLibrary(r *mmu.Region) bool {
	return r.Prot&guest.Exec != 0 && r.Prot&guest.Write == 0 && r.Name != m.Exe
}

// RSS is the pages that are mapped, and how many of them could be in memory.
func (m *MM) RSS() (total, file, anon uint64) {
	return m.Space.Size() / PageSize, m.Pages(IsFile), m.Pages(IsAnon)
}
