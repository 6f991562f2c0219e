// Package stdlib holds the Lua modules that scripts can require.
package stdlib

import "embed"

// FS holds NAME.lua for each module.
//
//go:embed *.lua
var FS embed.FS
