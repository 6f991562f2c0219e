// Package mmu is the guest's virtual memory in user mode: each address space is
// a reserved window of host addresses, in which the guest's pages lie at base +
// guest address with their protections. An access out of the guest's map is a
// host fault that Fault turns into a guest fault. Pages that hold translated
// code are kept read-only so that a store into them is seen.
package mmu
