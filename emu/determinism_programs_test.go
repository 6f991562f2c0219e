package emu

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// steadyProgram is one of the programs whose runs must not differ. make gives its path
// and arguments, or skips.
type steadyProgram struct {
	name string
	make func(t *testing.T) (path string, args []string)
}

var steadyPrograms = []steadyProgram{
	{"threads", func(t *testing.T) (string, []string) { return compile(t, turnsSource), nil }},
	{"forks", func(t *testing.T) (string, []string) { return compile(t, forksSource), nil }},
	{"signals", func(t *testing.T) (string, []string) { return compile(t, signalsSource), nil }},
	{"go", goProgram},
	{"python", pythonProgram},
	{"bash", bashProgram},
}

// forksSource is a program that forks until there are some hundred processes, which
// write to pipes, share memory and wait for each other.
const forksSource = `
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile int *shared;
static char *far[2]; // perhaps beyond what a small window holds
static int storm(int depth, int to) {
	char *own = malloc(5000);
	for (int i = 0; depth > 0 && i < 3; i++) {
		memset(own, depth * 3 + i, 5000);
		memcpy(far[i & 1] + depth * 100, own, 100);
		pid_t pid = fork();
		if (pid == 0) {
			if (i == 1) sched_yield();
			_exit(storm(depth - 1, to));
		}
		if (i == 2) waitpid(pid, 0, 0);
	}
	int s, sum = depth, n = __sync_fetch_and_add(shared, 1);
	while (wait(&s) > 0) sum += WEXITSTATUS(s);
	write(to, &n, sizeof n);
	return sum & 63;
}
int main(void) {
	int p[2], n, seen = 0, s;
	char *args[] = {"true", 0}, *env[] = {0};
	shared = mmap(0, 4096, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	far[0] = mmap((void *)0xc000000000, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	far[1] = mmap((void *)0x7e0000000000, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pipe(p);
	if (fork() == 0) _exit(storm(4, p[1]));
	close(p[1]);
	while (read(p[0], &n, sizeof n) == sizeof n) seen += n;
	wait(&s);
	for (int i = 0; i < 5; i++) {
		if (vfork() == 0) { execve("/bin/true", args, env); _exit(1); }
		wait(&s);
	}
	return seen == 121 * 120 / 2 ? 0 : 1;
}
`

// signalsSource is a program whose threads are sent signals by timers of all clocks
// and by each other, while they run, sleep and wait.
const signalsSource = `
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static volatile int hits[65], order[4096], n;
static sigjmp_buf back;
static void on(int sig, siginfo_t *i, void *u) { hits[sig]++; if (n < 4096) order[n++] = sig; }
static void fault(int sig, siginfo_t *i, void *u) { hits[sig]++; siglongjmp(back, 1); }
static void handle(int sig, void (*f)(int, siginfo_t *, void *), int flags) {
	struct sigaction a = {.sa_flags = SA_SIGINFO | flags};
	a.sa_sigaction = f;
	sigaction(sig, &a, 0);
}
static void every(int clock, int sig, long ns) {
	timer_t t;
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig};
	struct itimerspec s = {{0, ns}, {0, ns}};
	timer_create(clock, &e, &t);
	timer_settime(t, 0, &s, 0);
}
static void *spins(void *p) {
	for (volatile long i = 0; i < 3000000; i++) ;
	return 0;
}
static void *sleeps(void *p) {
	struct timespec ts = {0, 70000}, left;
	for (int i = 0; i < 100; i++) {
		struct timespec want = ts;
		while (nanosleep(&want, &left) < 0 && errno == EINTR) want = left;
	}
	return 0;
}
int main(void) {
	pthread_t t[4];
	struct itimerval prof = {{0, 900}, {0, 900}};
	handle(SIGALRM, on, 0); handle(SIGUSR1, on, SA_RESTART); handle(SIGUSR2, on, SA_NODEFER);
	handle(SIGPROF, on, SA_RESTART); handle(SIGRTMIN, on, SA_RESTART); handle(SIGCHLD, on, SA_RESTART);
	handle(SIGSEGV, fault, 0); handle(SIGFPE, fault, 0);
	every(CLOCK_MONOTONIC, SIGRTMIN, 130000);
	every(CLOCK_THREAD_CPUTIME_ID, SIGUSR2, 50021);
	setitimer(ITIMER_PROF, &prof, 0);
	for (int i = 0; i < 4; i++) pthread_create(&t[i], 0, i % 2 ? sleeps : spins, 0);
	for (int i = 0; i < 200; i++) {
		if (sigsetjmp(back, 1) == 0) *(volatile int *)(long)(i % 7 * 8) = 1;
		pthread_kill(t[i % 4], SIGUSR1);
		poll(0, 0, 1);
	}
	for (int i = 0; i < 4; i++) pthread_join(t[i], 0);
	for (int i = 0; i < 10; i++) if (fork() == 0) { if (i % 2) raise(SIGKILL); _exit(i); }
	while (wait(0) > 0 || errno == EINTR) ;
	alarm(1);
	while (!hits[SIGALRM]) pause();
	return hits[SIGSEGV] == 200 && hits[SIGRTMIN] && hits[SIGUSR2] && hits[SIGPROF] && hits[SIGCHLD] ? 0 : 1;
}
`

// goSource is a program whose goroutines are on several threads and are preempted,
// collected and woken by timers.
const goSource = `
package main

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

func main() {
	var wg sync.WaitGroup
	var mu sync.Mutex
	sums := map[int]int{}
	c := make(chan int)
	for i := range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			s := 0
			for j := range 20_000 {
				s += j % (i + 1)
			}
			text := strings.Repeat("x", 1000*i)
			time.Sleep(time.Duration(i) * time.Millisecond)
			mu.Lock()
			sums[i] = s + len(text)
			mu.Unlock()
			c <- i
		}()
	}
	go func() { wg.Wait(); close(c) }()
	stop := time.After(10 * time.Second)
	seen := 0
	for open := true; open; {
		select {
		case _, open = <-c:
			seen++
		case <-stop:
			os.Exit(2)
		}
	}
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
	go func() { for {} }()
	time.Sleep(30 * time.Millisecond)
	if seen != 21 || len(sums) != 20 {
		os.Exit(1)
	}
}
`

func goProgram(t *testing.T) (string, []string) {
	dir := t.TempDir()
	src, exe := filepath.Join(dir, "main.go"), filepath.Join(dir, "main")
	if err := os.WriteFile(src, []byte(goSource), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", exe, src)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("no Go program: %v %s", err, out)
	}
	return exe, nil
}

func pythonProgram(t *testing.T) (string, []string) {
	// What is called python3 may be a script that starts it.
	python, err := exec.Command("python3", "-c", "import os; print(os.path.realpath('/proc/self/exe'), end='')").Output()
	if err != nil {
		t.Skipf("no python3: %v", err)
	}
	return string(python), []string{"-I", "-S", "-B", "-c", `
import threading, time
seen = {}
def work(i):
    for n in range(200):
        seen[i, n] = str(hash((i, n, "x" * n)))
    time.sleep(0.01)
ts = [threading.Thread(target=work, args=(i,)) for i in range(3)]
for t in ts: t.start()
for t in ts: t.join()
assert len(seen) == 600
`}
}

func bashProgram(t *testing.T) (string, []string) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skipf("no bash: %v", err)
	}
	words := filepath.Join(t.TempDir(), "words")
	text := ""
	for _, w := range []string{"sweet", "are", "the", "uses", "of", "adversity", "which", "like", "the", "toad", "ugly", "and", "venomous"} {
		text += w + "\n" + w + w + "\n"
	}
	if err := os.WriteFile(words, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	script := `n=0
while read -r w; do n=$((n + ${#w})); done < <(sort "$1" | uniq | tr a-m n-z | cat - "$1")
[ "$(cat "$1" | grep -c e)" -gt 0 ] && (exit 3) | (cat; exit 4)
sleep 0.01 & wait
p=$1.fifo
mkfifo "$p"; (echo through > "$p" &); cat "$p"; (cat "$p" &); echo through > "$p"; rm "$p"
[ $n -gt 200 ]`
	return bash, []string{"--norc", "-c", script, "bash", words}
}
