package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReplayDamaged: of a recording that is cut off or damaged a beginning is replayed, or
// nothing, and a sentence says so.
func TestReplayDamaged(t *testing.T) {
	dir, data, output := recorded(t, "wait")
	check := func(what string, at int, bad []byte) (n int) {
		r := replayBytes(t, dir, bad)
		if !strings.HasPrefix(output, r.stdout) || !strings.HasPrefix(r.stderr, "panda: bad.rr") && !strings.HasPrefix(r.stderr, "panda: the recording has no more at icount ") {
			t.Errorf("%s %d: %+v", what, at, r)
		}
		if r.status != 1 && (r.stdout != output || r.status != 7) {
			t.Errorf("%s %d: %+v", what, at, r)
		}
		return len(r.stdout)
	}
	parts := map[int]bool{}
	for i := 0; i < len(data); i += 1 + len(data)/40 {
		parts[check("cut off at", i, data[:i])] = true
		bad := bytes.Clone(data)
		bad[i] ^= 1 << (i % 8)
		check("another bit at", i, bad)
	}
	if len(parts) < 4 {
		t.Errorf("the beginnings have these lengths: %v", parts)
	}
	other := bytes.Clone(data)
	binary.LittleEndian.PutUint32(other[8:], 7)
	if r := replayBytes(t, dir, other); r.status != 1 || r.stderr != "panda: bad.rr: this recording has format 7; this panda reads format 1\n" {
		t.Errorf("%+v", r)
	}
}

// TestReplayHostile: entries that somebody has changed make a replay end with a sentence.
func TestReplayHostile(t *testing.T) {
	dir, data, _ := recorded(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	n := 60
	if *slow {
		n = 5000
	}
	for range n {
		frames := framesOf(t, data)
		f := &frames[rnd.IntN(len(frames))]
		for f.kind != 'L' && f.kind != 'P' {
			f = &frames[rnd.IntN(len(frames))]
		}
		for range 1 + rnd.IntN(2) {
			f.body[rnd.IntN(len(f.body))] = byte(rnd.Uint32())
		}
		replayBytes(t, dir, recordingOf(data, frames))
	}
}

// TestReplayManifest: what a recording says of its run is not believed.
func TestReplayManifest(t *testing.T) {
	dir, data, output := recorded(t)
	type is = map[string]any
	for _, c := range []struct {
		is   is
		want string
	}{
		{is{"Host": "linux/vax"}, "bad.rr was recorded on linux/vax, whose system calls are others"},
		{is{"Arch": "vax"}, `bad.rr: it was recorded by another panda, or is damaged: there is no architecture "vax"`},
		{is{"CPU": "z80"}, `bad.rr: it was recorded by another panda, or is damaged: x86 has no model "z80"`},
		{is{"Window": 12345}, "bad.rr: the recording is damaged: its window: 12345 bytes"},
		{is{"Window": 1 << 62}, "bad.rr: the recording is damaged: its window: "},
		{is{"Files": -1}, "bad.rr: the recording is damaged: its manifest says -1"},
		{is{"Threads": -1}, "bad.rr: the recording is damaged: its manifest says -1"},
		{is{"Stdio": []int{0, -1, 2}}, "bad.rr: the recording is damaged: its manifest says -1"},
		{is{"Stdio": []int{0, 1, 1 << 40}}, "bad.rr: the recording is damaged: its manifest says 1099511627776"},
		{is{"Stdio": []int{0, 1, 99}}, "the replay diverges at icount 0 in thread 0: "},
		{is{"Wake": -1}, "bad.rr: the recording is damaged: its manifest says -1"},
		{is{"Ignored": []int{99999}}, "bad.rr: the recording is damaged: there is no signal 99999"},
		{is{"Layout": "loose"}, `bad.rr: its layout: there is no "loose"`},
		{is{"Path": ""}, "bad.rr: the recording is damaged: it names no program"},
		{is{"Path": "/nowhere"}, "the replay diverges at icount 0 in thread 0: "},
		{is{"Args": "no list"}, "bad.rr: the recording is damaged: its manifest: "},
		{is{"Args": []string{"\x01!"}}, "bad.rr: the recording is damaged: its manifest: "},
		{is{"Walks": true}, "the replay diverges at icount 0 in thread 0: "},
	} {
		r := replayBytes(t, dir, withManifest(t, data, c.is))
		if r.status != 1 || !strings.HasPrefix(sentence(r), "panda: "+c.want) || r.stdout != "" {
			t.Errorf("%v: %+v", c.is, r)
		}
	}
	if r := replayBytes(t, dir, withManifest(t, data, is{"Cwd": "/elsewhere"})); r.status != 7 || r.stdout != output || r.stderr != "" {
		t.Errorf("%+v", r)
	}
}

// TestReplayErrors: command lines of panda replay that cannot work.
func TestReplayErrors(t *testing.T) {
	dir, _, _ := recorded(t)
	write(t, dir, "empty", "")
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"", 2, "no recording to replay"},
		{"missing", 1, "open missing: no such file or directory"},
		{".", 1, ". is no file"},
		{"fifo", 1, "fifo is no file"},
		{"empty", 1, "empty: this is no recording of panda"},
		{"/proc/self/exe", 1, "/proc/self/exe: this is no recording of panda"},
		{"run -E A=b", 2, "-E cannot be had in a replay: the environment is the recorded one"},
		{"run -env none", 2, "-env cannot be had"},
		{"run -L /", 2, "-L cannot be had in a replay"},
		{"run -0 x", 2, "-0 cannot be had in a replay"},
		{"run -layout native", 2, "-layout cannot be had in a replay"},
		{"run -arch x86", 2, "-arch cannot be had in a replay"},
		{"run -cpu max", 2, "-cpu cannot be had in a replay"},
		{"run -window 1t", 2, "-window cannot be had in a replay"},
		{"run -sched-seed 4", 2, "-sched-seed cannot be had in a replay"},
		{"-sched-seed 4 run", 2, "-sched-seed cannot be had in a replay"},
		{"run -limit mem=1g", 2, "-limit cannot be had in a replay"},
		{"run -allow /", 2, "-allow cannot be had in a replay"},
		{"run -record x", 2, "-record cannot be had in a replay: the recording is there"},
		{"run -nosuch", 2, "no option -nosuch"},
		{"run more", 2, `replay has one recording: "more" is too much`},
		{"run -panda nosuch", 1, `no plugin "nosuch"`},
		{"run -panda-plugin /nowhere.lua", 1, "open /nowhere.lua: no such file"},
		{"run -accel q", 1, `-accel: there is no engine "q"`},
		{"run -e local=1", 1, "-e:1:"},
	} {
		r := panda(t, dir, append([]string{"replay"}, strings.Fields(c.args)...)...)
		if r.status != c.status || !strings.Contains(sentence(r), c.want) || r.stdout != "" || strings.Contains(r.stderr, "goroutine") {
			t.Errorf("%q: %+v, want %d %s", c.args, r, c.status, c.want)
		}
	}
}

// TestNoName: a recording without a name is none, whoever is asked for it.
func TestNoName(t *testing.T) {
	for _, command := range []string{"replay", "verify", "info"} {
		if r := panda(t, t.TempDir(), command, ""); r.status != 1 || r.stderr != "panda: open : no such file or directory\n" {
			t.Errorf("%s: %+v", command, r)
		}
	}
}

// TestRecordingAddedTo: what stands after the end of a recording is no part of it, and it is
// said so.
func TestRecordingAddedTo(t *testing.T) {
	dir, data, output := recorded(t)
	added := append(bytes.Clone(data), data[len(data)-trailerBytes:]...)
	for _, bad := range [][]byte{append(bytes.Clone(data), "more"...), added} {
		write(t, dir, "added.rr", string(bad))
		said := fmt.Sprintf("panda: added.rr: the %d bytes after its end are left out\n", len(bad)-len(data))
		if r := panda(t, dir, "replay", "added"); r.status != 7 || r.stdout != output || r.stderr != said {
			t.Errorf("%+v", r)
		}
		if r := panda(t, dir, "verify", "added"); r.status != 0 || !strings.HasPrefix(r.stdout, "added.rr is right: ") || r.stderr != said {
			t.Errorf("%+v", r)
		}
		if r := panda(t, dir, "info", "added"); !strings.Contains(r.stdout, fmt.Sprintf("\nadded         %d bytes after its end, which are left out\n", len(bad)-len(data))) || !strings.HasSuffix(r.stdout, "\nend           exit status 7\n") {
			t.Errorf("%+v", r)
		}
	}
}

// trailerBytes are what a recording ends with: where its summary is, and panda.ok.
const trailerBytes = 16

// TestRecorderKilled: what a recorder had written when it was killed is replayed.
func TestRecorderKilled(t *testing.T) {
	dir, _, _ := recorded(t)
	path, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	prog := buildC(t, "recorded", "-O1", "-nostdlib", "-static", "-fno-stack-protector", "-fcf-protection=none")
	cmd := exec.Command(path, "record", "-o", "killed", prog, "wait")
	cmd.Dir = dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	written := make([]byte, 4*33)
	if _, err := io.ReadFull(out, written); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	r := panda(t, dir, "replay", "killed")
	if r.status != 1 || !strings.HasPrefix(string(written), r.stdout) || len(r.stdout) < 33 {
		t.Errorf("%+v, want a beginning of %s", r, written)
	}
	if n := strings.Count(r.stderr, "it is still being written, its recorder was killed"); n != 1 || !strings.Contains(r.stderr, "replay it again later, else record again\n") {
		t.Errorf("%d times: %q", n, r.stderr)
	}
	if lines := strings.Split(r.stderr, "\n"); len(lines) != 3 || !strings.Contains(lines[0], "killed.rr: its end is missing") || !strings.HasPrefix(lines[1], "panda: the recording has no more at icount ") {
		t.Errorf("%q", r.stderr)
	}
}

// TestRecordFull: a program whose recording finds no room runs on; what is there is its
// beginning.
func TestRecordFull(t *testing.T) {
	prog := buildC(t, "recorded", "-O1", "-nostdlib", "-static", "-fno-stack-protector", "-fcf-protection=none")
	dir := t.TempDir()
	r := underLimit(t, dir, "8", "record", "-o", "full", prog, "wait")
	if want := "panda: only the beginning of the run is in the recording full.rr, which could not be written: file too large\n"; r.status != 7 || len(r.stdout) != 8*33 || r.stderr != want {
		t.Errorf("%+v", r)
	}
	if st, err := os.Stat(filepath.Join(dir, "full.rr")); err != nil || st.Size() > 8*1024 {
		t.Error(st, err)
	}
	if c := contentsOf(t, dir, "full"); c.Instructions == 0 || !strings.HasSuffix(c.End, fmt.Sprintf("; its last input is at icount %d", c.Instructions)) {
		t.Errorf("%+v", c)
	}
	again := panda(t, dir, "replay", "full")
	if again.status != 1 || !strings.HasPrefix(r.stdout, again.stdout) || len(again.stdout) < 33 || !strings.Contains(again.stderr, "panda: the recording has no more at icount ") || !strings.Contains(again.stderr, "its recorder ") {
		t.Errorf("%+v", again)
	}
}

// TestRecordNowhere: what is no file is not recorded into, nor into one beside it.
func TestRecordNowhere(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"/dev/null", "fifo"} {
		if r := panda(t, dir, "record", "-o", name, "/bin/true"); r.status != 1 || r.stderr != "panda: record: "+name+" is no file\n" {
			t.Errorf("%+v", r)
		}
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Error(names, err)
	}
}

// TestReplayNoRoom: a replay that this machine has no room for says what is missing.
func TestReplayNoRoom(t *testing.T) {
	dir, _, _ := recorded(t)
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for n := 8; n < 24; n++ { // how many panda itself has open depends on the machine
		r := execute(t, dir, "", "sh", "-c", fmt.Sprintf(`ulimit -n %d; exec "$0" replay run`, n), binary)
		if strings.Contains(r.stderr, "diverges") {
			t.Errorf("%d: %+v", n, r)
		}
		if r.status == 1 && r.stderr == "panda: the replay cannot go on: too many open files\n" {
			said++
		}
	}
	if said == 0 {
		t.Error("it never runs out of descriptors")
	}
}

// TestRecordBesideFIFO: what is in the directory of a recording is not written to.
func TestRecordBesideFIFO(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(dir, "run.rr.part"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := panda(t, dir, "record", "-o", "run", "/bin/true"); r.status != 0 || !strings.HasPrefix(r.stderr, "panda: recorded run.rr: ") {
		t.Errorf("%+v", r)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 2 {
		t.Error(names, err)
	}
}
