// Package syntax makes functions of the source text of scripts. Text goes through
// prelex, which knows newer spellings, gopher-lua's parser, a bound of depth, rewrite
// and gopher-lua's compiler; its functions are told apart from those of plain Lua by
// exact integers (rewrite.go).
//
// A state of Lua calls it for each chunk, with the helpers that stand for operators.
// It knows no state, and nothing of the machine: a helper is to it a value that is
// called.
package syntax
