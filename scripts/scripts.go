// Package scripts holds the analyses that come with panda, one Lua file each.
package scripts

import "embed"

// FS holds NAME.lua for each script.
//
//go:embed *.lua
var FS embed.FS
