// Package val is what Go code does with values of Lua, of whichever state: it takes
// arguments and gives results, calls, orders and names values. A number is one of num.
//
// The functions that scripts can call use it. What it finds wrong it raises as Lua's
// error.
package val
