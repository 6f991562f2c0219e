package plugin_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"panda/emu"
	"panda/emu/guest"
	"panda/emu/plugin"
)

// The guest of the examples counts to three, doubles 21, prints "hello", asks for
// its process number, and ends.
var exampleCode = []byte{
	0xb9, 0x03, 0x00, 0x00, 0x00, // mov ecx, 3
	0xff, 0xc9, // dec ecx
	0x75, 0xfc, // jne the dec
	0xbf, 0x15, 0x00, 0x00, 0x00, // mov edi, 21
	0xe8, 0x2a, 0x00, 0x00, 0x00, // call double
	0x50,                         // push rax
	0x5b,                         // pop rbx
	0xba, 0x06, 0x00, 0x00, 0x00, // mov edx, 6
	0x48, 0x8d, 0x35, 0x20, 0x00, 0x00, 0x00, // lea rsi, [rip+hello]
	0xbf, 0x01, 0x00, 0x00, 0x00, // mov edi, 1
	0xb8, 0x01, 0x00, 0x00, 0x00, // mov eax, 1: write
	0x0f, 0x05, // syscall
	0xb8, 0x27, 0x00, 0x00, 0x00, // mov eax, 39: getpid
	0x0f, 0x05, // syscall
	0x31, 0xff, // xor edi, edi
	0xb8, 0xe7, 0x00, 0x00, 0x00, // mov eax, 231: exit_group
	0x0f, 0x05, // syscall
	0x8d, 0x04, 0x3f, // double: lea eax, [rdi+rdi]
	0xc3, // ret
	'h', 'e', 'l', 'l', 'o', '\n',
}

// Addresses in it.
const (
	exampleBase   guest.Addr = 0x400000
	exampleStart             = exampleBase + exampleHeaders
	exampleDouble            = exampleStart + 0x3d
)

const exampleHeaders = 64 + 56 // of the file, which is mapped as a whole

// exampleELF is the guest as a file with one segment.
func exampleELF() []byte {
	le := binary.LittleEndian
	size := uint64(exampleHeaders + len(exampleCode))
	b := append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 9)...)
	b = le.AppendUint16(le.AppendUint16(b, 2), 62) // ET_EXEC, EM_X86_64
	b = le.AppendUint64(le.AppendUint32(b, 1), uint64(exampleStart))
	b = le.AppendUint64(le.AppendUint64(b, 64), 0) // segments, no sections
	b = le.AppendUint32(b, 0)
	for _, v := range []uint16{64, 56, 1, 0, 0, 0} {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(le.AppendUint32(b, 1), 5) // PT_LOAD, to be read and run
	for _, v := range []uint64{0, uint64(exampleBase), uint64(exampleBase), size, size, 0x1000} {
		b = le.AppendUint64(b, v)
	}
	return append(b, exampleCode...)
}

// initFunc is a plugin that is nothing but its Init.
type initFunc func(h *plugin.Host) error

func (f initFunc) Init(h *plugin.Host) error { return f(h) }
func (initFunc) Close() error                { return nil }

// run runs the guest with plugins, whose names are example0, example1 and so on.
func run(plugins ...plugin.Plugin) {
	if err := runPlugins(plugins); err != nil {
		fmt.Println(err)
	}
}

func runPlugins(plugins []plugin.Plugin) error {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "guest")
	if err := os.WriteFile(path, exampleELF(), 0o755); err != nil {
		return err
	}
	out := int(os.Stdout.Fd())
	m, err := emu.New(emu.Config{
		Program: &emu.Program{Path: path, Args: []string{"guest"}, Stdout: out, Stderr: out},
		Warn:    func(format string, a ...any) { fmt.Printf(format+"\n", a...) },
	})
	if err != nil {
		return err
	}
	defer m.Close()
	for n, p := range plugins {
		if _, err := m.Plugins().Start(fmt.Sprintf("example%d", n), "", p, nil); err != nil {
			return err
		}
	}
	for {
		if _, done, err := m.Run(); done || err != nil {
			return err
		}
	}
}
