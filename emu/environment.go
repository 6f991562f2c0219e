package emu

import (
	"fmt"

	"panda/emu/digest"
	"panda/emu/guest"
	"panda/emu/linux"
	"panda/emu/sym"
)

// Environment is what the guest's CPU runs in: the operating system of programs, or
// the board of a machine. What only some can do are the abilities below.
type Environment interface {
	// Run runs the guest until it ends, with its status, or somebody stops it.
	Run() (status int, ended bool, err error)
	// Stop makes Run return, Tap makes it look for what the machine has to do. Both
	// may be called from any goroutine.
	Stop()
	Tap()
	// Exit ends the guest.
	Exit(status int)
	Close()
}

// Signals is the ability of an environment whose guest takes signals.
type Signals interface {
	Divert(take func(sig int) bool)
	OnDelivery(judge func(linux.Delivery) linux.Verdict)
	Held() (linux.Delivery, bool)
	SetHeld(sig int) error
	// Killed is the signal that killed the guest, 0 for none.
	Killed() int
}

// Symbols is the ability of one that knows the names of code.
type Symbols interface {
	FindSymbol(name string) (guest.Addr, bool)
	Symbols(prefix string) []string
	// Unresolved are the resolvers of indirect functions whose names take chooses;
	// Resolved notes what one chose, and reports whether that is new.
	Unresolved(take func(name string) bool) []guest.Addr
	Resolved(resolver, impl guest.Addr) bool
	// OpenSymbols opens the file that is mapped at an address, and that they are read from.
	OpenSymbols(at guest.Addr) (sym.FileID, sym.Source, error)
	// Aside copies the current thread to ask a resolver.
	Aside() (*linux.Aside, error)
}

// Threads is the ability of one with threads, which can run a function.
type Threads interface {
	Threads() []linux.ThreadInfo
	Call(fn guest.Addr, args []uint64, limit uint64) (uint64, error)
}

// Calls is the ability of one that serves system calls.
type Calls interface {
	// Unsupported lists those that it refused.
	Unsupported() []string
}

// Summed is the ability of one whose state can be told from another.
type Summed interface {
	// Sums are numbers for parts of the guest's state, without its memory if that is not
	// set.
	Sums(memory bool) []digest.Part
}

// Placed is the ability of one that tells apart what happens at one count of
// instructions.
type Placed interface {
	// Place counts what happens besides instructions.
	Place() uint64
}

// LackingError says that a machine's environment is without an ability.
type LackingError struct{ Ability string }

func (e *LackingError) Error() string {
	return fmt.Sprintf("this guest has no %s", e.Ability)
}

// ability is one of the machine's environment.
func ability[T any](m *Machine, name string) (T, error) {
	a, ok := m.env.(T)
	if !ok {
		return a, &LackingError{name}
	}
	return a, nil
}
