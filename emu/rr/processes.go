package rr

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"panda/emu/event"
)

// That a process is made, starts a program or ends follows from the inputs. It is recorded
// for who reads the recording, and a replay in which it comes otherwise goes another way.

// recordedProcess is what becomes of a process.
type recordedProcess struct {
	what processEvent
	event.Process
}

type processEvent byte

const (
	processStarts processEvent = iota + 1
	processForks
	processExits
)

var processEvents = map[event.Kind]processEvent{
	event.ProcessStart: processStarts, event.ProcessFork: processForks, event.ProcessExit: processExits,
}

func (r *recordedProcess) String() string {
	switch r.what {
	case processStarts:
		return fmt.Sprintf("process %d starts %s", r.PID, r.Path)
	case processForks:
		return fmt.Sprintf("process %d is made by %d", r.PID, r.Parent)
	}
	return fmt.Sprintf("process %d ends with wait status %#x", r.PID, r.Status)
}

func (e *encoder) process(r *recordedProcess) {
	e.buf = append(e.buf, byte(r.what))
	for _, n := range []int{r.PID, r.Parent, r.Status, len(r.Path)} {
		e.buf = binary.AppendVarint(e.buf, int64(n))
	}
	e.buf = append(e.buf, r.Path...)
}

func (d *decoder) process(r *recordedProcess) {
	r.what = processEvent(d.byte())
	var length int
	for _, n := range []*int{&r.PID, &r.Parent, &r.Status, &length} {
		*n = int(d.varint())
	}
	r.Path = string(d.bytes(uint64(length)))
}

// Process is told what becomes of a process.
func (r *Recorder) Process(k event.Kind, p *event.Process) {
	if r.ended {
		return
	}
	r.enter()
	defer r.leave()
	r.head(processEntry)
	r.enc.process(&recordedProcess{processEvents[k], *p})
}

// Process is told what becomes of a process, which became of it when the run was recorded.
func (p *Player) Process(k event.Kind, is *event.Process) {
	if p.ended {
		return
	}
	got := recordedProcess{processEvents[k], *is}
	switch {
	case p.next.kind == 0:
		panic(p.over())
	case p.next.kind != processEntry || p.next.process != got:
		p.diverge(got.String())
	}
	p.check(got.String)
	p.take()
}

// ProcessInfo is a process of a run. From and To are counts of instructions; once it has
// Ended there is its exit Status, or the Signal that killed it.
type ProcessInfo struct {
	PID, Parent int
	Program     Text // the last that it started
	From, To    uint64
	Ended       bool
	Status      int
	Signal      int
}

// processes are those of a recording.
type processes struct {
	all   []ProcessInfo
	alive map[int]int // where they are in all

	room     int // bytes for more
	unlisted int // for which there was none
}

// processRoom is how many bytes the list of processes may take, and processSize how many
// one takes besides the name of its program.
const (
	processRoom = 64 << 20
	processSize = 256
)

func newProcesses() processes { return processes{alive: map[int]int{}, room: processRoom} }

// takes reports whether there is room for n bytes, and takes them.
func (ps *processes) takes(n int) bool {
	if n > ps.room {
		return false
	}
	ps.room -= n
	return true
}

func (ps *processes) take(icount uint64, r *recordedProcess) {
	i, ok := ps.alive[r.PID]
	if !ok {
		if !ps.takes(processSize) {
			if r.what == processForks {
				ps.unlisted++
			}
			return
		}
		i = len(ps.all)
		ps.alive[r.PID] = i
		ps.all = append(ps.all, ProcessInfo{PID: r.PID, Parent: r.Parent, From: icount})
	}
	p := &ps.all[i]
	switch r.what {
	case processStarts:
		if p.Program = ""; ps.takes(len(r.Path)) {
			p.Program = Text(r.Path)
		}
	case processForks:
		if parent, ok := ps.alive[r.Parent]; ok {
			p.Program = ps.all[parent].Program
		}
	case processExits:
		p.To, p.Ended = icount, true
		if s := unix.WaitStatus(r.Status); s.Signaled() {
			p.Signal = int(s.Signal())
		} else {
			p.Status = s.ExitStatus()
		}
		delete(ps.alive, r.PID)
	}
}
