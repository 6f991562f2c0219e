package emu

import (
	"fmt"
	"strings"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

const leaverSource = `
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>
#define NI __attribute__((noinline, noclone))
static jmp_buf b;
static ucontext_t here, there;
static char other[65536];
NI void jumper(void) { longjmp(b, 1); }
NI int inside(void) { jmp_buf mine; int r = setjmp(mine); if (r < 3) longjmp(mine, r + 1); return r; }
static void elsewhere(void) { swapcontext(&there, &here); }
NI int coroutine(void) {
	getcontext(&there);
	there.uc_stack.ss_sp = other, there.uc_stack.ss_size = sizeof other, there.uc_link = &here;
	makecontext(&there, elsewhere, 0);
	swapcontext(&here, &there);
	return 5;
}
NI int blocks(void) {
	sigset_t s;
	sigfillset(&s);
	sigprocmask(SIG_BLOCK, &s, 0);
	return raise(SIGTERM);
}
NI int pipes(void) { int p[2]; pipe(p); close(p[0]); return write(p[1], "x", 1); }
NI void aborts(void) { abort(); }
NI int nest(void) { __asm__ volatile(""); return 4; }
NI void at(int n) { __asm__ volatile(""); }
NI int deep(int n) { char room[512]; memset(room, n, sizeof room); at(n); return room[n] == n; }
int main(void) {
	int r = setjmp(b);
	for (int i = 0; i < 3; i++) if (!deep(i)) return 9;
	sigset_t s;
	sigprocmask(SIG_BLOCK, 0, &s);
	for (int i = 1; i < 32; i++) if (sigismember(&s, i)) return 8;
	printf("jumped %d\n", r);
	return 0;
}
`

// leavers are the functions to call and the beginning of what becomes of each.
var leavers = []struct{ name, want string }{
	{"jumper", "the function left its call"},
	{"inside", "3"},
	{"coroutine", "5"},
	{"blocks", "0"},
	{"pipes", "the function raised SIGPIPE"},
	{"aborts", "the function raised SIGABRT"},
	{"nest", "4"},
}

// TestCallLeaves: a function that plugin code calls, and that leaves its call or
// signals itself, is ended; the program goes on as if nothing had been called.
func TestCallLeaves(t *testing.T) {
	for _, flags := range [][]string{{"-O1"}, {"-O1", "-m32"}, {"-O1", "-static"}} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			path := compileGuest(t, "gcc", leaverSource, append(flags, "-fno-stack-protector")...)
			for _, accel := range Accels {
				callLeavers(t, accel, path)
			}
		})
	}
}

func callLeavers(t *testing.T, accel, path string) {
	m := newMachineOn(t, accel, path)
	call := func(name string) string {
		f, _ := m.env.(Symbols).FindSymbol(name)
		ret, err := m.host.Call(f)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(int32(ret))
	}
	hits := 0
	m.host.InsnExec(event.Symbol("at"), func(*vcpu.CPU, guest.Addr) {
		hits++
		for _, l := range leavers {
			if got := call(l.name); !strings.HasPrefix(got, l.want) {
				t.Errorf("%s: %s: %s", accel, l.name, got)
			}
		}
	})
	m.host.InsnExec(event.Symbol("nest"), func(*vcpu.CPU, guest.Addr) {
		if got := call("jumper"); !strings.HasPrefix(got, leavers[0].want) {
			t.Errorf("%s: nested: %s", accel, got)
		}
	})
	if out := m.finish(t); out != "jumped 0\n" || hits != 3 {
		t.Errorf("%s: %q, %d hits", accel, out, hits)
	}
}
