package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// typing is what a user types, and the end of what a terminal shows before the
// user goes on.
type typing struct{ keys, shows string }

const (
	// job prints a line once it is in the foreground, and when it is continued. It
	// starts nothing: a shell that is stopped within vfork never says so.
	job     = `sh -c 'trap "echo on" CONT; echo ready; while :; do :; done'` + "\n"
	stopped = "until jobs | grep -q Stopped; do sleep 0.02; done; jobs\n"
)

// jobControl is a session in bash: stop, continue and interrupt a job, jobs in the
// background that read or write.
var jobControl = []typing{
	{"", "$ "},
	{"echo hello; tty > /dev/null && echo terminal\n", "\nterminal\r\n$ "},
	{job, "\r\nready\r\n"},
	{"\x1a", "$ "},
	{"jobs\n", "$ "},
	{"fg\n", "\r\non\r\n"},
	{"\x03", "$ "},
	{"echo $?\n", "$ "},
	{job, "\r\nready\r\n"},
	{"\x1c", "$ "},
	{"cat & " + stopped, "$ "},
	{"fg\n", "cat\r\n"},
	{"typed\n", "typed\r\ntyped\r\n"},
	{"\x04", "$ "},
	{"stty tostop; (echo written) & " + stopped, "$ "},
	{"fg\n", "written\r\n$ "},
	{"stty -tostop; (trap '' TTIN; cat; echo $?) > out 2>&1 & wait; cat out\n", "$ "}, // not while bash tells of the job
	{"echo to it > /dev/tty; ps -o tty= -p $$ | grep -c pts\n", "1\r\n$ "},
	{"exit 3\n", "exit\r\n"},
}

// TestTerminal types a session to bash in a terminal, natively and under panda.
func TestTerminal(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip(err)
	}
	binary, err := builtBinary()
	if err != nil {
		t.Fatal(err)
	}
	bash := []string{"bash", "--norc", "--noediting", "-i"}
	want := typeTo(t, jobControl, bash...)
	for _, args := range [][]string{{binary}, {binary, "-sandbox", "-env", "all"}} {
		if got := typeTo(t, jobControl, append(args, bash...)...); got != want {
			t.Errorf("%q:\n%s", args[1:], lineDiff(got, want))
		}
	}
}

// typeTo runs a program in a terminal of its own and returns what the terminal
// showed, without process ids.
func typeTo(t *testing.T, steps []typing, args ...string) string {
	t.Helper()
	master, slave := openTerminal(t)
	defer master.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), "PS1=$ ", "TERM=dumb", "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err := cmd.Start()
	slave.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	var shown bytes.Buffer
	for _, s := range steps {
		master.WriteString(s.keys)
		if err := showUntil(master, &shown, s.shows); err != nil {
			t.Fatalf("%q: %v after %q:\n%s", args, err, s.keys, shown.String())
		}
	}
	cmd.Wait()
	text := regexp.MustCompile(`\[(\d)\] \d+`).ReplaceAllString(shown.String(), "[$1] pid")
	return text + cmd.ProcessState.String()
}

// openTerminal makes a terminal: the side of the keyboard, and of programs.
func openTerminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "terminal"), slave
}

// showUntil reads from a terminal until it shows a text last, or for good after it.
func showUntil(master *os.File, shown *bytes.Buffer, last string) error {
	from := shown.Len()
	buf := make([]byte, 4096)
	for !bytes.HasSuffix(shown.Bytes()[from:], []byte(last)) {
		fds := []unix.PollFd{{Fd: int32(master.Fd()), Events: unix.POLLIN}}
		if n, err := unix.Poll(fds, int(15000)); n == 0 {
			return fmt.Errorf("no %q", last)
		} else if err == unix.EINTR {
			continue
		}
		n, err := unix.Read(int(master.Fd()), buf)
		if err != nil {
			if bytes.Contains(shown.Bytes()[from:], []byte(last)) {
				return nil
			}
			return err
		}
		shown.Write(buf[:n])
	}
	return nil
}
