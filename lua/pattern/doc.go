// Package pattern matches the patterns of Lua's string library, by backtracking as the
// manual says. A pattern can take time that is exponential in its length: the matcher
// counts its steps, so that a deadline ends it.
//
// The functions of the library that take patterns call it. It raises Lua's errors
// itself, and knows the limits of a call as a ticker.
package pattern
