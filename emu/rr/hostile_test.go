package rr

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"panda/emu/event"
	"panda/emu/linux/hostsys"
)

var encoderForTests = func() *zstd.Encoder {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	return enc
}()

// hostileFrames are frames that no recorder writes, and what is said of them.
type hostileFrames struct {
	what   string
	frames []byte
	want   string
}

func frameOf(kind frameKind, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{byte(kind)}, uint64(len(body))), body...)
}

// entries are a frame of entries, each by an encoder.
func entries(adds ...func(e *encoder)) []byte {
	var e encoder
	e.begin(nil)
	for _, add := range adds {
		add(&e)
	}
	return frameOf(logFrame, e.buf)
}

func anEntry(k kind, write func(e *encoder)) func(e *encoder) {
	return func(e *encoder) { e.head(k, e.icount+1, 0); write(e) }
}

func aCall(c recordedCall) func(e *encoder) {
	return anEntry(callEntry, func(e *encoder) { e.call(&c) })
}

// mapped are a call that keeps a file, and what is in it.
func mapped(p recordedPages) []byte {
	return entries(aCall(recordedCall{nr: hostsys.SysMappedKeep}),
		anEntry(fileEntry, func(e *encoder) { e.file(&recordedFile{p.id, regularFile, 0}) }),
		anEntry(pagesEntry, func(e *encoder) { e.pages(&p) }))
}

// raw is a frame with an entry of which only the numbers are.
func raw(numbers ...uint64) []byte {
	b := []byte{0, 0}
	for _, n := range numbers {
		b = binary.AppendUvarint(b, n)
	}
	return frameOf(logFrame, b)
}

func hostile() []hostileFrames {
	pages := frameOf(pageFrame, []byte{1, 2})
	after := func(f []byte) []byte { return append(append([]byte(nil), pages...), f...) }
	call := uint64(callEntry)
	return []hostileFrames{
		{"read of more than was asked for", entries(aCall(recordedCall{nr: unix.SYS_READ, ret: 1 << 40})), "it says that " + callName(unix.SYS_READ)},
		{"a negative count", entries(aCall(recordedCall{nr: unix.SYS_READ, ret: -7})), "= -7"},
		{"signals without end", entries(aCall(recordedCall{nr: hostsys.SysSignals, ret: 33})), "signals("},
		{"more written than there was", entries(aCall(recordedCall{nr: unix.SYS_WRITE, ret: 5*PageSize + 1})), "= 20481"},
		{"more of several buffers than there was", entries(aCall(recordedCall{nr: unix.SYS_PWRITEV2, ret: 13})), "= 13"},
		{"less than nothing written", entries(aCall(recordedCall{nr: unix.SYS_PWRITEV2, ret: -9})), "= -9"},
		{"more of a message than there was", entries(aCall(recordedCall{nr: unix.SYS_SENDMSG, ret: 1 << 31})), "= 2147483648"},
		{"more copied than was asked for", entries(aCall(recordedCall{nr: unix.SYS_SENDFILE, ret: 8})), "= 8"},
		{"more ready than was asked for", entries(aCall(recordedCall{nr: unix.SYS_PPOLL, ret: 3})), "= 3"},
		{"more events than there is room for", entries(aCall(recordedCall{nr: unix.SYS_EPOLL_PWAIT, ret: 3})), "= 3"},
		{"a listing without room", entries(aCall(recordedCall{nr: unix.SYS_GETDENTS64, ret: 1})), "= 1"},
		{"more of a mapped file than was asked for", entries(aCall(recordedCall{nr: hostsys.SysMappedRead, ret: 1 << 20})), "read-mapped("},
		{"more interfaces than there is room for", entries(aCall(recordedCall{nr: hostsys.SysIfconf, ret: 1 << 20})), "ifconf("},
		{"a message longer than any", entries(aCall(recordedCall{nr: unix.SYS_RECVMSG, ret: math.MaxInt64})), "= 9223372036854775807"},
		{"no signal", entries(aCall(recordedCall{nr: hostsys.SysSignals, ret: 2, outs: []outBuf{{rest: []byte{15, 0}}}})), "there is no signal 0"},
		{"no such signal", entries(aCall(recordedCall{nr: hostsys.SysSignals, ret: 1, outs: []outBuf{{rest: []byte{65}}}})), "there is no signal 65"},
		{"an error that is none", entries(aCall(recordedCall{nr: unix.SYS_DUP, errno: 1 << 40, ret: -1})), "it says that " + callName(unix.SYS_DUP)},
		{"a buffer too long", after(entries(aCall(recordedCall{nr: unix.SYS_READ, ret: 1, outs: []outBuf{{pages: []pageID{1, 2, 1, 2}}}}))), "16384 bytes for buffers of 12293"},
		{"a page that is not there", entries(aCall(recordedCall{nr: unix.SYS_READ, outs: []outBuf{{pages: []pageID{7}}}})), "refers to a page"},
		{"a message of nothing but flags", entries(aCall(recordedCall{nr: unix.SYS_RECVMSG, outs: []outBuf{{rest: make([]byte, 4)}, {rest: make([]byte, 90)}, {rest: make([]byte, 4)}}})), "for a buffer of 48"},
		{"a file of 2^62", mapped(recordedPages{1, 1 << 62, nil}), ""},
		{"a file of all bytes", mapped(recordedPages{1, math.MaxInt64, []pageRun{{0, 1 << 51, 0}}}), ""},
		{"a negative file", mapped(recordedPages{1, -1, nil}), "cannot have -1 bytes"},
		{"zeroes after the end", mapped(recordedPages{1, PageSize, []pageRun{{0, 1 << 60, 0}}}), "after the end"},
		{"2^60 pages", after(mapped(recordedPages{1, math.MaxInt64, []pageRun{{0, 1 << 50, 1}}})), "refers to a page"},
		{"a run around the last page", after(mapped(recordedPages{1, 1 << 62, []pageRun{{0, 1 << 32, 2}}})), "refers to a page"},
		{"no page at all", mapped(recordedPages{1, PageSize, []pageRun{{0, 1, 5}, {0, 0, 0}}}), "refers to a page"},
		{"a run of no zeroes", mapped(recordedPages{1, PageSize, []pageRun{{0, 0, 0}}}), ""},
		{"contents of no file", entries(aCall(recordedCall{nr: unix.SYS_DUP}), anEntry(pagesEntry, func(e *encoder) { e.pages(&recordedPages{id: 9}) })), "not mapped"},
		{"a file that nothing maps", entries(aCall(recordedCall{nr: unix.SYS_DUP}), anEntry(fileEntry, func(e *encoder) { e.file(&recordedFile{1, 1, 0}) }), anEntry(fileEntry, func(e *encoder) { e.file(&recordedFile{2, 1, 0}) })), "nothing maps"},
		{"no file", entries(aCall(recordedCall{nr: hostsys.SysMappedKeep})), "which file"},
		{"a file of no kind", entries(aCall(recordedCall{nr: hostsys.SysMappedKeep}), anEntry(fileEntry, func(e *encoder) { e.file(&recordedFile{1, 9, 3}) }), aCall(recordedCall{nr: hostsys.SysMap})), "kind of file"},
		{"a device", entries(aCall(recordedCall{nr: hostsys.SysMappedKeep}), anEntry(fileEntry, func(e *encoder) { e.file(&recordedFile{1, 0, 0}) }), aCall(recordedCall{nr: hostsys.SysMap})), "no file there, whose contents"},
		{"a map of nothing", entries(aCall(recordedCall{nr: hostsys.SysMap})), "cannot be mapped"},
		{"the beginning is contents", entries(anEntry(pagesEntry, func(e *encoder) { e.pages(&recordedPages{id: 9}) })), "diverges"},
		{"a file that was dropped", entries(
			aCall(recordedCall{nr: hostsys.SysMappedKeep}), anEntry(fileEntry, func(e *encoder) { e.file(&recordedFile{1, 1, 0}) }),
			aCall(recordedCall{nr: unix.SYS_DUP}), anEntry(fileEntry, func(e *encoder) { e.file(&recordedFile{1, 1, 0}) }),
			aCall(recordedCall{nr: hostsys.SysPunch}), aCall(recordedCall{nr: hostsys.SysMappedKeep})), "was dropped"},
		{"a clock below all", entries(anEntry(clockEntry, func(e *encoder) { e.clock(-5, 7) })), ""},
		{"icount over its end", raw(call, math.MaxUint64, 1, 0, 0, 0, 0, 0, call, 5, 1, 0, 0, 0, 0, 0), "damaged"},
		{"buffers without end", raw(call, 0, 0, hasOuts, 0, 0, 0, 0, 1<<60), "damaged"},
		{"pages without end", raw(call, 0, 0, hasOuts, 0, 0, 0, 0, 1, 1<<60), "damaged"},
		{"runs without end", raw(uint64(pagesEntry), 0, 1, 1, 1<<60), "damaged"},
		{"no such kind", raw(99, 0), "damaged"},
		{"a part is missing", frameOf(logFrame, []byte{5, 0, byte(clockEntry), 1, 1, 1}), "a part is missing"},
		{"pages that are none", append(frameOf(pageFrame, nil), entries(aCall(recordedCall{nr: 1}))...), "damaged"},
	}
}

// TestHostile plays what no recorder writes: it is refused with a sentence.
func TestHostile(t *testing.T) {
	for _, h := range hostile() {
		err := play(recordingOf(h.frames))
		text := "nothing"
		if err != nil {
			text = err.Error()
		}
		if (h.want == "") != (err == nil) || !strings.Contains(text, h.want) {
			t.Errorf("%s: %s, want %q", h.what, text, h.want)
		}
	}
}

// TestHostileMemory: small frames take little memory, whatever they say.
func TestHostileMemory(t *testing.T) {
	outs := recordingOf(frameOf(logFrame, append(raw(uint64(callEntry), 0, 0, hasOuts, 0, 0, 0, 0, mostBody/2)[2:], make([]byte, mostBody/2)...)))
	runs := recordingOf(append(entries(aCall(recordedCall{nr: unix.SYS_DUP})), frameOf(logFrame, append(raw(uint64(pagesEntry), 0, 1, 1, mostBody/2)[2:], make([]byte, mostBody/2)...))...))
	for i, data := range [][]byte{outs, runs} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := play(data)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; err == nil || n > 3*mostBody {
			t.Errorf("%d: %d bytes, %v", i, n, err)
		}
	}
}

// contentsOf are those of a recording whose entries a function makes.
func contentsOf(t *testing.T, n int, add func(e *encoder, i int)) *Contents {
	t.Helper()
	var e encoder
	e.begin(nil)
	for i := range n {
		add(&e, i)
	}
	data := recordingOf(frameOf(logFrame, e.buf))
	r, err := open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c := r.Contents()
	if c.Inputs != uint64(n) {
		t.Fatalf("%d inputs, want %d", c.Inputs, n)
	}
	return c
}

// TestHostileContents: what a recording holds is counted in bounded memory.
func TestHostileContents(t *testing.T) {
	const n = 400_000
	c := contentsOf(t, n, func(e *encoder, i int) {
		e.head(processEntry, 0, 1)
		e.process(&recordedProcess{processForks, event.Process{PID: i + 2, Parent: 1}})
	})
	if len(c.Processes) > processRoom/processSize || len(c.Processes)+c.Unlisted != n {
		t.Errorf("%d processes and %d more", len(c.Processes), c.Unlisted)
	}
	path := strings.Repeat("x", 10_000)
	c = contentsOf(t, 1000, func(e *encoder, i int) {
		e.head(processEntry, 0, 1)
		e.process(&recordedProcess{processStarts, event.Process{PID: 1, Path: path}})
	})
	if len(c.Processes) != 1 || string(c.Processes[0].Program) != path {
		t.Errorf("%d processes", len(c.Processes))
	}
	c = contentsOf(t, n, func(e *encoder, i int) {
		e.head(callEntry, 0, i*1000)
		e.call(&recordedCall{nr: uintptr(i)})
	})
	if c.Threads != (mostIDs-1)/1000 || len(c.Kinds) > mostKinds+1 {
		t.Errorf("%d threads, %d kinds of calls", c.Threads, len(c.Kinds))
	}
	c = contentsOf(t, 100, func(e *encoder, i int) {
		e.head(fileEntry, 0, 1)
		e.file(&recordedFile{id: uint64(i/2 + 1)})
	})
	if c.Files != 50 {
		t.Errorf("%d files", c.Files)
	}
}

// TestMappedMemory: mapped files take no more memory than the machine can give.
func TestMappedMemory(t *testing.T) {
	runs := make([]pageRun, 0, mostRuns)
	for i := range uint64(mostRuns) {
		runs = append(runs, pageRun{i * framePages, framePages, 1})
	}
	frames := append(frameOf(pageFrame, bytesAt(1, framePages)), mapped(recordedPages{1, mostRuns * frameSize, runs})...)
	var broken *BrokenError
	if err := play(recordingOf(frames)); !errors.As(err, &broken) || !strings.Contains(err.Error(), "more than half of this machine's memory") {
		t.Error(err)
	}
}

// TestFileSize: where the host limits the size of files, a replay that needs more says so.
func TestFileSize(t *testing.T) {
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	few := unix.Rlimit{Cur: PageSize, Max: was.Max}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &few); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_FSIZE, &was)
	frames := append(frameOf(pageFrame, bytesAt(1, 1)), mapped(recordedPages{1, 2 * PageSize, []pageRun{{1, 1, 1}}})...)
	var broken *BrokenError
	if err := play(recordingOf(frames)); !errors.As(err, &broken) || !strings.Contains(err.Error(), "limit of the size of files") {
		t.Error(err)
	}
}
