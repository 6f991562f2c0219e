package linux

import (
	"fmt"
	"strings"

	"panda/emu/guest"
	"panda/emu/linux/abi"
	"panda/emu/linux/mm"
	"panda/emu/mmu"
)

// What the files of /proc/PID say about memory. What is in memory is not asked
// of the host, so that a run repeats: all that a program could have touched counts
// as touched.

// mapsLine is a region as in /proc/PID/maps.
func mapsLine(r *mmu.Region) string {
	share := "p"
	if r.Shared {
		share = "s"
	}
	dev := fmt.Sprintf("%02x:%02x", abi.Major(r.Dev), abi.Minor(r.Dev))
	line := fmt.Sprintf("%08x-%08x %v%s %08x %s %d ", uint64(r.Start), uint64(r.End), r.Prot, share, r.Offset, dev, r.Ino)
	if r.Name != "" {
		line = fmt.Sprintf("%-73s%s", line, strings.ReplaceAll(r.Name, "\n", "\\012"))
	}
	return line + "\n"
}

func mapsText(m *mm.MM) string {
	var b strings.Builder
	for _, r := range m.Space.Regions() {
		b.WriteString(mapsLine(&r))
	}
	return b.String()
}

// pages counts the pages of the regions that want takes.
func pages(m *mm.MM, want func(r *mmu.Region) bool) (n uint64) {
	for r := range m.Space.Overlapping(0, m.Space.Limit) {
		if want(&r) {
			n += pagesOf(&r)
		}
	}
	return n
}

func pagesOf(r *mmu.Region) uint64 { return uint64(r.End-r.Start) / mm.PageSize }

// isAnon is memory of the process's own that could have been written, isData the
// same but for the stack, isFile what a file holds.
func isAnon(r *mmu.Region) bool { return r.Prot&guest.Write != 0 && !r.Shared }

func isData(r *mmu.Region) bool { return isAnon(r) && !isStack(r) }

func isStack(r *mmu.Region) bool { return r.Name == "[stack]" }

func isFile(r *mmu.Region) bool { return r.Prot != 0 && r.Ino != 0 && !isAnon(r) }

// isLibrary takes the code that is not the program's.
func isLibrary(m *mm.MM) func(r *mmu.Region) bool {
	return func(r *mmu.Region) bool {
		return r.Prot&guest.Exec != 0 && r.Prot&guest.Write == 0 && r.Name != m.Exe
	}
}

// residentPages is what could be in memory and is the process's own.
func residentPages(m *mm.MM) uint64 { return pages(m, isAnon) }

// rss is the pages that are mapped, and how many of them could be in memory.
func rss(m *mm.MM) (total, file, anon uint64) {
	return m.Space.Size() / mm.PageSize, pages(m, isFile), pages(m, isAnon)
}

func statmText(m *mm.MM) string {
	total, file, anon := rss(m)
	text := (uint64(m.EndCode)+mm.PageSize-1)/mm.PageSize - uint64(m.StartCode)/mm.PageSize
	return fmt.Sprintf("%d %d %d %d 0 %d 0\n", total, file+anon, file, text, pages(m, isAnon))
}

// usedMemory is the pages of a region, or of several, in smaps.
type usedMemory struct{ anon, file, shmem uint64 }

func (u *usedMemory) add(r *mmu.Region) {
	switch {
	case isAnon(r):
		u.anon += pagesOf(r)
	case isFile(r):
		u.file += pagesOf(r)
	case r.Prot != 0 && r.Shared:
		u.shmem += pagesOf(r)
	}
}

// smapsRows are the rows of smaps from Rss on. Those of one sort of page are in
// the rollup only.
var smapsRows = []struct {
	name   string
	pages  func(u usedMemory) uint64
	rollup bool
}{
	{name: "Rss", pages: usedMemory.all},
	{name: "Pss", pages: usedMemory.all},
	{name: "Pss_Dirty", pages: usedMemory.dirty},
	{"Pss_Anon", func(u usedMemory) uint64 { return u.anon }, true},
	{"Pss_File", func(u usedMemory) uint64 { return u.file }, true},
	{"Pss_Shmem", func(u usedMemory) uint64 { return u.shmem }, true},
	{name: "Shared_Clean"},
	{name: "Shared_Dirty"},
	{name: "Private_Clean", pages: func(u usedMemory) uint64 { return u.file }},
	{name: "Private_Dirty", pages: usedMemory.dirty},
	{name: "Referenced", pages: usedMemory.all},
	{name: "Anonymous", pages: func(u usedMemory) uint64 { return u.anon }},
	{name: "KSM"},
	{name: "LazyFree"},
	{name: "AnonHugePages"},
	{name: "ShmemPmdMapped"},
	{name: "FilePmdMapped"},
	{name: "Shared_Hugetlb"},
	{name: "Private_Hugetlb"},
	{name: "Swap"},
	{name: "SwapPss"},
	{name: "Locked"},
}

func (u usedMemory) all() uint64   { return u.anon + u.file + u.shmem }
func (u usedMemory) dirty() uint64 { return u.anon + u.shmem }

func (u usedMemory) rows(b *strings.Builder, rollup bool) {
	for _, r := range smapsRows {
		n := uint64(0)
		if r.pages != nil {
			n = r.pages(u)
		}
		if !r.rollup || rollup {
			kilobytes(b, r.name, n)
		}
	}
}

func kilobytes(b *strings.Builder, name string, pages uint64) {
	fmt.Fprintf(b, "%-16s%8d kB\n", name+":", pages*mm.PageSize/1024)
}

func smapsText(m *mm.MM) string {
	var b strings.Builder
	for _, r := range m.Space.Regions() {
		var u usedMemory
		u.add(&r)
		b.WriteString(mapsLine(&r))
		kilobytes(&b, "Size", pagesOf(&r))
		kilobytes(&b, "KernelPageSize", 1)
		kilobytes(&b, "MMUPageSize", 1)
		u.rows(&b, false)
		fmt.Fprintf(&b, "%-16s%8d\nVmFlags: %s\n", "THPeligible:", 0, vmFlags(&r))
	}
	return b.String()
}

// vmFlags are the flags of a region (proc_pid_smaps(5)).
func vmFlags(r *mmu.Region) string {
	flags := ""
	for _, f := range []struct {
		on   bool
		name string
	}{
		{r.Prot&guest.Read != 0, "rd"},
		{r.Prot&guest.Write != 0, "wr"},
		{r.Prot&guest.Exec != 0, "ex"},
		{r.Shared, "sh"},
		{true, "mr"},
		{true, "mw"},
		{true, "me"},
		{r.Shared, "ms"},
		{isStack(r) || r.GrowsDown, "gd"},
		{isAnon(r), "ac"},
	} {
		if f.on {
			flags += f.name + " "
		}
	}
	return flags
}

func smapsRollupText(m *mm.MM) string {
	regions := m.Space.Regions()
	if len(regions) == 0 {
		return ""
	}
	var u usedMemory
	for i := range regions {
		u.add(&regions[i])
	}
	var b strings.Builder
	line := fmt.Sprintf("%08x-%08x ---p 00000000 00:00 0 ", uint64(regions[0].Start), uint64(regions[len(regions)-1].End))
	fmt.Fprintf(&b, "%-73s[rollup]\n", line)
	u.rows(&b, true)
	return b.String()
}

// numaMapsText: there is one node.
func numaMapsText(n *procNode) string {
	var b strings.Builder
	for _, r := range n.p.mm.Space.Regions() {
		fmt.Fprintf(&b, "%x default", uint64(r.Start))
		switch {
		case r.Ino != 0:
			fmt.Fprintf(&b, " file=%s", strings.ReplaceAll(r.Name, "\n", "\\012"))
		case r.Name == "[heap]":
			b.WriteString(" heap")
		case isStack(&r):
			b.WriteString(" stack")
		}
		if k := pagesOf(&r); isAnon(&r) {
			fmt.Fprintf(&b, " anon=%d dirty=%d N0=%d kernelpagesize_kB=4", k, k, k)
		} else if isFile(&r) {
			fmt.Fprintf(&b, " mapped=%d N0=%d kernelpagesize_kB=4", k, k)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
