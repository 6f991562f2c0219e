// Package char is what a serial port of a machine can be connected to: the terminal, a file,
// a socket, a pseudo-terminal. What comes in is read by a goroutine of its own.
package char

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
)

// Device is what a port is connected to. Its methods belong to one goroutine.
type Device struct {
	mu    sync.Mutex
	out   io.Writer // nil while nobody is connected
	kept  []byte
	lost  func(err error)
	close []func() error
	// Where says where to connect to, "" if there is nothing to say.
	Where string
}

// Options say what becomes of what comes in.
type Options struct {
	// Received takes what comes in; it is called on another goroutine, and keeps b.
	Received func(b []byte)
	// Escaped takes what is typed after Ctrl-A on a terminal.
	Escaped func(key byte)
	// Lost is told once that output was lost.
	Lost func(err error)

	// Stdin and Stdout are the terminal. Without the first, nothing comes in.
	Stdin, Stdout *os.File
}

// kinds are the ways to connect a port, by what stands before the colon.
var kinds = []struct {
	name, args, doc string
	open            func(d *Device, arg string, o *Options) error
}{
	{"stdio", "", "the terminal, where Ctrl-A x ends the machine and Ctrl-A h tells more", openStdio},
	{"null", "", "nowhere", func(*Device, string, *Options) error { return nil }},
	{"none", "", "the same", func(*Device, string, *Options) error { return nil }},
	{"file", "PATH", "a file, for output alone", openFile},
	{"pty", "", "a pseudo-terminal, whose name is said", openPTY},
	{"tcp", "HOST:PORT[,server]", "a TCP connection, made or waited for", openTCP},
	{"unix", "PATH[,server]", "a socket of that name", openUnix},
}

// Forms are the ways to write what a port is connected to, with what they mean.
func Forms() (forms []string) {
	for _, k := range kinds {
		form := k.name
		if k.args != "" {
			form += ":" + k.args
		}
		forms = append(forms, form)
	}
	return forms
}

// Open connects a port to what spec says.
func Open(spec string, o Options) (*Device, error) {
	name, arg, _ := strings.Cut(spec, ":")
	if spec == "mon:stdio" {
		name, arg = "stdio", ""
	}
	d := &Device{lost: o.Lost}
	if d.lost == nil {
		d.lost = func(error) {}
	}
	for _, k := range kinds {
		if k.name != name {
			continue
		}
		if (arg == "") != (k.args == "") {
			return nil, fmt.Errorf("%q: it is written %s", spec, strings.TrimSuffix(k.name+":"+k.args, ":"))
		}
		if err := k.open(d, arg, &o); err != nil {
			d.Close()
			return nil, err
		}
		return d, nil
	}
	return nil, fmt.Errorf("%q is nothing that a port is connected to: there are %s", spec, strings.Join(Forms(), ", "))
}

// keepMost is how much output waits for more of a line.
const keepMost = 1 << 12

// Send sends a byte, which may wait for the end of its line or for Flush.
func (d *Device) Send(b byte) {
	d.kept = append(d.kept, b)
	if b == '\n' || len(d.kept) >= keepMost {
		d.Flush()
	}
}

// Flush sends what waits.
func (d *Device) Flush() {
	if len(d.kept) == 0 {
		return
	}
	d.mu.Lock()
	out := d.out
	d.mu.Unlock()
	if out != nil {
		if _, err := out.Write(d.kept); err != nil {
			d.set(nil)
			d.lost(err)
		}
	}
	d.kept = d.kept[:0]
}

func (d *Device) set(w io.Writer) {
	d.mu.Lock()
	d.out = w
	d.mu.Unlock()
}

// Close ends the connection, and gives the terminal back.
func (d *Device) Close() error {
	d.Flush()
	var errs []error
	for i := len(d.close) - 1; i >= 0; i-- {
		errs = append(errs, d.close[i]())
	}
	d.close = nil
	return errors.Join(errs...)
}

func openFile(d *Device, path string, _ *Options) error {
	f, err := os.Create(path)
	if err == nil {
		d.out, d.close = f, append(d.close, f.Close)
	}
	return err
}

// read gives what comes from somewhere to the machine, until it ends.
func read(r io.Reader, o *Options) {
	for {
		b := make([]byte, 1<<10)
		n, err := r.Read(b)
		if n > 0 {
			o.Received(b[:n])
		}
		if err != nil {
			return
		}
	}
}

func openTCP(d *Device, arg string, o *Options) error { return openSocket(d, "tcp", arg, o) }

func openUnix(d *Device, arg string, o *Options) error { return openSocket(d, "unix", arg, o) }

// openSocket connects to a socket, or waits for one who does: the machine does not.
func openSocket(d *Device, network, arg string, o *Options) error {
	addr, options, _ := strings.Cut(arg, ",")
	server := false
	for _, w := range strings.FieldsFunc(options, func(r rune) bool { return r == ',' }) {
		switch w {
		case "server", "server=on":
			server = true
		case "nowait", "wait=off":
		default:
			return fmt.Errorf("%s:%s: no option %q; there is server, which does not wait", network, arg, w)
		}
	}
	if !server {
		c, err := net.Dial(network, addr)
		if err != nil {
			return err
		}
		d.out, d.close = c, append(d.close, c.Close)
		go read(c, o)
		return nil
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		return err
	}
	d.Where, d.close = l.Addr().String(), append(d.close, l.Close)
	go d.serve(l, o)
	return nil
}

// serve takes one connection after the other.
func (d *Device) serve(l net.Listener, o *Options) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		d.set(c)
		read(c, o)
		d.set(nil)
		c.Close()
	}
}
