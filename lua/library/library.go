// Package library has those of Lua's libraries that compute with what they are given:
// bit, json, math, string and table. Integers are exact in them, and none runs or
// allocates for longer than the limits of a call allow.
//
// A state opens the modules and gives each of their functions its Env. What asks the
// machine, files or the state itself is not here.
package library

import (
	"math/rand/v2"

	glua "github.com/yuin/gopher-lua"

	"panda/lua/work"
)

// Row is a function of a module, with its documentation.
type Row struct {
	Name    string
	Args    string // as in "addr[, value]"
	Returns string // what it gives, in a few words; empty for nothing
	Doc     string // one sentence or two
	Do      func(e *Env, L *glua.LState) int
}

// Module is a table of functions.
type Module struct {
	Name string
	Doc  string
	Rows []Row
}

// Env is what the functions keep from call to call: each state has one.
type Env struct {
	limits work.Limits
	random *rand.Rand // of math.random
	text   []byte     // buffer of string.format
}

// NewEnv makes what the libraries of a state keep.
func NewEnv(limits work.Limits) *Env { return &Env{limits: limits, random: newRandom(1)} }

func (e *Env) ticker(L *glua.LState) work.Ticker { return work.Ticker{Limits: e.limits, L: L} }

func (e *Env) room(L *glua.LState, n int) { e.limits.Room(L, n) }
