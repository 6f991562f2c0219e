// Command example is a plugin out of the tree, built as a shared object: it
// prints which system calls the program makes and how often.
//
// Arguments: n, how many to print (10).
// Events: syscall_enter.
// Example: panda-cgo -panda-plugin ./panda_example.so /bin/ls
package main

import (
	"cmp"
	"maps"
	"panda/emu/event"
	"panda/emu/plugin"
	"panda/emu/vcpu"
	"slices"
)

type counter struct {
	host   *plugin.Host
	n      uint64
	counts map[string]int
}

// New is what panda looks for.
func New() plugin.Plugin { return &counter{counts: map[string]int{}} }

// Init subscribes.
func (c *counter) Init(h *plugin.Host) error {
	c.host, c.n = h, h.Args().Uint("n", 10, "how many to print")
	if err := h.Args().Check(); err != nil {
		return err
	}
	h.SyscallEnter(nil, func(_ *vcpu.CPU, s *event.Syscall) bool {
		c.counts[s.Name]++
		return false
	})
	return nil
}

// Close prints the counts, the most frequent call first.
func (c *counter) Close() error {
	names := slices.SortedFunc(maps.Keys(c.counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.counts[b], c.counts[a]), cmp.Compare(a, b))
	})
	for _, name := range names[:min(len(names), int(c.n))] {
		c.host.Log("%6d %s", c.counts[name], name)
	}
	return nil
}

func main() {}
