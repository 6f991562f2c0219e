package char

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openStdio is the terminal, whose keys all go to the machine but for Ctrl-A; or input and
// output that are none.
func openStdio(d *Device, _ string, o *Options) error {
	d.out = o.Stdout
	if o.Stdin == nil {
		return nil
	}
	fd := int(o.Stdin.Fd())
	old, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		go read(o.Stdin, o)
		return nil
	}
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, raw(*old)); err != nil {
		return fmt.Errorf("the terminal: %w", err)
	}
	d.close = append(d.close, func() error { return unix.IoctlSetTermios(fd, unix.TCSETS, old) })
	go readKeys(o)
	return nil
}

// raw is a terminal that passes each key on at once. Its output is still that of lines.
func raw(t unix.Termios) *unix.Termios {
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.IEXTEN | unix.ISIG
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return &t
}

// escape is Ctrl-A.
const escape = 1

func readKeys(o *Options) {
	keys := escapes{options: o}
	read(o.Stdin, &Options{Received: keys.take})
}

// escapes tells what is typed after Ctrl-A from the rest.
type escapes struct {
	options *Options
	escaped bool
}

func (e *escapes) take(b []byte) {
	rest := make([]byte, 0, len(b))
	for _, c := range b {
		switch {
		case !e.escaped && c == escape:
			e.escaped = true
			continue
		case e.escaped && c != escape:
			if e.options.Escaped != nil {
				e.options.Escaped(c)
			}
		default:
			rest = append(rest, c)
		}
		e.escaped = false
	}
	if len(rest) > 0 {
		e.options.Received(rest)
	}
}

// openPTY makes a pseudo-terminal for somebody to connect to.
func openPTY(d *Device, _ string, o *Options) error {
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	d.close = append(d.close, f.Close)
	n, err := unix.IoctlGetInt(int(f.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(f.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		return fmt.Errorf("a pseudo-terminal: %w", err)
	}
	d.Where = fmt.Sprintf("/dev/pts/%d", n)
	// Held open, so that reading does not end when somebody leaves.
	held, err := os.OpenFile(d.Where, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	d.close = append(d.close, held.Close)
	if t, err := unix.IoctlGetTermios(int(held.Fd()), unix.TCGETS); err == nil {
		t = raw(*t)
		t.Oflag &^= unix.OPOST
		if err := unix.IoctlSetTermios(int(held.Fd()), unix.TCSETS, t); err != nil {
			return fmt.Errorf("a pseudo-terminal: %w", err)
		}
	}
	d.out = f
	go read(f, o)
	return nil
}
