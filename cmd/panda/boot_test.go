package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guestFile is a kernel or program that make guests has fetched. Without it there is no test.
func guestFile(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("PANDA_GUESTS")
	if dir == "" {
		cache, err := os.UserHomeDir()
		if err != nil {
			t.Skip(err)
		}
		dir = filepath.Join(cache, ".cache", "panda", "guests")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s: make guests fetches it", path)
	}
	return path
}

// bootInit is the first program of the guest: it tries what a kernel does for programs.
const bootInit = `#!/bin/busybox sh
/bin/busybox mkdir -p /sbin /usr/bin /usr/sbin /proc /sys /dev /tmp
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
n=0; s=0; while [ $n -lt 300 ]; do n=$((n+1)); s=$((s+n*n)); done; echo "T1 $s"
seq 1 2000 | sha256sum | sed 's/^/T2 /'
dd if=/dev/zero bs=1k count=64 2>/dev/null | gzip -c | gunzip -c | md5sum | sed 's/^/T3 /'
awk 'BEGIN{x=0;for(i=1;i<=300;i++)x+=i/7;printf "T4 %.9f\n",x}'
(sleep 1; echo T5 slept) & wait
sh -c 'kill -SEGV $$'; echo "T6 $?"
mkfifo /tmp/p; (echo fifo >/tmp/p &); echo "T7 $(cat /tmp/p)"
seq 1 200 | sort -rn | tail -1 | sed 's/^/T8 /'
echo GUEST-DONE
reboot -f
`

// bootWants is what it says.
var bootWants = []string{
	"T1 9045050", "T2 6251e5743b6fd6a7d606130bdf7c15077ce85ebd3a0fdee284d15a46df199e38", "T3 fcd6bcb56c1689fcef28b57c22475bad", "T4 6450.000000000", "T5 slept", "T6 139", "T7 fifo", "T8 1", "GUEST-DONE",
}

// cpio is an archive in the new format (initramfs buffer format of Linux).
func cpio(files []cpioFile) []byte {
	var b bytes.Buffer
	pad := func() {
		for b.Len()%4 != 0 {
			b.WriteByte(0)
		}
	}
	for n, f := range append(files, cpioFile{name: "TRAILER!!!"}) {
		fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", n+1, f.mode, 0, 0, 1, 0, len(f.data), 0, 0, f.dev>>8, f.dev&0xff, len(f.name)+1, 0)
		b.WriteString(f.name)
		b.WriteByte(0)
		pad()
		b.Write(f.data)
		pad()
	}
	return b.Bytes()
}

type cpioFile struct {
	name string
	mode uint32
	dev  uint32 // major and minor number
	data []byte
}

// initramfs writes the guest's files.
func initramfs(t *testing.T, kernel string) string {
	t.Helper()
	name := "busybox"
	if strings.HasPrefix(kernel, "vmlinuz-686") {
		name = "busybox-i386"
	}
	busybox, err := os.ReadFile(guestFile(t, name))
	if err != nil {
		t.Fatal(err)
	}
	const dir, prog, char = 0o040755, 0o100755, 0o020600
	path := filepath.Join(t.TempDir(), "initrd")
	b := cpio([]cpioFile{
		{name: "bin", mode: dir},
		{name: "dev", mode: dir},
		{name: "dev/console", mode: char, dev: 5<<8 | 1},
		{name: "bin/busybox", mode: prog, data: busybox},
		{name: "init", mode: prog, data: []byte(bootInit)},
	})
	if err := os.WriteFile(path, b, fs.FileMode(0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// boot boots a kernel and gives what the guest and panda say.
func boot(t *testing.T, kernel string, options ...string) (out, errs string) {
	t.Helper()
	args := append([]string{
		"system", "-m", "128", "-no-reboot", "-icount", "sleep=off", "-rtc", "base=2026-01-31",
		"-kernel", guestFile(t, kernel), "-initrd", initramfs(t, kernel), "-append", "console=ttyS0 acpi=off reboot=k quiet",
	}, options...)
	var o, e bytes.Buffer
	serial := filepath.Join(t.TempDir(), "serial")
	status := run(append(args, "-serial", "file:"+serial), &o, &e)
	said, err := os.ReadFile(serial)
	if status != 0 || err != nil {
		t.Fatalf("status %d, %v\n%s\n%s", status, err, said, e.String())
	}
	return strings.ReplaceAll(string(said), "\r\n", "\n") + o.String(), e.String()
}

func checkBoot(t *testing.T, out string) {
	t.Helper()
	for _, want := range bootWants {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(want)).MatchString(out) {
			t.Errorf("the guest did not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

// TestBoot boots an unmodified kernel of Debian, under the manual's example as a plugin and
// as a script.
func TestBoot(t *testing.T) {
	t.Chdir(t.TempDir())
	out, _ := boot(t, "vmlinuz-cloud-amd64", "-panda", "syscalls", "-panda-plugin", writeScript(t))
	checkBoot(t, out)
	native, err := os.ReadFile("syscalls.txt")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("script.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(native) < 1000 || !bytes.Equal(native, script) {
		t.Errorf("the plugin wrote %d bytes and the script %d, or others", len(native), len(script))
	}
	if !strings.HasPrefix(string(native), "PC=00") || !strings.Contains(string(native), ", SYSCALL=0000") {
		t.Errorf("the plugin wrote %.60q", native)
	}
}

func writeScript(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script.lua")
	text := `local log = assert(io.open("script.txt", "w"))
panda.on("insn_exec", { bytes = "0f 34 | 0f 05" }, function(cpu, pc)
  log:write(string.format("PC=%016x, SYSCALL=%016x\n", pc, cpu.rax))
end)
function uninit_plugin() log:close() end
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBootEngines boots kernels on both engines, which must not differ in what the guest
// says, and in how many instructions that takes.
func TestBootEngines(t *testing.T) {
	if !*slow {
		t.Skip("it takes long: make boots")
	}
	for _, c := range []struct{ kernel, cpu string }{
		{"vmlinuz-cloud-amd64", "max"},
		{"vmlinuz-amd64", "x86-64-v1"},
		{"vmlinuz-686", "pentium2"},
		{"vmlinuz-686-pae", "pentium3"},
	} {
		t.Run(c.kernel, func(t *testing.T) {
			var first string
			for _, accel := range []string{"jit", "interp"} {
				out, errs := boot(t, c.kernel, "-cpu", c.cpu, "-accel", accel, "-e", `panda.on("shutdown", function() print("instructions", panda.cpu.icount) end)`)
				checkBoot(t, out)
				if first == "" {
					first = out
				} else if out != first {
					t.Errorf("the engines differ:\n%s\n%s\n%s", first, out, errs)
				}
			}
		})
	}
}

// bootSector reads the next sector by the firmware, sends what it says to the serial port, and
// resets the machine.
var bootSector = []byte{
	0xfc,       // cld
	0x31, 0xc0, // xor ax, ax
	0x8e, 0xd8, // mov ds, ax
	0x8e, 0xc0, // mov es, ax
	0xb8, 0x01, 0x02, // mov ax, 0x201
	0xb9, 0x02, 0x00, // mov cx, 2
	0xba, 0x80, 0x00, // mov dx, 0x80
	0xbb, 0x00, 0x7e, // mov bx, 0x7e00
	0xcd, 0x13, // int 0x13
	0x72, 0x0e, // jc 2f
	0xbe, 0x00, 0x7e, // mov si, 0x7e00
	0xac,       // 1: lodsb
	0x84, 0xc0, // test al, al
	0x74, 0x06, // jz 2f
	0xba, 0xf8, 0x03, // mov dx, 0x3f8
	0xee,       // out dx, al
	0xeb, 0xf5, // jmp 1b
	0xb0, 0xfe, // 2: mov al, 0xfe
	0xe6, 0x64, // out 0x64, al
	0xf4,       // 3: hlt
	0xeb, 0xfd, // jmp 3b
}

// TestBootDisk boots a disk by the system's firmware, on both engines.
func TestBootDisk(t *testing.T) {
	if _, err := os.Stat("/usr/share/seabios/bios-256k.bin"); err != nil {
		t.Skip("no SeaBIOS: Debian's package seabios has it")
	}
	disk := make([]byte, 2<<20)
	copy(disk, bootSector)
	disk[510], disk[511] = 0x55, 0xaa
	copy(disk[512:], "from the second sector\r\n")
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, accel := range []string{"jit", "interp"} {
		var o, e bytes.Buffer
		serial := filepath.Join(t.TempDir(), "serial")
		status := run([]string{"system", "-accel", accel, "-m", "32", "-no-reboot", "-icount", "sleep=off", "-hda", path, "-snapshot", "-serial", "file:" + serial}, &o, &e)
		said, err := os.ReadFile(serial)
		if status != 0 || err != nil || string(said) != "from the second sector\r\n" {
			t.Errorf("%s: status %d, %v; the guest said %q\n%s", accel, status, err, said, e.String())
		}
	}
}
