// Package oracle asks the host CPU: it runs guest code one instruction at a
// time on the real thing and tells the state after each. Tests of translators
// and engines compare with it; nothing else may use it.
//
// The code runs in a process of its own, a tracee that has no code but two
// instructions and no memory but the regions asked for. They are shared with
// the tracee, so reading and writing its memory costs nothing. Its registers
// go through ptrace. Where ptrace or the platform does not allow that, New says
// why and tests skip.
//
// Code must not contain system calls: the host's kernel would do them.
package oracle
