package emu

import (
	"fmt"
	"io"
	"log/slog"
	"strings"

	"panda/emu/linux"
	"panda/emu/linux/hostsys"
	"panda/emu/linux/mm"
	"panda/emu/linux/sandbox"
	"panda/emu/mmu"
	"panda/emu/plugin"
	"panda/emu/rr"
)

// Config says what machine to make, and what it runs.
type Config struct {
	Arch  string // name of the guest architecture, when empty the first that has the program
	CPU   string // model name, the architecture's usual one when empty
	Accel string // engine: one of Accels, "" for the fastest that works
	MMU   MMU
	// Window is how many bytes of addresses a guest's window has if the host has room
	// for it, from mmu.MinWindow to mmu.MostWindow; 0 for the usual 4 TiB. Programs that
	// map above it are given more, or go behind a TLB.
	Window uint64
	// Lockstep runs each block on the interpreter too and ends the run where the
	// results differ.
	Lockstep bool
	// Export are tools of the host that are told of machine code: names of Exports.
	Export []string
	Dump   Dump

	Loaders []plugin.Loader
	Files   plugin.Finder
	Strict  bool // a callback that fails stops the guest
	Log     *slog.Logger
	// Audit looks after each change of the guest's memory whether its window on the
	// host is whole.
	Audit bool
	// Strace, when set, is where each system call is printed.
	Strace io.Writer
	// Warn takes lines for the user: failing callbacks, missing instructions.
	Warn func(format string, a ...any)

	Program *Program // to run, or
	System  *System  // a machine to run

	// Record takes down the run, Replay runs one again that was taken down: see
	// ReplayConfig. What the program writes to its output goes to Output then.
	Record *RecordTo
	Replay *rr.Recording
	Verify bool         // a replay compares the guest's memory as well
	Output [2]io.Writer // standard output and error; nil for nowhere
	// unwatched has a replay not compare states: somebody else does.
	unwatched bool
}

// Program is a Linux program to run.
type Program struct {
	Path      string
	Args, Env []string
	Dir       string // working directory, the caller's when empty
	Sysroot   string
	// Stdin, Stdout and Stderr are host descriptors.
	Stdin, Stdout, Stderr int
	// SchedSeed decides how long the turns of threads are: another one makes them
	// change places elsewhere.
	SchedSeed uint64
	// Sandbox keeps the guest from the host when set; what Program and Limits say is
	// filled in.
	Sandbox *sandbox.Config
	// Layout is where programs lie; those that need a native one have it anyhow.
	Layout mm.Kind
	// Limits are what all processes of the guest together may have; a sandbox's
	// files may take as much memory again.
	Limits linux.Limits
	// World, when set, is given the door through which the guest reaches the world, a
	// sandbox's if there is one, and makes the one that is used.
	World func(hostsys.Door) hostsys.Door
}

// MMU is how the guest reaches its memory.
type MMU uint8

// The ways.
const (
	Window MMU = iota // an address is an offset into a part of the host's memory
	Soft              // through a TLB, as in a whole machine; slower
)

var mmuNames = [...]string{"window", "soft"}

func (m MMU) String() string { return mmuNames[m] }

// ParseMMU finds a way by its name.
func ParseMMU(name string) (MMU, error) {
	for i, n := range mmuNames {
		if n == name {
			return MMU(i), nil
		}
	}
	return 0, fmt.Errorf("there is no %q; there are %s", name, strings.Join(mmuNames[:], ", "))
}

// WindowRange is how large a window can be, as options write it.
var WindowRange = fmt.Sprintf("from %dg to %dt", mmu.MinWindow>>30, mmu.MostWindow>>40)

func checkWindow(size uint64) error {
	switch {
	case size == 0:
		return nil
	case size < mmu.MinWindow || size > mmu.MostWindow:
		return &OptionError{"window", fmt.Errorf("%d bytes: a window has %s", size, WindowRange)}
	case size%mmu.PageSize != 0:
		return &OptionError{"window", fmt.Errorf("%d bytes are not whole pages of %d", size, mmu.PageSize)}
	}
	return nil
}

// OptionError says which part of a Config cannot be had.
type OptionError struct {
	Option string // the field's name, or that of an Export
	Err    error
}

func (e *OptionError) Error() string { return e.Option + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *OptionError) Unwrap() error { return e.Err }
