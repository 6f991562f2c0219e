// Package lua runs analyses written in Lua: whole scripts as plugins (Loader),
// one-liners, and the lines of the REPL (State). It binds what plugins see of
// the machine as the module panda, over gopher-lua, which is imported as glua.
//
// Integers are exact (num). Source text becomes functions through syntax, which
// keeps them exact in literals, arithmetic, comparisons and loops.
//
// Lua's libraries that only compute are in library; pattern, val and work serve those
// and the bindings.
//
// Everything that a script can call is a Row of a table with its documentation;
// help, completion and API.md are made from the rows.
//
// The package knows guest, event, plugin and the vCPU as a view. It knows no
// engine, no personality and no command line.
package lua
