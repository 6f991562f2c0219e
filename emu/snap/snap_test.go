package snap

import (
	"slices"
	"strings"
	"testing"
)

type level uint8

type chip struct {
	level level
	count int
	back  int64
	on    bool
	ram   [4]byte
	line  []byte
	queue []uint16
}

func (c *chip) state(s *Stream) {
	s.Name("chip 1")
	Below(s, &c.level, 5)
	Int(s, &c.count)
	Int(s, &c.back)
	s.Bool(&c.on)
	s.Bytes(c.ram[:])
	s.Blob(&c.line, 8)
	List(s, &c.queue, 3, func(s *Stream, v *uint16) { Int(s, v) })
}

func sample() *chip {
	return &chip{level: 4, count: -3, back: -1 << 63, on: true, ram: [4]byte{1, 2, 3, 4}, line: []byte("abc"), queue: []uint16{7, 65535}}
}

func TestBothWays(t *testing.T) {
	b := Save(sample().state)
	var got chip
	if err := Load(b, got.state); err != nil {
		t.Fatal(err)
	}
	want := sample()
	if got.level != want.level || got.count != want.count || got.back != want.back || got.on != want.on || got.ram != want.ram ||
		string(got.line) != string(want.line) || !slices.Equal(got.queue, want.queue) {
		t.Errorf("loaded %+v, saved %+v", got, *want)
	}
}

func TestMistakes(t *testing.T) {
	good := Save(sample().state)
	for n := range good {
		if err := Load(good[:n], new(chip).state); err == nil {
			t.Errorf("%d of %d bytes were loaded", n, len(good))
		}
	}
	for _, c := range []struct {
		name, want string
		change     func(c *chip)
	}{
		{"a level", "5 is not below 5", func(c *chip) { c.level = 5 }},
		{"a blob", "9 is not below 9", func(c *chip) { c.line = make([]byte, 9) }},
		{"a list", "4 is not below 4", func(c *chip) { c.queue = make([]uint16, 4) }},
	} {
		bad := sample()
		c.change(bad)
		b := Save(func(s *Stream) { // without the bounds
			s.Name("chip 1")
			Int(s, &bad.level)
			Int(s, &bad.count)
			Int(s, &bad.back)
			s.Bool(&bad.on)
			s.Bytes(bad.ram[:])
			s.Blob(&bad.line, 100)
			List(s, &bad.queue, 100, func(s *Stream, v *uint16) { Int(s, v) })
		})
		if err := Load(b, new(chip).state); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if err := Load(append(good, 0), new(chip).state); err == nil {
		t.Error("a byte too many was loaded")
	}
	if err := Load(Save(func(s *Stream) { s.Name("chip 2") }), new(chip).state); err == nil {
		t.Error("another version was loaded")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(Save(sample().state))
	f.Fuzz(func(_ *testing.T, b []byte) {
		var c chip
		if Load(b, c.state) == nil && (c.level > 4 || len(c.line) > 8 || len(c.queue) > 3) {
			panic("a value out of its bounds")
		}
	})
}
