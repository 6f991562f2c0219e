package proc

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

// MapsText is /proc/PID/maps.
func MapsText(m *mm.MM) string {
	var b strings.Builder
	for _, r := range m.Space.Regions() {
		b.WriteString(mapsLine(&r))
	}
	return b.String()
}

// StatmText is /proc/PID/statm.
func StatmText(m *mm.MM) string {
	total, file, anon := m.RSS()
	text := (uint64(m.EndCode)+mm.PageSize-1)/mm.PageSize - uint64(m.StartCode)/mm.PageSize
	return fmt.Sprintf("%d %d %d %d 0 %d 0\n", total, file+anon, file, text, m.Pages(mm.IsAnon))
}

// usedMemory is the pages of a region, or of several, in smaps.
type usedMemory struct{ anon, file, shmem uint64 }

func (u *usedMemory) add(r *mmu.Region) {
	switch {
	case mm.IsAnon(r):
		u.anon += mm.PagesOf(r)
	case mm.IsFile(r):
		u.file += mm.PagesOf(r)
	case r.Prot != 0 && r.Shared:
		u.shmem += mm.PagesOf(r)
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

// SmapsText is /proc/PID/smaps.
func SmapsText(m *mm.MM) string {
	var b strings.Builder
	for _, r := range m.Space.Regions() {
		var u usedMemory
		u.add(&r)
		b.WriteString(mapsLine(&r))
		kilobytes(&b, "Size", mm.PagesOf(&r))
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
		{mm.IsStack(r) || r.GrowsDown, "gd"},
		{mm.IsAnon(r), "ac"},
	} {
		if f.on {
			flags += f.name + " "
		}
	}
	return flags
}

// SmapsRollupText is /proc/PID/smaps_rollup.
func SmapsRollupText(m *mm.MM) string {
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

// NumaMapsText is /proc/PID/numa_maps, of one node.
func NumaMapsText(m *mm.MM) string {
	var b strings.Builder
	for _, r := range m.Space.Regions() {
		fmt.Fprintf(&b, "%x default", uint64(r.Start))
		switch {
		case r.Ino != 0:
			fmt.Fprintf(&b, " file=%s", strings.ReplaceAll(r.Name, "\n", "\\012"))
		case r.Name == "[heap]":
			b.WriteString(" heap")
		case mm.IsStack(&r):
			b.WriteString(" stack")
		}
		if k := mm.PagesOf(&r); mm.IsAnon(&r) {
			fmt.Fprintf(&b, " anon=%d dirty=%d N0=%d kernelpagesize_kB=4", k, k, k)
		} else if mm.IsFile(&r) {
			fmt.Fprintf(&b, " mapped=%d N0=%d kernelpagesize_kB=4", k, k)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
