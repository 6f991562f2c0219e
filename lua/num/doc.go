// Package num has the numbers of scripts: whole numbers that are exact up to 64 bits,
// and floats. A number is a value of gopher-lua, a plain one or a U64. Here stand its
// normal form, how text spells it, arithmetic and order.
//
// What binds it to Lua, the rewriting of source and the library of functions call it.
// It knows Lua's values and no state of Lua: what is no number is given back as such,
// and the caller raises the error.
package num
