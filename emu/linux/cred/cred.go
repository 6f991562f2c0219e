package cred

import (
	"slices"

	"panda/emu/linux/abi"
)

// Creds are the user and group ids of a process: real, effective, saved. They
// begin as the emulator's; changes stay within the guest, so that to the host's
// files the guest is always who started it.
type Creds struct {
	UID, GID IDs
	Groups   []uint32
}

// IDs are those of one kind, by Real and so on.
type IDs [3]uint32

// The places of IDs.
const (
	Real = iota
	Effective
	Saved
)

// Of is which ids a call changes.
type Of func(c *Creds) *IDs

// UIDs are those of users.
func UIDs(c *Creds) *IDs { return &c.UID }

// GIDs are those of groups.
func GIDs(c *Creds) *IDs { return &c.GID }

// Privileged reports whether it may do what root may.
func (c *Creds) Privileged() bool { return c.UID[Effective] == 0 }

// Keep is an id that changes nothing.
const Keep = ^uint32(0)

// Set is setuid and setgid.
func (c *Creds) Set(of Of, id uint32) abi.Errno {
	now := of(c)
	switch {
	case c.Privileged():
		*now = IDs{id, id, id}
	case id == now[Real] || id == now[Saved]:
		now[Effective] = id
	default:
		return abi.EPERM
	}
	return 0
}

// Exec is what execve does: the effective ids are saved.
func (c *Creds) Exec() {
	c.UID[Saved], c.GID[Saved] = c.UID[Effective], c.GID[Effective]
}

// SetEach is setresuid and setresgid; with two ids setreuid and setregid.
func (c *Creds) SetEach(of Of, to ...uint32) abi.Errno {
	old := *of(c)
	now := old
	for i, id := range to {
		if id == Keep {
			continue
		}
		may := old[:]
		if len(to) == 2 && i == Real { // the saved id is not for the real one
			may = old[:Saved]
		}
		if !c.Privileged() && !slices.Contains(may, id) {
			return abi.EPERM
		}
		now[i] = id
	}
	if len(to) == 2 && (to[0] != Keep || to[1] != Keep && to[1] != old[Real]) {
		now[Saved] = now[Effective]
	}
	*of(c) = now
	return 0
}
