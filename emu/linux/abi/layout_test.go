package abi_test

import (
	"bytes"
	"debug/elf"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"

	"panda/emu/linux/abi"
)

var update = flag.Bool("update", false, "rewrite testdata/*.structs from the C compiler")

// samples are the values that testdata/structs.c initialises, by variable. A value
// that a 32-bit guest sees differently is in samples32, too.
var samples = map[string]abi.Struct{
	"Stat": &abi.Stat{
		Dev: 0x11223344, Ino: 0x21222324, Nlink: 3, Mode: 0o100644, UID: 5, GID: 6, Rdev: 0x7172,
		Size: 0x81828384, Blksize: 4096, Blocks: 0xa1a2, Atim: ts(11, 12), Mtim: ts(13, 14), Ctim: ts(15, 16),
	},
	"Statx": &abi.Statx{
		Mask: 1, Blksize: 2, Attributes: 3, Nlink: 4, UID: 5, GID: 6, Mode: 7, Ino: 8, Size: 9, Blocks: 10,
		AttributesMask: 11, Atime: abi.StatxTime{Sec: 12, Nsec: 13}, Btime: abi.StatxTime{Sec: 14, Nsec: 15},
		Ctime: abi.StatxTime{Sec: 16, Nsec: 17}, Mtime: abi.StatxTime{Sec: -18, Nsec: 19}, RdevMajor: 20, RdevMinor: 21,
		DevMajor: 22, DevMinor: 23, MntID: 24, DioMemAlign: 25, DioOffAlign: 26,
	},
	"Statfs":       &abi.Statfs{Type: 1, Bsize: 2, Blocks: 3, Bfree: 4, Bavail: 5, Files: 6, Ffree: 7, Fsid: [2]int32{8, 9}, Namelen: 10, Frsize: 11, Flags: 12},
	"Flock":        &abi.Flock{Type: 1, Whence: 2, Start: -3, Len: 4, PID: 5},
	"FOwnerEx":     &abi.FOwnerEx{Type: 1, PID: 2},
	"OpenHow":      &abi.OpenHow{Flags: 1, Mode: 2, Resolve: 3},
	"Timeval":      &abi.Timeval{Sec: -1, Usec: 2},
	"Timespec64":   &abi.Timespec64{Sec: -1, Nsec: 2},
	"Timezone":     &abi.Timezone{MinutesWest: -1, DstTime: 2},
	"Itimerval":    &abi.Itimerval{Interval: abi.Timeval{Sec: 1, Usec: 2}, Value: abi.Timeval{Sec: 3, Usec: 4}},
	"Itimerspec64": &abi.Itimerspec64{Interval: ts(1, 2), Value: ts(3, 4)},
	"Tms":          &abi.Tms{Utime: 1, Stime: 2, Cutime: 3, Cstime: 4},
	"Utimbuf":      &abi.Utimbuf{Actime: 1, Modtime: 2},
	"Timex":        &timex,
	"Timex64":      (*abi.Timex64)(&timex),
	"Sigaction":    &abi.Sigaction{Handler: 1, Flags: 2, Restorer: 3, Mask: 0x400000004},
	"Stack":        &abi.Stack{SP: 1, Flags: 2, Size: 3},

	"SiginfoKill":  &abi.Siginfo{Signo: 10, Errno: 2, PID: 4, UID: 5},
	"SiginfoTimer": &abi.Siginfo{Signo: 14, Code: abi.SI_TIMER, TimerID: 4, Overrun: 5, Value: 6},
	"SiginfoQueue": &abi.Siginfo{Signo: 10, Code: abi.SI_QUEUE, PID: 4, UID: 5, Value: 6},
	"SiginfoChild": &abi.Siginfo{Signo: 17, Code: abi.CLD_KILLED, PID: 4, UID: 5, Status: 9, Utime: 7, Stime: 8},
	"SiginfoFault": &abi.Siginfo{Signo: 11, Code: abi.SEGV_MAPERR, Addr: 0x12345},
	"SiginfoMce":   &abi.Siginfo{Signo: 7, Code: abi.BUS_MCEERR_AR, Addr: 0x12345, AddrLSB: 12},
	"SiginfoBnd":   &abi.Siginfo{Signo: 11, Code: abi.SEGV_BNDERR, Addr: 0x12345, Lower: 6, Upper: 7},
	"SiginfoPkey":  &abi.Siginfo{Signo: 11, Code: abi.SEGV_PKUERR, Addr: 0x12345, Pkey: 8},
	"SiginfoPoll":  &abi.Siginfo{Signo: 29, Code: abi.POLL_IN, Band: 4, FD: 5},
	"SiginfoSys":   &abi.Siginfo{Signo: 31, Code: abi.SYS_SECCOMP, CallAddr: 0x12345, Syscall: 5, Arch: abi.AUDIT_ARCH_X86_64},

	"Sigevent":       &abi.Sigevent{Value: 1, Signo: 2, Notify: abi.SIGEV_THREAD_ID, TID: 3},
	"SigeventThread": &abi.Sigevent{Value: 1, Signo: 2, Notify: abi.SIGEV_THREAD, Function: 3, Attribs: 4},
	"SignalfdSiginfo": &abi.SignalfdSiginfo{
		Signo: 1, Errno: 2, Code: 3, PID: 4, UID: 5, FD: 6, TID: 7, Band: 8, Overrun: 9,
		Trapno: 10, Status: 11, Int: 12, Ptr: 13, Utime: 14, Stime: 15, Addr: 16, AddrLSB: 17, Syscall: 18, CallAddr: 19, Arch: 20,
	},
	"Rlimit":   &abi.Rlimit{Cur: 1, Max: abi.RLIM_INFINITY},
	"Rlimit64": &abi.Rlimit64{Cur: 1, Max: abi.RLIM_INFINITY},
	"Rusage": &abi.Rusage{
		Utime: abi.Timeval{Sec: 1, Usec: 2}, Stime: abi.Timeval{Sec: 3, Usec: 4}, Maxrss: 5, Ixrss: 6, Idrss: 7,
		Isrss: 8, Minflt: 9, Majflt: 10, Nswap: 11, Inblock: 12, Oublock: 13, Msgsnd: 14, Msgrcv: 15, Nsignals: 16, Nvcsw: 17, Nivcsw: 18,
	},
	"Sysinfo": &abi.Sysinfo{
		Uptime: 1, Loads: [3]uint64{2, 3, 4}, Totalram: 5, Freeram: 6, Sharedram: 7, Bufferram: 8, Totalswap: 9,
		Freeswap: 10, Procs: 11, Totalhigh: 12, Freehigh: 13, Unit: 14,
	},
	"Utsname":        &abi.Utsname{Sysname: "s", Nodename: "n", Release: "r", Version: "v", Machine: "m", Domainname: "d"},
	"OldUtsname":     &abi.OldUtsname{Sysname: "s", Nodename: "n", Release: "r", Version: "v", Machine: "m"},
	"OldOldUtsname":  &abi.OldOldUtsname{Sysname: "s", Nodename: "n", Release: "r", Version: "v", Machine: "m"},
	"CloneArgs":      &abi.CloneArgs{Flags: 1, PidFD: 2, ChildTID: 3, ParentTID: 4, ExitSignal: 5, Stack: 6, StackSize: 7, TLS: 8, SetTID: 9, SetTIDSize: 10, Cgroup: 11},
	"RobustListHead": &abi.RobustListHead{Next: 1, Offset: -2, Pending: 3},
	"CapHeader":      &abi.CapHeader{Version: 1, PID: -2},
	"CapData":        &abi.CapData{Effective: 1, Permitted: 2, Inheritable: 3},
	"Iovec":          &abi.Iovec{Base: 1, Len: 2},
	"Msghdr":         &msghdr,
	"Mmsghdr":        &abi.Mmsghdr{Msghdr: msghdr, Len: 8},
	"Cmsghdr":        &abi.Cmsghdr{Len: 1, Level: 2, Type: 3},
	"PollFD":         &abi.PollFD{FD: -1, Events: 2, Revents: 3},
	"EpollEvent":     &abi.EpollEvent{Events: 1, Data: 0x200000003},
	"Linger":         &abi.Linger{Onoff: 1, Linger: 2},
	"Ucred":          &abi.Ucred{PID: 1, UID: 2, GID: 3},
	"SockaddrIn":     &abi.SockaddrIn{Port: 80, Addr: [4]byte{127, 0, 0, 1}},
	"SockaddrIn6":    &abi.SockaddrIn6{Port: 80, Flowinfo: 1, Addr: [16]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, ScopeID: 17},
	"SockaddrNl":     &abi.SockaddrNl{PID: 1, Groups: 2},
	"Winsize":        &abi.Winsize{Row: 1, Col: 2, Xpixel: 3, Ypixel: 4},
	"Termios":        &termios,
	"Termios2":       &abi.Termios2{Termios: termios, Ispeed: 9, Ospeed: 10},
	"ShmidDS":        &abi.ShmidDS{Perm: perm, Segsz: 8, Atime: 9, Dtime: 10, Ctime: 11, Cpid: 12, Lpid: 13, Nattch: 14},
	"SemidDS":        &abi.SemidDS{Perm: perm, Otime: 8, Ctime: 9, Nsems: 10},
	"MsqidDS":        &abi.MsqidDS{Perm: perm, Stime: 8, Rtime: 9, Ctime: 10, Cbytes: 11, Qnum: 12, Qbytes: 13, Lspid: 14, Lrpid: 15},
	"Sembuf":         &abi.Sembuf{Num: 1, Op: -2, Flg: 3},
	"MqAttr":         &abi.MqAttr{Flags: 1, Maxmsg: 2, Msgsize: 3, Curmsgs: 4},
}

var samples32 = map[string]abi.Struct{
	"Stat": &abi.Stat{
		Dev: 0x11223344, Ino: 0x21222324, Nlink: 3, Mode: 0o100644, UID: 5, GID: 6, Rdev: 0x7172,
		Size: -0x7e7d7c7c, Blksize: 4096, Blocks: 0xa1a2, Atim: ts(11, 12), Mtim: ts(13, 14), Ctim: ts(15, 16),
	},
	"Stat64": &abi.Stat64{
		Dev: 0x11223344, Ino: 0x2021222324, Nlink: 3, Mode: 0o100644, UID: 5, GID: 6, Rdev: 0x7172,
		Size: 0x181828384, Blksize: 4096, Blocks: 0xa1a2, Atim: ts(11, 12), Mtim: ts(13, 14), Ctim: ts(15, 16),
	},
	"OldStat": &abi.OldStat{
		Dev: 1, Ino: 2, Mode: 3, Nlink: 4, UID: 5, GID: 6, Rdev: 7, Size: 8,
		Atim: ts(9, 0), Mtim: ts(10, 0), Ctim: ts(11, 0),
	},
	"Statfs64":     &abi.Statfs64{Type: 1, Bsize: 2, Blocks: 0x300000003, Bfree: 4, Bavail: 5, Files: 6, Ffree: 7, Fsid: [2]int32{8, 9}, Namelen: 10, Frsize: 11, Flags: 12},
	"Flock64":      &abi.Flock64{Type: 1, Whence: 2, Start: 0x300000003, Len: 4, PID: 5},
	"OldSigaction": &abi.OldSigaction{Handler: 1, Mask: 2, Flags: 3, Restorer: 4},
	"UserDesc": &abi.UserDesc{
		EntryNumber: 6, Base: 0x1000, Limit: 0xfffff,
		Flags: abi.UserDescSeg32Bit | abi.UserDescLimitInPages | abi.UserDescUseable,
	},
}

var (
	timex = abi.Timex{
		Modes: 1, Offset: -2, Freq: 3, Maxerror: 4, Esterror: 5, Status: 6, Constant: 7, Precision: 8, Tolerance: 9,
		Time: abi.Timeval{Sec: 10, Usec: 11}, Tick: 12, Ppsfreq: 13, Jitter: 14, Shift: 15, Stabil: 16, Jitcnt: 17, Calcnt: 18,
		Errcnt: 19, Stbcnt: 20, Tai: 21,
	}
	msghdr  = abi.Msghdr{Name: 1, Namelen: 2, Iov: 3, Iovlen: 4, Control: 5, Controllen: 6, Flags: 7}
	termios = abi.Termios{Iflag: 1, Oflag: 2, Cflag: 3, Lflag: 4, Line: 5, Cc: [abi.NCCS]byte{6, 7, 8}}
	perm    = abi.IPCPerm{Key: 1, UID: 2, GID: 3, CUID: 4, CGID: 5, Mode: 6, Seq: 7}
)

func ts(sec, nsec int64) abi.Timespec { return abi.Timespec{Sec: sec, Nsec: nsec} }

// TestLayouts compares the encodings with what a C compiler made of the kernel's
// headers, as testdata/*.structs holds it, and decodes it again.
func TestLayouts(t *testing.T) {
	for file, l := range map[string]*abi.Layout{"x86_64": abi.Layout64, "i386": abi.Layout32} {
		golden := readStructs(t, "testdata/"+file+".structs")
		for name, want := range golden {
			v := samples[name]
			if other := samples32[name]; other != nil && l == abi.Layout32 {
				v = other
			}
			if v == nil {
				t.Errorf("%s: no sample of %s", file, name)
				continue
			}
			got := bytes.Repeat([]byte{0xee}, 512)
			if got = got[:l.Put(got, v)]; !bytes.Equal(got, want) || l.Size(v) != len(want) {
				t.Errorf("%s: %s\ngot  %x\nwant %x", file, name, got, want)
				continue
			}
			back := reflect.New(reflect.TypeOf(v).Elem())
			if n := l.Get(want, back.Interface().(abi.Struct)); n != len(want) {
				t.Errorf("%s: Get of %s took %d bytes, want %d", file, name, n, len(want))
			}
			if !reflect.DeepEqual(back.Interface(), v) {
				t.Errorf("%s: %s decodes to %+v, want %+v", file, name, back.Elem(), v)
			}
		}
	}
}

func readStructs(t *testing.T, name string) map[string][]byte {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	structs := map[string][]byte{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		key, val, _ := strings.Cut(line, " ")
		b, err := hex.DecodeString(val)
		if err != nil {
			t.Fatalf("%s: %s: %v", name, key, err)
		}
		structs[key] = b
	}
	return structs
}

// TestStructsAreCurrent compiles testdata/structs.c where there is a compiler and
// compares the result with the golden files; with -update it rewrites them.
func TestStructsAreCurrent(t *testing.T) {
	for file, flag := range map[string]string{"x86_64": "-m64", "i386": "-m32"} {
		object := filepath.Join(t.TempDir(), "structs.o")
		cmd := exec.Command("cc", flag, "-c", "-w", "-I/usr/include/x86_64-linux-gnu", "-o", object, "testdata/structs.c")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("cannot compile: %v\n%s", err, out)
		}
		golden := "testdata/" + file + ".structs"
		text := dumpStructs(t, object)
		if *update {
			if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if old, err := os.ReadFile(golden); err != nil || string(old) != text {
			t.Errorf("%s is not what the compiler makes of structs.c (%v)", golden, err)
		}
	}
}

// dumpStructs returns the initialised variables of an object file, one a line.
func dumpStructs(t *testing.T, object string) string {
	f, err := elf.Open(object)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range symbols {
		name, ok := strings.CutPrefix(s.Name, "g_")
		if !ok {
			continue
		}
		data, err := f.Sections[s.Section].Data()
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s %x\n", name, data[s.Value:s.Value+s.Size]))
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}
