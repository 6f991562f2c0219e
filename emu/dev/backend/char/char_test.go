package char

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func received() (Options, chan []byte) {
	c := make(chan []byte, 10)
	return Options{Received: func(b []byte) { c <- b }}, c
}

func want(t *testing.T, c chan []byte, text string) {
	t.Helper()
	var got []byte
	for len(got) < len(text) {
		select {
		case b := <-c:
			got = append(got, b...)
		case <-time.After(10 * time.Second):
			t.Fatalf("%q came in, want %q", got, text)
		}
	}
	if string(got) != text {
		t.Fatalf("%q came in, want %q", got, text)
	}
}

func TestSockets(t *testing.T) {
	for _, k := range []struct{ network, spec string }{{"tcp", "tcp:127.0.0.1:0,server"}, {"unix", "unix:" + filepath.Join(t.TempDir(), "s") + ",server,nowait"}} {
		o, in := received()
		d, err := Open(k.spec, o)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // one after the other
			c, err := net.Dial(k.network, d.Where)
			if err != nil {
				t.Fatal(err)
			}
			c.Write([]byte("hello"))
			want(t, in, "hello")
			for _, b := range []byte("line\nrest") {
				d.Send(b)
			}
			d.Flush()
			b := make([]byte, 9)
			if _, err := c.Read(b); err != nil || !strings.HasPrefix("line\nrest", strings.TrimRight(string(b), "\x00")) {
				t.Errorf("%s: %q came out: %v", k.spec, b, err)
			}
			c.Close()
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	d, err := Open("file:"+path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []byte("no end") {
		d.Send(b)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); string(b) != "no end" {
		t.Errorf("the file has %q", b)
	}
}

func TestPTY(t *testing.T) {
	o, in := received()
	d, err := Open("pty", o)
	if err != nil {
		t.Skip(err)
	}
	defer d.Close()
	f, err := os.OpenFile(d.Where, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte("typed\r"))
	want(t, in, "typed\r")
	f.Close()
}

func TestEscapes(t *testing.T) {
	var got, keys bytes.Buffer
	e := escapes{options: &Options{Received: func(b []byte) { got.Write(b) }, Escaped: func(k byte) { keys.WriteByte(k) }}}
	for _, b := range []string{"ab\x01", "xc\x01\x01d\x01h"} {
		e.take([]byte(b))
	}
	if got.String() != "abc\x01d" || keys.String() != "xh" {
		t.Errorf("%q came in, and the keys %q", got.String(), keys.String())
	}
}

func TestMistakes(t *testing.T) {
	for spec, want := range map[string]string{
		"telnet:x:1": "there are stdio", "file": "it is written file:PATH", "stdio:x": "it is written stdio", "tcp:127.0.0.1:1,fast": "no option \"fast\"",
		"file:/": "directory", "unix:/nowhere/s,server": "/nowhere/s",
	} {
		if _, err := Open(spec, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", spec, err, want)
		}
	}
}
