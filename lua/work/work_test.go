package work

import (
	"testing"

	glua "github.com/yuin/gopher-lua"
)

// counted counts what it is asked.
type counted struct{ looks, room int }

func (c *counted) Look(*glua.LState)          { c.looks++ }
func (c *counted) Room(_ *glua.LState, n int) { c.room += n }

// TestTicker: one look for as many steps as pass between two, however they come.
func TestTicker(t *testing.T) {
	var c counted
	ticks := Ticker{Limits: &c}
	for range 3*Steps + Steps/2 {
		ticks.Step(1)
	}
	if c.looks != 3 {
		t.Errorf("%d looks within three and a half times as many steps", c.looks)
	}
	if ticks.Step(Steps); c.looks != 4 {
		t.Errorf("%d looks after a long step", c.looks)
	}
	if ticks.Room(5); c.room != 5 {
		t.Errorf("room for %d", c.room)
	}
}
