package text

import (
	"strings"

	"panda/emu/linux/abi"
)

// OpenFlagsText formats the flags of open(2).
func OpenFlagsText(v uint64) string {
	return openFlags.with([]string{accModes.Format(v & abi.O_ACCMODE)}, v&^abi.O_ACCMODE)
}

func showOpenFlags(_ *printer, a operand) string { return OpenFlagsText(uint64(uint32(a.v))) }

// tmpfileBit is what O_TMPFILE has beyond O_DIRECTORY.
const tmpfileBit = abi.O_TMPFILE &^ abi.O_DIRECTORY

// creates reports whether flags of open create a file, so that the mode counts.
func creates(flags uint64) bool { return flags&abi.O_CREAT != 0 || flags&tmpfileBit != 0 }

func showModeIf(p *printer, a operand) string {
	if !creates(p.value(a.by)) {
		return ""
	}
	return showMode(p, a)
}

// showMode prints a mode, which is 16 bits wide.
func showMode(_ *printer, a operand) string { return octal(a.v & 0xffff) }

func showUmask(_ *printer, a operand) string { return octal(uint64(uint32(a.v))) }

// FileModeText formats st_mode: S_IFREG|0644.
func FileModeText(mode uint32) string {
	name, ok := fileTypes.Lookup(int64(mode & abi.S_IFMT))
	if !ok {
		return octal(uint64(mode))
	}
	list := []string{name}
	for _, bit := range []Name{{abi.S_ISUID, "S_ISUID"}, {abi.S_ISGID, "S_ISGID"}, {abi.S_ISVTX, "S_ISVTX"}} {
		if mode&uint32(bit.Value) != 0 {
			list = append(list, bit.Name)
		}
	}
	return strings.Join(append(list, octal(uint64(mode&0o777))), "|")
}

func showFileMode(_ *printer, a operand) string { return FileModeText(uint32(a.v) & 0xffff) }

// showDevIf: only devices have a number.
func showDevIf(p *printer, a operand) string {
	switch p.value(a.by) & abi.S_IFMT {
	case abi.S_IFCHR, abi.S_IFBLK:
		return devText(a.v)
	}
	return ""
}

func showStat(_ *printer, v *abi.Stat) string {
	s := "{st_mode=" + FileModeText(v.Mode)
	switch v.Mode & abi.S_IFMT {
	case abi.S_IFCHR, abi.S_IFBLK:
		s += ", st_rdev=" + devText(v.Rdev)
	default:
		s += ", st_size=" + dec(v.Size)
	}
	return s + ", ...}"
}

func showStatx(_ *printer, v *abi.Statx) string {
	return "{stx_mask=" + statxMasks.Format(uint64(v.Mask)) +
		", stx_attributes=" + statxAttrs.Format(v.Attributes) +
		", stx_mode=" + FileModeText(uint32(v.Mode)) +
		", stx_size=" + udec(v.Size) + ", ...}"
}

func showStatxFlags(_ *printer, a operand) string {
	v := uint64(uint32(a.v))
	return atFlags.with([]string{statxSyncs.Format(v & abi.AT_STATX_SYNC_TYPE)}, v&^abi.AT_STATX_SYNC_TYPE)
}

func showStatfs(_ *printer, v *abi.Statfs) string {
	list := []string{
		"f_type=" + fsMagics.Format(uint64(uint32(v.Type))), "f_bsize=" + dec(v.Bsize),
		"f_blocks=" + udec(v.Blocks), "f_bfree=" + udec(v.Bfree), "f_bavail=" + udec(v.Bavail),
		"f_files=" + udec(v.Files), "f_ffree=" + udec(v.Ffree),
		"f_fsid={val=[" + hex(uint64(uint32(v.Fsid[0]))) + ", " + hex(uint64(uint32(v.Fsid[1]))) + "]}",
		"f_namelen=" + dec(v.Namelen), "f_frsize=" + dec(v.Frsize),
		"f_flags=" + statfsFlags.Format(uint64(v.Flags)),
	}
	return "{" + strings.Join(list, ", ") + "}"
}

func showOpenHow(_ *printer, v *abi.OpenHow) string {
	s := "{flags=" + OpenFlagsText(v.Flags)
	if creates(v.Flags) || v.Mode != 0 {
		s += ", mode=" + octal(v.Mode)
	}
	return s + ", resolve=" + resolveFlags.Format(v.Resolve) + "}"
}

func showFlock(v *abi.Flock, pid bool) string {
	s := "{l_type=" + lockTypes.Format(uint64(uint16(v.Type))) +
		", l_whence=" + whences.Format(uint64(uint16(v.Whence))) +
		", l_start=" + dec(v.Start) + ", l_len=" + dec(v.Len)
	if pid {
		s += ", l_pid=" + dec(int64(v.PID))
	}
	return s + "}"
}

// showFcntlArg formats fcntl's argument as its command takes it.
func showFcntlArg(p *printer, a operand) string {
	if show := fcntlArgs[uint32(p.value(a.by))]; show != nil {
		return show(p, a)
	}
	return hex(a.v)
}

func nothing(*printer, operand) string { return "" }

var fcntlArgs = map[uint32]formatter{
	abi.F_GETFD: nothing, abi.F_GETFL: nothing, abi.F_GETOWN: nothing, abi.F_GETSIG: nothing,
	abi.F_GETLEASE: nothing, abi.F_GETPIPE_SZ: nothing, abi.F_GET_SEALS: nothing,
	abi.F_DUPFD: showInt, abi.F_DUPFD_CLOEXEC: showInt, abi.F_SETPIPE_SZ: showInt, abi.F_SETOWN: showInt,
	abi.F_SETFD: flags(&fdFlags), abi.F_SETFL: showOpenFlags, abi.F_SETSIG: showSignal,
	abi.F_SETLEASE: enum(&lockTypes), abi.F_ADD_SEALS: wordFlags(&sealFlags),
	abi.F_GETLK: flockArg(true), abi.F_SETLK: flockArg(false), abi.F_SETLKW: flockArg(false),
	abi.F_GETLK64: flock64Arg(true), abi.F_SETLK64: flock64Arg(false), abi.F_SETLKW64: flock64Arg(false),
	abi.F_OFD_GETLK: flock64Arg(true), abi.F_OFD_SETLK: flock64Arg(false), abi.F_OFD_SETLKW: flock64Arg(false),
	abi.F_SETOWN_EX: structure(showOwner), abi.F_GETOWN_EX: structure(showOwner),
}

func flockArg(pid bool) formatter {
	return structure(func(_ *printer, v *abi.Flock) string { return showFlock(v, pid) })
}

func flock64Arg(pid bool) formatter {
	return structure(func(_ *printer, v *abi.Flock64) string { return showFlock((*abi.Flock)(v), pid) })
}

func showOwner(_ *printer, v *abi.FOwnerEx) string {
	return "{type=" + ownerTypes.Format(uint64(uint32(v.Type))) + ", pid=" + dec(int64(v.PID)) + "}"
}

// fcntlOut are the commands whose structure the kernel fills in.
var fcntlOut = map[uint32]bool{abi.F_GETLK: true, abi.F_GETLK64: true, abi.F_OFD_GETLK: true, abi.F_GETOWN_EX: true}

// msMagic, MS_MGC_VAL, is what callers of old put into the upper half.
const msMagic, msMagicMask = 0xc0ed0000, 0xffff0000

func showMountFlags(_ *printer, a operand) string {
	if a.v&msMagicMask == msMagic {
		return mountFlags.with([]string{"MS_MGC_VAL"}, a.v&^msMagicMask)
	}
	return mountFlags.Format(a.v)
}

// showMountType prints what some flags of mount make it ignore, the type and the data.
func showMountType(p *printer, a operand) string {
	if p.value(a.by)&(abi.MS_REMOUNT|abi.MS_BIND|abi.MS_MOVE) != 0 {
		return p.ptr(a.v)
	}
	return showStr(p, a)
}

func showMountData(p *printer, a operand) string {
	if p.value(a.by)&(abi.MS_BIND|abi.MS_MOVE) != 0 {
		return p.ptr(a.v)
	}
	return showStr(p, a)
}

// showQuotaCmd takes the command of quotactl apart: the low byte is the kind of quota.
func showQuotaCmd(_ *printer, a operand) string {
	v := uint64(uint32(a.v))
	return "QCMD(" + quotaCmds.Format(v>>8) + ", " + quotaTypes.Format(v&0xff) + ")"
}
