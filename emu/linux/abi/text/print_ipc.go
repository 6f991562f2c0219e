package text

import (
	"strings"

	"panda/emu/linux/abi"
)

func showIPCKey(_ *printer, a operand) string {
	if uint32(a.v) == abi.IPC_PRIVATE {
		return "IPC_PRIVATE"
	}
	return hex(uint64(uint32(a.v)))
}

// ipcFlagsText formats creation flags followed by permission bits.
func ipcFlagsText(f *Flags, v uint64) string {
	names, rest := f.split(v &^ 0o777)
	if rest != 0 {
		names = append(names, hex(rest))
	}
	return strings.Join(append(names, octal(v&0o777)), "|")
}

func showIPCFlags(_ *printer, a operand) string { return ipcFlagsText(&ipcFlags, uint64(uint32(a.v))) }

// showShmgetFlags: the size of huge pages stands between the flags and the mode.
func showShmgetFlags(_ *printer, a operand) string {
	v := uint64(uint32(a.v))
	huge := v >> abi.MAP_HUGE_SHIFT & abi.MAP_HUGE_MASK
	if v&abi.SHM_HUGETLB == 0 || huge == 0 {
		return ipcFlagsText(&shmgetFlags, v)
	}
	names, rest := shmgetFlags.split(v &^ (abi.MAP_HUGE_MASK<<abi.MAP_HUGE_SHIFT | 0o777))
	if rest != 0 {
		names = append(names, hex(rest))
	}
	return strings.Join(append(names, udec(huge)+"<<SHM_HUGE_SHIFT", octal(v&0o777)), "|")
}

func showSembufs(p *printer, a operand) string {
	return showArray(p, a.v, int(p.length(a)), func(_ *printer, v *abi.Sembuf) string {
		return "{sem_num=" + udec(uint64(v.Num)) + ", sem_op=" + dec(int64(v.Op)) +
			", sem_flg=" + sembufFlags.Format(uint64(uint16(v.Flg))) + "}"
	})
}

// msgbuf prints a System V message: a type and n bytes.
func (p *printer) msgbuf(addr, n uint64) string {
	mtype, ok := p.word(addr, p.l.Word)
	if addr == 0 || !ok {
		return p.ptr(addr)
	}
	return "{mtype=" + dec(p.signed(mtype)) + ", mtext=" + p.bytes(addr+uint64(p.l.Word), n, quote) + "}"
}

func showMsgbuf(p *printer, a operand) string { return p.msgbuf(a.v, p.length(a)) }

func showOutMsgbuf(p *printer, a operand) string { return p.msgbuf(a.v, p.length(a)) }

func showMqAttr(_ *printer, v *abi.MqAttr) string {
	return "{mq_flags=" + openFlags.Format(uint64(v.Flags)) + ", mq_maxmsg=" + dec(v.Maxmsg) +
		", mq_msgsize=" + dec(v.Msgsize) + ", mq_curmsgs=" + dec(v.Curmsgs) + "}"
}

func showMqAttrIf(p *printer, a operand) string {
	if !creates(p.value(a.by)) {
		return ""
	}
	return showAt(p, a.v, showMqAttr)
}

// enumIPC formats a command of the System V calls. IPC_64 asks for the current
// layouts of the structures.
func enumIPC(e *Enum) formatter {
	return func(_ *printer, a operand) string {
		v := uint64(uint32(a.v))
		if v&abi.IPC_64 != 0 {
			return "IPC_64|" + e.Format(v&^abi.IPC_64)
		}
		return e.Format(v)
	}
}
