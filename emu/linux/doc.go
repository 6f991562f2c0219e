// Package linux is the Linux personality: it loads a program, runs its processes
// and threads on the one vCPU of a machine, and answers their system calls from
// the host's.
//
// # Problem
//
// Many guest threads wait, for files, locks, children, time, signals. The
// emulator has one vCPU, one goroutine, and must not wait while some thread can
// run. A run shall repeat exactly given the same inputs.
//
// # Idea
//
// A call that cannot finish parks its thread with a wait (what would wake it)
// and is made again from its start when woken: see call and park. So nothing of
// a blocked call lives on a Go stack. Threads take turns: who is next and for how long
// says turn.go. Only when none can run, one poll waits for all of them.
//
// # Invariants
//
//   - Everything the guest learns from outside passes through hostsys.
//   - Only the goroutine in Run touches guest state, and calls the host.
//   - Guest descriptors, process ids and signal states are the guest's own. No
//     host signal goes to an id that ever was a guest's.
//   - No order that the guest can see comes from a Go map.
//
// Adding a system call is a function sysName and a row in the table.
package linux
