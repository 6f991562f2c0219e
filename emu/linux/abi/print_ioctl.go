package abi

import "strings"

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
	tcflowActions = Enum{"TC???", []Name{{TCOOFF, "TCOOFF"}, {TCOON, "TCOON"}, {TCIOFF, "TCIOFF"}, {TCION, "TCION"}}}
	tcflushQueues = Enum{"TC???", []Name{{TCIFLUSH, "TCIFLUSH"}, {TCOFLUSH, "TCOFLUSH"}, {TCIOFLUSH, "TCIOFLUSH"}}}
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
	TCGETS: {true, structure(showTermios)}, TCSETS: argTermios, TCSETSW: argTermios, TCSETSF: argTermios,
	TCGETS2: {true, structure(showTermios2)}, TCSETS2: {false, structure(showTermios2)},
	TCSETSW2: {false, structure(showTermios2)}, TCSETSF2: {false, structure(showTermios2)},
	TCGETA: argPtr, TCSETA: argPtr, TCSETAW: argPtr, TCSETAF: argPtr,
	TIOCGWINSZ: {true, structure(showWinsize)}, TIOCSWINSZ: {false, structure(showWinsize)},
	TCSBRK: argNumber, TCSBRKP: argNumber, TIOCSCTTY: argNumber, TIOCLINUX: {false, showHex},
	TCXONC: {false, enum(&tcflowActions)}, TCFLSH: {false, enum(&tcflushQueues)},
	TIOCEXCL: argNone, TIOCNXCL: argNone, TIOCCONS: argNone, TIOCNOTTY: argNone, TIOCSBRK: argNone,
	TIOCCBRK: argNone, TIOCVHANGUP: argNone, FIOCLEX: argNone, FIONCLEX: argNone,
	TIOCGPGRP: argOutInt, TIOCSPGRP: argInt, TIOCGSID: argOutInt, TIOCOUTQ: argOutInt, FIONREAD: argOutInt,
	TIOCGETD: argOutInt, TIOCSETD: argInt, TIOCPKT: argInt, FIONBIO: argInt, FIOASYNC: argInt,
	TIOCGPTN: argOutInt, TIOCSPTLCK: argInt, TIOCGEXCL: argOutInt, TIOCSIG: {false, showHex},
	TIOCMGET: argPtr, TIOCMSET: argPtr, TIOCMBIS: argPtr, TIOCMBIC: argPtr,
	TIOCSTI: argPtr, TIOCGDEV: argPtr, TIOCGSOFTCAR: argOutInt, TIOCSSOFTCAR: argInt,
	FIOSETOWN: argInt, FIOGETOWN: argOutInt, SIOCSPGRP: argInt, SIOCGPGRP: argOutInt, SIOCATMARK: argOutInt,
	FS_IOC_GETFLAGS: {true, inodeFlagsAt}, FS_IOC_SETFLAGS: {false, inodeFlagsAt}, FS_IOC_FSGETXATTR: argPtr, FS_IOC_FSSETXATTR: argPtr,
	FICLONE: argNumber, FICLONERANGE: argPtr, FIDEDUPERANGE: argPtr, FS_IOC_FIEMAP: argPtr,
	BLKGETSIZE64: {true, number(bytes8, func(_ *printer, v uint64) string { return udec(v) })},
	BLKSSZGET:    argOutInt, BLKROGET: argOutInt, BLKFLSBUF: argNone, BLKRRPART: argNone,
	RNDGETENTCNT: argOutInt,
}

func showWinsize(_ *printer, v *Winsize) string {
	return "{ws_row=" + udec(uint64(v.Row)) + ", ws_col=" + udec(uint64(v.Col)) +
		", ws_xpixel=" + udec(uint64(v.Xpixel)) + ", ws_ypixel=" + udec(uint64(v.Ypixel)) + "}"
}

// bauds are the names of the speeds by the CBAUD bits.
var bauds = Enum{"B???", []Name{
	{B0, "B0"},
	{B50, "B50"},
	{B75, "B75"},
	{B110, "B110"},
	{B134, "B134"},
	{B150, "B150"},
	{B200, "B200"},
	{B300, "B300"},
	{B600, "B600"},
	{B1200, "B1200"},
	{B1800, "B1800"},
	{B2400, "B2400"},
	{B4800, "B4800"},
	{B9600, "B9600"},
	{B19200, "B19200"},
	{B38400, "B38400"},
	{BOTHER, "BOTHER"},
	{B57600, "B57600"},
	{B115200, "B115200"},
	{B230400, "B230400"},
	{B460800, "B460800"},
	{B500000, "B500000"},
	{B576000, "B576000"},
	{B921600, "B921600"},
	{B1000000, "B1000000"},
	{B1152000, "B1152000"},
	{B1500000, "B1500000"},
	{B2000000, "B2000000"},
	{B2500000, "B2500000"},
	{B3000000, "B3000000"},
	{B3500000, "B3500000"},
	{B4000000, "B4000000"},
}}

// termiosText is the short form, without the characters. The fields begin with
// what is not a flag; an empty set of flags leaves nothing, even after a bar.
func termiosText(v *Termios) string {
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
		", c_cflag=" + speedText(v.Cflag) + "|" + set(&ttyCflags, v.Cflag&^(CBAUD|CBAUD<<ibShift|CSIZE)) +
		", c_lflag=" + set(&ttyLflags, v.Lflag) + ", ...}"
}

// ttyDelays are the fields of c_oflag that are numbers.
const ttyDelays = NL1 | CR3 | TAB3 | BS1 | VT1 | FF1

func delaysText(oflag uint32) string {
	s := ""
	for _, f := range []struct {
		mask  uint32
		names *Enum
	}{{NL1, &ttyNL}, {CR3, &ttyCR}, {TAB3, &ttyTAB}, {BS1, &ttyBS}, {VT1, &ttyVT}, {FF1, &ttyFF}} {
		s += f.names.Format(uint64(oflag&f.mask)) + "|"
	}
	return s
}

// ibShift is where c_cflag holds the input speed, if it is another one.
const ibShift = 16

func speedText(cflag uint32) string {
	s := bauds.Format(uint64(cflag & CBAUD))
	if in := cflag >> ibShift & CBAUD; in != 0 {
		s += "|" + bauds.Format(uint64(in)) + "<<IBSHIFT"
	}
	return s + "|" + ttySizes.Format(uint64(cflag&CSIZE))
}

func showTermios(_ *printer, v *Termios) string { return termiosText(v) }

func showTermios2(_ *printer, v *Termios2) string { return termiosText(&v.Termios) }

var inodeFlagsAt = number(bytes4, func(_ *printer, v uint64) string { return inodeFlags.Format(v) })
