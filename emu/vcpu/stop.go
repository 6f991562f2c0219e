package vcpu

// Stop says why a run of the engine returned to the environment.
type Stop uint8

// The stops. The pc is that of the next instruction, except for StopException
// with a fault, where it is that of the faulting one.
const (
	StopBudget    Stop = iota // the instructions asked for have run
	StopSyscall               // a system call instruction ran; see Gate
	StopException             // Exc is to be delivered
	StopHalt                  // the guest waits for an interrupt
	StopRequest               // Stop was called
	StopAway                  // a nested run left the stacks that it may be on
	StopAlarm                 // the time of the engine's alarm has come
	StopShutdown              // a machine's CPU has given up, and waits for its reset
)

// Gate is the instruction of a StopSyscall, by a number that the architecture gives
// it: only the ABI of its programs knows what that means.
type Gate uint8
