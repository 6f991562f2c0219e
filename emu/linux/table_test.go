package linux

import (
	"slices"
	"testing"

	"panda/emu/linux/abi"
)

// TestTable: every row names a call, and says what is missing exactly when
// something is.
func TestTable(t *testing.T) {
	check := func(name string, r *row) {
		if abi.LookupName(abi.X86_64, name) == nil && abi.LookupName(abi.I386, name) == nil {
			t.Errorf("no architecture has %s", name)
		}
		if (r.level == partial) != (r.gap != "") || (r.level == refused) != (r.fn == nil) {
			t.Errorf("%s: level %d with gap %q", name, r.level, r.gap)
		}
	}
	for name, r := range rows { // each is a test of its own
		check(name, r)
	}
	for name, r := range ownX86_64 {
		check(name, r)
	}
}

// TestCoverage holds the calls that programs need (the union of what common
// programs were seen to make).
func TestCoverage(t *testing.T) {
	needed := []string{
		"write", "rt_sigaction", "read", "prlimit64", "openat", "newfstatat", "mmap", "fcntl", "execve", "close", "arch_prctl",
		"set_tid_address", "set_robust_list", "pread64", "munmap", "mprotect", "getrandom", "brk", "access", "lseek", "ioctl", "futex",
		"rt_sigprocmask", "readlink", "getuid", "getpid", "uname", "pipe2", "geteuid", "wait4", "unlink", "sysinfo", "socket",
		"sched_getaffinity", "madvise", "connect", "gettid", "rt_sigreturn", "prctl", "getgid", "getegid", "getdents64", "getcwd",
		"epoll_create1", "dup2", "clone3", "clone", "clock_nanosleep", "getsockname", "getpeername", "ftruncate", "faccessat2", "eventfd2",
		"epoll_pwait", "epoll_ctl", "vfork", "umask", "sigaltstack", "setsockopt", "pwrite64", "nanosleep", "mkdir", "listen", "kill",
		"getsockopt", "getrusage", "getppid", "fstat", "fdatasync", "fchown", "fchdir", "bind", "accept4", "writev", "utimensat", "unlinkat",
		"timer_settime", "timer_create", "tgkill", "sync", "symlinkat", "statx", "statfs", "socketpair", "setpriority", "setpgid", "sendto",
		"sendfile", "sched_yield", "rt_sigsuspend", "renameat2", "recvfrom", "readlinkat", "lgetxattr", "getxattr", "getpriority",
		"getpgrp", "getgroups", "fstatfs", "flock", "fchmodat", "fadvise64", "copy_file_range", "close_range", "clock_getres", "chmod", "capget",
	}
	var missing []string
	byName := newX86_64().byName
	for _, name := range needed {
		if r := byName(name); r == nil || r.fn == nil {
			missing = append(missing, name)
		}
	}
	if slices.Sort(missing); len(missing) != 0 {
		t.Errorf("missing: %v", missing)
	}
}
