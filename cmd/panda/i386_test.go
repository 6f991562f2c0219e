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

// TestI386Busybox runs the machine's busybox, if it is an i386 program.
func TestI386Busybox(t *testing.T) {
	var path string
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), os.Getenv("PANDA_I386_ROOT")+"/bin") {
		f, err := elf.Open(filepath.Join(dir, "busybox"))
		if err == nil && f.Machine == elf.EM_386 {
			path = filepath.Join(dir, "busybox")
		}
	}
	if path == "" {
		t.Skip("no busybox for i386 in PATH or PANDA_I386_ROOT")
	}
	for _, script := range []string{
		"echo hi | md5sum; seq 3 | tac; exit 5",
		"ls -l /etc/passwd; x=$(echo a; (exit 3); echo $?); echo \"$x\"; kill -9 $$",
		"find /etc -maxdepth 1 -name 'p*' | sort; tar c /etc/passwd 2>/dev/null | tar t; date -u -d @0; df / > /dev/null; echo $?",
		"trap 'echo got' USR1; kill -USR1 $$; sleep 0.01 & wait $!; echo $?; dd if=/dev/zero bs=1k count=3 2>/dev/null | gzip | gunzip | wc -c",
	} {
		sameAsNative(t, "", path, "sh", "-c", script)
	}
}
