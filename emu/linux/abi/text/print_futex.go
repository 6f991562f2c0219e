package text

import (
	"strings"

	"panda/emu/linux/abi"
)

// Which arguments of futex count depends on the operation.
const (
	futexVal     = 1 << iota // the third argument
	futexTime                // the fourth is a timeout
	futexVal2                // the fourth is a number
	futexAddr2               // the fifth
	futexVal3                // the sixth is a number in decimal
	futexMask                // the sixth is a bit set
	futexEncoded             // the sixth is an operation of FUTEX_WAKE_OP
)

var futexArgs = [...]int{
	abi.FUTEX_WAIT:            futexVal | futexTime,
	abi.FUTEX_WAKE:            futexVal,
	abi.FUTEX_FD:              futexVal,
	abi.FUTEX_REQUEUE:         futexVal | futexVal2 | futexAddr2,
	abi.FUTEX_CMP_REQUEUE:     futexVal | futexVal2 | futexAddr2 | futexVal3,
	abi.FUTEX_WAKE_OP:         futexVal | futexVal2 | futexAddr2 | futexEncoded,
	abi.FUTEX_LOCK_PI:         futexTime,
	abi.FUTEX_UNLOCK_PI:       0,
	abi.FUTEX_TRYLOCK_PI:      0,
	abi.FUTEX_WAIT_BITSET:     futexVal | futexTime | futexMask,
	abi.FUTEX_WAKE_BITSET:     futexVal | futexMask,
	abi.FUTEX_WAIT_REQUEUE_PI: futexVal | futexTime | futexAddr2,
	abi.FUTEX_CMP_REQUEUE_PI:  futexVal | futexVal2 | futexAddr2 | futexVal3,
	abi.FUTEX_LOCK_PI2:        futexTime,
}

// futexUses returns which arguments count for the operation of this call.
func (p *printer) futexUses(a operand) int {
	op := uint32(p.value(a.by)) & abi.FUTEX_CMD_MASK
	if int(op) < len(futexArgs) {
		return futexArgs[op]
	}
	return futexVal | futexTime | futexAddr2 | futexMask
}

// futexClock are the operations that may carry FUTEX_CLOCK_REALTIME.
var futexClock = map[uint32]bool{
	abi.FUTEX_WAIT: true, abi.FUTEX_WAIT_BITSET: true, abi.FUTEX_WAIT_REQUEUE_PI: true, abi.FUTEX_LOCK_PI2: true,
}

// FutexOpText formats the operation of futex(2) with its modifiers.
func FutexOpText(v uint32) string {
	op := v & abi.FUTEX_CMD_MASK
	name, ok := futexOps.Lookup(int64(op))
	clock := v&abi.FUTEX_CLOCK_REALTIME != 0
	if !ok || v&^(abi.FUTEX_CMD_MASK|abi.FUTEX_PRIVATE_FLAG|abi.FUTEX_CLOCK_REALTIME) != 0 || clock && !futexClock[op] {
		return unknown(uint64(v), futexOps.Unknown)
	}
	if v&abi.FUTEX_PRIVATE_FLAG != 0 {
		if op == abi.FUTEX_FD {
			name += "|FUTEX_PRIVATE_FLAG"
		} else {
			name += "_PRIVATE"
		}
	}
	if clock {
		name += "|FUTEX_CLOCK_REALTIME"
	}
	return name
}

func showFutexOp(_ *printer, a operand) string { return FutexOpText(uint32(a.v)) }

func showFutexVal(p *printer, a operand) string {
	if p.futexUses(a)&futexVal == 0 {
		return ""
	}
	return udec(uint64(uint32(a.v)))
}

// showFutexTimeout prints the fourth argument, a time or a number.
func showFutexTimeout(time formatter) formatter {
	return func(p *printer, a operand) string {
		switch uses := p.futexUses(a); {
		case uses&futexTime != 0:
			return time(p, a)
		case uses&futexVal2 != 0:
			return udec(uint64(uint32(a.v)))
		}
		return ""
	}
}

func showFutexAddr2(p *printer, a operand) string {
	if p.futexUses(a)&futexAddr2 == 0 {
		return ""
	}
	return p.ptr(a.v)
}

func showFutexVal3(p *printer, a operand) string {
	v := uint32(a.v)
	switch uses := p.futexUses(a); {
	case uses&futexVal3 != 0:
		return udec(uint64(v))
	case uses&futexEncoded != 0:
		return futexWakeText(v)
	case uses&futexMask == 0:
		return ""
	case v == abi.FUTEX_BITSET_MATCH_ANY:
		return "FUTEX_BITSET_MATCH_ANY"
	}
	return hex(uint64(v))
}

// futexWakeText takes an operation of FUTEX_WAKE_OP apart:
//
//	31 28 27 24 23      12 11       0
//	+----+-----+----------+----------+
//	| op | cmp | operand  | compared |
//	+----+-----+----------+----------+
func futexWakeText(v uint32) string {
	op := ""
	if v>>28&abi.FUTEX_OP_OPARG_SHIFT != 0 {
		op = "FUTEX_OP_OPARG_SHIFT<<28|"
	}
	parts := []string{
		op + futexWakeOps.Format(uint64(v>>28&7)) + "<<28", hex(uint64(v>>12&0xfff)) + "<<12",
		futexWakeCmps.Format(uint64(v>>24&15)) + "<<24", hex(uint64(v & 0xfff)),
	}
	return strings.Join(parts, "|")
}
