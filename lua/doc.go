// Package lua runs analyses written in Lua: whole scripts as plugins (Loader),
// one-liners, and the lines of the REPL (State). It binds what plugins see of
// the machine as the module panda, over gopher-lua, which is imported as glua.
//
// Integers are exact. gopher-lua numbers are float64, so a whole number up to
// 2^53 is a plain number and a larger one is a U64, a value type that compares,
// counts, prints and serves as a table key by its value. Source text goes
// through prelex, parse, rewrite and compile, which keeps that true for
// literals, arithmetic, comparisons and loops (rewrite.go).
//
// Everything that a script can call is a Row of a table with its documentation;
// help, completion and API.md are made from the rows.
//
// The package knows guest, event, plugin and the vCPU as a view. It knows no
// engine, no personality and no command line.
package lua
