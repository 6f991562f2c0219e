package main

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// build386 builds a Go program for i386 from its files.
func build386(t *testing.T, files map[string]string) string {
	t.Helper()
	if runtime.GOARCH != "amd64" || testing.Short() {
		t.Skip("compares with the native run")
	}
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-o", "prog", ".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOARCH=386", "GOFLAGS=-mod=mod")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	prog := filepath.Join(dir, "prog")
	if err := exec.Command(prog, "child").Run(); err != nil {
		t.Skipf("the host runs no i386 programs: %v", err)
	}
	return prog
}

const goMod = "module prog\n\ngo 1.22\n"

// program386 uses what makes an i386 program different: its own calls, thread
// areas, signal frames, offsets of 64 bits.
const program386 = `package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sort"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println("child", runtime.GOARCH)
		return
	}
	threads()
	files()
	processes()
	signals()
	sockets()
	calls()
	defer func() { fmt.Println("recovered:", recover()); os.Exit(3) }()
	var p *int
	*p = 1
}

func threads() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	total, c := 0, make(chan int)
	for i := range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if i%5 == 0 {
				runtime.LockOSThread()
				time.Sleep(time.Millisecond)
			}
			s := make([]float64, 10000)
			for j := range s {
				s[j] = float64(i) / float64(j+1)
			}
			sort.Float64s(s)
			mu.Lock()
			total += int(s[len(s)-1])
			mu.Unlock()
			c <- i
		}()
	}
	sum := 0
	for range 20 {
		sum += <-c
	}
	wg.Wait()
	runtime.GC()
	fmt.Println("threads", sum, total, uint64(1)<<40/3, runtime.GOARCH)
}

func files() {
	dir, err := os.MkdirTemp("", "i386")
	check(err)
	defer os.RemoveAll(dir)
	f, err := os.Create(filepath.Join(dir, "big"))
	check(err)
	_, err = f.WriteAt([]byte("far away"), 5<<32)
	check(err)
	b := make([]byte, 4)
	_, err = f.ReadAt(b, 5<<32+4)
	check(err)
	at, err := f.Seek(-2, 2)
	check(err)
	st, err := f.Stat()
	check(err)
	fmt.Printf("files %s %#x %#x %v\n", b, at, st.Size(), st.Mode())
	check(f.Truncate(6 << 32))
	check(os.Chtimes(f.Name(), time.Unix(5, 0), time.Unix(1234567890, 5000)))
	st, err = os.Stat(f.Name())
	check(err)
	fmt.Println(st.Size(), st.ModTime().UTC())
	for i := range 50 {
		check(os.WriteFile(filepath.Join(dir, fmt.Sprint("f", i)), nil, 0o600))
	}
	es, err := os.ReadDir(dir)
	check(err)
	fmt.Println(len(es), es[7].Name())
	var fs syscall.Statfs_t
	check(syscall.Statfs("/proc", &fs))
	fmt.Printf("%#x\n", fs.Type)
	m, err := syscall.Mmap(int(f.Fd()), 5<<32, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	check(err)
	fmt.Printf("%s\n", m)
}

func processes() {
	out, err := exec.Command(os.Args[0], "child").Output()
	fmt.Printf("%q %v\n", out, err)
	cmd := exec.Command("/bin/sh", "-c", os.Args[0]+" child; read x; echo $x; exit 4")
	in, err := cmd.StdinPipe()
	check(err)
	o, err := cmd.StdoutPipe()
	check(err)
	check(cmd.Start())
	fmt.Fprintln(in, "from 32 to 64 bits")
	for s := bufio.NewScanner(o); s.Scan(); {
		fmt.Println("sh:", s.Text())
	}
	fmt.Println(cmd.Wait())
	_, err = os.Stat("/does/not/exist")
	fmt.Println(err)
}

func signals() {
	c := make(chan os.Signal, 4)
	signal.Notify(c, syscall.SIGUSR1, syscall.SIGALRM)
	check(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
	fmt.Println("got", <-c)
	cmd := exec.Command("/bin/sh", "-c", "kill -TERM $$")
	fmt.Println(cmd.Run())
	t := time.NewTimer(20 * time.Millisecond)
	<-t.C
	busy := 0 // preempted by signals
	done := make(chan bool)
	go func() { time.Sleep(30 * time.Millisecond); close(done) }()
	for stop := false; !stop; busy++ {
		select {
		case <-done:
			stop = true
		default:
		}
	}
	fmt.Println("busy", busy > 0)
}

func sockets() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	go func() {
		c, err := l.Accept()
		check(err)
		fmt.Fprintln(c, "over tcp")
		c.Close()
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	check(err)
	check(c.SetDeadline(time.Now().Add(5 * time.Second)))
	s, err := bufio.NewReader(c).ReadString('\n')
	fmt.Printf("%q %v\n", s, err)
}

// calls makes those that only i386 has. An argument is a number or a slice.
func calls() {
	file, err := os.Open("/etc/passwd")
	check(err)
	fd := int(file.Fd())
	call := func(n int, args ...any) int {
		var a [6]uintptr
		for i, v := range args {
			switch v := v.(type) {
			case int:
				a[i] = uintptr(v)
			case []uint32:
				a[i] = uintptr(unsafe.Pointer(&v[0]))
			case string:
				a[i] = uintptr(unsafe.Pointer(&append([]byte(v), 0)[0]))
			}
		}
		r, _, e := syscall.Syscall6(uintptr(n), a[0], a[1], a[2], a[3], a[4], a[5])
		if e != 0 {
			return -int(e)
		}
		return int(r)
	}
	at := func(b []uint32) int { return int(uintptr(unsafe.Pointer(&b[0]))) }
	b, zero := make([]uint32, 128), make([]uint32, 4)
	fmt.Println("_llseek", call(140, fd, 2, 3, b, 0), b[:2])
	fmt.Println("lseek", call(19, fd, 7, 0), call(19, fd, -1, 0))
	pair := make([]uint32, 2)
	fmt.Println("socketcall", call(102, 8, []uint32{1, 2, 0, uint32(at(pair))}), call(102, 99, b), call(102, 1, 0))
	fmt.Println("send", call(102, 9, []uint32{pair[0], uint32(at(pair)), 8, 0}), call(102, 10, []uint32{pair[1], uint32(at(b)), 99, 0}), b[0] == pair[0])
	set := []uint32{1 << pair[0], 0}
	fmt.Println("select", call(82, []uint32{32, 0, uint32(at(set)), 0, uint32(at(zero))}), call(142, 32, 0, set, 0, zero), call(82, 0), set)
	fmt.Println("set timeout", call(366, int(pair[0]), 1, 20, []uint32{3, 5000}, 8), call(365, int(pair[0]), 1, 20, b, []uint32{8}), b[:2])
	page := call(90, []uint32{0, 4096, 1, 2, uint32(fd), 0})
	fmt.Println("mmap", page > 0 || page < -4096, call(90, 0), call(91, page, 4096))
	fmt.Println("ids", call(24), call(199), call(47) == call(200), call(165, b, b[1:], b[2:]), uint16(b[0]), call(80, 0, 0) == call(205, 0, 0))
	fmt.Println("stat", call(106, "/etc/passwd", b), b[2]&0xffff, call(195, "/etc/passwd", b), b[4], call(18, "/etc/passwd", b), b[1]&0xffff)
	fmt.Println("statfs64", call(268, "/proc", 84, b), b[0], call(268, "/proc", 80, b), call(99, "/proc", b), b[0])
	fmt.Println("clocks", call(403, 1, b), b[3] == 0, call(265, 1, b), call(406, 1, b), b[:4], call(407, 1, 0, []uint32{0, 0, 1000, 9}, 0))
	fmt.Println("futex", call(422, zero, 0, 1, 0), call(240, zero, 0, 0, []uint32{0, 1000}), call(422, zero, 0, 0, []uint32{0, 0, 1000, 0}))
	fmt.Println("limits", call(76, 0, b), b[0], call(191, 0, b), b[0])
	fmt.Println("uname", call(109, b), b[0] == 'L'|'i'<<8|'n'<<16|'u'<<24, call(59, b), call(136, 8), call(122, b), b[65] == 'i'|'6'<<8|'8'<<16|'6'<<24, call(136, 0))
	desc := []uint32{3, 0x12345678, 0xfffff, 0x51}
	fmt.Println("modify_ldt", call(123, 0x11, desc, 16), call(123, 0x11, desc, 12), call(123, 0, b, 64), b[6:8], call(123, 0x11, []uint32{9000, 0, 0, 0x51}, 16))
	area := []uint32{1<<32 - 1, 64, 1, 0x51}
	fmt.Println("set_thread_area", call(243, area), area[0], call(244, []uint32{3, 0, 0, 0}), call(243, []uint32{1<<32 - 1, 1, 1, 0}))
	area[1] = 0
	fmt.Println("get_thread_area", call(244, area), area)
	fmt.Println("others", call(7, -1, 0, 0), call(34, 0), call(17), call(384, 0x1002, 0), call(68))
	var st [64]uint32
	fmt.Println("sigaction", call(67, 1, 0, st[:]), call(67, 9, zero, 0), call(73, b), call(126, 9, b, 0))
	runtime.KeepAlive(set)
}
`

// TestI386Go runs a 32-bit Go program that makes 64-bit children.
func TestI386Go(t *testing.T) {
	sameAsNative(t, "", build386(t, map[string]string{"go.mod": goMod, "main.go": program386}))
}

// sysenter386 calls the entry for system calls that the auxiliary vector names.
const (
	sysenter386 = `package main

import (
	"encoding/binary"
	"fmt"
	"os"
)

func call(entry, number uintptr) uintptr

func main() {
	b, err := os.ReadFile("/proc/self/auxv")
	if err != nil {
		panic(err)
	}
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint32(b) == 32 {
			const getppid = 64
			n := call(uintptr(binary.LittleEndian.Uint32(b[4:])), getppid)
			fmt.Println(int(n) == os.Getppid(), int32(call(uintptr(binary.LittleEndian.Uint32(b[4:])), 9999)))
		}
	}
}
`
	sysenter386s = `#include "textflag.h"

TEXT ·call(SB), NOSPLIT, $32-12
	MOVL entry+0(FP), SI
	MOVL number+4(FP), AX
	CALL SI
	MOVL AX, ret+8(FP)
	RET
`
)

// TestI386Sysenter: the manual's example sees SYSENTER of the vdso.
func TestI386Sysenter(t *testing.T) {
	prog := build386(t, map[string]string{"go.mod": goMod, "main.go": sysenter386, "call_386.s": sysenter386s})
	sameAsNative(t, "", prog)
	dir := t.TempDir()
	r := panda(t, dir, "-panda", "syscalls:file=log", prog)
	log, err := os.ReadFile(filepath.Join(dir, "log"))
	if err != nil || r.stdout != "true -38\n" {
		t.Fatal(err, r)
	}
	for _, number := range []int{64, 9999} {
		if !strings.Contains(string(log), fmt.Sprintf("SYSCALL=%016x\n", number)) {
			t.Errorf("no line for call %d:\n%s", number, log)
		}
	}
}

// programs386 run with programs of a Debian release for i386. A script sees them
// in PATH, and only them.
var programs386 = []shellProgram{
	{"busybox", "busybox", `exec busybox sh -c 'echo hi | md5sum; seq 3 | tac; x=$(echo a; (exit 3); echo $?); echo "$x"; ls -l /etc/passwd; cp /etc/passwd p; tar c p | tar t; date -u -d @0; dd if=/dev/zero bs=1k count=3 2> /dev/null | busybox gzip | busybox gunzip | wc -c
		trap "echo got" USR1; kill -USR1 $$; sleep 0.01 & wait $!; echo $?; mkfifo q; echo through > q & cat q; vi --help > /dev/null 2>&1; busybox awk "BEGIN { print 2 * 40, 1 / 3 }"; df / > /dev/null; echo $?; kill -9 $$'`},
	{"bash", "bash", `echo $HOSTTYPE $((2**40 % 7)); x=$(echo a; (exit 3); echo $?); echo "$x"; mapfile -t l < <(seq 4); echo ${#l[@]}; trap 'echo got' USR1; kill -USR1 $$; sleep 0.01 & wait $!; echo $?; coproc cat; echo to >&${COPROC[1]}; read r <&${COPROC[0]}; echo $r
		(exit 4) | (exit 5); echo ${PIPESTATUS[@]}; printf '%(%Y)T\n' 0; ulimit -n 50; ulimit -n; exec 9>&1; echo nine >&9; umask 027; umask -S; [[ abc =~ b(.) ]] && echo ${BASH_REMATCH[1]}; exit 7`},
	{"coreutils", "ls sort stat", `seq 30 | tac | paste - - - | expand | nl | tail -5; truncate -s 5G big; stat -c '%s %F' big; ls -l big | wc -w; printf x | dd of=big bs=1 seek=4G conv=notrunc status=none; tail -c +4294967297 big | head -c 1; echo; sha256sum /etc/passwd; factor 1234567890; cp -a /etc/passwd p; md5sum < p
		ln -s p l; ln p h; stat -c '%n %h %F' l h; touch -d @0 p; date -u -r p; du -b p; id -u; seq 3000 | sort -R --random-source=/bin/ls | sort -n | cksum; df . > /dev/null; echo $?; timeout 0.05 sleep 9; echo $?; mkfifo f; (echo through > f &); cat f; sort --parallel=3 -S 1M p | md5sum; nproc > n; touch -d 2100-01-01 p; echo $?`},
	{"python3", "python3", `python3 -c '
import struct, threading, subprocess, socket, hashlib, json, os, mmap, ctypes, select, time, decimal
print(struct.calcsize("P"), json.dumps({"a": [1, 2.5, None]}), hashlib.sha256(b"panda").hexdigest(), 2**100 % 1000003, 0.1 + 0.2, decimal.Decimal(1) / 3)
r = []; ts = [threading.Thread(target=lambda i=i: r.append(i * i)) for i in range(5)]
for t in ts: t.start()
for t in ts: t.join()
print(sum(r), subprocess.run(["cat"], input=b"hello", capture_output=True).stdout)
a, b = socket.socketpair(); a.send(b"over"); print(b.recv(9)); s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname()); d, _ = s.accept(); c.send(b"tcp"); print(d.recv(9))
f = open("f", "w+"); socket.send_fds(a, [b"fd"], [f.fileno()]); m, fds, _, _ = socket.recv_fds(b, 9, 1); os.write(fds[0], b"passed"); print(open("f").read())
m = mmap.mmap(-1, 100); p = os.fork()
if not p: m[:3] = b"map"; os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(p, 0)[1]), m[:3], ctypes.sizeof(ctypes.c_long), time.gmtime(5e9).tm_year, select.select([a], [a], [], 0)[1] == [a]); e = select.epoll(); e.register(b); print(len(e.poll(0)))'`},
}

// TestI386Programs runs the programs below PANDA_I386_ROOT by -L: "make i386-root"
// fetches them. Natively they run with their libraries named, and the host's
// dynamic linker.
func TestI386Programs(t *testing.T) {
	root := os.Getenv("PANDA_I386_ROOT")
	if root == "" {
		t.Skip("PANDA_I386_ROOT names no directory with i386 programs: make i386-root")
	}
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(root, "usr/bin")
	f, err := elf.Open(filepath.Join(bin, "bash"))
	if err != nil || f.Machine != elf.EM_386 {
		t.Fatalf("PANDA_I386_ROOT: no i386 bash below %s: %v", root, err)
	}
	native := []string{"env", "PATH=" + bin, "LD_LIBRARY_PATH=" + filepath.Join(root, "usr/lib/i386-linux-gnu"), "PYTHONHOME=" + filepath.Join(root, "usr"), filepath.Join(bin, "bash")}
	if r := execute(t, "", "", append(native, "-c", "exit 9")...); r.status != 9 {
		t.Skipf("the host runs no i386 programs: %+v", r)
	}
	for _, p := range programs386 {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			want := execute(t, t.TempDir(), "", append(native, "-c", p.script)...)
			got := execute(t, t.TempDir(), "", binary, "-L", root, "-E", "PATH=/usr/bin", "/usr/bin/bash", "-c", p.script)
			if got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}
