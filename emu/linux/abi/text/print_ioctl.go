package text

import (
	"strings"

	"panda/emu/linux/abi"
)

// iocDirs are the directions of an ioctl command, which the macros of the kernel take
// apart:
//
//	31 30 29        16 15     8 7      0
//	+----+------------+--------+--------+
//	|dir | size       | type   | number |
//	+----+------------+--------+--------+
var iocDirs = [...]string{"_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE"}

// IoctlText formats an ioctl command.
func IoctlText(cmd uint32) string {
	if name, ok := ioctlCmds.Lookup(int64(cmd)); ok {
		return name
	}
	return "_IOC(" + strings.Join([]string{
		iocDirs[cmd>>30], hex(uint64(cmd >> 8 & 0xff)), hex(uint64(cmd & 0xff)), hex(uint64(cmd >> 16 & 0x3fff)),
	}, ", ") + ")"
}

func showIoctlCmd(_ *printer, a operand) string { return IoctlText(uint32(a.v)) }

// showIoctlArg formats the argument as its command takes it.
func showIoctlArg(p *printer, a operand) string {
	row, ok := ioctlArgs[uint32(p.value(a.by))]
	switch {
	case !ok:
		return hex(a.v)
	case row.out && p.failed:
		return p.ptr(a.v)
	}
	return row.show(p, a)
}

// ioctlOut reports whether the kernel fills in the argument of this command.
func ioctlOut(p *printer, a operand) bool { return ioctlArgs[uint32(p.value(a.by))].out }

type ioctlArg struct {
	out  bool
	show formatter
}

var (
	tcflowActions = Enum{"TC???", []Name{{abi.TCOOFF, "TCOOFF"}, {abi.TCOON, "TCOON"}, {abi.TCIOFF, "TCIOFF"}, {abi.TCION, "TCION"}}}
	tcflushQueues = Enum{"TC???", []Name{{abi.TCIFLUSH, "TCIFLUSH"}, {abi.TCOFLUSH, "TCOFLUSH"}, {abi.TCIOFLUSH, "TCIOFLUSH"}}}
)

var (
	argNone    = ioctlArg{false, nothing}
	argInt     = ioctlArg{false, outInt} // a pointer to an int that the kernel reads
	argOutInt  = ioctlArg{true, outInt}
	argPtr     = ioctlArg{false, showPtr}
	argNumber  = ioctlArg{false, showInt}
	argTermios = ioctlArg{false, structure(showTermios)}
)

var ioctlArgs = map[uint32]ioctlArg{
	abi.TCGETS: {true, structure(showTermios)}, abi.TCSETS: argTermios, abi.TCSETSW: argTermios, abi.TCSETSF: argTermios,
	abi.TCGETS2: {true, structure(showTermios2)}, abi.TCSETS2: {false, structure(showTermios2)},
	abi.TCSETSW2: {false, structure(showTermios2)}, abi.TCSETSF2: {false, structure(showTermios2)},
	abi.TCGETA: argPtr, abi.TCSETA: argPtr, abi.TCSETAW: argPtr, abi.TCSETAF: argPtr,
	abi.TIOCGWINSZ: {true, structure(showWinsize)}, abi.TIOCSWINSZ: {false, structure(showWinsize)},
	abi.TCSBRK: argNumber, abi.TCSBRKP: argNumber, abi.TIOCSCTTY: argNumber, abi.TIOCLINUX: {false, showHex},
	abi.TCXONC: {false, enum(&tcflowActions)}, abi.TCFLSH: {false, enum(&tcflushQueues)},
	abi.TIOCEXCL: argNone, abi.TIOCNXCL: argNone, abi.TIOCCONS: argNone, abi.TIOCNOTTY: argNone, abi.TIOCSBRK: argNone,
	abi.TIOCCBRK: argNone, abi.TIOCVHANGUP: argNone, abi.FIOCLEX: argNone, abi.FIONCLEX: argNone,
	abi.TIOCGPGRP: argOutInt, abi.TIOCSPGRP: argInt, abi.TIOCGSID: argOutInt, abi.TIOCOUTQ: argOutInt, abi.FIONREAD: argOutInt,
	abi.TIOCGETD: argOutInt, abi.TIOCSETD: argInt, abi.TIOCPKT: argInt, abi.FIONBIO: argInt, abi.FIOASYNC: argInt,
	abi.TIOCGPTN: argOutInt, abi.TIOCSPTLCK: argInt, abi.TIOCGEXCL: argOutInt, abi.TIOCSIG: {false, showHex},
	abi.TIOCMGET: argPtr, abi.TIOCMSET: argPtr, abi.TIOCMBIS: argPtr, abi.TIOCMBIC: argPtr,
	abi.TIOCSTI: argPtr, abi.TIOCGDEV: argPtr, abi.TIOCGSOFTCAR: argOutInt, abi.TIOCSSOFTCAR: argInt,
	abi.FIOSETOWN: argInt, abi.FIOGETOWN: argOutInt, abi.SIOCSPGRP: argInt, abi.SIOCGPGRP: argOutInt, abi.SIOCATMARK: argOutInt,
	abi.FS_IOC_GETFLAGS: {true, inodeFlagsAt}, abi.FS_IOC_SETFLAGS: {false, inodeFlagsAt}, abi.FS_IOC_FSGETXATTR: argPtr, abi.FS_IOC_FSSETXATTR: argPtr,
	abi.FICLONE: argNumber, abi.FICLONERANGE: argPtr, abi.FIDEDUPERANGE: argPtr, abi.FS_IOC_FIEMAP: argPtr,
	abi.BLKGETSIZE64: {true, number(bytes8, func(_ *printer, v uint64) string { return udec(v) })},
	abi.BLKSSZGET:    argOutInt, abi.BLKROGET: argOutInt, abi.BLKFLSBUF: argNone, abi.BLKRRPART: argNone,
	abi.RNDGETENTCNT: argOutInt,
}

func showWinsize(_ *printer, v *abi.Winsize) string {
	return "{ws_row=" + udec(uint64(v.Row)) + ", ws_col=" + udec(uint64(v.Col)) +
		", ws_xpixel=" + udec(uint64(v.Xpixel)) + ", ws_ypixel=" + udec(uint64(v.Ypixel)) + "}"
}

// bauds are the names of the speeds by the CBAUD bits.
var bauds = Enum{"B???", []Name{
	{abi.B0, "B0"},
	{abi.B50, "B50"},
	{abi.B75, "B75"},
	{abi.B110, "B110"},
	{abi.B134, "B134"},
	{abi.B150, "B150"},
	{abi.B200, "B200"},
	{abi.B300, "B300"},
	{abi.B600, "B600"},
	{abi.B1200, "B1200"},
	{abi.B1800, "B1800"},
	{abi.B2400, "B2400"},
	{abi.B4800, "B4800"},
	{abi.B9600, "B9600"},
	{abi.B19200, "B19200"},
	{abi.B38400, "B38400"},
	{abi.BOTHER, "BOTHER"},
	{abi.B57600, "B57600"},
	{abi.B115200, "B115200"},
	{abi.B230400, "B230400"},
	{abi.B460800, "B460800"},
	{abi.B500000, "B500000"},
	{abi.B576000, "B576000"},
	{abi.B921600, "B921600"},
	{abi.B1000000, "B1000000"},
	{abi.B1152000, "B1152000"},
	{abi.B1500000, "B1500000"},
	{abi.B2000000, "B2000000"},
	{abi.B2500000, "B2500000"},
	{abi.B3000000, "B3000000"},
	{abi.B3500000, "B3500000"},
	{abi.B4000000, "B4000000"},
}}

// termiosText is the short form, without the characters. The fields begin with
// what is not a flag; an empty set of flags leaves nothing, even after a bar.
func termiosText(v *abi.Termios) string {
	set := func(f *Flags, flags uint32) string {
		if flags == 0 {
			return ""
		}
		names, rest := f.split(uint64(flags))
		if rest != 0 {
			names = append(names, hex(rest))
		}
		return strings.Join(names, "|")
	}
	return "{c_iflag=" + set(&ttyIflags, v.Iflag) +
		", c_oflag=" + delaysText(v.Oflag) + set(&ttyOflags, v.Oflag&^ttyDelays) +
		", c_cflag=" + speedText(v.Cflag) + "|" + set(&ttyCflags, v.Cflag&^(abi.CBAUD|abi.CBAUD<<ibShift|abi.CSIZE)) +
		", c_lflag=" + set(&ttyLflags, v.Lflag) + ", ...}"
}

// ttyDelays are the fields of c_oflag that are numbers.
const ttyDelays = abi.NL1 | abi.CR3 | abi.TAB3 | abi.BS1 | abi.VT1 | abi.FF1

func delaysText(oflag uint32) string {
	s := ""
	for _, f := range []struct {
		mask  uint32
		names *Enum
	}{{abi.NL1, &ttyNL}, {abi.CR3, &ttyCR}, {abi.TAB3, &ttyTAB}, {abi.BS1, &ttyBS}, {abi.VT1, &ttyVT}, {abi.FF1, &ttyFF}} {
		s += f.names.Format(uint64(oflag&f.mask)) + "|"
	}
	return s
}

// ibShift is where c_cflag holds the input speed, if it is another one.
const ibShift = 16

func speedText(cflag uint32) string {
	s := bauds.Format(uint64(cflag & abi.CBAUD))
	if in := cflag >> ibShift & abi.CBAUD; in != 0 {
		s += "|" + bauds.Format(uint64(in)) + "<<IBSHIFT"
	}
	return s + "|" + ttySizes.Format(uint64(cflag&abi.CSIZE))
}

func showTermios(_ *printer, v *abi.Termios) string { return termiosText(v) }

func showTermios2(_ *printer, v *abi.Termios2) string { return termiosText(&v.Termios) }

var inodeFlagsAt = number(bytes4, func(_ *printer, v uint64) string { return inodeFlags.Format(v) })
