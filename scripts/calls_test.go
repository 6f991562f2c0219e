package scripts_test

import (
	"path/filepath"
	"strings"
	"testing"

	"panda/emu/plugin"
)

const leaky = `
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static char *keep, *held;
static void leaf(void) { keep = malloc(40); }
static void twice(void) { char *p = calloc(2, 8); p = realloc(p, 100); free(p); free(p); }
static void aligned(void) { void *p; posix_memalign(&p, 64, 1000); free(aligned_alloc(64, 64)); }
static void child(void) {
	if (fork() == 0) { free(held); keep = malloc(5); _exit(0); }
	wait(0);
}
int main(void) {
	held = malloc(12);
	leaf(); leaf(); free(keep); twice(); aligned(); child(); free(held);
	free(0); free(malloc(7)); free((char *)main + 16);
	keep = 0;
	return 0;
}`

func TestMalloc(t *testing.T) {
	path := compile(t, "leaky", leaky, "-O0", "-fno-omit-frame-pointer")
	log, read := file(t, "log.txt")
	run(t, "malloc", args(t, "skip,depth=2,file="+log), path)
	like(t, "malloc", read(), `malloc: double free of 0x…, 100 bytes
  by        twice+0x… < main+0x…
  freed     twice+0x… < main+0x…
  allocated twice+0x… < main+0x…
malloc: leaky[…]: 8 allocations, 5 frees, at most 1116 bytes at a time
malloc: leaky[…]: 1045 bytes at 3 places not freed
  1000 bytes in 1 block: aligned+0x… < main+0x…
  40 bytes in 1 block: leaf+0x… < main+0x…
  5 bytes in 1 block: child+0x… < main+0x…
malloc: free of 0x…, which was not allocated
  by        main+0x… < …
malloc: leaky[…]: 8 allocations, 6 frees, at most 1116 bytes at a time
malloc: leaky[…]: 1040 bytes at 2 places not freed
  1000 bytes in 1 block: aligned+0x… < main+0x…
  40 bytes in 1 block: leaf+0x… < main+0x…
`)
}

// TestMallocVfork: a vfork's child has its memory in common with its parent.
func TestMallocVfork(t *testing.T) {
	log, read := file(t, "log.txt")
	run(t, "malloc", args(t, "n=0,file="+log), "/bin/sh", "-c", "/bin/true; /bin/true")
	like(t, "malloc", read(), "…\nmalloc: sh[…]: … not freed\n")
	if strings.Contains(read(), "not allocated") {
		t.Error(read())
	}
}

const caller = `
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int order(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }
int main(int argc, char **argv) {
	char line[64], *words[2] = {"pear", "fig"};
	snprintf(line, sizeof line, "%s %5.2f %c %ld%% %-*d|", "text", 2.5, 'x', 7000000000, 4, -3);
	puts(line);
	qsort(words, 2, sizeof *words, order);
	int fd = open("/dev/zero", O_RDONLY);
	read(fd, line, 3);
	getenv("NO_SUCH_NAME");
	free(calloc(2, strtod("8.5", 0)));
	exit(argc + 2);
}`

func TestLtrace(t *testing.T) {
	path := compile(t, "caller", caller, "-O0", "-fno-builtin")
	log, read := file(t, "log.txt")
	p := play(t, "ltrace", args(t, "file="+log), path)
	if p.status != 3 || p.guest != "text  2.50 x 7000000000% -3  |\n" {
		t.Errorf("%+v", p)
	}
	like(t, "ltrace", read(), `snprintf("text  2.50 x 7000000000% -3  |", 64, "%s %5.2f %c %ld%% %-*d|", "text", 2.5, 'x', 7000000000, 4, -3) = 30
puts("text  2.50 x 7000000000% -3  |") = 31
qsort(0x…, 2, 8, 0x…) <unfinished ...>
strcmp("pear", "fig") = 1…
<... qsort resumed> = <void>
open("/dev/zero", 0x0, …) = 3
read(3, "\0\0\0", 3) = 3
getenv("NO_SUCH_NAME") = NULL
strtod("8.5", NULL) = 8.5
calloc(2, 8) = 0x…
free(0x…) = <void>
exit(3) <unfinished ...>
…
<... exit resumed> <no return ...>
`)
}

func TestLtraceOfFile(t *testing.T) {
	log, read := file(t, "log.txt")
	run(t, "ltrace", []plugin.Arg{{Key: "calls", Value: "libc.so.6!getenv"}, {Key: "file", Value: log}}, "/bin/ls", "/dev/null")
	every(t, read(), `getenv\("\w+"\) = (NULL|".*")`, 3)
}

// TestLtraceNothing: a pattern that no call has is told of at the end.
func TestLtraceNothing(t *testing.T) {
	log, read := file(t, "log.txt")
	play(t, "ltrace", []plugin.Arg{{Key: "calls", Value: "nosuch|ab*"}, {Key: "file", Value: log}}, "/bin/true")
	want := ""
	for _, pattern := range []string{"ab*", "nosuch"} {
		want += "ltrace: no call of " + pattern + ": none was made, or no function that is called has this name\n"
	}
	if got := read(); got != want {
		t.Errorf("%q", got)
	}
}

const suspicious = `
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
static volatile int trapped;
static void trap(int n) { trapped = 1; }
static unsigned long ticks(void) { unsigned lo, hi; __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)); return (unsigned long)hi << 32 | lo; }
int main(void) {
	char buf[8192];
	long first = ptrace(PTRACE_TRACEME, 0, 0, 0), second = ptrace(PTRACE_TRACEME, 0, 0, 0);
	int fd = open("/proc/self/status", O_RDONLY);
	buf[read(fd, buf, sizeof buf - 1)] = 0;
	long tracer = strtol(strstr(buf, "TracerPid:") + 10, 0, 10);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGTRAP, trap);
	__asm__ volatile("int3");
	unsigned long a = ticks();
	for (volatile int i = 0; i < 10000; i++);
	unsigned long b = ticks();
	printf("%ld %ld, tracer %ld, trapped %d, %s\n", first, second, tracer, trapped, b - a > 1000 ? "slow" : "fast");
	return 0;
}`

func TestAntidebug(t *testing.T) {
	path := compile(t, "suspicious", suspicious, "-O0")
	want := `antidebug: suspicious[…]: ptrace(PTRACE_TRACEME)
antidebug: suspicious[…]: ptrace(PTRACE_TRACEME), once more
antidebug: suspicious[…]: looks at /proc/self/status
antidebug: suspicious[…]: reads TracerPid, 0
antidebug: suspicious[…]: prctl(PR_SET_DUMPABLE, 0)
antidebug: suspicious[…]: handler of SIGTRAP
antidebug: suspicious[…]: int3 at main+0x…
`
	p := play(t, "antidebug", nil, path)
	like(t, "antidebug", p.printed, want)
	like(t, "guest", p.guest, "…, tracer 0, trapped 1, slow\n")
	p = play(t, "antidebug", args(t, "hide,time"), path)
	like(t, "antidebug hide", p.printed, want+"antidebug: suspicious[…]: rdtsc at ticks+0x…\nantidebug: suspicious[…]: rdtsc at ticks+0x…, … instructions after another\n")
	like(t, "guest", p.guest, "0 -1, tracer 0, trapped 1, fast\n")
}

// TestAntidebugTracer puts a tracer into /proc/self/status, before the script
// sees it.
func TestAntidebugTracer(t *testing.T) {
	const tracer = `panda.syscall("read", { leave = function(cpu, ret, fd, at)
		local i = ret > 0 and cpu:read(at, ret):find("TracerPid:\t0", 1, true)
		if i then cpu:write(at + i - 1, "TracerPid:\t4711") end
	end })
	assert(panda.load("antidebug", { hide = true }))`
	path := compile(t, "suspicious", suspicious, "-O0")
	p := play(t, write(t, "tracer.lua", tracer), nil, path)
	like(t, "antidebug", p.printed, "…\nantidebug: suspicious[…]: reads TracerPid, 4711\n…\n")
	like(t, "guest", p.guest, "0 -1, tracer 0, trapped 1, slow\n")
}

const target = `
#include <stdio.h>
char word[8] = "before";
__attribute__((noinline)) int answer(void) { return 41; }
int main(void) { printf("%d %s\n", answer(), word); return getppid() == 7 ? 0 : 1; }`

func TestPatch(t *testing.T) {
	path := compile(t, "target", target, "-O1", "-fno-ipa-cp", "-fno-ipa-pure-const", "-fno-ipa-icf")
	p := play(t, "patch", []plugin.Arg{
		{Key: "patch", Value: "answer:b82a000000c3"},
		{Key: "patch", Value: "word+1:6F"},
		{Key: "patch", Value: "libc.so.6!getppid:b8 07 00 00 00 c3"},
		{Key: "patch", Value: "nosuch:90"},
	}, path)
	if p.status != 0 || p.guest != "42 bofore\n" {
		t.Errorf("%+v", p)
	}
	like(t, "patch", p.printed, `patch: answer at 0x…: b829000000c3 -> b82a000000c3
patch: word+1 at 0x…: 65 -> 6f
patch: libc.so.6!getppid at 0x…: … -> b807000000c3
patch: nosuch was never mapped
`)
}

// The check compares the text, changed by its position, with bytes.
const lock = `
#include <stdio.h>
#include <string.h>
static int calls;
__attribute__((noinline)) int check(const char *s) {
	static const unsigned char key[] = {0x2a, 0x3a, 0x32, 0x39, 0x3f};
	calls++;
	if (strlen(s) != sizeof key) return 0;
	for (unsigned i = 0; i < sizeof key; i++)
		if ((unsigned char)(s[i] ^ (0x5a + i)) != key[i]) return 0;
	return 1;
}
int main(int argc, char **argv) {
	int ok = check(argv[1]);
	printf("%s after %d call\n", ok ? "open" : "closed", calls);
	return !ok;
}`

func TestCrackme(t *testing.T) {
	path := compile(t, "lock", lock, "-O1")
	p := play(t, "crackme", args(t, "function=check"), path, "?????")
	if p.status != 0 || p.guest != "open after 1 call\n" {
		t.Errorf("%+v", p)
	}
	like(t, "crackme", p.printed, "crackme: found \"panda\" after … runs of check\n")
	p = play(t, "crackme", args(t, "function=check,length=3,want=1,charset=abc"), path, "?????")
	if want := "crackme: stuck after \"\" after 5 runs of check\n"; p.status != 1 || p.guest != "closed after 1 call\n" || p.printed != want {
		t.Errorf("%+v", p)
	}
}

// TestRequired: what a script cannot do without is asked for.
func TestRequired(t *testing.T) {
	for script, want := range map[string]string{
		"crackme":  "function= names the function that checks",
		"patch":    "patch=PLACE:BYTES says what to change",
		"memwatch": "is neither a number nor a symbol",
	} {
		if err := loadError(t, script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", script, err, want)
		}
	}
	if err := loadError(t, "patch", plugin.Arg{Key: "patch", Value: "main:9"}); err == nil || !strings.Contains(err.Error(), "main:9 is not of the form PLACE:BYTES") {
		t.Error(err)
	}
}

// write makes a file of a script and gives its name without .lua.
func write(t *testing.T, name, source string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	writeFile(t, path, source)
	return strings.TrimSuffix(path, ".lua")
}

const callee = `
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int made;
__attribute__((noinline)) long scale(long a, long b, const char *s) { made++; return a * b + strlen(s); }
__attribute__((noinline)) void wild(void) { *(volatile int *)8 = 1; }
int main(void) { long r = scale(6, 7, ""); printf("%ld %d\n", r, made); return 0; }`

// TestGuestCall calls functions of the program from a callback: the program goes
// on as if nothing had happened, except for what they did to its memory.
func TestGuestCall(t *testing.T) {
	path := compile(t, "callee", callee, "-O1", "-fno-ipa-cp", "-fno-ipa-pure-const")
	script := write(t, "caller.lua", `
		panda.on("insn_exec", { symbol = "scale", once = true }, function(cpu)
			local before, regs = cpu.icount, json.encode(cpu:regs())
			print(panda.call("scale", 3, 5, "four"), panda.call("strtol", "-12x", 0, 10) == u64(-12))
			print((panda.call("wild")), select(2, panda.call("wild")):match("exception"))
			print(cpu.icount == before, json.encode(cpu:regs()) == regs)
		end)`)
	p := play(t, script, nil, path)
	if p.guest != "42 2\n" || p.printed != "19\ttrue\nnil\texception\ntrue\ttrue\n" {
		t.Errorf("%+v", p)
	}
}

// TestCallHooked calls functions that are hooked: the hooks are told of such calls,
// a call in a function's own hook ends with an error, and the function itself can be
// had.
func TestCallHooked(t *testing.T) {
	path := compile(t, "callee", callee, "-O1", "-fno-ipa-cp", "-fno-ipa-pure-const")
	for _, c := range []struct{ src, guest, printed string }{
		{`panda.hook("scale", { leave = function(cpu, ret) print("left", ret) end })
		panda.hook("wild", { abandoned = function(cpu, why) print("wild", why) end })
		panda.on("insn_exec", { symbol = "main", once = true }, function(cpu)
			panda.call("scale", 3, 5, "four")
			panda.call("wild")
		end)`, "42 2\n", "left\t19\nwild\tunwound\nleft\t42\n"},
		{`n, failed = 0, {}
		panda.hook("scale", { enter = function(cpu, a, b, s)
			n = n + 1
			local ok, err = pcall(panda.call, "scale", a, b, s)
			if not ok then failed[#failed + 1] = err:match("%d+ guest functions are running within one another") end
		end })
		function uninit_plugin() print(n, #failed, failed[1]) end`, "42 17\n", "17\t1\t16 guest functions are running within one another\n"},
		{`panda.hook("scale", { enter = function(cpu, a, b, s) return panda.original("scale", a + 1, b, s) end })`, "49 1\n", ""},
	} {
		p := play(t, write(t, "hooked.lua", c.src), nil, path)
		if p.guest != c.guest || p.printed != c.printed {
			t.Errorf("%s\n%+v", c.src, p)
		}
	}
}
