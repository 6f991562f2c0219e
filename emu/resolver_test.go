package emu

import (
	"fmt"
	"slices"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// resolversSource is a program whose resolvers have effects: on memory, on shared
// memory when there is some, and on the kernel; one never returns.
const resolversSource = `
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static int calls, *shared, late;
static char *volatile text = "nine chars";
static int seven(void) { return 7; }
static int eight(void) { return 8; }
static void *counts(void) { calls++; return seven; }
static void *shares(void) { calls++; if (shared) (*shared)++; return seven; }
static void *writes(void) {
	long n = 1;
	calls++;
	if (late) __asm__ volatile("syscall" : "+a"(n) : "D"(1L), "S"("no\n"), "d"(3L) : "rcx", "r11", "memory");
	return seven;
}
static void *spins(void) { calls++; while (late) ; return eight; }
int answer(void) __attribute__((ifunc("counts")));
int sharing(void) __attribute__((ifunc("shares")));
int writing(void) __attribute__((ifunc("writes")));
int spinning(void) __attribute__((ifunc("spins")));
int go(int n) { return answer() + sharing() + writing() + spinning() + (int)strlen(text + n); }
int main(void) {
	int before = calls, sum;
	shared = mmap(0, 4096, 3, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	late = 1;
	sum = go(before > 1000);
	sum += go(before > 1000);
	return sum == 2 * 39 && calls == before && *shared == 0 ? 0 : 1;
}
`

// resolvedNames are functions of resolversSource that have resolvers.
var resolvedNames = []string{"answer", "sharing", "writing", "spinning", "strlen"}

// runResolving runs it, and lists its system calls besides.
func runResolving(t *testing.T, exe string, drive func(m *Machine)) (*steadyRun, []string) {
	t.Helper()
	var calls []string
	run := runSteadily(t, exe, nil, steadyWay{drive: func(_ *testing.T, m *Machine, _ uint64) {
		m.bus.Subscribe(m.owner(), event.SyscallEnter, nil, event.SyscallBoolFunc(func(c *vcpu.CPU, s *event.Syscall) bool {
			calls = append(calls, fmt.Sprint(c.Icount(), s.Text()))
			return false
		}))
		m.bus.Subscribe(m.owner(), event.BeforeException, nil, event.ExceptionFunc(func(c *vcpu.CPU, e *guest.Exception) {
			calls = append(calls, fmt.Sprint(c.Icount(), e))
		}))
		if drive != nil {
			drive(m)
		}
	}}, 0)
	return run, calls
}

// TestResolversUnseen: hooks on indirect functions run nothing in the guest, whenever
// they come: before its dynamic linker, while it works, and after it.
func TestResolversUnseen(t *testing.T) {
	exe := compile(t, resolversSource)
	want, calls := runResolving(t, exe, nil)
	hits := map[string]int{}
	hook := func(m *Machine) (subs []*event.Sub) {
		for _, name := range resolvedNames {
			f := &event.Filter{Symbol: []string{name}}
			subs = append(subs, m.bus.Subscribe(m.owner(), event.InsnExec, f, event.PCFunc(func(*vcpu.CPU, guest.Addr) { hits[name]++ })))
		}
		return subs
	}
	for name, way := range map[string]struct {
		drive func(m *Machine)
		want  []string
	}{
		"early": {func(m *Machine) { hook(m) }, resolvedNames},
		"late": {func(m *Machine) {
			m.bus.Subscribe(m.owner(), event.InsnExec, &event.Filter{Symbol: []string{"go"}, Limit: 1}, event.PCFunc(func(*vcpu.CPU, guest.Addr) { hook(m) }))
		}, []string{"answer", "strlen"}},
		"again and again": {func(m *Machine) {
			var subs []*event.Sub
			m.Every(997, func() {
				for _, s := range subs {
					s.Remove()
				}
				subs = hook(m)
			})
		}, nil},
	} {
		clear(hits)
		got, gotCalls := runResolving(t, exe, way.drive)
		if d := got.difference(want); d != "" || !slices.Equal(calls, gotCalls) {
			t.Errorf("%s: %s\ncalls %q\nwant  %q", name, d, gotCalls, calls)
		}
		for _, n := range way.want {
			if hits[n] == 0 {
				t.Errorf("%s: no hit of %s", name, n)
			}
		}
	}
}
