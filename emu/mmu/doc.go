// Package mmu is the guest's virtual memory. In user mode each address space is
// a reserved window of host addresses, in which the guest's pages lie at base +
// guest address with their protections. An access out of the guest's map is a
// host fault that HostFault turns into a guest fault. Pages that hold translated
// code are kept read-only so that a store into them is seen. What a window does not
// hold lies in chunks: see extents.
//
// # Invariants
//
//   - Every host page of the window and of each chunk is either reserved (no access) or
//     belongs to exactly one region of the sorted list. What lies in no chunk that is
//     there is private memory without a file, and was never touched.
//   - A host page is writable only if its region is and no watch of the page forbids it.
//   - No page of the window or of a chunk is ever without a map of the host, not even while one is
//     replaced or after a change that failed: somebody else's memory would land there.
//     Audit looks whether that holds.
//   - No host page is executable. The guest's Exec lives in the regions alone.
//   - Before and after the window lies a guard without access, so that an engine
//     compares only the first byte of an access with Limit, or even only the
//     register that it is reached from.
//
// # Why fork copies
//
// All guest processes live in one host process, and the host shares private
// pages copy-on-write between processes only, never between two mappings of the
// same process. So Clone maps files again from the file and copies eagerly the
// private pages that were written. Those are few: the host tells which pages are
// anonymous (PAGEMAP_SCAN, else /proc/self/pagemap), and everything that was
// never touched, or only read from a file, costs nothing.
//
// # Why windows differ in size
//
// The host has 128 TiB of user addresses. A space gets DefaultWindow while there is
// plenty of room; after that a clone gets the smallest power of two that holds its
// regions, but no less than MinWindow. A layout that stays below MinWindow therefore
// leaves room for some hundred processes. A program that maps above its window has it
// grow in its place, up to what is free there, or goes without: what the guest sees
// does not depend on that, since its addresses end where Linux's do.
//
// # Memory behind a TLB
//
// A whole machine has page tables, devices and pages that lie anywhere, so that a
// window does not do. Soft is its memory: a TLB, and a Backing that knows what the
// TLB does not. Machine code looks into the TLB by itself; what misses, reaches
// into a second page or meets a device is done by Soft. UseTLB puts one before a
// Space that its window does not hold, or that has none (-mmu soft).
//
// # Physical memory
//
// Paged is the memory of a CPU whose pages a guest's page tables place in Physical, with
// TLBs for each address space that it was in of late. What is translated belongs to places
// in Physical, so that all spaces find it, at whatever address they see it. A page there
// that holds translated code has a bit, and no TLB lets a store to it through; the same
// goes for one with page tables that a TLB depends on (tables.go).
//
// A Space belongs to one goroutine, and so does its Group: the spaces of a machine,
// which tell each other of stores into code that they share.
package mmu
