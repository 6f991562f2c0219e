package emu

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"panda/emu/event"
	"panda/emu/guest"
	"panda/emu/vcpu"
)

// filterSource fires what exactSource does not: processes, threads, modules and
// exceptions of two vectors.
const filterSource = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
static void *thread(void *p) { return p; }
static void skip(int n, siginfo_t *i, void *u) { ((ucontext_t *)u)->uc_mcontext.gregs[REG_RIP] += 2; }
int main(int argc, char **argv) {
	pthread_t t;
	struct sigaction a = { .sa_sigaction = skip, .sa_flags = SA_SIGINFO };
	if (argc > 1) return 0;
	sigaction(SIGILL, &a, 0), sigaction(SIGSEGV, &a, 0);
	__asm__ volatile("ud2\n xor %%eax, %%eax\n mov (%%rax), %%eax" ::: "rax");
	pthread_create(&t, 0, thread, 0), pthread_join(t, 0);
	void *l = dlopen("libm.so.6", RTLD_NOW);
	if (l) dlclose(l);
	if (fork() == 0) execl(argv[0], argv[0], "x", (char *)0);
	wait(0);
	return 0;
}
`

// filterPart is how a part of a filter is tried: what an event has of it, and a
// filter that takes events with that.
type filterPart struct {
	of   func(e *event.Env) string // empty where the event has none
	take func(v string) *event.Filter
}

func hexNumber(s string) guest.Addr {
	n, _ := strconv.ParseUint(s, 16, 64)
	return guest.Addr(n)
}

var filterTries = map[string]filterPart{
	"pc": {
		func(e *event.Env) string { return fmt.Sprintf("%x", uint64(e.PC)) },
		func(v string) *event.Filter {
			return &event.Filter{PC: []event.Range{{Lo: hexNumber(v), Hi: hexNumber(v) + 1}}}
		},
	},
	"bytes": {
		func(e *event.Env) string {
			var b [1]byte
			e.CPU.Read(e.PC, b[:])
			return fmt.Sprintf("%02x", b[0])
		},
		func(v string) *event.Filter {
			p, _ := event.ParsePattern(v)
			return &event.Filter{Bytes: p}
		},
	},
	"mnemonic": {
		func(e *event.Env) string {
			f, _ := event.InsnExec.FindField("mnemonic", nil)
			return f.Get(e).Text
		},
		func(v string) *event.Filter { return &event.Filter{Mnemonic: []string{v}} },
	},
	"class": {
		func(e *event.Env) string {
			code := make([]byte, e.CPU.Machine.Arch.Longest)
			e.CPU.Read(e.PC, code)
			class, _ := e.CPU.Machine.Arch.Classify(code)
			return class.String()
		},
		func(v string) *event.Filter {
			f := &event.Filter{Class: []vcpu.Class{}}
			if class, err := vcpu.ParseClass(v); err == nil {
				f.Class = append(f.Class, class)
			}
			return f
		},
	},
	"symbol": {
		func(e *event.Env) string {
			if name, off, ok := e.CPU.Machine.Symbol(e.PC); ok && off == 0 {
				return name
			}
			return ""
		},
		func(v string) *event.Filter { return &event.Filter{Symbol: []string{v}} },
	},
	"module": {
		func(e *event.Env) string {
			file, _, _ := e.CPU.Machine.Module(e.PC)
			return path.Base(file)
		},
		func(v string) *event.Filter { return &event.Filter{Module: []string{v}} },
	},
	"addr": {
		func(e *event.Env) string { return fmt.Sprintf("%x", uint64(e.Mem.Addr)) },
		func(v string) *event.Filter {
			return &event.Filter{Addr: []event.Range{{Lo: hexNumber(v), Hi: hexNumber(v) + 1}}}
		},
	},
	"size": {
		func(e *event.Env) string { return strconv.Itoa(e.Mem.Size) },
		func(v string) *event.Filter { n, _ := strconv.Atoi(v); return &event.Filter{Size: n} },
	},
	"name": {
		func(e *event.Env) string {
			switch {
			case e.Call != nil:
				return e.Call.Name
			case e.Process != nil:
				return path.Base(e.Process.Path)
			}
			return path.Base(e.Module.Path)
		},
		func(v string) *event.Filter { return &event.Filter{Names: []string{v}} },
	},
	"number": {
		func(e *event.Env) string {
			if e.Call != nil {
				return strconv.Itoa(e.Call.Number)
			}
			return strconv.Itoa(int(e.Exception.Vector))
		},
		func(v string) *event.Filter {
			n, _ := strconv.Atoi(v)
			return &event.Filter{Numbers: []int64{int64(n)}}
		},
	},
}

// noSuch are values that nothing has.
var noSuch = map[string]string{
	"pc": "123456", "bytes": "0f0b0f0b0f", "mnemonic": "nosuch", "class": "nosuch", "symbol": "nosuch", "module": "nosuch", "addr": "123456", "size": "3", "name": "nosuch", "number": "9999",
}

// told is one event, and what it has of a part of the filter.
type told struct{ event, value string }

// collect lists the events of a kind that a filter takes.
func collect(t *testing.T, accel, program string, k event.Kind, f *event.Filter, part *filterPart) (all []told) {
	t.Helper()
	m := newMachineOn(t, accel, program)
	if f == nil && k.Class() == "insn" && strings.Contains(event.Rows[k].Filters, "bytes") {
		f = &event.Filter{PC: []event.Range{{Hi: ^guest.Addr(0)}}} // else insn_translate would choose
	}
	m.host.Subscribe(k, f, k.Each(func(e *event.Env) {
		x := told{event: "once"}
		if e.CPU != nil {
			x.event = fmt.Sprintf("%d %x", e.CPU.Icount(), uint64(e.PC))
		}
		if e.Mem != nil {
			x.event += fmt.Sprintf(" %x+%d", uint64(e.Mem.Addr), e.Mem.Size)
		}
		if part != nil {
			x.value = part.of(e)
		}
		all = append(all, x)
	}))
	if status, done, err := m.Run(); status != 0 || !done || err != nil || len(m.told) > 0 {
		t.Fatalf("%v: status %d, %v %v", k, status, err, m.told)
	}
	return all
}

// programs are tried in order for a kind: the first that fires it.
func filterPrograms(t *testing.T) []string {
	t.Helper()
	src := filepath.Join(t.TempDir(), "filters.c")
	exe := strings.TrimSuffix(src, ".c")
	if err := os.WriteFile(src, []byte(filterSource), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("no compiler")
	}
	if out, err := exec.Command("gcc", "-O1", "-w", "-o", exe, src, "-ldl", "-lpthread").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v %s", err, out)
	}
	return []string{exactProgram(t), exe}
}

// TestFiltersHonoured holds each filter that a row of events lists: the events
// that it takes are those of a run without it that have the value. Rows and
// filters come from the table, so that a new one is tried by itself.
func TestFiltersHonoured(t *testing.T) {
	programs := filterPrograms(t)
	for i := range event.Rows {
		r := &event.Rows[i]
		for _, key := range strings.Fields(r.Filters) {
			part, ok := filterTries[key]
			if !ok {
				t.Errorf("%s: no try of filter %q", r.Name, key)
				continue
			}
			for _, accel := range Accels {
				t.Run(r.Name+"/"+key+"/"+accel, func(t *testing.T) { tryFilter(t, accel, programs, r, key, &part) })
			}
		}
	}
}

func tryFilter(t *testing.T, accel string, programs []string, r *event.Row, key string, part *filterPart) {
	t.Helper()
	for n, program := range programs {
		// The program of C runs a whole dynamic linker: too much for events of instructions.
		if n > 0 && strings.Contains(r.Filters, "pc") {
			break
		}
		all := collect(t, accel, program, r.Kind, nil, part)
		i := slices.IndexFunc(all, func(x told) bool { return x.value != "" && x.value != all[0].value })
		if i < 0 {
			i = slices.IndexFunc(all, func(x told) bool { return x.value != "" })
		}
		if i < 0 {
			continue
		}
		v := all[i].value
		var want []told
		for _, x := range all {
			if x.value == v || key == "addr" && touches(x, hexNumber(v)) {
				want = append(want, x)
			}
		}
		if got := collect(t, accel, program, r.Kind, part.take(v), part); !slices.Equal(got, want) {
			t.Errorf("%s, %s=%s, %s: %d events, want %d of %d\ngot  %.300v\nwant %.300v", r.Name, key, v, accel, len(got), len(want), len(all), got, want)
		}
		if got := collect(t, accel, program, r.Kind, part.take(noSuch[key]), part); len(got) > 0 {
			t.Errorf("%s, %s=%s: %d events", r.Name, key, noSuch[key], len(got))
		}
		return
	}
	t.Errorf("%s: no program has an event with a %s", r.Name, key)
}

// touches reports whether the access of an event touches an address.
func touches(x told, a guest.Addr) bool {
	_, access, _ := strings.Cut(x.event[strings.LastIndex(x.event, " "):], " ")
	at, size, _ := strings.Cut(access, "+")
	n, _ := strconv.Atoi(size)
	return hexNumber(at) <= a && a < hexNumber(at)+guest.Addr(n)
}

// TestFiltersRefused: a filter that a row does not list is a mistake, which is
// told.
func TestFiltersRefused(t *testing.T) {
	m := newTestMachine(t, exactProgram(t))
	for i := range event.Rows {
		r := &event.Rows[i]
		for key, part := range filterTries {
			listed := slices.Contains(strings.Fields(r.Filters), key)
			err := func() (err any) {
				defer func() { err = recover() }()
				m.host.Subscribe(r.Kind, part.take(noSuch[key]), r.Kind.Each(func(*event.Env) {})).Remove()
				return nil
			}()
			want := fmt.Sprintf("%s has no filter %q", r.Name, key)
			if listed && err != nil || !listed && (err == nil || !strings.Contains(fmt.Sprint(err), want)) {
				t.Errorf("%s, %s: %v", r.Name, key, err)
			}
		}
	}
}

// TestCounters: a counter counts what callbacks are called for, in every kind.
func TestCounters(t *testing.T) {
	programs := filterPrograms(t)
	for i := range event.Rows {
		r := &event.Rows[i]
		program := programs[1]
		if strings.Contains(r.Filters, "pc") {
			program = programs[0]
		}
		m := newTestMachine(t, program)
		var counted uint64
		called := uint64(0)
		var f *event.Filter
		if strings.Contains(r.Filters, "bytes") {
			f = &event.Filter{PC: []event.Range{{Hi: ^guest.Addr(0)}}}
		}
		m.host.Counter(r.Kind, f, &counted)
		m.host.Subscribe(r.Kind, f, r.Kind.Each(func(*event.Env) { called++ }))
		m.finish(t)
		if counted != called || called == 0 && r.Kind != event.Shutdown {
			t.Errorf("%s: counted %d, called %d times", r.Name, counted, called)
		}
	}
}
