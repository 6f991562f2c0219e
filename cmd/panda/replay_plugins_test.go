package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// watchers are options that write about a run, into files of the working directory or to
// standard output.
var watchers = [][]string{
	{"-panda", "syscalls"},
	{"-panda", "coverage"},
	{"-panda", "malloc:skip,file=malloc.txt;ltrace:file=ltrace.txt;callstack"},
	{"-panda", "ltrace:from=replay,file=from.txt;strings:reads,memory,file=strings.txt"},
	{"-strace", "-D", "trace.txt"},
	{"-panda", "strace:file=strace.txt;iolog;opens:failed;procs"},
	{"-panda", "insncount:file=insns.txt;hotblocks;memtrace:limit=10000;stringsearch:str=appended;antidebug:time"},
	{"-e", `panda.on("syscall_enter", { name = "write" }, function(cpu) for _, f in ipairs(cpu:backtrace(9)) do print(cpu.pid, cpu:symbol(f.pc)) end end)`},
}

// written are the files of a directory.
func written(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	names, err := os.ReadDir(dir)
	for _, n := range names {
		if files[n.Name()], err = os.ReadFile(filepath.Join(dir, n.Name())); err != nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestReplayPlugins: what plugins write of a replay is what they wrote of the run, though
// the program and the files that it read are gone.
func TestReplayPlugins(t *testing.T) {
	prog := buildC(t, "replay")
	for _, options := range watchers {
		t.Run(options[len(options)-1], func(t *testing.T) {
			t.Parallel()
			dir, out := gone(t, prog), t.TempDir()
			input(t, filepath.Join(dir, "file"), 100_000)
			want, file := record(t, out, "", options, "sh", "-c", `cd "$1"; ./replay file; ls / | sort; exit 3`, "sh", dir)
			wrote := written(t, out)
			os.RemoveAll(dir)
			if want.status != 3 || len(wrote) == 0 && len(want.stdout) < 1000 {
				t.Fatalf("%+v, files %v", want, slices.Sorted(maps.Keys(wrote)))
			}
			for _, way := range [][]string{replays[0], replays[3]} {
				again := t.TempDir()
				if got := panda(t, again, slices.Concat([]string{"replay", file}, way, options)...); got != want {
					t.Errorf("%v\ngot  %+v\nwant %+v", way, clip(got), clip(want))
				}
				if got := written(t, again); !maps.EqualFunc(got, wrote, bytes.Equal) {
					t.Errorf("%v: other files: %v, want %v", way, sizes(got), sizes(wrote))
				}
			}
		})
	}
}

func sizes(files map[string][]byte) map[string]int {
	n := map[string]int{}
	for name, b := range files {
		n[name] = len(b)
	}
	return n
}

// TestReplayState: a script asks what is recorded and what is replayed.
func TestReplayState(t *testing.T) {
	t.Parallel()
	const ask = `local function tell(what, r) print(what, r and r.file, r and r.inputs > 0, r and r.bytes > 100, r and r.instructions >= panda.cpu.icount) end
panda.on("process_exit", function() tell("record", panda.record()) tell("replay", panda.replay()) end)`
	want, file := record(t, t.TempDir(), "", []string{"-e", ask}, "/bin/true")
	if want.stdout != "record\t"+file+"\ttrue\ttrue\ttrue\nreplay\tnil\tnil\tnil\tnil\n" {
		t.Errorf("%+v", want)
	}
	for _, trust := range []string{"-untrusted=false", "-untrusted"} {
		if r := panda(t, t.TempDir(), "replay", file, trust, "-e", ask); r.stdout != "record\tnil\tnil\tnil\tnil\nreplay\t"+file+"\ttrue\ttrue\ttrue\n" {
			t.Errorf("%+v", r)
		}
	}
}

// TestInfoProcesses: panda info lists the processes of a run.
func TestInfoProcesses(t *testing.T) {
	t.Parallel()
	_, file := record(t, t.TempDir(), "", nil, "sh", "-c", "(exit 3); sh -c 'kill -9 $$'; exec /bin/true")
	r := panda(t, t.TempDir(), "info", file)
	shape := regexp.MustCompile(`(?m)^processes +3\n +(\d+) \S*/true, from icount 0, to [\d,]+, status 0\n +\d+ \S+, from icount [\d,]+, to [\d,]+, status 3, of (\d+)\n +\d+ \S+, from icount [\d,]+, to [\d,]+, SIGKILL, of (\d+)\n`)
	if m := shape.FindStringSubmatch(r.stdout); m == nil || m[1] != m[2] || m[1] != m[3] {
		t.Errorf("%+v", r)
	}
}
