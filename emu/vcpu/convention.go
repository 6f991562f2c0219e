package vcpu

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"panda/emu/guest"
	"panda/emu/ir"
)

// Convention is how functions of an architecture call each other in user mode:
// where integer arguments and results are, and where a function returns to.
type Convention struct {
	// Args are the words of the first arguments; the others are on the stack.
	Args []ir.Ref
	Ret  ir.Ref // word of the result
	// Link is the word that holds the return address at a function's first
	// instruction; ir.None if it is the first on the stack there.
	Link ir.Ref
	// Frame is the word of the frame pointer; ir.None for none. So many bytes above
	// where it points, Saved, is the caller's, and a word above that the return address.
	Frame ir.Ref
	Saved int64
	// Cleans says that a function may take its arguments off the stack.
	Cleans bool
	// First is the word of the first argument of a function of Go (ABIInternal), and
	// ir.None where that is on the stack.
	First ir.Ref
}

// Class is what an instruction does to the flow of control.
type Class uint8

// The classes.
const (
	ClassPlain Class = iota // what comes next follows it
	ClassCall               // the next instruction is returned to
	ClassReturn
	ClassJump   // always
	ClassBranch // perhaps
)

// classNames are the classes as filters name them.
var classNames = [...]string{"plain", "call", "return", "jump", "branch"}

func (c Class) String() string { return classNames[c] }

// ParseClass finds a class by its name.
func ParseClass(name string) (Class, error) {
	if i := slices.Index(classNames[:], name); i >= 0 {
		return Class(i), nil
	}
	return 0, fmt.Errorf("there is no class of instructions %q; there are %s", name, strings.Join(classNames[:], ", "))
}

// Word is how many bytes an address has.
func (a *Arch) Word() guest.Addr { return guest.Addr(a.Bits / 8) }

// Word reads an address from memory.
func (c *CPU) Word(a guest.Addr) (v guest.Addr, ok bool) {
	var b [8]byte
	err := c.Read(a, b[:c.Machine.Arch.Word()])
	return guest.Addr(binary.LittleEndian.Uint64(b[:])), err == nil
}

// Caller is where a function returns to, at its first instruction.
func (c *CPU) Caller() (ret guest.Addr, ok bool) {
	if link := c.Machine.Arch.Calls.Link; link != ir.None {
		return guest.Addr(c.W[link]), true
	}
	return c.Word(c.SP())
}

// Popped is the stack pointer after a return from a function that was entered with
// sp.
func (a *Arch) Popped(sp guest.Addr) guest.Addr {
	if a.Calls.Link != ir.None {
		return sp
	}
	return sp + a.Word()
}

// Pushed is the stack pointer at the entry of a function that returns with sp.
func (a *Arch) Pushed(sp guest.Addr) guest.Addr { return sp - (a.Popped(sp) - sp) }

// Arg is argument i, from 0, of a function that was entered with the stack pointer
// sp, at its first instruction. ok is false where the stack cannot be read.
func (c *CPU) Arg(sp guest.Addr, i int) (v uint64, ok bool) {
	a := c.Machine.Arch
	if i < len(a.Calls.Args) {
		return c.W[a.Calls.Args[i]], true
	}
	w, ok := c.Word(a.Popped(sp) + guest.Addr(i-len(a.Calls.Args))*a.Word())
	return uint64(w), ok
}

// Result is what a function has returned, where it has returned to, and SetResult
// replaces it.
func (c *CPU) Result() uint64 {
	a := c.Machine.Arch
	return c.W[a.Calls.Ret] & (^uint64(0) >> (64 - a.Bits))
}

// SetResult replaces the result.
func (c *CPU) SetResult(v uint64) { c.SetWord(c.Machine.Arch.Calls.Ret, v) }

// Return leaves a function that was entered with the stack pointer sp.
func (c *CPU) Return(sp, to guest.Addr, result uint64) {
	a := c.Machine.Arch
	c.SetResult(result)
	c.SetWord(a.SP, uint64(a.Popped(sp)))
	c.SetPC(to)
}
